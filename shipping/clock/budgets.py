"""How many more mistakes a shop's week can take: late dispatches, cancellations through its fault,
tracking numbers that do not hold. Counted anew each time, from what is stored of orders, labels and
scans."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.db import connection

from orders.changes import words
from orders.deadlines import COLLECTION, Deadlines
from orders.querysets import CANCEL_NEAR, TO_SHIP, UNSHIPPED
from orders.readiness import COLLECTED
from shipping.clock.facts import PARCELS
from shops.models import Shop
from shops.policy.book import Book, NoRule, Rule, market_of
from shops.policy.ours import books_for

METRICS: Final[Mapping[str, str]] = {
    "ldr": "Late dispatch",
    "sfcr": "Seller-fault cancellation",
    "vtr": "Valid tracking",
}
# A share of good ones is wanted, of at least the target; of the others a share of bad, at most.
_GOOD_WANTED: Final = frozenset({"vtr"})
_LONGEST: Final = timedelta(days=70)  # between an order and its deadline
_HUNDRED: Final = Decimal(100)
_MOVED: Final = [f"%→ {words(status)}." for status in COLLECTED]

# When the carrier first had the parcel, of several the last: its scan, else when TikTok's word for
# it came in.
_SCAN = f"""
COALESCE(
    CASE WHEN o.part > 0 THEN (
        SELECT CASE WHEN bool_and(pl.first_scan_at IS NOT NULL) THEN max(pl.first_scan_at) END
        FROM {PARCELS})
    ELSE (SELECT min(l.first_scan_at) FROM shipping_label l WHERE l.order_id = o.id) END,
    (SELECT min(e.at) FROM orders_orderevent e
        WHERE e.order_id = o.id AND e.kind = 'sync' AND e.text LIKE ANY(%(moved)s)))
"""  # noqa: S608 - our own names
# By the rule of the order's date the scan counts, or that collection was arranged.
_DISPATCHED = f"""
CASE WHEN (o.created_at AT TIME ZONE %(zone)s)::date = ANY(%(collection)s)
THEN COALESCE(o.rts_at, {_SCAN}) ELSE {_SCAN} END
"""
_LDR = f"""
SELECT %(shop)s::bigint, 'ldr', count(*),
    count(*) FILTER (WHERE d.at > o.due_at OR d.at IS NULL AND o.due_at <= %(now)s
        AND o.status <> ALL(%(collected)s)),
    count(*) FILTER (WHERE d.at IS NULL AND c.risk = 'risk')
FROM orders_order o LEFT JOIN orders_clock c ON c.order_id = o.id
CROSS JOIN LATERAL (SELECT {_DISPATCHED} AS at) d
WHERE o.workspace_id = %(workspace)s AND o.shop_id = %(shop)s
    AND o.due_at >= %(begins)s AND o.due_at < %(ends)s
    AND o.lane IN ('own', 'platform') AND o.status NOT IN ('CANCELLED', 'CANCEL', 'UNPAID')
"""  # noqa: S608 - our own names
# Through the seller's fault: by the seller, or by TikTok itself because nothing was shipped; where
# the rules say so, also because nobody answered the buyer. At risk: OrderQuerySet.ending.
_SFCR = """
SELECT %(shop)s::bigint, 'sfcr', count(*) FILTER (WHERE o.created_at >= %(begins)s),
    count(*) FILTER (WHERE o.cancelled_at >= %(begins)s AND o.cancelled_at < %(ends)s
        AND (o.cancelled_by = 'SELLER' OR o.cancelled_by = 'SYSTEM' AND (
            o.cancel_requested_at IS NULL AND o.cancelled_at >= o.cancel_at
            OR %(asked)s AND o.cancel_requested_at IS NOT NULL))),
    (SELECT count(*) FROM orders_order a
        WHERE a.workspace_id = %(workspace)s AND a.shop_id = %(shop)s
            AND a.stage = ANY(%(unshipped)s) AND a.status = ANY(%(open)s)
            AND a.lane IN ('own', 'platform')
            AND (a.cancel_at >= %(begins)s AND a.cancel_at < %(near)s
                OR %(asked)s AND EXISTS (SELECT FROM orders_cancellation r
                    WHERE r.order_id = a.id AND r.status = 'pending' AND r.kind = 'BUYER_CANCEL'
                        AND r.answer_by >= %(begins)s AND r.answer_by < %(near)s)))
FROM orders_order o
WHERE o.shop_id = %(shop)s AND o.updated_at >= %(begins)s AND o.created_at < %(ends)s
    AND o.paid_at IS NOT NULL AND o.lane IN ('own', 'platform')
"""
# At risk: lists.at_risk.
_VTR = """
SELECT %(shop)s::bigint, 'vtr', count(*),
    count(*) FILTER (WHERE l.first_scan_at IS NULL AND o.status <> ALL(%(collected)s) AND (
        o.due_at <= %(now)s OR EXISTS (
            SELECT FROM orders_dispatch d WHERE d.order_id = o.id AND d.part = l.part
                AND d.state = 'refused'))),
    count(*) FILTER (WHERE l.first_scan_at IS NULL AND o.status <> ALL(%(collected)s)
        AND c.risk = 'risk' AND o.due_at > %(now)s AND NOT EXISTS (
            SELECT FROM orders_dispatch d WHERE d.order_id = o.id AND d.part = l.part
                AND d.state = 'refused'))
FROM shipping_label l JOIN orders_order o ON o.id = l.order_id
LEFT JOIN orders_clock c ON c.order_id = o.id
WHERE l.workspace_id = %(workspace)s AND l.state = 'bought' AND o.shop_id = %(shop)s
    AND l.settled_at >= %(begins)s AND l.settled_at < %(ends)s AND o.lane = ANY(%(lanes)s)
