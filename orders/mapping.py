"""TikTok's order documents → rows. Pure: values in, values out, the clock passed in.

Whatever TikTok sends becomes a row: an unknown status, type or currency is kept as it is, a missing
or senseless value becomes nothing, and the whole document stays in `raw`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

import orjson

from orders import addresses
from orders.querysets import NO_DEADLINE
from orders.recipients import map_recipient

NO_CURRENCY: Final = "XXX"  # ISO 4217: no currency
_CENT = Decimal("0.01")
_MOST_MONEY = Decimal(10**12)
_ZERO = Decimal("0.00")
# NUL, escaped; not a backslash, itself escaped, that a buyer wrote in front of "u0000".
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_MOST_SECONDS = 10**10  # the year 2286

type Json = Mapping[str, Any]
type Row = dict[str, Any]


class Unmappable(ValueError):
    """The document has no order number, so there is no row it could become."""


@dataclass(frozen=True, slots=True)
class MappedOrder:
    """An order's columns and those of its lines; `order["raw"]` is the document as JSON text."""

    order: Row
    lines: list[Row]


def map_order(document: Json, *, now: datetime) -> MappedOrder:
    """The rows of one order document, read from TikTok at `now`. Unmappable without an id."""
    tiktok_id = text(document.get("id"), 40)
    if not tiktok_id:
        raise Unmappable("an order without a number")
    items = [item for item in _list(document.get("line_items")) if isinstance(item, Mapping)]
    money = document.get("payment")
    payment = money if isinstance(money, Mapping) else {}
    currency = _currency(payment.get("currency"), *(item.get("currency") for item in items))
    lines = _lines(items, currency)
    order: Row = {"tiktok_id": tiktok_id, "synced_at": now}
    order |= _kinds(document) | _times(document, now) | _flags(document)
    order |= _money(payment, currency) | _people(document)
    order |= _contents(order, lines)
    order["raw"] = json_text(document)
    return MappedOrder(order, lines)


def json_text(value: object) -> str:
    """JSON that PostgreSQL stores: NUL, which it refuses, is taken out."""
    packed = orjson.dumps(value, default=str).decode()
    return _NUL.sub(r"\1", packed) if "\\u0000" in packed else packed


def _kinds(document: Json) -> Row:
    fulfillment = text(document.get("fulfillment_type"), 40)
    shipping, kind = text(document.get("shipping_type"), 30), text(document.get("order_type"), 30)
    packages = (p for p in _list(document.get("packages")) if isinstance(p, Mapping))
    return {
        "status": text(document.get("status"), 40) or "UNKNOWN",
        "lane": _lane(fulfillment, shipping, kind),
        "shipping_type": shipping,
        "fulfillment_type": fulfillment,
        "order_type": kind,
        "delivery_type": text(document.get("delivery_type"), 30),
        "delivery_option_id": text(document.get("delivery_option_id"), 40),
        "delivery_option_name": text(document.get("delivery_option_name"), 120),
        "shipping_provider": text(document.get("shipping_provider"), 120),
        "shipping_provider_id": text(document.get("shipping_provider_id"), 40),
        "tracking_number": text(document.get("tracking_number"), 120),
        "warehouse_id": text(document.get("warehouse_id"), 40),
        "package_ids": [found for p in packages if (found := text(p.get("id"), 40))],
        "split_or_combine": text(document.get("split_or_combine_tag"), 20),
        "combine_group": text(document.get("auto_combine_group_id"), 60),
        "priority": _small(document.get("fulfillment_priority_level")),
        "cancel_reason": text(document.get("cancel_reason"), 300),
        "cancelled_by": text(document.get("cancellation_initiator"), 20),
    }


def _lane(fulfillment: str, shipping: str, kind: str) -> str:
    if fulfillment not in ("", "FULFILLMENT_BY_SELLER"):
        return "fbt"  # BY_TIKTOK, and the like of it in other markets
    if shipping == "TIKTOK_DIGITAL" or kind == "VIRTUAL_ORDER":
        return "none"
    return {"SELLER": "own", "TIKTOK": "platform"}.get(shipping, "none")


def _times(document: Json, now: datetime) -> Row:
    created = moment(document.get("create_time"))
    updated = moment(document.get("update_time"))
    ship_by, scan_by = moment(document.get("rts_sla_time")), moment(document.get("tts_sla_time"))
    return {
        "created_at": created or updated or now,
        "updated_at": updated or created or now,
        "paid_at": moment(document.get("paid_time")),
        "rts_at": moment(document.get("rts_time")),
        "cancelled_at": moment(document.get("cancel_time")),
        "cancel_requested_at": moment(document.get("request_cancel_time")),
        "delivered_at": moment(document.get("delivery_time")),
        "release_at": moment(document.get("release_date")),
        "ship_by": ship_by,
        "scan_by": scan_by,
        "cancel_at": moment(document.get("cancel_order_sla_time")),
        "deliver_by": moment(document.get("delivery_sla_time")),
        "collect_by": moment(document.get("collection_due_time")),
        "pick_up_cut_off_at": moment(document.get("pick_up_cut_off_time")),
        "recommended_ship_at": moment(document.get("recommended_shipping_time")),
        "due_at": scan_by or ship_by or NO_DEADLINE,
    }


