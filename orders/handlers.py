"""What TikTok tells about orders: the orders it names are read anew, 50 a call.

The payload is a hint. What an event says about an order goes into that order's timeline and nowhere
else; the order itself is what TikTok's order detail answers, and an older copy never wins there.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core import events as happenings
from core.deliveries import word
from core.errors import Rejected, RemoteError, Unavailable
from core.models import WebhookEvent
from orders import sync
from orders.cancellations.read import may_read, read_of
from orders.changes import words
from orders.models import Order, OrderEvent
from shops.models import Shop
from shops.senders import NOBODY, shops_of
from shops.tiktok_shop.errors import PROVIDER
from shops.tiktok_shop.webhooks import moment

log = logging.getLogger(__name__)

TOLD = {
    "1": "order status changed",
    "2": "a return or cancellation changed",
    "3": "the delivery address changed",
    "4": "its packages changed",
    "11": "a cancellation changed",
    "12": "a return changed",
    "36": "its invoice changed",
    "64": "an after-sales request changed",
    "65": "the state of a return changed",
    "67": "a refund was paid",
}
_CANCELLING = ("2", "11", "64")
_STATUSES = ("order_status", "cancel_status", "return_status", "sc_type", "invoice_status")


@dataclass(slots=True)
class _Hint:
    """One event: the orders it names, and the update_time it says they have."""

    row: WebhookEvent
    order_ids: list[str]
    updated_at: datetime | None
    status: str
    missing: list[str] = field(default_factory=list)


def read_told(*, events: list[WebhookEvent]) -> None:
    """Read the orders that these events of one shop name. Unavailable while TikTok does not show
    one of them yet: an event may be faster than the order it is about."""
    hints = [_hint(row) for row in events if not row.outcome]
    shops = shops_of(events[0].owner)
    for hint in hints:
        if shops:
            hint.row.workspace_id = shops[0].workspace_id
        else:
            hint.row.outcome = NOBODY
    if not shops:
        return
    _without_order([hint for hint in hints if not hint.order_ids], shops)
    named = [hint for hint in hints if hint.order_ids]
    orders: dict[str, Order] = {}
    for shop in shops:
        orders |= _read(shop, named)
    _note(named, orders)
    _read_requests(shops, [hint for hint in named if hint.row.event in _CANCELLING], orders)
    for hint in named:
        hint.missing = [one for one in hint.order_ids if one not in orders]
        if not hint.missing:
            hint.row.outcome = f"read {_orders(hint.order_ids)}"[:200]
    _refuse_unreadable([hint for hint in named if hint.missing], len(events))


def order_ids(data: dict[str, Any]) -> list[str]:
    """The orders that an event's data names, wherever its type puts them, each once."""
    found = [word(data.get("order_id")), *_words(data.get("order_ids"))]
    for part in _parts(data.get("package_list")):
        found += [word(part.get("order_id")), *_words(part.get("order_id_list"))]
    for part in _parts(data.get("line_items")):
        found.append(word(part.get("order_id")))
    return [one for one in dict.fromkeys(found) if one]


def _hint(row: WebhookEvent) -> _Hint:
    document = row.document
    data = document.get("data")
    data = data if isinstance(data, dict) else document
    status = next((word(data[name]) for name in _STATUSES if data.get(name)), "")
    return _Hint(row, order_ids(data), moment(data.get("update_time")), status)


def _parts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (part for part in value if isinstance(part, dict))


def _words(value: object) -> list[str]:
    return [word(one) for one in value] if isinstance(value, list) else []


def _without_order(hints: list[_Hint], shops: list[Shop]) -> None:
    """Newer after-sales events name a request only: whatever changed in the shop is read."""
    if not hints:
        return
    for shop in shops:
        happenings.publish("shop.sync_wanted", shop_id=shop.pk)
    for hint in hints:
        hint.row.outcome = "names no order: what changed in the shop is read"


def _read(shop: Shop, hints: list[_Hint]) -> dict[str, Order]:
    """The shop's orders that the events name, read now unless they were read since."""
    known = {
        order.tiktok_id: order
        for order in Order.objects.filter(
            shop=shop, tiktok_id__in={one for hint in hints for one in hint.order_ids}
        ).only("tiktok_id", "synced_at", "updated_at")
    }
    wanted = {one for hint in hints for one in hint.order_ids if not _is_told(hint, known.get(one))}
    found = {one: order for one, order in known.items() if one not in wanted}
    if wanted:
        found |= {order.tiktok_id: order for order in sync.read_orders(shop, sorted(wanted))}
        happenings.publish("orders.changed", workspace_id=shop.workspace_id)
    return found


def _read_requests(shops: list[Shop], hints: list[_Hint], orders: dict[str, Order]) -> None:
    """What is asked to be cancelled among the orders that were just read. The poll finds what
    cannot be read now: the event itself is done."""
    wanted = {one for hint in hints for one in hint.order_ids if one in orders}
    for shop in shops:
        theirs = sorted(one for one in wanted if orders[one].shop_id == shop.pk)
        if not theirs or not may_read(shop):
            continue
        try:
            read_of(shop, theirs)
        except RemoteError as error:
            log.info("cancellations of shop %s: %s", shop.pk, error.code)


def _is_told(hint: _Hint, order: Order | None) -> bool:
    """Whether our copy was read after the event came and holds what it is about."""
    if order is None or hint.updated_at is None:
        return False
    return order.synced_at >= hint.row.received_at and order.updated_at >= hint.updated_at


def _note(hints: Iterable[_Hint], orders: dict[str, Order]) -> None:
    """One timeline entry for each event and order, however often the event comes by here: again
    after a failure, among fewer others, or because a person had it handled once more."""
    hints = list(hints)
    rows = OrderEvent.objects.filter(
        order__in=orders.values(),
        at__in={hint.row.received_at for hint in hints},  # as they are noted: found by the index
        kind="webhook",
        detail__webhook__in=[hint.row.pk for hint in hints],
    )
    noted = set(rows.values_list("detail__webhook", "order_id"))
    OrderEvent.objects.bulk_create(
        [
            OrderEvent(
                order=orders[one],
                at=hint.row.received_at,
                kind="webhook",
                text=_sentence(hint),
                detail={"webhook": hint.row.pk},
            )
            for hint in hints
            for one in hint.order_ids
            if one in orders and (hint.row.pk, orders[one].pk) not in noted
        ]
    )


def _sentence(hint: _Hint) -> str:
    told = TOLD.get(hint.row.event, "the order changed")
    status = f" ({words(hint.status).lower()})" if hint.status else ""
    return f"TikTok told us: {told}{status}."


def _refuse_unreadable(hints: list[_Hint], handed: int) -> None:
    """Have the inbox come back to events whose orders TikTok does not show yet."""
    if not hints:
        return
    text = f"TikTok does not show {_orders(hints[0].missing)} yet."
    if len(hints) < handed:
        # The inbox then tries fewer at a time: those that have an outcome pass at once.
        raise Rejected(text, provider=PROVIDER, code="order-not-readable")
    raise Unavailable(text, provider=PROVIDER, code="order-not-readable")


def _orders(ids: list[str]) -> str:
    return f"order {ids[0]}" if len(ids) == 1 else f"{len(ids)} orders, the first {ids[0]}"
