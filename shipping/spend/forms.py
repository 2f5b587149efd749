"""The form of a workspace's spend limits."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from shipping.models import SpendLimits
from shipping.spend.changes import FIELDS


class SpendLimitsForm(forms.ModelForm):
    """Amounts in one currency; an empty field is no limit."""

    class Meta:
        model = SpendLimits
        fields = FIELDS
        labels: ClassVar = {
            "daily_cap": "Daily cap",
            "label_ceiling": "Most for one label",
            "jump_percent": "Stop an order whose price is above the usual by, %",
            "batch_jump_percent": "Stop a batch whose prices are above the usual by, %",
            "approve_above": "Second person for a batch above",
            "approval_hours": "Hours a second person has to decide",
        }
        help_texts: ClassVar = {
            "daily_cap": "All labels of a day on the workspace's clock, with those being paid",
            "label_ceiling": "A dearer label is never bought, whoever asks for it",
            "jump_percent": "200 stops what costs three times as much as such parcels did lately",
            "batch_jump_percent": "For all orders together, where at least 5 can be compared",
            "approve_above": "Whoever starts a larger batch cannot approve it",
        }

    def __init__(self, *args: Any, may_need_second: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.may_need_second = may_need_second
        for name in FIELDS:
            field: Any = self.fields[name]
            field.required = name == "approval_hours"
            if name in ("daily_cap", "label_ceiling", "approve_above"):
                field.label = f"{field.label}, {self.instance.currency}"
                field.min_value = Decimal("0.01")
                field.widget.attrs |= {"min": "0.01", "step": "0.01"}

    def clean(self) -> dict[str, Any]:
        """Amounts above zero, percentages and hours that mean something, and a second person who
        exists."""
        data = super().clean() or {}
        for name in ("daily_cap", "label_ceiling", "approve_above"):
            if (amount := data.get(name)) is not None and amount <= 0:
                self.add_error(name, "An amount above zero, or nothing for no limit.")
        for name in ("jump_percent", "batch_jump_percent"):
            if (percent := data.get(name)) is not None and not 5 <= percent <= 5000:
                self.add_error(name, "From 5 to 5,000, or nothing for no alarm.")
        if (hours := data.get("approval_hours")) is not None and not 1 <= hours <= 24:
            self.add_error("approval_hours", "From 1 to 24: rates do not hold longer than a day.")
        if data.get("approve_above") is not None and not self.may_need_second:
            self.add_error(
                "approve_above",
                "Only one person here may buy labels. Invite a manager or another owner first.",
            )
        return data
