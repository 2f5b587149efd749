"""Money asked back that a provider does not decide about: people learn of it once."""

from django.utils import timezone

from core import notifications
from core.access import wreverse
from core.models import Notification
from core.patience import patience
from shipping.models import Label

# Most carriers decide within days; USPS takes fifteen and more, which its providers say, too.
OVERDUE = patience(days=14)


def tell_if_overdue(label: Label) -> None:
    """Say once that a refund has been undecided for too long, and what can be done."""
    if label.void_at is None or timezone.now() - label.void_at < OVERDUE:
        return
    known = Notification.objects.filter(workspace=label.workspace_id, cause=_cause(label))
    if known.exists():
        return
    notifications.notify(
        label.workspace,
        _cause(label),
        f"For 14 days {label.account.name} has not decided whether {label.money} comes back for the "
        f"voided label {label.tracking_number} of order {label.order.tiktok_id}. USPS may take "
        "longer; of others, ask its support. We go on asking.",
        level="warn",
        link=wreverse(label.workspace, "orders:detail", order_id=label.order_id),
        mail=True,
    )


def over(label: Label) -> None:
    """It is decided: what was said about waiting goes away."""
    notifications.settle(label.workspace, _cause(label))


def _cause(label: Label) -> str:
    return f"label:{label.pk}:undecided"