"""
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_COUNTS: Final = {"ldr": _LDR, "sfcr": _SFCR, "vtr": _VTR}


@dataclass(frozen=True, slots=True)
class Budget:
    """One metric of a shop's week: how many counted, how many were bad, how many more may be."""

    shop: Shop
    metric: str
    week: date  # its Monday
    total: int
    bad: int
    at_risk: int
    rule: Rule  # the target
    asked_counts: bool = False  # a buyer's unanswered request is the seller's fault

    @property
    def title(self) -> str:
        """The metric in words."""
        return METRICS[self.metric]

    @property
    def share(self) -> Decimal | None:
        """The metric in percent, as TikTok shows it; None while nothing counts."""
        if not self.total:
            return None
        bad = _HUNDRED * self.bad / self.total
        found = _HUNDRED - bad if self.metric in _GOOD_WANTED else bad
        return found.quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def counted(self) -> int:
        """How many of the total make the share: those that went wrong, or well where that is wanted."""
        return self.total - self.bad if self.metric in _GOOD_WANTED else self.bad

    @property
    def left(self) -> int:
        """How many more may go wrong until the target is missed; below zero: so many too many."""
        target = self.rule.number
        bearable = _HUNDRED - target if self.metric in _GOOD_WANTED else target
        allowed = self.total * bearable / _HUNDRED
        return int(allowed.to_integral_value(ROUND_DOWN)) - self.bad

    @property
    def tone(self) -> str:
        """red: missed; amber: those at risk would miss it; green: kept; grey: nothing counts yet."""
        if not self.total:
            return "grey"
        if self.left < 0:
            return "red"
        return "amber" if self.at_risk > self.left else "green"


@dataclass(frozen=True)
class Scope:
    """One shop's week: where it begins and ends, and the rules it is counted by."""

    shop: Shop
    deadlines: Deadlines
    week: date
    begins: datetime
    ends: datetime

    @property
    def book(self) -> Book:
        """The market's rules as the workspace sees them."""
        return self.deadlines.book

    def target(self, metric: str) -> Rule | None:
        """The target in force in that week; None where the market has none."""
        try:
            return self.book.rule(f"metric.{metric}.target", on=self.week)
        except NoRule:
            return None


def scopes(workspace_id: int, shops: Sequence[Shop], *, on: datetime) -> list[Scope]:
    """The shops' weeks around that moment; one query."""
    books = books_for(workspace_id, sorted({market_of(shop.region) for shop in shops}))
    by_market = {market: Deadlines(book) for market, book in books.items()}
    return [scope_of(shop, by_market[market_of(shop.region)], on=on) for shop in shops]


def scope_of(shop: Shop, deadlines: Deadlines, *, on: datetime) -> Scope:
    """The shop's week around that moment."""
    begins, ends = deadlines.week_of(deadlines.day_of(on))
    return Scope(shop, deadlines, begins.date(), begins, ends)


def budgets(
    scopes: Iterable[Scope], *, now: datetime, metrics: Iterable[str] = tuple(METRICS)
) -> list[Budget]:
    """The budgets of these weeks in their order, however many in one statement; metrics without a
    target are left out."""
    asked = [
        (scope, metric, rule)
        for scope in scopes
        for metric in metrics
        if (rule := scope.target(metric)) is not None
    ]
    found = _count([(scope, metric) for scope, metric, _ in asked], now)
    return [
        Budget(
            scope.shop,
            metric,
            scope.week,
            *found[scope.shop.pk, metric],
            rule,
            asked_counts=asked_counts(scope),
        )
        for scope, metric, rule in asked
    ]


def _count(
    asked: Sequence[tuple[Scope, str]], now: datetime
) -> dict[tuple[int, str], tuple[int, int, int]]:
    if not asked:
        return {}
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    for number, (scope, metric) in enumerate(asked):
        parts.append(_PARAMETER.sub(rf"%(\1_{number})s", _COUNTS[metric]))
        parameters |= {f"{name}_{number}": value for name, value in _facts(scope, now).items()}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        return {(row[0], row[1]): (row[2], row[3], row[4]) for row in cursor.fetchall()}


def _facts(scope: Scope, now: datetime) -> dict[str, Any]:
    first = (scope.begins - _LONGEST).date()
    days = [first + timedelta(days=n) for n in range((scope.ends.date() - first).days + 1)]
    return {
        "workspace": scope.shop.workspace_id,
        "shop": scope.shop.pk,
        "begins": scope.begins,
        "ends": scope.ends,
        "now": now,
        "zone": str(scope.begins.tzinfo),
        "collection": [d for d in days if scope.deadlines.counts_as(d) == COLLECTION],
        "collected": list(COLLECTED),
        "moved": list(_MOVED),
        "lanes": lanes_of(scope),
        "asked": asked_counts(scope),
        "near": min(scope.ends, now + CANCEL_NEAR),
        "unshipped": list(UNSHIPPED),
        "open": list(TO_SHIP),
    }


def asked_counts(scope: Scope) -> bool:
    """Whether a buyer's request that nobody answered counts as the seller's fault."""
    try:
        return bool(scope.book.rule("metric.sfcr.unanswered_counts", on=scope.week).value)
    except NoRule:
        return False


def lanes_of(scope: Scope) -> list[str]:
    """The lanes whose tracking numbers count."""
    try:
        exempt = scope.book.rule("lane.platform.exempt", on=scope.week).value
    except NoRule:
        exempt = []
    return ["own"] if "vtr" in exempt else ["own", "platform"]
