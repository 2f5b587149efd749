"""Money due back as a person reads it: sums that tie out with the ledger, and lists."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q, Sum

from core.models import Workspace
from core.money import Money
from shipping.labels.void import voids_due
from shipping.models import Label, LedgerEntry, MoneyBack
from shipping.models.money_back import MoneyBackQuerySet

PAGE: Final = 30
MOST: Final = 1000  # counted no further
SPANS: Final[Mapping[str, tuple[str, int]]] = {
    "30": ("Labels of the last 30 days", 30),
    "90": ("Labels of the last 90 days", 90),
    "365": ("Labels of the last 12 months", 365),
}
USUAL: Final = "90"
_UNDER_WAY = ("voiding", "refunding")
_ENDED = ("voided", "unused")
LISTS: Final = {
    "late": "Late",
    "pending": "Pending",
    "credited": "Credited",
    "refused": "Refused",
    "kept": "Not asked for",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """What labels of one currency cost and where that money is: `charged` is the sum of the other
    four. `ties` says that the list of voids tells the same as the ledger."""

    charged: Money
    kept: Money  # of labels in use
    credited: Money
    refused: Money  # of labels given back, and kept by the provider
    pending: Money
    ties: bool


def totals(workspace: Workspace, *, since: datetime) -> list[Totals]:
    """By currency, of the labels that were paid since then."""
    entries = LedgerEntry.objects.of(workspace)
    paid = entries.filter(kind="charge", at__gte=since).values("label")
    sums = (
        entries.filter(label__in=paid)
        .order_by("currency")
        .values_list("currency", "label__state")
        .annotate(
            out=Sum("amount", filter=~Q(kind="refund"), default=Decimal(0)),
            back=Sum("amount", filter=Q(kind="refund"), default=Decimal(0)),
        )
    )
    parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for currency, state, out, back in sums:
        mine = parts[currency]
        mine["charged"] += out
        mine["credited"] -= back
        name = "pending" if state in _UNDER_WAY else "refused" if state in _ENDED else "kept"
        mine[name] += out + back
    listed = _listed(workspace, paid)
    return [
        _totals(currency, mine, listed.get(currency, {}))
        for currency, mine in sorted(parts.items())
    ]


def _listed(workspace: Workspace, paid: Any) -> dict[str, dict[str, Decimal]]:
    """The same by the rows of the voids: pending and credited."""
    rows = (
        MoneyBack.objects.of(workspace)
        .filter(label__in=paid)
        .order_by("currency")
        .values_list("currency", "outcome")
        .annotate(asked=Sum("charged"), back=Sum("credited", default=Decimal(0)))
    )
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for currency, outcome, asked, back in rows:
        if outcome == "pending":
            found[currency]["pending"] = asked
        elif outcome == "credited":
            found[currency]["credited"] = back
    return found


def _totals(currency: str, mine: Mapping[str, Decimal], listed: Mapping[str, Decimal]) -> Totals:
    none = Decimal(0)
    sums = {
        name: Money(mine.get(name, none), currency)
        for name in ("charged", "kept", "credited", "refused", "pending")
    }
    same = all(mine.get(n, none) == listed.get(n, none) for n in ("pending", "credited"))
    parts = sum(money.amount for name, money in sums.items() if name != "charged")
    return Totals(**sums, ties=same and parts == sums["charged"].amount)


def rows_of(workspace: Workspace, name: str, *, now: datetime) -> MoneyBackQuerySet:
    """The rows of a list, in no order."""
    rows = MoneyBack.objects.of(workspace)
    if name == "late":
        return rows.pending().filter(expected_at__lt=now)
    if name == "pending":
        return rows.pending()
    return rows.filter(outcome="left") if name == "kept" else rows.filter(outcome=name)


def ask_late(workspace: Workspace, *, now: datetime) -> int:
    """Have the providers asked at once about all that is late; answers about how many labels. The
    list shows what became of them."""
    late = rows_of(workspace, "late", now=now).values("label")
    asked = Label.objects.filter(pk__in=late, state__in=_UNDER_WAY).update(due_at=now)
    if asked:
        voids_due.later()
    return asked


def counts(workspace: Workspace, *, now: datetime) -> dict[str, int]:
    """How many each list has, at most MOST + 1."""
    return {name: rows_of(workspace, name, now=now)[: MOST + 1].count() for name in LISTS}


def page_of(rows: MoneyBackQuerySet, *, after: str = "") -> tuple[list[MoneyBack], str]:
    """A page, newest first, and the place to go on after; "" on the last one."""
    if after.isascii() and after.isdigit() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    parts = ("label__order", "label__account", "actor")
    heavy = ("label__spec", "label__order__raw", "label__order__search_text")
    found = list(rows.select_related(*parts).defer(*heavy).order_by("-pk")[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""


@dataclass(frozen=True, slots=True)
class Due:
    """What is on its way back: a sum a currency, how many labels, and how many should have come."""

    sums: tuple[Money, ...]
    labels: int
    late: int


def due(workspace: Workspace, *, now: datetime) -> Due:
    """For the home page: one query on the few rows that are pending."""
    found = list(
        MoneyBack.objects.of(workspace)
        .pending()
        .order_by("currency")
        .values_list("currency")
        .annotate(sum=Sum("charged"), n=Count("pk"), late=Count("pk", Q(expected_at__lt=now)))
    )
    return Due(
        sums=tuple(Money(amount, currency) for currency, amount, _, _ in found),
        labels=sum(n for _, _, n, _ in found),
        late=sum(late for _, _, _, late in found),
    )


HEAD: Final = (
    *("Order", "Label account", "Service", "Tracking number", "Why", "Asked back"),
    *("Ask until", "Expected", "Outcome", "Settled", "Charged", "Credited", "Currency", "Note"),
)


def table(rows: MoneyBackQuerySet) -> Iterator[list[str]]:
    """The rows for a spreadsheet, oldest first, under HEAD."""
    yield list(HEAD)
    found = rows.select_related("label__order", "label__account").order_by("pk")
    for row in found.defer("label__spec", "label__order__raw").iterator(chunk_size=500):
        label = row.label
        service = (label.service_name, label.parcel_name)
        yield [
            *(label.order.tiktok_id, label.account.name),
            *(" · ".join(filter(None, service)), label.tracking_number),
            *(row.why_words, *(_day(at) for at in (row.asked_at, row.window_until))),
            *(_day(row.expected_at), row.outcome, _day(row.settled_at), str(row.charged)),
            *("" if row.credited is None else str(row.credited), row.currency),
            row.note or row.left_words,
        ]


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""


def span(name: str, *, now: datetime) -> tuple[str, datetime]:
    """A key of SPANS and the moment it begins; the usual one for anything else."""
    key = name if name in SPANS else USUAL
    return key, now - timedelta(days=SPANS[key][1])
