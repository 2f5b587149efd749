"""Forms of people and workspaces."""

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms

from core.models import Role, Workspace

_COMMON = {
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Denver": "Mountain (Denver)",
    "America/Phoenix": "Arizona (Phoenix)",
    "America/Chicago": "Central (Chicago)",
    "America/New_York": "Eastern (New York)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "Europe/London": "London",
    "Asia/Singapore": "Singapore",
}
_REGIONS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, Any]]:
    """Choices: the usual ones first, then all by region."""
    rest = sorted(name for name in available_timezones() if name.startswith(_REGIONS))
    grouped = [
        (region, [(name, name.replace("_", " ")) for name in rest if name.startswith(f"{region}/")])
        for region in _REGIONS
    ]
    return [("Usual", list(_COMMON.items())), *grouped, ("Other", [("UTC", "UTC")])]


class WorkspaceForm(forms.ModelForm):
    """Name and clock of a workspace."""

    time_zone = forms.ChoiceField(
        choices=time_zones,
        initial="America/Los_Angeles",
        help_text="Deadlines, cut-off times and “today” follow this clock.",
    )

    class Meta:
        model = Workspace
        fields = ("name", "time_zone")
        labels = {"name": "Name of your business"}  # noqa: RUF012 - Django reads a plain dict
        widgets = {  # noqa: RUF012
            "name": forms.TextInput(attrs={"autocomplete": "organization", "maxlength": 80}),
        }

    def clean_name(self) -> str:
        """One line, without surrounding blanks."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name:
            raise forms.ValidationError("Give the workspace a name.")
        return name


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "name@example.com"}),
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.PACKER)


class RoleForm(forms.Form):
    """A member's new role."""

    role = forms.ChoiceField(choices=Role.choices)
