"""The sums of savings as a page and a file show them, from the daily rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core.models import Workspace
from core.money import Money
from shipping.models import SavingsDay
from shipping.savings import DEFAULTS, LANES, LONGEST, baselines_of

HEADER = (
    "day", "lane", "currency", "labels", "paid", "labels compared", "paid for these",
    "at the baseline", "saved", "baseline",
)  # fmt: skip


@dataclass(slots=True)
class Total:
    """Sums over some days in one currency."""

    currency: str
    labels: int = 0
    compared: int = 0
    paid: Decimal = Decimal(0)
    paid_compared: Decimal = Decimal(0)
    baseline: Decimal = Decimal(0)
    services: set[str] = field(default_factory=set)

    def add(self, row: SavingsDay) -> None:
        """One day's row."""
        self.labels += row.labels
        self.compared += row.compared
        self.paid += row.paid
        self.paid_compared += row.paid_compared
        self.baseline += row.baseline
        self.services |= set(row.services)

    @property
    def saved(self) -> Money:
        """What the compared labels cost less than the baseline; negative when they cost more."""
        return Money(self.baseline - self.paid_compared, self.currency)

    @property
    def percent(self) -> Decimal | None:
        """Saved share of the baseline."""
        if not self.baseline:
            return None
        return round(100 * (self.baseline - self.paid_compared) / self.baseline, 1)

    @property
    def spent(self) -> Money:
        """What all labels cost."""
        return Money(self.paid, self.currency)

    @property
    def spent_compared(self) -> Money:
        """What the compared ones cost."""
        return Money(self.paid_compared, self.currency)

    @property
    def instead(self) -> Money:
        """What the compared ones would have cost by the baseline's service."""
        return Money(self.baseline, self.currency)

    @property
    def service_words(self) -> str:
        """The services that were compared with."""
        return ", ".join(sorted(self.services))

    @property
    def left_out(self) -> int:
        """Labels whose baseline was not offered."""
        return self.labels - self.compared


def days_of(workspace: Workspace, *, today: date) -> list[SavingsDay]:
    """The daily rows of the last 400 days, oldest first; one query."""
    rows = SavingsDay.objects.filter(workspace=workspace, day__gte=today - LONGEST)
    return list(rows.order_by("day", "lane", "currency"))


def saved_by_day(workspace: Workspace, first: date) -> dict[date, dict[str, Decimal]]:
    """What was saved each day from `first` on, by currency; one query."""
    found: dict[date, dict[str, Decimal]] = {}
    for row in SavingsDay.objects.filter(workspace=workspace, day__gte=first).defer("offered"):
        theirs = found.setdefault(row.day, {})
        saved = row.baseline - row.paid_compared
        theirs[row.currency] = theirs.get(row.currency, Decimal(0)) + saved
    return found


def total_of(rows: Iterable[SavingsDay], currency: str) -> Total:
    """All rows in one currency as one."""
    total = Total(currency)
    for row in rows:
        if row.currency == currency:
            total.add(row)
    return total


def months_of(rows: Iterable[SavingsDay], currency: str) -> list[tuple[date, Total]]:
    """First of each month → its sums, newest first."""
    found: dict[date, Total] = {}
    for row in rows:
        if row.currency == currency:
            found.setdefault(row.day.replace(day=1), Total(currency)).add(row)
    return sorted(found.items(), key=lambda pair: pair[0], reverse=True)


def lanes_of(rows: Iterable[SavingsDay], currency: str) -> list[tuple[str, Total]]:
    """Lane in words → its sums."""
    found: dict[str, Total] = {}
    for row in rows:
        if row.currency == currency:
            found.setdefault(LANES.get(row.lane, row.lane), Total(currency)).add(row)
    return sorted(found.items())


def currencies_of(rows: Iterable[SavingsDay]) -> list[str]:
    """Currencies, the one with most labels first."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.currency] = counts.get(row.currency, 0) + row.labels
    return sorted(counts, key=lambda currency: (-counts[currency], currency))


def services_of(rows: Iterable[SavingsDay], lane: str) -> list[tuple[str, int]]:
    """Services that were offered lately for labels of a lane, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        if row.lane == lane:
            for name, number in row.offered.items():
                counts[name] = counts.get(name, 0) + number
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def statements_of(workspace: Workspace) -> list[tuple[str, str, str, bool]]:
    """Each lane's slug and name, what it is compared with in words, and whether that was chosen."""
    baselines = baselines_of(workspace.pk)
    return [
        (lane, name, ", else ".join(baselines[lane]), baselines[lane] != DEFAULTS[lane])
        for lane, name in LANES.items()
    ]


def chart_of(rows: list[SavingsDay], currency: str, days: list[date]) -> dict[str, Any]:
    """What static/js/chart.js draws: labels as bars, what was paid and what the baseline comes to as
    lines. Heights only are floats; the table has the exact amounts."""
    totals = [total_of((row for row in rows if row.day == day), currency) for day in days]
    return {
        "kind": "bars",
        "x_title": "Day",
        "currency": currency,
        "labels": [f"{day:%b} {day.day}" for day in days],
        "series": [
            {"title": "Labels compared", "tone": "grey", "values": [t.compared for t in totals]},
            money_line("Paid for them", "ink", [t.paid_compared for t in totals]),
            money_line("At the baseline", "blue", [t.baseline for t in totals]),
        ],
        "table": [
            [f"{day:%a, %b} {day.day}", f"{t.compared:,}", str(t.spent_compared), str(t.instead)]
            for day, t in zip(days, totals, strict=True)
        ],
    }


def money_line(title: str, tone: str, values: list[Decimal]) -> dict[str, Any]:
    """Amounts as a line of a chart: for its height only, so they may be floats."""
    return {"title": title, "tone": tone, "axis": "money", "values": [float(v) for v in values]}


def table_of(rows: Iterable[SavingsDay]) -> Iterator[list[str]]:
    """The daily rows as a table of text, its header first."""
    yield list(HEADER)
    for row in rows:
        yield [
            row.day.isoformat(),
            LANES.get(row.lane, row.lane),
            row.currency,
            str(row.labels),
            str(row.paid),
            str(row.compared),
            str(row.paid_compared),
            str(row.baseline),
            str(row.baseline - row.paid_compared),
            ", ".join(sorted(row.services)),
        ]
