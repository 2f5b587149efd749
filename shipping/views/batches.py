"""One batch: live until it is done."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import batches as progress
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from core.models import Batch, BatchItem
from core.money import Money
from core.states import IllegalMove, LostRace
from orders import parts
from orders.blockers import BLOCKERS
from orders.models import Order
from shipping import batches, ceilings
from shipping.accounts import NAMES
from shipping.models import Label, LedgerEntry, PrintFile
from shipping.naming import full_name
from shipping.selection import sealed
from shipping.spend.limits import CODES

ROWS = 100
PRINTS_ITSELF = timedelta(hours=1)  # so long after a batch was started, on machines that want it
# What is shown of a batch, and the item states that belong to it.
SHOWN = {
    "problems": ("Need you", ("failed", "unknown")),
    "left-out": ("Left out", ("left_out",)),
    "done": ("Bought", ("done",)),
    "open": ("Still to do", ("waiting", "working")),
}


# What is put right on the settings page
SET_UP_FIXES = frozenset({"no_ship_from", "no_account", "no_parcel", "account_paused"})


@require_safe
@member(Right.VIEW)
def batch(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """One batch. While it runs, its bar, counts and money are asked for every second; tables come
    along only when they changed."""
    found = find(request, batch_id)
    state = progress.progress(found, now=timezone.now())
    files = list(PrintFile.objects.filter(batch=found).order_by("kind", "number"))
    version = _version(found, state, files)
    context: dict[str, Any] = {
        "batch": found,
        "progress": state,
        "version": version,
        "changed": request.GET.get("seen") != version,
        "live": found.state == "running",
        "parts": parts_of(state),
        "quiet_for": _quiet_for(found),
        "tabs": [(name, words, count) for name, (words, count) in _counts(state).items()],
        "ledger": _ledger(found),
        "expected": [Money.of(a, c) for a, c in found.options.get("expected", [])],
    }
    if context["changed"]:
        context |= _details(request, found, state, files)
    return page_or_part(request, "shipping/batch.html", "poll", context)


# Words beside the bar, in its order: (name, words, shown even when there is none)
_PARTS = (
    ("done", "bought", True),
    ("failed", "failed", False),
    ("unknown", "outcome unknown", False),
    ("left_out", "left out", False),
    ("working", "being bought", False),
    ("waiting", "to do", False),
)


def parts_of(state: progress.Progress) -> list[dict[str, Any]]:
    """The bar by state: counts and, of a thousand, where each part begins and how wide it is."""
    parts: list[dict[str, Any]] = []
    before = 0
    for name, words, always in _PARTS:
        count = getattr(state, name)
        x = 1000 * before // max(state.total, 1)
        before += count
        width = 1000 * before // max(state.total, 1) - x
        parts.append(
            {"name": name, "words": words, "count": count, "always": always, "x": x, "width": width}
        )
    return parts


def _counts(state: progress.Progress) -> dict[str, tuple[str, int]]:
    """The tabs: words, and how many items each has."""
    return {
        name: (words, sum(getattr(state, one) for one in states))
        for name, (words, states) in SHOWN.items()
    }


def _quiet_for(batch: Batch) -> float | None:
    """Seconds since a runner showed itself, where that is longer than it should be."""
    seen = batch.runner_seen_at or batch.created_at
    quiet = timezone.now() - seen
    return quiet.total_seconds() if batch.state == "running" and quiet > batches.STALLED else None


def _version(batch: Batch, state: progress.Progress, files: list[PrintFile]) -> str:
    """Changes when the tables below the bar have to be drawn anew."""
    printed = sum(file.printed_at is not None for file in files)
    labels = sum(file.label_count for file in files)
    parts = (batch.state, state.failed, state.unknown, state.left_out, len(files), labels, printed)
    is_open = bool(state.working or state.waiting)
    moved = state.done // 25 if is_open else state.done
    return "-".join(map(str, (*parts, moved)))


def _details(
    request: MemberRequest, batch: Batch, state: progress.Progress, files: list[PrintFile]
) -> dict[str, Any]:
    shown = request.GET.get("show", "")
    if shown not in SHOWN:
        shown = next((name for name, (_, count) in _counts(state).items() if count), "done")
    after = request.GET.get("after", "")
    has_problems = shown in ("problems", "left-out")
    dearer = _dearer(batch) if has_problems and state.left_out else []
    is_place = after.isascii() and after.isdigit() and len(after) < 10
    rows, more = _rows(batch, shown, int(after) if is_place else 0)
    return {
        "shown": shown,
        "rows": rows,
        "after": more,
        "files": [file for file in files if file.label_count],
        "next_file": next((f for f in files if f.label_count and not f.printed_at), None),
        "damaged": [entry for file in files for entry in file.left_out],
        "has_labels": state.done > 0 or any(file.label_count for file in files),
        "is_first": not after,
        "retryable": (state.failed + state.left_out - len(dearer)) if has_problems else 0,
        "dearer": len(dearer),
        "dearer_sealed": sealed(request.workspace, dearer) if dearer else "",
        "took": batch.finished_at - batch.created_at if batch.finished_at else None,
        "set_up_fixes": SET_UP_FIXES,
        "prints_itself": _prints_itself(request, batch),
        "spend_fixes": CODES,
    }


def _prints_itself(request: MemberRequest, batch: Batch) -> bool:
    """Whether files may go to this person's printer unasked: what they bought just now, never a
    batch of last week that is looked at."""
    is_fresh = timezone.now() - batch.created_at < PRINTS_ITSELF
    return is_fresh and batch.created_by_id == request.user.pk


def _dearer(batch: Batch) -> list[int]:
    """Orders that cost more now than was confirmed."""
    rows = batch.items.filter(state="left_out", fix=ceilings.NEW_SHEET)
    return list(rows.values_list("subject_id", flat=True))


@dataclass(frozen=True, slots=True)
class Row:
    """One item, or one label of it where it bought several: its order, and the words of the button
    that helps."""

    item: BatchItem
    order: Order | None
    label: Label | None
    button: str
    part: str = ""  # "parcel 1 of 2"
    beside: tuple["Row", ...] = ()  # what the item bought for the order's other parcels

    @property
    def service(self) -> str:
        """The label's carrier and service."""
        return full_name(self.label.carrier, self.label.service_name) if self.label else ""


