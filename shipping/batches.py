"""Bulk buying as pages see it: the sheet, start, stop, retry; and the sweep that brings stalled
batches back."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import audit
from core import batches as items
from core.jobs import job
from core.models import BATCH, ITEM, Batch, BatchItem, User, Workspace
from core.states import IllegalMove, LostRace
from orders.models import Order
from shipping.batch_runner import run_batch
from shipping.batch_sheet import LeftOut, Share, Sheet, sheet
from shipping.labels.prints import build_print_files

__all__ = [
    "KIND",
    "LeftOut",
    "NothingToBuy",
    "Share",
    "Sheet",
    "build_print_files",
    "cancel",
    "of",
    "resume_stalled",
    "retry_failed",
    "retry_item",
    "run_batch",
    "sheet",
    "start",
    "started_by",
]

KIND = "labels"
# A runner shows itself every few seconds; one that is silent for this long is dead.
STALLED = timedelta(seconds=45)


class NothingToBuy(Exception):
    """None of the selected orders can be bought now; the sheet says why."""


def start(
    workspace: Workspace, orders: "QuerySet[Order]", user: User | None, *, once: str = ""
) -> Batch:
    """A running batch of what the sheet for `orders` offers now. NothingToBuy when that is nothing.

    `once` is the sheet's own name: a second start by the same sheet answers the first one's batch.
    """
    offer = sheet(workspace, orders)
    if not offer.order_ids:
        raise NothingToBuy("None of the selected orders can be bought now.")
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        if once and (first := started_by(workspace, once)):
            return first
        batch = items.start(
            workspace,
            KIND,
            offer.order_ids,
            user=user,
            options={
                "expected": [[str(total.amount), total.currency] for total in offer.totals],
                "unpriced": offer.unpriced,
                "once": once,
            },
        )
        audit.record(
            workspace,
            "batch.started",
            f"batch:{batch.pk}",
            f"Buying {offer.count} labels for {_words(offer)}",
            actor=user,
            orders=offer.count,
        )
        run_batch.later(batch_id=batch.pk)
    return batch


def started_by(workspace: Workspace, once: str) -> Batch | None:
    """The batch that the sheet called `once` has started, if it was pressed before."""
    recent = of(workspace).filter(created_at__gt=timezone.now() - timedelta(hours=3))
    return recent.filter(options__once=once).first()


def _words(offer: Sheet) -> str:
    return " and ".join(str(total) for total in offer.totals) or "prices to come"


def of(workspace: Workspace) -> "QuerySet[Batch]":
    """The workspace's label batches, newest first."""
    return items.of(workspace).filter(kind=KIND)


def cancel(batch: Batch, user: User | None) -> int:
    """Stop before the next purchase; what is being paid right now is finished. Answers how many
    items never started."""
    with transaction.atomic():
        left_out = items.cancel(batch, now=timezone.now())
        _note(batch, "batch.cancelled", f"Batch stopped, {left_out} orders not begun", user)
    return left_out


def retry_failed(batch: Batch, user: User | None) -> int:
    """Try the failed and left-out rows again, never the unknown ones; answers how many."""
    with transaction.atomic():
        batch.items.filter(state__in=["failed", "left_out"]).update(attempts=0)
        count = items.retry_failed(batch, now=timezone.now())
        if count:
            _note(batch, "batch.retried", f"{count} rows tried again", user)
            run_batch.later(batch_id=batch.pk)
    return count


def retry_item(batch: Batch, item: BatchItem, user: User | None) -> bool:
    """Try one failed or left-out row again; False for any other."""
    try:
        with transaction.atomic():
            now = timezone.now()
            ITEM.move(item, "waiting", reason="", fix="", settled_at=None, due_at=now)
            if batch.state != "running":
                BATCH.move(batch, "running", finished_at=None)
            _note(batch, "batch.retried", "One row tried again", user)
            run_batch.later(batch_id=batch.pk)
    except (IllegalMove, LostRace):
        return False
    return True


def _note(batch: Batch, action: str, words: str, user: User | None) -> None:
    audit.record(batch.workspace_id, action, f"batch:{batch.pk}", words, actor=user)


@job
def resume_stalled() -> int:
    """Start a runner for every running batch that has none; answers how many."""
    now = timezone.now()
    silent = Q(runner_seen_at=None, created_at__lt=now - STALLED)
    silent |= Q(runner_seen_at__lt=now - STALLED)
    stalled = list(Batch.objects.filter(silent, kind=KIND, state="running"))
    for batch in stalled:
        # What the dead runner held is free at once: its label rows say what was under way.
        BatchItem.objects.filter(batch=batch, state="working").update(claimed_until=now)
        run_batch.later(batch_id=batch.pk)
    return len(stalled)
