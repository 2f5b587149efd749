"""Requests to cancel: searched, approved, refused for one of TikTok's reasons; and a seller's own
cancellation. Approving cancels the order; a refused one goes on."""

from collections.abc import Callable
from typing import Any

from sandbox.tiktok.cancel_records import BUYERS, CLOSED, PENDING, change, open_record
from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.orders import check_token, fingerprint, make_token
from sandbox.tiktok.store import Store

Json = dict[str, Any]
SEARCH_QUERY = frozenset({"page_size", "page_token", "sort_field", "sort_order"})
SEARCH_BODY = frozenset(
    {
        *("cancel_ids", "order_ids", "buyer_user_ids", "cancel_types", "cancel_status", "locale"),
        *("create_time_ge", "create_time_lt", "update_time_ge", "update_time_lt"),
    }
)
CANCEL_BODY = frozenset(
    {"order_id", "skus", "order_line_item_ids", "order_line_list", "cancel_reason"}
)
REJECT_BODY = frozenset({"reject_reason", "comment", "images"})
DECIDE_QUERY = frozenset({"idempotency_key"})
REASONS_QUERY = frozenset({"return_or_cancel_id", "locale"})
REJECT_REASONS = {
    "order_manage_list_action_respond_popup_reject_reason_invalid_cancellation_reason": (
        "Invalid reason for cancellation"
    ),
    "order_manage_list_action_respond_popup_reject_reason_delivered": (
        "Product delivery is on schedule"
    ),
    "order_manage_list_action_respond_popup_reject_reason_buyer_agree": (
        "Reached an agreement with the buyer"
    ),
    "seller_reject_apply_product_has_been_packed": "Product has been packed",
}
UNPAID_REASONS = {"seller_cancel_unpaid_reason_out_of_stock": "Out of stock"}
PAID_REASONS = {
    "seller_cancel_reason_out_of_stock": "Out of stock",
    "seller_cancel_reason_wrong_price": "Pricing error",
    "seller_cancel_paid_reason_address_not_deliver": "Unable to deliver to buyer address",
    "seller_cancel_paid_reason_buyer_requested_cancellation": "Buyer requested cancellation",
}
SELLER_MAY = ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION")
AGREED = ("CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE")


async def search(call: Call) -> Json:
    """POST /return_refund/202602/cancellations/search."""
    size, body = call.page_size(1, 50), call.body
    for name in ("cancel_ids", "order_ids", "cancel_types", "cancel_status"):
        if not isinstance(body.get(name, []), list):
            raise bad(f"{name} must be a list")
    field = {"create_time": "created"}.get(call.query.get("sort_field", ""), "updated")
    found = [record for record in _records(call) if _wanted(call, record)]
    found.sort(
        key=lambda record: (record[field], record["id"]),
        reverse=call.query.get("sort_order") == "DESC",
    )
    mark: Json = {
        "filters": fingerprint("cancellations", call.shop["id"], field, body),
        "epoch": call.store.settings["page_token_epoch"],
    }
    token = call.query.get("page_token")
    start = int(check_token(token, **mark)["at"]) if token else 0
    more = start + size < len(found)
    return {
        "cancellations": [_document(call.store, one) for one in found[start : start + size]],
        "total_count": len(found),
        "next_page_token": make_token({"at": start + size, **mark}) if more else "",
    }


def _records(call: Call) -> list[Json]:
    """The shop's records, those included that orders were drawn with."""
    store = call.store
    for order in store.orders.values():
        if order.get("cancel_asked") and "cancel_id" not in order:
            open_record(store, order)
    everyone = store.data["cancellations"].values()
    return [record for record in everyone if record["shop"] == call.shop["id"]]


def _wanted(call: Call, record: Json) -> bool:
    body = call.body
    lists = (
        ("cancel_ids", "id"),
        ("order_ids", "order"),
        ("cancel_types", "kind"),
        ("cancel_status", "status"),
    )
    if any(body.get(name) and record[key] not in body[name] for name, key in lists):
        return False
    return call.is_in_windows(record)


def _document(store: Store, record: Json) -> Json:
    order = store.orders[record["order"]]
    item: Json = {
        "cancel_id": record["id"],
        "order_id": record["order"],
        "cancel_type": record["kind"],
        "cancel_status": record["status"],
        "role": record["role"],
        "cancel_reason": record["reason"],
        "cancel_reason_text": ({**BUYERS, **PAID_REASONS}).get(record["reason"], ""),
        "create_time": record["created"],
        "update_time": record["updated"],
        "cancel_line_items": [
            {"cancel_line_item_id": f"9{line['id']}", "order_line_item_id": line["id"]}
            for line in order["lines"]
        ],
        "should_replenish_stock": True,
    }
    if record["status"] == PENDING:
        deadline = record["created"] + 48 * 3600
        step = {"action": "SELLER_RESPOND_CANCEL", "deadline": deadline}
        item["seller_next_action_response"] = [step]
    return item


