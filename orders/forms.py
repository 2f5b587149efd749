"""Forms that put an order right, and what a page posts to have something done."""

import math
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from orders import addresses
from shops.catalog.models import Sku

GRAMS_PER_OUNCE = Decimal("28.349523125")
MOST_OUNCES = 16 * 150
_REQUIRED = {"required": "This is needed on the label."}


class AddressForm(forms.Form):
    """Where the parcel goes, in the fields carriers know."""

    name = forms.CharField(max_length=120, error_messages=_REQUIRED)
    company = forms.CharField(max_length=120, required=False)
    street1 = forms.CharField(max_length=200, label="Street", error_messages=_REQUIRED)
    street2 = forms.CharField(max_length=200, required=False, label="Apartment, unit")
    city = forms.CharField(max_length=100, error_messages=_REQUIRED)
    # These two are needed in the US only
    state = forms.CharField(
        max_length=40,
        label="State or province",
        help_text="In the US, such as CA.",
        error_messages=_REQUIRED,
    )
    postal_code = forms.CharField(
        max_length=20, label="ZIP or postal code", error_messages=_REQUIRED
    )
    country = forms.CharField(
        max_length=2,
        min_length=2,
        initial="US",
        help_text="Two letters, such as US.",
        error_messages=_REQUIRED,
    )
    phone = forms.CharField(max_length=40, required=False)

    def __init__(
        self,
        data: QueryDict | dict[str, str] | None = None,
        *,
        address: dict[str, str] | None = None,
    ) -> None:
        """`address` fills the form in, without what TikTok has struck out."""
        known = {k: v for k, v in (address or {}).items() if not addresses.is_masked(v)}
        super().__init__(data, initial=known, auto_id="address_%s")
        self.fields["name"].widget.attrs["autofocus"] = True
        country = str(self["country"].value() or "US").upper()
        for name in ("state", "postal_code"):
            self.fields[name].required = country == "US"

    def clean(self) -> dict[str, Any]:
        """Refuse an address that no carrier would deliver to, with its reason."""
        data = super().clean() or {}
        data["country"] = data.get("country", "").upper()
        if data["country"] == "US":
            data["state"] = addresses.us_state(data.get("state", "")) or data.get("state", "")
        for name, value in list(data.items()):
            if addresses.is_masked(value):
                self.add_error(name, "Part of it is still struck out with stars.")
        if not self.errors and (problem := addresses.problem(data)):
            raise ValidationError(problem)
        return data


class WeightForm(forms.Form):
    """One field per SKU without a weight, in ounces; asked once and remembered for the SKU."""

    def __init__(self, *args: Any, skus: list[Sku], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.skus = skus
        for sku in skus:
            self.fields[f"sku_{sku.pk}"] = forms.DecimalField(
                label=f"{sku.seller_sku or sku.product_name}: weight of one, in ounces",
                min_value=Decimal("0.01"),
                max_value=MOST_OUNCES,
                max_digits=7,
                decimal_places=2,
                help_text=sku.product_name if sku.seller_sku else "",
                error_messages={
                    "required": "Enter its weight.",
                    "invalid": "Enter a number, such as 8.4.",
                    "min_value": "A weight is more than nothing.",
                    "max_value": "That is more than 150 lb, which no parcel carrier takes.",
                    "max_digits": "That is more than 150 lb, which no parcel carrier takes.",
                    "max_whole_digits": "That is more than 150 lb, which no parcel carrier takes.",
                },
            )

    def weights(self) -> list[tuple[Sku, int]]:
        """Each SKU and its weight in whole grams, rounded up: carriers do so, too."""
        return [
            (sku, math.ceil(self.cleaned_data[f"sku_{sku.pk}"] * GRAMS_PER_OUNCE))
            for sku in self.skus
        ]


class NoteForm(forms.Form):
    """The team's own note."""

    note = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), label="Note"
    )


class ActionForm(forms.Form):
    """What to do, and the words that some actions need."""

    DAYS = (("", "until released"), ("1", "for a day"), ("3", "for 3 days"), ("7", "for a week"))

    action = forms.CharField(max_length=40)
    tag = forms.CharField(max_length=40, required=False)
    because = forms.CharField(max_length=200, required=False)
    days = forms.ChoiceField(choices=DAYS, required=False)
