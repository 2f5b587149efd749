"""Bulk work that survives reload and worker death: items are claimed, settled, retried; the rows are the progress."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from core.checkpoints import reached
from core.models import BATCH, ITEM, Batch, BatchItem, User, Workspace
from core.patience import patience
from core.states import IllegalMove, LostRace

# A runner renews its claims while it works; one that is silent for this long is taken to be dead.
CLAIM = patience(seconds=120)


def start(
    workspace: Workspace,
    kind: str,
    subject_ids: list[int],
    *,
    user: User | None,
    options: dict[str, Any],
) -> Batch:
    """A running batch with one waiting item per subject, in the order given."""
    with transaction.atomic():
        batch = Batch.objects.create(
            workspace=workspace, kind=kind, created_by=user, options=options
        )
        BatchItem.objects.bulk_create(
            [
                BatchItem(batch=batch, position=n, subject_id=subject)
                for n, subject in enumerate(subject_ids, start=1)
            ],
            batch_size=1000,
        )
    return batch


def claim(batch: Batch, *, most: int, now: datetime) -> list[BatchItem]:
    """Take up to `most` waiting items for this runner; two runners never get the same one.

    Items whose runner died (claim run out) are handed out again: the work on them is idempotent.
    """
    with transaction.atomic():
        free = Q(state="waiting", due_at__lte=now) | Q(state="working", claimed_until__lt=now)
        open_items = BatchItem.objects.select_for_update(skip_locked=True).filter(free, batch=batch)
        ids = list(open_items.order_by("position").values_list("pk", flat=True)[:most])
        taken = BatchItem.objects.filter(pk__in=ids)
        taken.filter(state="waiting").update(state="working")
        taken.update(claimed_until=now + CLAIM)
        claimed = list(taken.order_by("position"))
    reached("batch.claimed")
    return claimed


def renew(items: list[int], *, now: datetime) -> None:
    """Keep the claim on items that are still being worked on."""
    BatchItem.objects.filter(pk__in=items, state="working").update(claimed_until=now + CLAIM)


def settle(item: BatchItem, state: str, *, now: datetime, reason: str = "", fix: str = "") -> bool:
    """Note how an item ended; False when it had been settled by somebody else."""
    try:
        ITEM.move(
            item,
            state,
            reason=reason[:400],
            fix=fix,
            settled_at=None if state == "waiting" else now,
            claimed_until=None,
        )
    except (IllegalMove, LostRace):
        return False
    return True


def settle_done(batch: Batch, item_ids: list[int], *, now: datetime) -> int:
    """Note many items of this runner as done, in one statement; answers how many it was first
    for."""
    mine = BatchItem.objects.filter(batch=batch, pk__in=item_ids)
    reached("batch.closing")
    closed = mine.filter(state__in=["working", "unknown"]).update(
        state="done", reason="", fix="", settled_at=now, claimed_until=None
    )
    reached("batch.closed")
    return closed


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of a batch's items by state, for the bar and the words beside it."""

    total: int
    done: int
    failed: int
    unknown: int
    left_out: int
    working: int
    waiting: int
    per_second: float
    seconds_left: int | None

    @property
    def settled(self) -> int:
        """Items with an outcome."""
        return self.done + self.failed + self.left_out + self.unknown

    @property
    def percent(self) -> int:
        """Settled share, 0 to 100."""
        return 100 * self.settled // self.total if self.total else 100


def progress(batch: Batch, *, now: datetime) -> Progress:
    """Where the batch stands, in one query."""
    rows = dict(batch.items.values_list("state").annotate(n=Count("id")).values_list("state", "n"))
    last = batch.items.aggregate(last=Max("settled_at"))["last"]
    done = sum(rows.get(s, 0) for s in ("done", "failed", "left_out", "unknown"))
    until = last if last and not rows.get("working") and not rows.get("waiting") else now
    elapsed = max((until - batch.created_at).total_seconds(), 0.001)
    rate = done / elapsed
    left = rows.get("working", 0) + rows.get("waiting", 0)
    return Progress(
        total=sum(rows.values()),
        done=rows.get("done", 0),
        failed=rows.get("failed", 0),
        unknown=rows.get("unknown", 0),
        left_out=rows.get("left_out", 0),
        working=rows.get("working", 0),
        waiting=rows.get("waiting", 0),
        per_second=rate,
        seconds_left=round(left / rate) if rate > 0 and left else None,
    )


def is_ending(batch: Batch) -> bool:
    """Whether a stopped batch still has items under way: their runner ends them, or `left_behind`
    finds them."""
    return (
        batch.state == "cancelled" and batch.items.filter(state__in=["waiting", "working"]).exists()
    )


def left_behind(kind: str, *, now: datetime, most: int = 1000) -> list[BatchItem]:
    """Open items of stopped batches that no living runner holds, each with its batch."""
    free = Q(state="waiting") | Q(state="working", claimed_until__lt=now)
    stopped = BatchItem.objects.filter(free, batch__kind=kind, batch__state="cancelled")
    return list(stopped.select_related("batch").order_by("pk")[:most])


def finish_if_settled(batch: Batch, *, now: datetime) -> bool:
    """Close a running batch without open items; True for the one caller that closed it."""
    if batch.items.filter(state__in=["waiting", "working"]).exists():
        return False
    try:
        BATCH.move(batch, "done", finished_at=now)
    except (IllegalMove, LostRace):
        return False
    return True


def cancel(batch: Batch, *, now: datetime) -> int:
    """Stop handing out items; what is being worked on is finished. Answers how many were left out."""
    with transaction.atomic():
        BATCH.move(batch, "cancelled", finished_at=now)
        return batch.items.filter(state="waiting").update(
            state="left_out", reason="The batch was stopped.", fix="retry", settled_at=now
        )


def retry_failed(batch: Batch, *, now: datetime, but: Collection[str] = ()) -> int:
    """Make the failed and left-out items wait again, and the batch run; never the unknown ones,
    nor those whose fix is in `but`."""
    with transaction.atomic():
        others = batch.items.exclude(fix__in=but)
        count = others.filter(state__in=["failed", "left_out"]).update(
            state="waiting", reason="", fix="", settled_at=None, due_at=now, attempts=0
        )
        if count and batch.state != "running":
            BATCH.move(batch, "running", finished_at=None)
    return count


def of(workspace: Workspace) -> "QuerySet[Batch]":
    """The workspace's batches, newest first."""
    return Batch.objects.filter(workspace=workspace).order_by("-created_at")
