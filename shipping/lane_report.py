"""Both lanes compared over a workspace's own parcels: what each cost, and what the other lane would
have cost.

A stored quote of the other lane counts where there is one. TikTok lets an order use one lane only,
so mostly there is none: then the middle price of the workspace's own parcels of the same weight in
the other lane stands in, and is called an estimate.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db import connection

from core.models import Workspace
from core.money import Money
from core.templatetags.ui import weight
from orders.models import Lane

DAYS = (30, 90)
MOST = 20_000  # parcels that are looked at, the newest
LEAST = 3  # fewer parcels of a weight prove nothing
# Upper ends in grams: 4, 8, 12 ounces, 1, 2, 5, 10, 20 pounds, and more
BANDS = (113, 227, 340, 454, 907, 2268, 4536, 9072, None)
OWN, PLATFORM = Lane.OWN.value, Lane.PLATFORM.value
OTHER = {OWN: PLATFORM, PLATFORM: OWN}
HEADER = (
    "lane", "weight up to", "parcels", "paid", "average", "other lane: quoted parcels",
    "other lane: estimated parcels", "other lane: not known", "paid for those compared",
    "other lane would have cost", "difference", "currency",
)  # fmt: skip
_PARCELS = """
SELECT l.provider = 'tiktok', COALESCE(l.cost, l.price), l.currency,
    COALESCE((l.spec -> 'parcel' ->> 'weight_g')::int, 0),
    (SELECT min((r ->> 'price')::numeric) FROM jsonb_array_elements(q.rates) r
     WHERE (r ->> 'provider' = 'tiktok') <> (l.provider = 'tiktok')
        AND r ->> 'currency' = l.currency AND r -> 'struck' = 'null'::jsonb)
FROM shipping_label l JOIN shipping_quoteset q ON q.id = l.quote_set_id
WHERE l.workspace_id = %s AND l.state = 'bought' AND l.settled_at >= %s
ORDER BY l.settled_at DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One bought label; `quoted` is the other lane's cheapest allowed stored quote."""

    lane: str
    cost: Decimal
    currency: str
    weight_g: int
    quoted: Decimal | None = None


@dataclass(slots=True)
class Side:
    """Parcels of one lane: what they cost, and what the other lane would have."""

    currency: str
    costs: list[Decimal] = field(default_factory=list)
    quoted: int = 0
    estimated: int = 0
    compared: Decimal = Decimal(0)  # paid for those that could be compared
    instead: Decimal = Decimal(0)

    @property
    def count(self) -> int:
        """How many parcels."""
        return len(self.costs)

    @property
    def paid(self) -> Money:
        """What they cost."""
        return Money(sum(self.costs, Decimal(0)), self.currency)

    @property
    def average(self) -> Money | None:
        """What one cost."""
        if not self.costs:
            return None
        return Money((self.paid.amount / self.count).quantize(Decimal("0.01")), self.currency)

    @property
    def known(self) -> int:
        """How many could be compared."""
        return self.quoted + self.estimated

    @property
    def paid_compared(self) -> Money:
        """What those cost."""
        return Money(self.compared, self.currency)

    @property
    def elsewhere(self) -> Money:
        """What those would have cost in the other lane."""
        return Money(self.instead.quantize(Decimal("0.01")), self.currency)

    @property
    def difference(self) -> Money:
        """What the other lane would have cost more; negative where it was cheaper."""
        return self.elsewhere - self.paid_compared

    @property
    def gap(self) -> Money:
        """The difference without its sign."""
        return Money(abs(self.difference.amount), self.currency)

    @property
    def direction(self) -> str:
        """Which way it goes."""
        if not self.difference.amount:
            return "the same there"
        return "dearer there" if self.difference.amount > 0 else "cheaper there"


@dataclass(slots=True)
class Band:
    """Parcels up to a weight, by lane."""

    up_to: int | None
    sides: dict[str, Side]

    @property
    def title(self) -> str:
        """In words."""
        return f"up to {weight(self.up_to)}" if self.up_to else f"above {weight(BANDS[-2])}"


@dataclass(slots=True)
class Report:
    """The comparison in one currency."""

    currency: str
    bands: list[Band]
    own: Side
    platform: Side


