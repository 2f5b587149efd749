"""What the clocks of open orders are worked out from, read in bulk; and which of them have grown
old."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.db import connection

from shipping.clock.predict import Parcel
from shipping.providers.carriers import DISPLAY

CHUNK = 50_000  # orders worked on at a time; in memory are only their different facts
# A label that was bought, also while its money is asked back: one an order, by its own index.
_JOINED = """
orders_order o LEFT JOIN shipping_label l
    ON l.order_id = o.id AND l.part = 0 AND l.state IN ('bought', 'voiding')
"""
# The parcels of an order in several that wait for a label or a scan of ours, each with its label;
# looked at only where there are several.
PARCELS = """
jsonb_array_elements(o.parts) WITH ORDINALITY AS p (one, n) LEFT JOIN shipping_label pl
    ON pl.order_id = o.id AND pl.part = p.n AND pl.state IN ('bought', 'voiding')
WHERE p.one ->> 'label' NOT IN ('elsewhere', 'gone')
"""
# Waits for its first scan as far as TikTok tells; also where somebody else made the label.
_OPEN = """
o.lane IN ('own', 'platform') AND (
    o.stage IN ('ready', 'hold', 'fix', 'bought') OR o.status = 'AWAITING_COLLECTION')
"""
# All that a clock depends on
_FACTS = f"""
o.due_at, o.label_carrier, o.plan_name,
CASE WHEN o.held_because <> '' THEN o.held_until END AS held_until,
o.status = 'AWAITING_COLLECTION' AS is_arranged, o.rts_at,
l.settled_at, l.handed_over_at, l.first_scan_at,
CASE WHEN o.part > 0 THEN (
    SELECT jsonb_agg(jsonb_build_array(p.n, jsonb_array_length(o.parts), COALESCE(pl.carrier, ''),
        pl.settled_at, pl.handed_over_at, pl.first_scan_at) ORDER BY p.n)::text
    FROM {PARCELS}) END AS parcels
"""  # noqa: S608 - our own names
_NAMES = """f.due_at, f.label_carrier, f.plan_name, f.held_until, f.is_arranged, f.rts_at,
    f.settled_at, f.handed_over_at, f.first_scan_at"""
# Another number when any of it has changed
_BASIS = f"hash_record_extended(ROW({_NAMES}), COALESCE(hashtextextended(f.parcels, 0), 0))"
# Orders that are alike are one row: their ids only pass through, as text.
_READ = f"""
SELECT array_agg(f.id)::text, f.workspace_id, {_BASIS}, f.shop_id, f.due_at, f.label_carrier,
    f.plan_name, f.held_until, CASE WHEN f.is_arranged THEN f.rts_at END, f.settled_at,
    f.handed_over_at, f.first_scan_at, f.parcels
FROM (
    SELECT o.id, o.workspace_id, o.shop_id, {_FACTS}
    FROM {_JOINED} AND l.order_id BETWEEN %(first)s AND %(last)s
    WHERE o.id = ANY(%(ids)s::bigint[]) AND {_OPEN}) f
GROUP BY f.workspace_id, f.shop_id, {_NAMES}, f.parcels
"""  # noqa: S608 - our own names
_ALL = """
SELECT o.id FROM orders_order o WHERE o.workspace_id = %(workspace)s
    AND o.stage IN ('ready', 'hold', 'fix', 'bought') AND o.lane IN ('own', 'platform')
UNION
SELECT o.id FROM orders_order o WHERE o.workspace_id = %(workspace)s
    AND o.status = 'AWAITING_COLLECTION' AND o.lane IN ('own', 'platform')
"""
_STALE = f"""
SELECT f.id FROM (SELECT o.id, {_FACTS} FROM {_JOINED} WHERE o.id IN ({_ALL})) f
LEFT JOIN orders_clock c ON c.order_id = f.id
WHERE c.order_id IS NULL OR c.next_risk_at <= %(now)s OR c.basis <> {_BASIS}
"""  # noqa: S608 - our own names
_OVER = f"""
DELETE FROM orders_clock c USING orders_order o
WHERE c.workspace_id = %(workspace)s AND o.id = c.order_id AND NOT ({_OPEN})
"""  # noqa: S608 - our own names


# What two orders have in common that are judged alike: the shop's pk, then what a Parcel is made of
type Facts = tuple[Any, ...]


class Known(NamedTuple):
    """Open orders that are alike, as their clocks see them."""

    orders: str  # their ids, as the database writes an array
    workspace_id: int
    basis: int
    facts: Facts

    @property
    def order_ids(self) -> list[int]:
        """Which orders they are."""
        return [int(pk) for pk in self.orders[1:-1].split(",")]

    @property
    def shop_id(self) -> int:
        """The shop it was sold by."""
        return int(self.facts[0])

    @property
    def parcels(self) -> list[Parcel]:
        """The ways of its parcels, mostly one, to their first scan."""
        _, due, carrier, plan, held, arranged, bought, handed, scanned, several = self.facts
        if several is None:
            name = carrier or carrier_of(plan)
            return [Parcel(due, name, bought or arranged, handed, scanned, held)]
        found = []
        for number, count, its_carrier, *moments in orjson.loads(several):
            bought, handed, scanned = (datetime.fromisoformat(at) if at else None for at in moments)
            way = (its_carrier or carrier_of(plan), bought or arranged, handed, scanned, held)
            found.append(Parcel(due, *way, name=f"parcel {number} of {count}"))
        return found


def read(order_ids: Sequence[int]) -> list[Known]:
    """The open ones among these orders, those that are alike together: one query."""
    if not order_ids:
        return []
    # The range spares the join all the labels of orders before it.
    span: dict[str, Any] = {"first": min(order_ids), "last": max(order_ids)}
    span["ids"] = f"{{{','.join(map(str, order_ids))}}}"  # in a tenth of the driver's time
    with connection.cursor() as cursor:
        cursor.execute(_READ, span)
        return [Known(row[0], row[1], row[2], row[3:]) for row in cursor.fetchall()]


def open_ids(workspace_id: int) -> Iterator[list[int]]:
    """Every open order of the workspace, some thousand at a time, held by the database meanwhile."""
    # Held beyond its transaction: between two parts the clocks of the first are written for good.
    with connection.cursor() as cursor:
        cursor.execute(
            f"DECLARE open_orders CURSOR WITH HOLD FOR {_ALL} ORDER BY 1",
            {"workspace": workspace_id},
        )
        try:
            while True:
                cursor.execute(f"FETCH {CHUNK} FROM open_orders")
                if not (ids := [row[0] for row in cursor.fetchall()]):
                    return
                yield ids
        finally:
            cursor.execute("CLOSE open_orders")


def stale_ids(workspace_id: int, *, now: datetime) -> list[int]:
    """Open orders without a clock, with one that depends on something else now, or whose time has
    come."""
    with connection.cursor() as cursor:
        cursor.execute(_STALE, {"workspace": workspace_id, "now": now})
        return [row[0] for row in cursor.fetchall()]


def forget_over(workspace_id: int) -> int:
    """Drop the clocks of orders that wait for no scan any more."""
    with connection.cursor() as cursor:
        cursor.execute(_OVER, {"workspace": workspace_id})
        return int(cursor.rowcount)


@lru_cache(maxsize=4096)
def carrier_of(plan_name: str) -> str:
    """The carrier that a planned service's name begins with, by slug; "" for none we know."""
    plan_name = plan_name.rpartition(" parcels: ")[2]  # the note of an order in several
    fits = [slug for slug, name in DISPLAY.items() if plan_name.startswith(name)]
    return max(fits, key=lambda slug: len(DISPLAY[slug]), default="")
