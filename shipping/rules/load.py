"""Orders as rules see them, read a thousand at a time in two queries: the dry run and the live run
read the same."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from orders.querysets import NO_DEADLINE
from shipping.rules.conditions import OrderFacts
from shipping.rules.engine import Book, Decision

OPEN = frozenset({"ready", "fix", "hold"})
_ORDERS = """
SELECT o.id, o.shop_id, o.total, o.unit_count, a.at->>'country', a.at->>'state',
    a.at->>'postal_code', o.lane, o.due_at, o.is_sample, o.tags, lower(o.delivery_option_name),
    o.order_type, (o.parcel->>'weight_g')::int, o.stage, o.label_state,
    COALESCE(o.paid_at, o.created_at), o.ruled, o.wish <> '{}'::jsonb, o.held_because,
    o.held_until, o.tiktok_id, o.part > 0
FROM orders_order o
CROSS JOIN LATERAL (SELECT CASE WHEN o.fixed_recipient = '{}'::jsonb THEN o.recipient
    ELSE o.fixed_recipient END AS at) a
WHERE o.id = ANY(%s::bigint[])
ORDER BY o.shop_id, o.tiktok_id
"""
# An item without a weight makes the whole order's unknown.
_ITEMS = """
SELECT l.order_id, array_agg(DISTINCT COALESCE(NULLIF(l.seller_sku, ''), l.sku_id)),
    array_agg(DISTINCT lower(l.product_name)),
    CASE WHEN bool_and(COALESCE(s.weight_g, 0) > 0) THEN sum(s.weight_g) END
FROM orders_line l
JOIN orders_order o ON o.id = l.order_id
LEFT JOIN catalog_sku s ON s.shop_id = o.shop_id AND s.tiktok_id = l.sku_id
WHERE l.order_id = ANY(%s::bigint[]) AND l.status <> 'CANCELLED'
GROUP BY l.order_id
"""
_NO_ITEMS: tuple[list[str], list[str], int | None] = ([], [], None)


class Row(NamedTuple):
    """An order with what earlier runs, and people, made of it. `facts` has the tags that rules did
    not set."""

    facts: OrderFacts
    ruled: dict[str, Any]
    tags: frozenset[str]
    off: frozenset[str]  # tags that a rule set and a person took off: not set again
    is_open: bool
    has_wish: bool
    held_because: str
    held_until: datetime | None
    came_at: datetime
    tiktok_id: str
    is_split: bool = False  # it travels in several parcels


def decide(book: Book, row: Row) -> Decision:
    """What `book` gives the order; a parcel only where it travels in one."""
    found = book.decide(row.facts, row.off)
    return book.without_parcel(found) if row.is_split else found


def read(ids: list[int], *, now: datetime, lock: bool = False) -> Iterator[Row]:
    """These orders, in the order of locks; `lock` keeps them for the transaction. One that is open
    is judged as of `now`, one that is done as of the moment it was paid."""
    given = f"{{{','.join(map(str, ids))}}}"  # in a tenth of the driver's time
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS + ("FOR NO KEY UPDATE OF o" if lock else ""), [given])
        orders = cursor.fetchall()
        cursor.execute(_ITEMS, [given])
        items = {pk: found for pk, *found in cursor.fetchall()}
    for values in orders:
        yield _row(values, items.get(values[0], _NO_ITEMS), now)


def _row(values: tuple[Any, ...], items: Any, now: datetime) -> Row:
    (pk, shop, total, units, country, state, postal, lane, due_at, sample, tags, option, kind,
     weight, stage, label_state, came_at, ruled, wish, held, until, number,
     split) = values  # fmt: skip
    ruled = orjson.loads(ruled)  # a plain cursor leaves JSON as text
    skus, products, items_weigh = items
    is_open = stage in OPEN and not label_state
    have = frozenset(tags)
    ours = frozenset(ruled.get("tags", ()))
    facts = OrderFacts(
        pk=pk,
        shop=shop,
        skus=tuple(skus),
        products=tuple(products),
        weight_g=weight or items_weigh,
        value=total,
        units=units,
        country=country or "",
        state=state or "",
        postal_code=postal or "",
        lane=lane,
        due_at=None if due_at == NO_DEADLINE else due_at,
        is_sample=sample,
        tags=have - ours,
        option=option,
        order_type=kind,
        at=now if is_open else came_at,
    )
    off = (ours | frozenset(ruled.get("off", ()))) - have
    return Row(facts, ruled, have, off, is_open, wish, held, until, came_at, number, split)
