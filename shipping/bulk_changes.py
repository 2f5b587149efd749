"""Changing many orders by one press: which of them, why not the others, and how to take it back."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from core.models import User, Workspace
from orders.models import Order
from shipping.batch_sheet import LeftOut, left_out
from shipping.models import BulkChange, Label

# After that, what was there before says nothing about today.
TAKEN_BACK_WITHIN = timedelta(days=1)

type Reason = Callable[[Order, bool], str]  # order, whether it has a label → code, "" for none


@dataclass(frozen=True, slots=True)
class Changed:
    """How many orders were changed, which were left out and why, and what to name to undo it."""

    count: int
    left_out: list[LeftOut]
    change: BulkChange | None = None


class TooLate(Exception):
    """It cannot be taken back; the text is for the person who tried."""


def sorted_out(
    workspace: Workspace, ids: Iterable[int], reason: Reason
) -> tuple[list[Order], list[LeftOut]]:
    """The workspace's orders that may be changed, in queue order, and the others by reason."""
    orders = Order.objects.of(workspace).filter(pk__in=list(ids)).light().in_queue_order()
    rows = list(orders)
    live = Label.objects.live().in_turn().filter(order__in=[order.pk for order in rows])
    labelled = set(live.values_list("order_id", flat=True))
    free: list[Order] = []
    groups: dict[str, list[Order]] = defaultdict(list)
    for order in rows:
        code = reason(order, order.pk in labelled)
        if code:
            groups[code].append(order)
        else:
            free.append(order)
    return free, [left_out(code, found) for code, found in sorted(groups.items())]


def keep(
    workspace: Workspace,
    kind: str,
    before: dict[int, Any],
    after: dict[int, Any],
    *,
    user: User | None,
) -> BulkChange | None:
    """Remember a change, for undoing it; forget what is too old to be undone."""
    mine = BulkChange.objects.filter(workspace=workspace)
    mine.filter(at__lt=timezone.now() - TAKEN_BACK_WITHIN).delete()
    if not before:
        return None
    return BulkChange.objects.create(
        workspace=workspace, kind=kind, before=before, after=after, actor=user
    )


def take(workspace: Workspace, change_id: UUID) -> BulkChange:
    """The change, marked as undone, inside the caller's transaction. TooLate when there is none, or
    it is too old or was undone already."""
    since = timezone.now() - TAKEN_BACK_WITHIN
    rows = BulkChange.objects.select_for_update().filter(workspace=workspace, at__gte=since)
    change = rows.filter(pk=change_id, undone_at=None).first()
    if change is None:
        raise TooLate("That was undone already, or is too long ago to be undone.")
    change.undone_at = timezone.now()
    change.save(update_fields=["undone_at"])
    return change
