"""Deadlines that TikTok does not name, worked out from the rules: as orders come in, and anew when
a rule changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import connection

from orders.deadlines import Deadlines, Sold
from orders.models import Order
from shops.models import Shop
from shops.policy.book import market_of
from shops.policy.ours import book_for

_CHUNK = 5000
_FACTS = ("status", "lane", "order_type", "created_at", "release_at", "ship_by", "scan_by")
_OPEN_STAGES = ("ready", "hold", "fix", "bought")
_WRITE = """
UPDATE orders_order o SET due_at = v.due_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS v (id, due_at)
WHERE o.id = v.id AND o.due_at <> v.due_at
"""


def deadlines_of(shop: Shop) -> Deadlines:
    """The shop's deadlines by its workspace's rules; one query."""
    return Deadlines(book_for(market_of(shop.region), shop.workspace_id))


def date_rows(shop: Shop, rows: Iterable[dict[str, Any]]) -> None:
    """Put `due_at` into mapped orders for which TikTok names no time; no query where it names all."""
    undated = [row for row in rows if row["scan_by"] is None]
    if undated:
        deadlines = deadlines_of(shop)
        for row in undated:
            row["due_at"] = deadlines.due(sold_of(row))


def redate(workspace_id: int) -> int:
    """Work out the open orders' deadlines anew where they are ours to work out; answers how many
    moved."""
    shops = Shop.objects.filter(workspace=workspace_id)
    by_shop = {shop.pk: deadlines_of(shop) for shop in shops}
    rows = (
        Order.objects.filter(shop__in=by_shop, scan_by=None, stage__in=_OPEN_STAGES)
        .order_by("pk")
        .values("pk", "shop_id", "due_at", *_FACTS)
        .iterator(chunk_size=_CHUNK)
    )
    return sum(
        _write((row, by_shop[row["shop_id"]].due(sold_of(row))) for row in chunk)
        for chunk in batched(rows, _CHUNK)
    )


def sold_of(row: Mapping[str, Any]) -> Sold:
    """What a deadline depends on, of an order's columns."""
    return Sold(**{name: row[name] for name in _FACTS})


def _write(found: Iterable[tuple[Mapping[str, Any], datetime]]) -> int:
    changed = [(row["pk"], due) for row, due in found if due != row["due_at"]]
    if not changed:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(column) for column in zip(*changed, strict=True)])
        return int(cursor.rowcount)
