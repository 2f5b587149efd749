"""What the bench shows: the order with its pictures, what was scanned, how the day goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.utils import timezone

from core.models import User
from shipping.bench import after, lookup
from shipping.bench.refusals import labels_of
from shipping.bench.scan import LOUD, Does, Item, State, choices
from shipping.models import Label, PackBench, PackScan, PackSession, PrintJob, Tote
from shipping.printing.choice import Choice

MOST_LEFT = 1000
_NO_NEWS = {Does.VERIFIED, Does.WRONG, Does.REFUSED, Does.ASKED, Does.SAID}
_LONGEST = timedelta(hours=1)  # a packing that took longer had lunch in it


@dataclass(frozen=True, slots=True)
class Row:
    """An item, and its number while a code is asked about."""

    item: Item
    number: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """Today at this workspace: orders packed by all and by this person, minutes an order takes,
    and how many are left."""

    packed: int
    mine: int
    minutes: float | None
    left: int

    @property
    def is_capped(self) -> bool:
        """Whether there are more left than were counted."""
        return self.left >= MOST_LEFT


@dataclass(slots=True)
class Aside:
    """What stands beside the order: the day, labels that print now, and what waits for paper."""

    day: Day
    prints: list[Label]
    missing: list[after.Missing]
    failed: list[PrintJob]


@dataclass(slots=True)
class Shown:
    """All of it, for the template; no `aside` where the browser keeps the one it has."""

    bench: PackBench
    state: State
    rows: list[Row]
    scan: PackScan | None
    words: str
    tote: int | None
    has_label: bool
    aside: Aside | None

    @property
    def tone(self) -> str:
        """How the last scan is told: loud, asked, good or plain."""
        if self.scan is None:
            return "plain"
        does = Does(self.scan.does)
        if does in LOUD:
            return "loud"
        if does is Does.ASKED:
            return "asked"
        return "done" if does is Does.COMPLETE else "good"


def shown(
    bench: PackBench,
    state: State,
    *,
    scan: PackScan | None,
    words: str = "",
    aside: Aside | None = None,
) -> Shown:
    """What the bench shows in this state, after `scan`."""
    numbers: dict[str, int] = {}
    if state.asked:
        numbers = {item.key: n for n, item in enumerate(choices(state), start=1)}
    order_id = bench.session.order_id if bench.session else None
    labels = labels_of(order_id) if order_id and state.is_packed else []
    return Shown(
        bench=bench,
        state=state,
        rows=[Row(item, numbers.get(item.key, 0)) for item in state.items],
        scan=scan,
        words=words,
        tote=_tote(order_id) if order_id and state.is_open else None,
        has_label=any(label.file_key for label in labels),
        aside=aside,
    )


def aside_of(bench: PackBench, user: User, choice: Choice, *, again: Sequence[Label] = ()) -> Aside:
    """What stands beside the order now; the labels of `again` are printed once more."""
    by_service = choice.way == "service"
    return Aside(
        day=day_of(bench, user),
        prints=[*again, *([] if by_service else after.to_print(bench))],
        missing=after.missing(bench),
        failed=_failed(bench) if by_service else [],
    )


def is_news(scan: PackScan | None) -> bool:
    """Whether a scan may have changed what stands beside the order."""
    return scan is None or Does(scan.does) not in _NO_NEWS


def _tote(order_id: int) -> int | None:
    held = Tote.objects.filter(order=order_id, freed_at=None)
    return held.values_list("number", flat=True).first()


def _failed(bench: PackBench) -> list[PrintJob]:
    since = timezone.now() - after.WAITS
    jobs = PrintJob.objects.filter(bench=bench, state="failed", created_at__gt=since)
    return list(jobs.order_by("-pk")[:5])


def day_of(bench: PackBench, user: User) -> Day:
    """The day so far, by the workspace's clock."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = PackSession.objects.filter(workspace=bench.workspace_id, packed_at__gte=midnight)
    took = F("packed_at") - F("started_at")
    mine = Q(packer=user)
    sums: dict[str, Any] = today.aggregate(
        packed=Count("pk"),
        mine=Count("pk", filter=mine),
        took=Avg(took, filter=mine & Q(packed_at__lt=F("started_at") + _LONGEST)),
    )
    minutes = sums["took"].total_seconds() / 60 if sums["took"] else None
    left = lookup.left_to_pack(bench.workspace, most=MOST_LEFT)
    return Day(sums["packed"], sums["mine"], minutes, left)