def _found(call: Call) -> tuple[Json, Json]:
    """The record and its order; raises the refusals for strangers."""
    _records(call)
    record = call.store.data["cancellations"].get(call.path("cancel_id"))
    if record is None:
        raise Refusal(25007006, "Order not found.")
    if record["shop"] != call.shop["id"]:
        raise Refusal(25020005, "No permission to process this order")
    return record, call.store.orders[record["order"]]


def _once(decide: Callable[[Call, Json, Json], None]) -> Callable[[Call], Json]:
    """A decision that the same idempotency key repeats without doing it again."""

    def carry_out(call: Call) -> Json:
        record, order = _found(call)
        key = call.query.get("idempotency_key", "")
        if not key or record.get("key") != key:
            decide(call, record, order)
            record["key"] = key
            call.store.world.touch()
        return {}

    return carry_out


def _approve(call: Call, record: Json, order: Json) -> None:
    if record["status"] in AGREED or record["status"] == CLOSED:
        closed = record["status"] == CLOSED
        code, words = (
            (25020009, "reverse already cancelled")
            if closed
            else (25011012, "reverse status cannot approve application")
        )
        raise Refusal(code, words)
    call.store.cancel(order, "BUYER", str(BUYERS.get(record["reason"], record["reason"])))


def _reject(call: Call, record: Json, order: Json) -> None:
    reason = call.body.get("reject_reason")
    if not reason:
        raise Refusal(25001001, "reject_reason is required.")
    if reason not in REJECT_REASONS:
        raise Refusal(25001014, "Unknown return reason.")
    if record["status"] in AGREED:
        raise Refusal(25020010, "Aftersales has been approved and cannot be rejected.")
    if record["status"] != PENDING:
        raise Refusal(25011011, "reverse status cannot reject application")
    order["cancel_asked"] = None
    call.store.changed(order)
    change(call.store, order, "SELLER", "CANCELLATION_REQUEST_CANCELLED")
    record["reject_reason"] = reason


async def approve(call: Call) -> Json:
    """POST /return_refund/202309/cancellations/{cancel_id}/approve."""
    return _once(_approve)(call)


async def reject(call: Call) -> Json:
    """POST /return_refund/202309/cancellations/{cancel_id}/reject."""
    return _once(_reject)(call)


async def reject_reasons(call: Call) -> Json:
    """GET /return_refund/202309/reject_reasons?return_or_cancel_id=."""
    wanted = call.query.get("return_or_cancel_id", "")
    if wanted not in call.store.data["cancellations"]:
        raise Refusal(25007006, "Order not found.")
    return {"reasons": [{"name": name, "text": text} for name, text in REJECT_REASONS.items()]}


async def cancel(call: Call) -> Json:
    """POST /return_refund/202602/cancellations: the seller calls the whole order off."""
    store, body = call.store, call.body
    order = store.orders.get(str(body.get("order_id", "")))
    if order is None:
        raise Refusal(25007006, "Order not found.")
    if order["shop"] != call.shop["id"]:
        raise Refusal(25020005, "No permission to process this order")
    if body.get("order_line_item_ids") or body.get("skus") or body.get("order_line_list"):
        raise Refusal(25005010, "Unable to cancel individual line items within this request.")
    reason = body.get("cancel_reason")
    if not isinstance(reason, str) or reason not in {**PAID_REASONS, **UNPAID_REASONS}:
        raise Refusal(25001014, "Unknown return reason.")
    if order["status"] in ("CANCELLED", "COMPLETED"):
        raise Refusal(25001051, "Not allowed to cancel: the order is completed or cancelled")
    if order["status"] not in SELLER_MAY:
        raise Refusal(25001045, "The order has already been shipped.")
    if (reason in UNPAID_REASONS) != (order["status"] == "UNPAID"):
        raise Refusal(25001021, "Reason not match order status")
    store.cancel(order, "SELLER", {**PAID_REASONS, **UNPAID_REASONS}[reason])
    record = store.data["cancellations"][order["cancel_id"]]
    if record["kind"] == "CANCEL":
        record["reason"] = reason
    return {"cancel_id": record["id"], "cancel_status": record["status"]}
