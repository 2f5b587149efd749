"""A label that only a person can settle: flagged, told once, and left alone for a while."""

from datetime import datetime, timedelta
from typing import Any

from core import notifications
from core.access import wreverse
from shipping.models import Label

PAUSE_WITH_PERSON = timedelta(hours=6)


def needs_person(label: Label, now: datetime, reason: str, *, code: str | None = None) -> None:
    """Flag the label for a person and tell the workspace once; it stays unknown."""
    if label.needs_person_since:
        write(label, due_at=now + PAUSE_WITH_PERSON)
        return
    more = {} if code is None else {"code": code}
    due_at = now + PAUSE_WITH_PERSON
    write(label, needs_person_since=now, due_at=due_at, reason=reason[:400], **more)
    notifications.notify(
        label.workspace,
        f"label:{label.pk}:unknown",
        f"Nobody can tell whether the label for order {label.order.tiktok_id} was paid. Look it up "
        "at the provider and say so on the order.",
        level="bad",
        link=wreverse(label.workspace, "orders:detail", order_id=label.order_id),
        mail=True,
    )


def write(label: Label, **columns: Any) -> None:
    """Set columns of a label that is still unknown."""
    Label.objects.filter(pk=label.pk, state="unknown").update(**columns)
    for name, value in columns.items():
        setattr(label, name, value)
