"""What a rule, or a preset, is to do, as a form."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from shipping.forms import Inches, WeightForm, shown_inches, sides_mm
from shipping.providers.carriers import DISPLAY
from shipping.rules.actions import SIGNATURES
from shipping.rules.names import Names

OTHER = "other"
_SIDES = ("length", "width", "height")
_SERVICES = (
    ("", "As usual: the cheapest that arrives in time"),
    ("days", "The cheapest within so many days"),
    ("carrier", "The best of one carrier"),
    ("name", "One service"),
)


class ActionsForm(WeightForm):
    """Everything that presets and rules have in common; what is left open stays as it would be."""

    parcel = forms.ChoiceField(label="Parcel", required=False)
    length = Inches(label="Length, in", required=False)
    width = Inches(label="Width, in", required=False)
    height = Inches(label="Height, in", required=False)
    service = forms.ChoiceField(label="Service", required=False, choices=_SERVICES)
    days = forms.IntegerField(label="Days", min_value=1, max_value=30, required=False)
    carrier = forms.ChoiceField(label="Carrier", required=False)
    service_name = forms.CharField(
        label="Service, as rates name it", max_length=120, required=False
    )
    account = forms.ChoiceField(label="Label account", required=False)
    insurance = forms.ChoiceField(
        label="Insurance",
        required=False,
        choices=(("", "None"), ("value", "For the order's value"), ("amount", "For an amount")),
    )
    amount = forms.DecimalField(
        label="Amount", min_value=1, max_digits=9, decimal_places=2, required=False
    )
    signature = forms.ChoiceField(
        label="Signature", required=False, choices=(("", "None"), *SIGNATURES.items())
    )
    tags = forms.CharField(label="Tags, with commas", max_length=200, required=False)

    def __init__(self, *args: Any, names: Names, **options: Any) -> None:
        super().__init__(*args, **options)
        boxes = [(str(pk), name) for pk, name in names.boxes.items()]
        self._choose("parcel", [("", "As usual"), *boxes, (OTHER, "Its own weight and size")])
        self._choose("account", [("", "Any"), *names.accounts.items()])
        self._choose("carrier", [("", "Choose"), *sorted(DISPLAY.items(), key=lambda c: c[1])])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What is chosen has to be said in full."""
        data = forms.Form.clean(self) or {}
        if data.get("parcel") == OTHER:
            data = super().clean()
            if not self.errors and not all(data.get(side) for side in _SIDES):
                self.add_error("length", "Enter all three sides.")
        needed = {"days": "days", "carrier": "carrier", "name": "service_name"}
        wanted = needed.get(str(data.get("service")))
        if wanted and not data.get(wanted) and wanted not in self.errors:
            self.add_error(wanted, "Say which.")
        if data.get("insurance") == "amount" and not data.get("amount"):
            self.add_error("amount", "Say for how much.")
        return data

    def actions(self) -> dict[str, Any]:
        """As it is stored; see shipping/rules/actions.py."""
        data = self.cleaned_data
        found = {
            "parcel": self._parcel(data),
            "service": _service(data),
            "account": data["account"],
            "insurance": _insurance(data),
            "signature": data["signature"],
            "tags": _tags(data["tags"]),
        }
        return {name: value for name, value in found.items() if value}

    @staticmethod
    def _parcel(data: Mapping[str, Any]) -> dict[str, int]:
        if data["parcel"] == OTHER:
            return {"weight_g": data["weight_g"], **sides_mm(dict(data))}
        return {"box": int(data["parcel"])} if data["parcel"] else {}

    @classmethod
    def values_of(cls, actions: Mapping[str, Any]) -> dict[str, Any]:
        """What a person would have entered for stored actions."""
        parcel, service = actions.get("parcel") or {}, actions.get("service") or {}
        insurance = actions.get("insurance") or {}
        values: dict[str, Any] = {
            "parcel": str(parcel.get("box") or (OTHER if parcel else "")),
            "service": next(iter(service), ""),
            "days": service.get("days"),
            "carrier": service.get("carrier"),
            "service_name": service.get("name"),
            "account": actions.get("account"),
            "insurance": "amount" if "amount" in insurance else insurance.get("of", ""),
            "amount": insurance.get("amount"),
            "signature": actions.get("signature"),
            "tags": ", ".join(actions.get("tags") or ()),
        }
        if "weight_g" in parcel:
            values |= cls.weight_values(parcel["weight_g"])
            values |= {side: shown_inches(parcel[f"{side}_mm"]) for side in _SIDES}
        return values


def _service(data: Mapping[str, Any]) -> dict[str, Any]:
    if data["service"] == "days":
        return {"days": data["days"]}
    if data["service"] == "carrier":
        return {"carrier": data["carrier"]}
    return {"name": " ".join(data["service_name"].split())} if data["service"] == "name" else {}


def _insurance(data: Mapping[str, Any]) -> dict[str, str]:
    if data["insurance"] == "amount":
        return {"amount": str(Decimal(data["amount"]).quantize(Decimal("0.01")))}
    return {"of": "value"} if data["insurance"] == "value" else {}


def _tags(text: str) -> list[str]:
    words = (" ".join(part.split())[:40] for part in text.split(","))
    return list(dict.fromkeys(word for word in words if word))


class RuleForm(ActionsForm):
    """A rule but for its conditions."""

    name = forms.CharField(label="Name", max_length=80)
    hold = forms.CharField(label="Hold it, because", max_length=120, required=False)
    hours = forms.IntegerField(
        label="For so many hours after the order",
        min_value=1,
        max_value=24 * 90,
        required=False,
        help_text="Empty: until somebody releases it.",
    )
    stop = forms.BooleanField(
        label="Stop here: rules below are not asked for these orders", required=False
    )

    def actions(self) -> dict[str, Any]:
        """With the hold."""
        found = super().actions()
        data = self.cleaned_data
        if data["hold"]:
            found["hold"] = {"reason": data["hold"], "hours": data["hours"]}
        return found

    @classmethod
    def values_of(cls, actions: Mapping[str, Any]) -> dict[str, Any]:
        """With the hold."""
        hold = actions.get("hold") or {}
        more = {"hold": hold.get("reason"), "hours": hold.get("hours")}
        return super().values_of(actions) | more


class PresetForm(ActionsForm):
    """A preset: its key and its name beside what it does."""

    key = forms.TypedChoiceField(
        label="Key", coerce=int, choices=[(n, str(n)) for n in range(1, 10)]
    )
    name = forms.CharField(label="Name", max_length=80)


class DryRunForm(forms.Form):
    """How far back a dry run looks."""

    days = forms.TypedChoiceField(
        label="Orders of the last",
        coerce=int,
        choices=[(7, "7 days"), (30, "30 days"), (90, "90 days")],
        initial=30,
        widget=forms.Select(attrs={"class": "control"}),
    )
