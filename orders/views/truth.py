"""How right each shop's orders were when they were compared with TikTok, and what was amiss."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib import messages
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go
from core.models import Workspace
from orders import reconciliation
from orders.models import Gap, Reconciliation
from shops.models import Shop

KEEP = timedelta(days=30)
MOST = 30  # comparisons and gaps of a shop that are shown


@dataclass(slots=True)
class Compared:
    """One comparison that ended."""

    row: Reconciliation
    why: str
    accuracy: str
    keeps_aim: bool


@dataclass(slots=True)
class ShopRow:
    """A shop: the comparison that runs, those that ended, newest first, and the gaps that were
    found."""

    shop: Shop
    running: Reconciliation | None = None
    percent: int = 0
    history: list[Compared] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @property
    def last(self) -> Compared | None:
        """The newest one that ended."""
        return self.history[0] if self.history else None

    @property
    def open_gaps(self) -> int:
        """How many gaps are still to be read again."""
        return sum(gap.closed_at is None for gap in self.gaps)


@member()
@require_GET
def reconciliations(request: MemberRequest) -> HttpResponse:
    """The part of the shops page about comparisons; it asks for itself while one runs."""
    rows = rows_of(request.workspace, now=timezone.now())
    context = {
        "rows": rows,
        "busy": any(row.running for row in rows),
        "aim": reconciliation.AIM,
    }
    return render(request, "shops/reconciliation.html", context)


@member(Right.SET_UP)
@require_POST
def reconcile_now(request: MemberRequest, shop_id: int) -> HttpResponse:
    """Compare the shop's orders of the last 30 days now instead of within the day."""
    shop = get_object_or_404(Shop.objects.of(request.workspace).connected(), pk=shop_id)
    reconciliation.want(shop, "asked", now=timezone.now())
    messages.success(request, f"Comparing the orders of {shop} with TikTok's.")
    return go(request, wreverse(request.workspace, "shops:list"))


def rows_of(workspace: Workspace, *, now: datetime) -> list[ShopRow]:
    """The workspace's connected shops by name; three queries however many there are."""
    shops = list(Shop.objects.of(workspace).connected().order_by("name"))
    compared: dict[int, list[Reconciliation]] = defaultdict(list)
    found = Reconciliation.objects.filter(shop__in=shops, created_at__gt=now - KEEP)
    for row in found.order_by("-pk"):
        compared[row.shop_id].append(row)
    gaps: dict[int, list[Gap]] = defaultdict(list)
    newest = Window(RowNumber(), partition_by=F("shop_id"), order_by=F("pk").desc())
    found_gaps = Gap.objects.filter(shop__in=shops, found_at__gt=now - KEEP).annotate(place=newest)
    for gap in found_gaps.filter(place__lte=MOST).order_by("-pk"):
        gaps[gap.shop_id].append(gap)
    return [_row(shop, compared[shop.pk], gaps[shop.pk]) for shop in shops]


def _row(shop: Shop, compared: list[Reconciliation], gaps: list[Gap]) -> ShopRow:
    row = ShopRow(shop, gaps=gaps)
    for one in compared:
        if one.state == "open":
            row.running, row.percent = one, _percent(one)
        elif len(row.history) < MOST:
            row.history.append(_compared(one))
    return row


def _compared(row: Reconciliation) -> Compared:
    accuracy = f"{row.accuracy.normalize():f} %"
    why = reconciliation.WHY.get(row.because, "")
    return Compared(row, why, accuracy, row.accuracy >= reconciliation.AIM)


def _percent(row: Reconciliation) -> int:
    whole = (row.window_to - row.window_from).total_seconds()
    done = (row.place - row.window_from).total_seconds()
    return int(100 * done / whole) if whole > 0 else 0
