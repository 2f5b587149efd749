"""Forms of shipping: people write inches, pounds and ounces; we keep millimetres and grams."""

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from orders import addresses
from shipping.accounts import KEYED
from shipping.models import ParcelPreset, ShipFrom
from shipping.providers import units

MOST_INCHES = Decimal(108)
MOST_POUNDS = 150
_AREA_AND_NUMBER = 10  # digits of a US telephone number


class Inches(forms.DecimalField):
    """A side in inches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            min_value=Decimal("0.1"),
            max_value=MOST_INCHES,
            max_digits=5,
            decimal_places=2,
            **options,
        )


def shown_inches(millimetres: int | None) -> Decimal | None:
    """What a person wrote when it was kept as `millimetres`: quarters of an inch come back as
    quarters."""
    if not millimetres:
        return None
    exact = Decimal(millimetres) / units.MM_PER_INCH
    quarter = (exact * 4).quantize(Decimal(1)) / 4
    near = abs(quarter - exact) * units.MM_PER_INCH <= Decimal("0.5")
    return (quarter if near else exact.quantize(Decimal("0.1"))).normalize() + 0


def shown_ounces(grams: int | None) -> Decimal | None:
    """Ounces with one decimal."""
    if grams is None:
        return None
    exact = Decimal(grams) / units.GRAMS_PER_OUNCE
    return (exact.quantize(Decimal("0.1")).normalize() + 0).quantize(Decimal("0.1"))


class ShipFromForm(forms.ModelForm):
    """A ship-from address; in the US state, ZIP code and telephone number are checked."""

    class Meta:
        model = ShipFrom
        fields = (
            "label",
            "name",
            "company",
            "street1",
            "street2",
            "city",
            "state",
            "postal_code",
            "country",
            "phone",
            "email",
            "is_default",
        )
        labels: ClassVar[dict[str, str]] = {
            "label": "What you call it",
            "name": "Sender's name",
            "street1": "Street",
            "street2": "Unit, suite",
            "postal_code": "ZIP or postal code",
            "is_default": "Parcels are sent from here",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "label": "“Studio”, “Garage”: only you see it.",
            "state": "Two letters in the US, such as CA.",
            "country": "Two letters, such as US.",
            "phone": "Carriers print or call it; US numbers have ten digits.",
        }

    def clean_country(self) -> str:
        """Two letters, upper case."""
        country = str(self.cleaned_data["country"]).strip().upper()
        if not re.fullmatch(r"[A-Z]{2}", country):
            raise forms.ValidationError("A country is two letters, such as US.")
        return country

    def clean(self) -> dict[str, Any]:
        """Hold a US address against its state, ZIP code and telephone number."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("country") == "US":
            self._clean_us(data)
        return data

    def _clean_us(self, data: dict[str, Any]) -> None:
        state, postal_code = data.get("state", ""), data.get("postal_code", "").strip()
        if state:
            data["state"] = addresses.us_state(state)
            if not data["state"]:
                self.add_error("state", f"“{state}” is not a US state.")
        if postal_code and not re.fullmatch(r"[0-9]{5}(-?[0-9]{4})?", postal_code):
            self.add_error("postal_code", "A ZIP code has five digits, or nine.")
        digits = re.sub(r"[^0-9]", "", data.get("phone", "")).removeprefix("1")
        if data.get("phone") and len(digits) != _AREA_AND_NUMBER:
            self.add_error("phone", "A US telephone number has ten digits.")
        if not self.errors and (problem := addresses.problem(data)):
            self.add_error("postal_code", problem)


