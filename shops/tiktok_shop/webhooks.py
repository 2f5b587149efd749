"""TikTok's webhooks: proof of origin over the raw bytes, and the envelope as one value."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from core.deliveries import Delivery, Unreadable, own_name, word
from shops.tiktok_shop.event_types import TYPES

ORDER_STATUS = 1
ADDRESS_UPDATE = 3
PACKAGE_UPDATE = 4
PRODUCT_STATUS = 5
DEAUTHORIZED = 6
AUTHORIZATION_ENDING = 7
CANCELLATION_STATUS = 11
RETURN_STATUS = 12
PRODUCT_INFORMATION = 15
INVENTORY_STATUS = 27
PRODUCT_AUDIT = 37
INVENTORY_CHANGED = 68
INVENTORY_CHANGED_BY_SHOP = 71
_LONGEST_NUMBER = 20  # digits; of thousands Python makes no number, but an error


class MalformedEvent(ValueError):
    """The body is not an event of TikTok's."""


@dataclass(frozen=True, slots=True)
class Event:
    """One delivery. `type` is 0 where none was told; `id` is TikTok's, else a hash of the body.

    `shop_id` is empty for events of a seller or creator, who is then `owner_id`. `data` is all that
    was told.
    """

    type: int
    id: str
    shop_id: str
    owner_id: str
    timestamp: datetime | None
    data: dict[str, Any] = field(repr=False)


def verify(raw_body: bytes, header: str, app_key: str, app_secret: str) -> bool:
    """Whether `header` (Authorization, no scheme word) signs exactly these bytes; compared in
    constant time."""
    if not app_secret:
        return False
    message = app_key.encode() + raw_body
    expected = hmac.new(app_secret.encode(), message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.strip().encode())


def parse(raw_body: bytes) -> Event:
    """The event in a verified body, of any type. MalformedEvent when it is not a JSON object."""
    try:
        envelope = orjson.loads(raw_body)
    except ValueError as error:
        raise MalformedEvent("not JSON") from error
    if not isinstance(envelope, dict):
        raise MalformedEvent("not an object")
    kind, data = envelope.get("type"), envelope.get("data")
    if not isinstance(data, dict):
        data = envelope  # inventory changes are documented flat, without an envelope
    shop_id = _text(envelope.get("shop_id"))
    owners = (_text(envelope.get(key)) for key in ("seller_open_id", "creator_open_id"))
    return Event(
        type=_type(kind, envelope),
        id=_text(envelope.get("tts_notification_id") or envelope.get("event_id"))
        or hashlib.sha256(raw_body).hexdigest(),
        shop_id=shop_id,
        owner_id=shop_id or next(filter(None, owners), _text(envelope.get("seller_id"))),
        timestamp=moment(envelope.get("timestamp")),
        data=data,
    )


def identify(raw_body: bytes) -> Delivery:
    """The columns of the inbox. Unreadable for a body that is no event, or names no type."""
    try:
        event = parse(raw_body)
    except MalformedEvent as error:
        raise Unreadable("TikTok signed a body that is not a JSON object.") from error
    if not event.type:
        raise Unreadable("TikTok's event names no type.")
    return Delivery(
        event=word(event.type),
        dedupe=own_name(event.id, raw_body),
        owner=word(event.owner_id),
        subject=_subject(event.data),
        sent_at=event.timestamp,
    )


def name_of(event: str) -> str:
    """ "Order status" for "1"; the number itself for a type that nobody has told of."""
    known = TYPES.get(int(event)) if event.isdecimal() else None
    return known.name if known else f"Type {event}"


def _subject(data: dict[str, Any]) -> str:
    """The order that the event is about, else its product; a package's first order."""
    packages = data.get("package_list")
    first = packages[0] if isinstance(packages, list) and packages else None
    orders = data.get("order_ids") or (isinstance(first, dict) and first.get("order_id_list"))
    one = orders[0] if isinstance(orders, list) and orders else None
    return word(data.get("order_id")) or word(one) or word(data.get("product_id"))


def _type(kind: object, envelope: dict[str, Any]) -> int:
    if isinstance(kind, str) and kind.isdecimal() and len(kind) < _LONGEST_NUMBER:
        return int(kind)
    if isinstance(kind, int) and not isinstance(kind, bool):
        return kind
    return INVENTORY_CHANGED if "quantity_snapshot_after_change" in envelope else 0


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)


def moment(value: object) -> datetime | None:
    """Unix seconds or milliseconds, as number or as text; None for anything else."""
    if isinstance(value, str) and value.isdecimal() and len(value) < _LONGEST_NUMBER:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    seconds = value // 1000 if value >= 10**11 else value
    return datetime.fromtimestamp(seconds, UTC) if seconds < 10**11 else None
