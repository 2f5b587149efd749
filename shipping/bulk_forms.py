"""The form that sets the parcel of many orders at once."""

from typing import Any

from django import forms

from shipping.bulk_parcels import Wanted
from shipping.forms import Inches, WeightForm, sides_mm
from shipping.models import ParcelPreset
from shipping.parcels import Box, box_of


class BulkParcelForm(WeightForm):
    """The box that many orders are to travel in, or its sides; and their weight, or none: then each
    one's is worked out from its SKUs."""

    OTHER = ""

    box = forms.ChoiceField(required=False)
    length = Inches(label="Length, in", required=False)
    width = Inches(label="Width, in", required=False)
    height = Inches(label="Height, in", required=False)

    def __init__(self, *args: Any, presets: list[ParcelPreset], **options: Any) -> None:
        super().__init__(*args, **options)
        self.presets = {str(preset.pk): preset for preset in presets}
        self.fields["box"].choices = [  # type: ignore[attr-defined]
            *((key, preset.name) for key, preset in self.presets.items()),
            (self.OTHER, "Another size"),
        ]

    def clean(self) -> dict[str, Any]:
        """Three sides where no box is named."""
        if self.data.get("pounds") or self.data.get("ounces"):
            data = super().clean()
        else:
            data = forms.Form.clean(self) or {}
            data["weight_g"] = None
        sides = [data.get(side) for side in ("length", "width", "height")]
        if not self.errors and data["box"] == self.OTHER and not all(sides):
            self.add_error("length", "Choose a box, or enter all three sides.")
        return data

    def wanted(self) -> Wanted:
        """What is to be set."""
        data = self.cleaned_data
        chosen = self.presets.get(data["box"])
        other = {} if chosen else sides_mm(data)
        box = box_of(chosen) if chosen else Box(name="", weight_g=0, most_units=None, **other)
        return Wanted(box, data["weight_g"])