class PresetForm(forms.Form):
    """A box or mailer, in inches and ounces."""

    name = forms.CharField(max_length=80, help_text="“Mailer S”, “Box M”.")
    length = Inches(label="Length, in")
    width = Inches(label="Width, in")
    height = Inches(label="Height, in")
    weight = forms.DecimalField(
        label="Weight of the empty box, oz",
        min_value=0,
        max_value=16 * 50,
        max_digits=5,
        decimal_places=1,
        initial=0,
    )
    most_units = forms.IntegerField(
        label="Units that fit", min_value=1, max_value=10_000, required=False,
        help_text="Empty: any number.",
    )  # fmt: skip
    is_default = forms.BooleanField(
        label="First choice among boxes that fit as many", required=False
    )

    def columns(self) -> dict[str, Any]:
        """What is kept: millimetres and grams."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            **sides_mm(data),
            "weight_g": units.ounces_to_grams(data["weight"]),
            "most_units": data["most_units"],
            "is_default": data["is_default"],
        }

    @staticmethod
    def values_of(preset: ParcelPreset) -> dict[str, Any]:
        """The form's values for a kept box."""
        return {
            "name": preset.name,
            "length": shown_inches(preset.length_mm),
            "width": shown_inches(preset.width_mm),
            "height": shown_inches(preset.height_mm),
            "weight": shown_ounces(preset.weight_g),
            "most_units": preset.most_units,
            "is_default": preset.is_default,
        }


def sides_mm(data: dict[str, Any]) -> dict[str, int]:
    """The three sides of a form in millimetres."""
    return {
        f"{side}_mm": units.inches_to_millimetres(data[side])
        for side in ("length", "width", "height")
    }


class WeightForm(forms.Form):
    """Pounds and ounces that come to something."""

    pounds = forms.IntegerField(label="lb", min_value=0, max_value=MOST_POUNDS, required=False)
    ounces = forms.DecimalField(
        label="oz",
        min_value=0,
        max_value=16 * MOST_POUNDS,
        max_digits=6,
        decimal_places=2,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a weight of nothing."""
        data: dict[str, Any] = super().clean() or {}
        weight = 16 * (data.get("pounds") or 0) + (data.get("ounces") or Decimal(0))
        if not self.errors and weight <= 0:
            self.add_error("ounces", "A parcel weighs more than nothing: enter pounds or ounces.")
        data["weight_g"] = max(units.ounces_to_grams(Decimal(weight)), 1)
        return data

    @staticmethod
    def weight_values(grams: int | None) -> dict[str, Any]:
        """Pounds and ounces of a kept weight."""
        if not grams:
            return {}
        ounces = shown_ounces(grams) or Decimal(0)
        pounds, rest = divmod(ounces, 16)
        return {"pounds": int(pounds) or None, "ounces": rest}


class ParcelForm(WeightForm):
    """The parcel of one order, as it lies on the scale."""

    length = Inches(label="Length, in")
    width = Inches(label="Width, in")
    height = Inches(label="Height, in")

    def columns(self) -> dict[str, int]:
        """weight_g, length_mm, width_mm, height_mm."""
        return {"weight_g": self.cleaned_data["weight_g"], **sides_mm(self.cleaned_data)}


class SkuForm(WeightForm):
    """Weight of one unit of a SKU, and its size if it is known."""

    length = Inches(label="Length, in", required=False)
    width = Inches(label="Width, in", required=False)
    height = Inches(label="Height, in", required=False)

    def clean(self) -> dict[str, Any]:
        """All three sides, or none."""
        data = super().clean()
        given = [data.get(side) for side in ("length", "width", "height")]
        if any(given) and not all(given) and not self.errors:
            self.add_error("length", "Enter all three sides, or none of them.")
        data["size"] = tuple(sides_mm(data).values()) if all(given) else None
        return data


class BarcodeForm(forms.Form):
    """What is printed on one unit of a SKU; empty for none."""

    barcode = forms.CharField(
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Scan it into this field, or type it. Empty: the bench does not know it.",
    )


class KeyForm(forms.Form):
    """A key of a label provider. It is never shown again."""

    provider = forms.ChoiceField(choices=list(KEYED.items()))
    key = forms.CharField(
        max_length=300,
        label="API key",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Tested before it is kept, stored encrypted, never shown again.",
    )
    name = forms.CharField(
        max_length=80, required=False, help_text="To tell several accounts apart."
    )


class NewKeyForm(forms.Form):
    """Another key for an account that stays."""

    key = KeyForm.base_fields["key"]


class PaidForm(forms.Form):
    """What a person found at the provider about a purchase whose answer was lost."""

    provider_label_id = forms.CharField(max_length=120, label="The label's number at the provider")
    tracking_number = forms.CharField(max_length=120)
    cost = forms.DecimalField(
        label="What it cost", min_value=0, max_value=10_000, max_digits=8, decimal_places=2
    )
