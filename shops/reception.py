"""How TikTok's webhooks arrive: the last of each kind, and how long they were on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db import connection

from shops.models import Shop, WebhookSubscription
from shops.tiktok_shop.event_types import TYPES

LAST = 100  # events that the delay is told of
_NAMED = {one.event_type: one for one in TYPES.values() if one.event_type}
# One index probe for each shop and kind, however many events there are.
_NEWEST = """
SELECT e.owner, e.event, e.received_at, e.sent_at
FROM unnest(%s::text[]) AS o (owner) CROSS JOIN unnest(%s::text[]) AS k (event)
CROSS JOIN LATERAL (
    SELECT w.owner, w.event, w.received_at, w.sent_at FROM core_webhookevent w
    WHERE w.provider = 'tiktok' AND w.owner = o.owner AND w.event = k.event
    ORDER BY w.received_at DESC LIMIT %s
) AS e
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event of a shop: what TikTok says about sending it, and the last that came."""

    name: str
    subscription: WebhookSubscription
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reception:
    """One shop's webhooks. Delays in seconds, from TikTok's clock to our receipt, of the last LAST
    events; None before the first."""

    shop: Shop
    kinds: tuple[Kind, ...]
    active: int
    last_at: datetime | None
    usual: float | None
    longest: float | None


def reception(shops: Sequence[Shop]) -> list[Reception]:
    """One for each shop, in three queries."""
    arrived = _newest(shops, LAST)
    subscriptions = WebhookSubscription.objects.filter(shop__in=shops).order_by("event_type")
    by_shop: dict[int, list[WebhookSubscription]] = {}
    for row in subscriptions:
        by_shop.setdefault(row.shop_id, []).append(row)
    return [_of(shop, by_shop.get(shop.pk, []), arrived) for shop in shops]


def last_event(shops: Sequence[Shop]) -> datetime | None:
    """When the last event of any kind came for one of these shops."""
    return max((at for _, _, at, _ in _newest(shops, 1)), default=None)


type _Arrived = list[tuple[str, str, datetime, datetime | None]]


def _newest(shops: Sequence[Shop], most: int) -> _Arrived:
    if not shops:
        return []
    owners = [shop.tiktok_id for shop in shops]
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [owners, [str(number) for number in TYPES], most])
        return list(cursor.fetchall())


def _of(shop: Shop, subscriptions: list[WebhookSubscription], arrived: _Arrived) -> Reception:
    mine = [row for row in arrived if row[0] == shop.tiktok_id]
    last = {event: max(at for _, e, at, _ in mine if e == event) for event in {r[1] for r in mine}}
    newest = sorted(mine, key=lambda row: row[2], reverse=True)[:LAST]
    delays = [max((at - sent).total_seconds(), 0.0) for _, _, at, sent in newest if sent]
    kinds = tuple(
        Kind(
            _NAMED[one.event_type].name if one.event_type in _NAMED else one.event_type,
            one,
            last.get(str(_NAMED[one.event_type].number)) if one.event_type in _NAMED else None,
        )
        for one in subscriptions
    )
    return Reception(
        shop,
        kinds,
        sum(one.state == "active" for one in subscriptions),
        max(last.values(), default=None),
        median(delays) if delays else None,
        max(delays, default=None),
    )
