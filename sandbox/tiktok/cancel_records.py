"""Requests to cancel as TikTok keeps them: one record each, told by webhook 11 at every change."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.tiktok.store import Store

Json = dict[str, Any]
PENDING = "CANCELLATION_REQUEST_PENDING"
COMPLETE = "CANCELLATION_REQUEST_COMPLETE"
# How the API spells it; webhook 11 writes CANCELLATION_REQUEST_CANCELLED.
CLOSED = "CANCELLATION_REQUEST_CANCEL"
ANSWER_SECONDS = 48 * 3600
MISTAKE = "ecom_order_to_ship_canceled_reason_created_by_mistakes"
# Reasons a buyer may name, with their words
BUYERS = {
    MISTAKE: "Bought by mistake",
    "ecom_order_to_ship_canceled_reason_no_longer_needed": "No longer needed",
    "ecom_order_to_ship_canceled_reason_wrong_delivery_info": "Incorrect shipping address",
    "ecom_order_to_ship_canceled_reason_better_price": "Better price available",
}


def change(store: "Store", order: Json, who: str, status: str, reason: str = "") -> Json:
    """Move the order's open record on, or begin one, and tell it by webhook 11."""
    kept = {"CANCELLATION_REQUEST_CANCELLED": CLOSED}.get(status, status)
    record = open_record(store, order)
    if record is None:
        record = _begin(store, order, who, kept, reason)
    record |= {"status": kept, "updated": store.world.unix()}
    store.notify(
        order["shop"],
        11,
        {
            "order_id": order["id"],
            "cancellations_role": who,
            "cancel_status": status,
            "cancel_id": record["id"],
            "create_time": store.world.unix(),
        },
    )
    return record


def open_record(store: "Store", order: Json) -> Json | None:
    """The order's request that nobody has decided yet; made for an order that was drawn with one."""
    record: Json | None = store.data["cancellations"].get(order.get("cancel_id"))
    if record is not None and record["status"] == PENDING:
        return record
    if order.get("cancel_asked") and order["status"] != "CANCELLED" and record is None:
        return _begin(store, order, "BUYER", PENDING, MISTAKE)
    return None


def _begin(store: "Store", order: Json, who: str, status: str, reason: str) -> Json:
    now = order.get("cancel_asked") or store.world.unix()
    number = store.world.new_number("4035", 19)
    record = {
        "id": number,
        "order": order["id"],
        "shop": order["shop"],
        "kind": "BUYER_CANCEL" if status == PENDING else "CANCEL",
        "status": status,
        "role": who,
        "reason": reason or MISTAKE,
        "created": now,
        "updated": now,
    }
    order["cancel_id"] = number
    store.data["cancellations"][number] = record
    if status == PENDING:
        store.world.schedule(now + ANSWER_SECONDS, "tiktok.cancel_due", number)
    return record


def due(store: "Store", number: str) -> None:
    """Nobody answered in time: TikTok agrees by itself."""
    record = store.data["cancellations"].get(number)
    order = store.orders.get(record["order"]) if record else None
    if record and order and record["status"] == PENDING and order.get("cancel_asked"):
        store.cancel(order, "SYSTEM", BUYERS.get(record["reason"], record["reason"]))
