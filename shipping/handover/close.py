"""Closing a handover: what went, what stayed, when the carrier took it. Then nothing is added."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core import audit
from core.models import User
from shipping.handover.counts import waiting
from shipping.models import CloseOut
from shipping.providers.carriers import display_name

LONGEST_NOTE = 300


class AlreadyClosed(Exception):
    """Somebody closed it before; the message says so."""


def close(
    close_out: CloseOut, *, pickup_at: datetime | None, note: str, user: User | None
) -> CloseOut:
    """Count and close. AlreadyClosed when somebody was first."""
    now = timezone.now()
    left = waiting(close_out.workspace, now=now)
    with transaction.atomic():
        mine = CloseOut.objects.select_for_update().filter(pk=close_out.pk, closed_at=None).first()
        if mine is None:
            raise AlreadyClosed("This handover was closed by somebody else.")
        mine.closed_at, mine.closed_by = now, user
        mine.pickup_at = pickup_at or now
        mine.note = " ".join(note.split())[:LONGEST_NOTE]
        mine.parcels = mine.scans.count()
        mine.left_behind = left.filter(order__shop=mine.shop_id, carrier=mine.carrier).count()
        mine.save()
        words = (
            f"Handover to {display_name(mine.carrier)} closed: {mine.parcels} parcels, "
            f"{mine.left_behind} left behind"
        )
        audit.record(
            mine.workspace_id, "handover.closed", f"close_out:{mine.pk}", words, actor=user
        )
    return mine


def correct_pickup(close_out: CloseOut, *, pickup_at: datetime, user: User | None) -> None:
    """The carrier came at another time than was noted; audited with both."""
    before = close_out.pickup_at
    with transaction.atomic():
        CloseOut.objects.filter(pk=close_out.pk).update(pickup_at=pickup_at)
        audit.record(
            close_out.workspace_id, "handover.pickup", f"close_out:{close_out.pk}",
            f"Pickup time of a handover to {display_name(close_out.carrier)} entered anew",
            actor=user, before=before.isoformat() if before else "", after=pickup_at.isoformat(),
        )  # fmt: skip