def _rows(batch: Batch, shown: str, after: int) -> tuple[list[Row], str]:
    states = SHOWN[shown][1]
    items = list(
        batch.items.filter(state__in=states, position__gt=after).order_by("position")[: ROWS + 1]
    )
    ids = [item.subject_id for item in items[:ROWS]]
    orders = Order.objects.filter(workspace=batch.workspace_id).light().in_bulk(ids)
    labels: dict[int, dict[int, Label]] = defaultdict(dict)
    for label in Label.objects.filter(batch=batch, order__in=ids).order_by("part", "pk"):
        labels[label.order_id][label.part] = label
    rows: list[Row] = []
    for item in items[:ROWS]:
        found = _of_item(item, orders.get(item.subject_id), list(labels[item.subject_id].values()))
        rows += found if shown == "done" else [_as_one(found)]
    return rows, str(items[ROWS - 1].position) if len(items) > ROWS else ""


def _of_item(item: BatchItem, order: Order | None, labels: list[Label]) -> list[Row]:
    """A row per label, in the order of the parcels; one without where there is none."""
    button = _button(item.fix)
    several = order.parts if order else []
    return [
        Row(item, order, label, button, parts.name(label.part, several)) for label in labels
    ] or [Row(item, order, None, button)]


def _as_one(found: list[Row]) -> Row:
    """What the item waits for, with the labels it has bought already beside it."""
    bought = [row for row in found if row.label and row.label.state == "bought" and row.part]
    waiting = [row for row in found if row not in bought]
    first = waiting[-1] if waiting else replace(found[0], label=None, part="")
    return replace(first, beside=tuple(bought))


def _button(fix: str) -> str:
    blocker = BLOCKERS.get(fix)
    return (blocker.button if blocker else "") or "Open the order"


def _ledger(batch: Batch) -> list[tuple[str, int, Money]]:
    """Provider, labels charged, and what they come to."""
    rows = LedgerEntry.objects.filter(label__batch=batch).values_list("provider", "currency")
    charged = Count("label", filter=Q(kind="charge"), distinct=True)
    return [
        (NAMES.get(provider, provider), labels, Money(amount, currency))
        for provider, currency, labels, amount in rows.annotate(
            labels=charged, sum=Sum("amount")
        ).order_by("provider", "currency")
    ]


@require_POST
@member(Right.BUY)
def retry(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """Try the failed and left-out rows again, or the one named by `item`; never an unknown one."""
    found = find(request, batch_id)
    wanted = request.POST.get("item", "")
    if wanted:
        known = wanted.isascii() and wanted.isdigit()
        item = get_object_or_404(found.items, pk=int(wanted) if known else 0)
        count = int(batches.retry_item(found, item, request.user))
    else:
        count = batches.retry_failed(found, request.user)
    if not count:
        messages.warning(request, batches.why_not_retried(found))
    return go(request, url(request, found))


@require_POST
@member(Right.BUY)
def stop(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """Begin no further purchase; what is being paid is finished."""
    found = find(request, batch_id)
    try:
        count = batches.cancel(found, request.user)
    except (IllegalMove, LostRace):
        messages.warning(request, "The batch had ended already.")
    else:
        messages.success(
            request, f"Stopped. {count:,} orders were not begun; what was being paid is finished."
        )
    return go(request, url(request, found))


def find(request: MemberRequest, batch_id: UUID) -> Batch:
    """The workspace's own batch, or 404."""
    rows = batches.of(request.workspace).select_related("created_by")
    return get_object_or_404(rows, public_id=batch_id)


def url(request: MemberRequest, batch: Batch) -> str:
    """The batch's page."""
    return wreverse(request.workspace, "shipping:batch", batch_id=batch.public_id)
