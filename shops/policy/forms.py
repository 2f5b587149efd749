"""A workspace's own value in place of a market's."""

from typing import Any

from django import forms

from shops.policy.book import Rule

_DAY = {"type": "date"}


class OverrideForm(forms.Form):
    """The value as a person writes it, the days it holds, and why."""

    value = forms.CharField(max_length=60)
    since = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs=_DAY), help_text="Empty: always"
    )
    until = forms.DateField(
        required=False,
        label="Until",
        widget=forms.DateInput(attrs=_DAY),
        help_text="The last day; empty: for good",
    )
    reason = forms.CharField(
        max_length=300,
        required=False,
        label="Why",
        help_text="Stands beside the value and in the audit trail",
    )

    def __init__(self, *args: Any, like: Rule, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        value = self.fields["value"]
        value.label = f"Your value, in {like.unit}"
        if isinstance(like.value, bool):
            value.help_text = "yes or no"
        elif isinstance(like.value, list):
            value.help_text = "several with commas between them; empty for none"
            value.required = False
