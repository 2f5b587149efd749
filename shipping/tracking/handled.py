"""A person dealt with a parcel that was in trouble: it leaves the lists until the carrier has
news."""

from datetime import datetime

from django.db import transaction

from core import audit
from core.models import User
from orders.models import OrderEvent
from shipping.models import Label

LONGEST_NOTE = 300


def mark(label: Label, note: str, *, user: User, now: datetime) -> bool:
    """Take the parcel off its list with a note; False when somebody else has done so already."""
    note = " ".join(note.split())[:LONGEST_NOTE]
    open_ones = Label.objects.filter(pk=label.pk, handled_at=None)
    with transaction.atomic():
        if not open_ones.update(handled_at=now, handled_note=note):
            return False
        _tell(label, f"Dealt with: {note}" if note else "Dealt with.", user, now)
        audit.record(
            label.workspace_id,
            "parcel.handled",
            f"order:{label.order_id}",
            f"Parcel {label.tracking_number} is dealt with",
            actor=user,
            label=label.pk,
            note=note,
        )
    return True


def put_back(label: Label, *, user: User, now: datetime) -> bool:
    """On the list again; False when it was there."""
    done = Label.objects.filter(pk=label.pk, handled_at__isnull=False)
    with transaction.atomic():
        if not done.update(handled_at=None, handled_note=""):
            return False
        _tell(label, "Its parcel is not dealt with yet.", user, now)
    return True


def _tell(label: Label, text: str, user: User, now: datetime) -> None:
    OrderEvent.objects.create(
        order_id=label.order_id,
        at=now,
        kind="tracking",
        text=text[:400],
        actor=user,
        detail={"label": label.pk},
    )