def parcels_of(workspace: Workspace, *, days: int, now: datetime) -> list[Parcel]:
    """The parcels bought in the last `days` and not given back, newest first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_PARCELS, [workspace.pk, now - timedelta(days=days), MOST])
        return [
            Parcel(PLATFORM if is_platform else OWN, cost, currency, grams, quoted)
            for is_platform, cost, currency, grams, quoted in cursor.fetchall()
        ]


def currencies_of(parcels: Iterable[Parcel]) -> list[str]:
    """Currencies of these parcels, the most used first."""
    counts: dict[str, int] = defaultdict(int)
    for parcel in parcels:
        counts[parcel.currency] += 1
    return sorted(counts, key=lambda currency: (-counts[currency], currency))


def compare(parcels: Sequence[Parcel], currency: str) -> Report:
    """Pure: the comparison of the parcels in that currency. Parcels that TikTok prices later (at
    zero) are left out."""
    mine = [one for one in parcels if one.currency == currency and one.cost > 0]
    prices: dict[tuple[str, int], list[Decimal]] = defaultdict(list)
    for parcel in mine:
        prices[parcel.lane, _band(parcel.weight_g)].append(parcel.cost)
    middle = {key: Decimal(median(found)) for key, found in prices.items() if len(found) >= LEAST}
    bands = [Band(end, {lane: Side(currency) for lane in OTHER}) for end in BANDS]
    totals = {lane: Side(currency) for lane in OTHER}
    for parcel in mine:
        at = _band(parcel.weight_g)
        estimate = middle.get((OTHER[parcel.lane], at))
        for side in (bands[at].sides[parcel.lane], totals[parcel.lane]):
            _add(side, parcel, estimate)
    filled = [band for band in bands if any(side.count for side in band.sides.values())]
    return Report(currency, filled, totals[OWN], totals[PLATFORM])


def _add(side: Side, parcel: Parcel, estimate: Decimal | None) -> None:
    side.costs.append(parcel.cost)
    instead = estimate if parcel.quoted is None else parcel.quoted
    if instead is None:
        return
    if parcel.quoted is None:
        side.estimated += 1
    else:
        side.quoted += 1
    side.compared += parcel.cost
    side.instead += instead


def _band(grams: int) -> int:
    return next(at for at, end in enumerate(BANDS) if end is None or grams <= end)


def chart_of(report: Report) -> dict[str, Any]:
    """What static/js/chart.js draws: parcels as bars, the average of each lane as lines. Heights
    only are floats; the table has the exact amounts."""
    return {
        "kind": "bars",
        "x_title": "Weight",
        "currency": report.currency,
        "labels": [f"≤{weight(b.up_to)}" if b.up_to else "more" for b in report.bands],
        "series": [
            {
                "title": "Parcels",
                "tone": "grey",
                "values": [sum(side.count for side in b.sides.values()) for b in report.bands],
            },
            _line(report, "Your own label", "ink", OWN),
            _line(report, "TikTok's label", "blue", PLATFORM),
        ],
        "table": [
            [
                band.title,
                f"{sum(side.count for side in band.sides.values()):,}",
                *(str(band.sides[lane].average or "none") for lane in (OWN, PLATFORM)),
            ]
            for band in report.bands
        ],
    }


def _line(report: Report, title: str, tone: str, lane: str) -> dict[str, Any]:
    averages = [band.sides[lane].average for band in report.bands]
    values = [float(one.amount) if one else None for one in averages]
    return {"title": title, "tone": tone, "axis": "money", "values": values}


def table_of(report: Report) -> Iterator[list[str]]:
    """The comparison as a table of text, its header first."""
    yield list(HEADER)
    for band in report.bands:
        for lane, side in band.sides.items():
            yield [
                lane,
                str(band.up_to or ""),
                str(side.count),
                str(side.paid.amount),
                str(side.average.amount if side.average else ""),
                str(side.quoted),
                str(side.estimated),
                str(side.count - side.known),
                str(side.compared),
                str(side.elsewhere.amount),
                str(side.difference.amount),
                report.currency,
            ]
