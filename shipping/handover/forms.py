"""What a person enters when a handover is closed."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from shipping.handover.close import LONGEST_NOTE

_EARLIEST = timedelta(days=2)


class PickupForm(forms.Form):
    """When the carrier took the parcels, in the workspace's time, and a note."""

    pickup_at = forms.DateTimeField(
        label="Picked up at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    note = forms.CharField(
        label="Note",
        max_length=LONGEST_NOTE,
        required=False,
        help_text="A receipt number, the dock, how many sacks.",
    )

    def clean_pickup_at(self) -> Any:
        """Neither in the future nor days ago."""
        at = self.cleaned_data["pickup_at"]
        now = timezone.now()
        if at > now + timedelta(minutes=5):
            raise forms.ValidationError("That is in the future.")
        if at < now - _EARLIEST:
            raise forms.ValidationError("A handover of more than two days ago is not closed now.")
        return at
