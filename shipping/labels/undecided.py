"""Money asked back that a provider does not decide about: people learn of it once."""

from django.utils import timezone

from core import notifications
from core.access import wreverse
from core.models import Notification
from shipping.models import Label, MoneyBack


def tell_if_overdue(label: Label) -> None:
    """Say once that a refund should have come by the dated rules, and what can be done."""
    row = MoneyBack.objects.filter(label=label, outcome="pending").first()
    if row is None or row.expected_at is None or timezone.now() < row.expected_at:
        return
    known = Notification.objects.filter(workspace=label.workspace_id, cause=_cause(label))
    if known.exists():
        return
    days = (row.expected_at - row.asked_at).days
    notifications.notify(
        label.workspace,
        _cause(label),
        f"For {days} days {label.account.name} has not decided whether {label.money} comes back for "
        f"the voided label {label.tracking_number} of order {label.order.tiktok_id}. Ask its "
        "support; we go on asking.",
        level="warn",
        link=wreverse(label.workspace, "shipping:money") + "?list=late",
        mail=True,
    )


def over(label: Label) -> None:
    """It is decided: what was said about waiting goes away."""
    notifications.settle(label.workspace, _cause(label))


def _cause(label: Label) -> str:
    return f"label:{label.pk}:undecided"
