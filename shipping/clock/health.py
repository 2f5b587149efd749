"""A shop's week as a page shows it: what is left of each budget, in a sentence, beside TikTok's own
figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from core import audit
from core.models import User, Workspace
from shipping.clock import budgets
from shipping.clock.budgets import METRICS, Budget
from shipping.clock.lags import defaults
from shipping.models import MetricReading, ScanLag
from shipping.providers.carriers import display_name
from shops.models import Shop

WEEK = timedelta(days=7)
_NOUNS = {
    "ldr": ("late order", "late orders"),
    "sfcr": ("cancellation of yours", "cancellations of yours"),
    "vtr": ("number without a scan", "numbers without a scan"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of a shop's week."""

    budget: Budget
    reading: MetricReading | None

    @property
    def words(self) -> str:
        """ "6 more late orders until 4 %"."""
        if not self.budget.total:
            return "Nothing counts in this week yet"
        one, many = _NOUNS[self.budget.metric]
        left = self.budget.left
        target = f"{self.budget.rule.number.normalize():f} %"
        if left < 0:
            return f"{-left:,} {one if left == -1 else many} too many for {target}"
        if left == 0:
            return f"No more {many}: the next one misses {target}"
        return f"{left:,} more {one if left == 1 else many} until {target}"

    @property
    def difference(self) -> Decimal | None:
        """TikTok's figure less ours, in points; None where one of them is missing."""
        if self.reading is None or self.budget.share is None:
            return None
        return self.reading.percent - self.budget.share


@dataclass(frozen=True, slots=True)
class ShopWeek:
    """A shop's metrics in one week of its market."""

    shop: Shop
    week: date
    ends: datetime
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Learned:
    """How long a shop's parcels of one carrier waited for their first scan."""

    shop: Shop
    carrier: str
    handed_over: bool
    parcels: int
    median: timedelta
    likely: timedelta
    counts: bool  # enough of them to be used


def weeks(
    workspace: Workspace, shops: Sequence[Shop], *, on: datetime, now: datetime
) -> list[ShopWeek]:
    """The shops' weeks around `on`, counted as of `now`: three queries."""
    scopes = budgets.scopes(workspace.pk, shops, on=on)
    found = budgets.budgets(scopes, now=now)
    rows = MetricReading.objects.filter(
        workspace=workspace, shop__in=shops, week__in={scope.week for scope in scopes}
    )
    readings = {(row.shop_id, row.metric, row.week): row for row in rows.select_related("noted_by")}
    return [
        ShopWeek(
            scope.shop,
            scope.week,
            scope.ends,
            [
                Line(one, readings.get((scope.shop.pk, one.metric, scope.week)))
                for one in found
                if one.shop.pk == scope.shop.pk
            ],
        )
        for scope in scopes
    ]


def tightest(workspace: Workspace, shops: Sequence[Shop], *, now: datetime) -> Line | None:
    """The late-dispatch budget of this week that has least left, of shops where anything counts."""
    scopes = budgets.scopes(workspace.pk, shops, on=now)
    found = [one for one in budgets.budgets(scopes, now=now, metrics=["ldr"]) if one.total]
    nearest = min(found, key=lambda one: one.left - one.at_risk, default=None)
    return Line(nearest, None) if nearest else None


def learned(workspace: Workspace, shops: Sequence[Shop]) -> list[Learned]:
    """What is known of first scans, a line per shop, carrier and start of counting."""
    by_pk = {shop.pk: shop for shop in shops}
    rows = ScanLag.objects.filter(workspace=workspace, weekday=None, shop__in=shops)
    return [
        Learned(
            by_pk[row.shop_id],
            display_name(row.carrier) if row.carrier else "All carriers",
            row.handed_over,
            row.parcels,
            timedelta(minutes=row.median_minutes),
            timedelta(minutes=row.likely_minutes),
            row.parcels >= defaults()["least_parcels"],
        )
        for row in rows.order_by("shop__name", "shop", "-handed_over", "-parcels", "-carrier")
    ]


def note_reading(
    shop: Shop, metric: str, week: date, percent: Decimal, *, user: User
) -> MetricReading:
    """Keep what TikTok shows; a later figure for the same week takes the place of an earlier one."""
    row, _ = MetricReading.objects.update_or_create(
        shop=shop,
        metric=metric,
        week=week,
        defaults={"workspace": shop.workspace, "percent": percent, "noted_by": user},
    )
    audit.record(
        shop.workspace,
        "shop.metric_noted",
        f"shop:{shop.pk}",
        f"{METRICS[metric]} of the week of {week:%b} {week.day} is {percent} % at TikTok",
        actor=user,
        metric=metric,
        week=week.isoformat(),
        percent=str(percent),
    )
    return row