def _flags(document: Json) -> Row:
    return {
        "is_cancel_requested": flag(document.get("is_buyer_request_cancel")),
        "is_on_hold": flag(document.get("is_on_hold_order")),
        "is_sample": flag(document.get("is_sample_order")),
        "is_cod": flag(document.get("is_cod")),
        "is_replacement": flag(document.get("is_replacement_order")),
        "is_exchange": flag(document.get("is_exchange_order")),
        "is_subscription": flag(document.get("is_subscription_order")),
        "address_changed": flag(document.get("has_updated_recipient_address")),
    }


def _money(payment: Json, currency: str) -> Row:
    return {
        "currency": currency,
        "total": amount(payment.get("total_amount")),
        "subtotal": amount(payment.get("sub_total")),
        "shipping_fee": amount(payment.get("shipping_fee")),
        "seller_discount": amount(payment.get("seller_discount")),
        "platform_discount": amount(payment.get("platform_discount")),
        "tax": amount(payment.get("tax")),
    }


def _people(document: Json) -> Row:
    recipient, state = map_recipient(document.get("recipient_address"))
    return {
        "buyer_id": text(document.get("user_id"), 60),
        "buyer_nickname": text(document.get("buyer_nickname"), 200),
        "buyer_message": text(document.get("buyer_message"), 5000),
        "seller_note": text(document.get("seller_note"), 5000),
        "recipient": recipient,
        "address_state": state,
    }


def _lines(items: list[Json], currency: str) -> list[Row]:
    """One row per unit; a line that comes without a number gets one of its place."""
    rows: dict[str, Row] = {}
    for place, item in enumerate(items, start=1):
        row = _line(item, currency)
        row["tiktok_id"] = row["tiktok_id"] or f"line-{place}"
        rows[row["tiktok_id"]] = row
    return list(rows.values())


def _line(item: Json, currency: str) -> Row:
    return {
        "tiktok_id": text(item.get("id"), 40),
        "sku_id": text(item.get("sku_id"), 40),
        "product_id": text(item.get("product_id"), 40),
        "seller_sku": text(item.get("seller_sku"), 120),
        "product_name": text(item.get("product_name"), 500),
        "sku_name": text(item.get("sku_name"), 300),
        "image_url": text(item.get("sku_image"), 1000),
        "status": text(item.get("display_status"), 40),
        "package_id": text(item.get("package_id"), 40),
        "package_status": text(item.get("package_status"), 30),
        "tracking_number": text(item.get("tracking_number"), 120),
        "currency": _currency(item.get("currency"), currency),
        "sale_price": amount(item.get("sale_price")),
        "original_price": amount(item.get("original_price")),
        "seller_discount": amount(item.get("seller_discount")),
        "platform_discount": amount(item.get("platform_discount")),
        "cancel_reason": text(item.get("cancel_reason"), 300),
        "cancelled_by": text(item.get("cancel_user"), 20),
        "is_gift": flag(item.get("is_gift")),
        "is_dangerous": flag(item.get("is_dangerous_good")),
        "sub_items": _list(item.get("sub_item_info")),
    }


def _contents(order: Row, lines: list[Row]) -> Row:
    """What is in the order: counts, the key that pick lists sort by, and the text searched."""
    live = [line for line in lines if line["status"] != "CANCELLED"] or lines
    units: dict[str, int] = {}
    for line in live:
        name = line["seller_sku"] or line["product_name"] or line["sku_id"]
        units[name] = units.get(name, 0) + 1
    picked = sorted(units.items())
    recipient = order["recipient"].get("name", "")
    words = [
        order["tiktok_id"],
        order["buyer_nickname"],
        "" if addresses.is_masked(recipient) else recipient,
        order["tracking_number"],
        *(line[name] for line in lines for name in ("tracking_number", "seller_sku")),
        *(line["product_name"] for line in lines),
    ]
    return {
        "unit_count": len(live),
        "sku_count": len({line["sku_id"] or line["tiktok_id"] for line in live}),
        "sku_ids": sorted({line["sku_id"] for line in lines if line["sku_id"]}),
        "pick_key": "|".join(f"{name}|{count:04d}" for name, count in picked).lower()[:200],
        "search_text": " ".join(dict.fromkeys(word.lower() for word in words if word))[:4000],
    }


def text(value: object, most: int) -> str:
    """A trimmed string of at most `most` characters; "" for nothing, lists and objects."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "").strip()[:most]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:most]
    return ""


def flag(value: object) -> bool:
    """True for true and "true" only."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def moment(value: object) -> datetime | None:
    """Unix seconds (or a string of them, or milliseconds) as an aware time; None for zero and
    nonsense."""
    if value is None:
        return None
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    seconds = value // 1000 if value >= 10 * _MOST_SECONDS else value
    return datetime.fromtimestamp(seconds, UTC) if seconds < _MOST_SECONDS else None


def amount(value: object) -> Decimal:
    """Money exact to the cent; zero for nothing and nonsense, whose original stays in `raw`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return _ZERO
    return _exact(str(value))


@lru_cache(maxsize=4096)
def _exact(value: str) -> Decimal:
    try:
        found = Decimal(value)
    except InvalidOperation:
        return _ZERO
    # Compared, not calculated with: arithmetic on 1e1000000 raises.
    if not found.is_finite() or not -_MOST_MONEY < found < _MOST_MONEY:
        return _ZERO
    return found.quantize(_CENT, ROUND_HALF_EVEN)


def _currency(*candidates: object) -> str:
    for candidate in candidates:
        if isinstance(candidate, str) and len(candidate) == 3 and candidate.isalpha():
            return candidate.upper()
    return NO_CURRENCY


def _small(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -32768 <= value <= 32767 else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
