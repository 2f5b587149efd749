"""What the control API does to TikTok's orders and tokens."""

from collections.abc import Callable
from typing import Any

from sandbox.tiktok.events import deauthorize, warn_of_expiry
from sandbox.tiktok.orders import STATUSES
from sandbox.tiktok.store import HOUR, Store
from sandbox.tiktok.waiting import make, wrap_all

Json = dict[str, Any]


def order_rows(store: Store, query: dict[str, str]) -> list[Json]:
    """Unmasked order records, filtered by status, shipping_type or shop; `limit` keeps the last."""
    wanted = {k: query[k] for k in ("id", "status", "shipping_type", "shop") if query.get(k)}
    rows = [
        order
        for order in store.orders.values()
        if all(order[name] == value for name, value in wanted.items())
    ]
    return rows[-int(query.get("limit", "100")) :]


def order_action(store: Store, order: Json, action: str, data: Json) -> None:
    """Do to one order what buyer, seller or platform might; KeyError for an unknown action."""
    actions: dict[str, Callable[[Store, Json, Json], None]] = {
        "cancel": _cancel,
        "request-cancel": _request_cancel,
        "withdraw-cancel": _withdraw_cancel,
        "status": _status,
        "hold": _hold,
        "release": _release,
        "aftersale": _aftersale,
        "address": _address,
        "together": _together,
    }
    actions[action](store, order, data)


def _together(store: Store, order: Json, data: Json) -> None:
    """In Seller Center, everything goes into one waiting package again."""
    make(store, [order], [line["id"] for line in order["lines"]])


def _cancel(store: Store, order: Json, data: Json) -> None:
    store.cancel(order, data.get("who", "BUYER"), data.get("reason", "No longer needed"))


def _request_cancel(store: Store, order: Json, data: Json) -> None:
    """The buyer wants to cancel (`reason`: one of cancel_records.BUYERS)."""
    order["cancel_asked"] = store.world.unix()
    order.pop("cancel_id", None)
    store.changed(order)
    reason = str(data.get("reason", ""))
    store.notify_cancellation(order, "BUYER", "CANCELLATION_REQUEST_PENDING", reason)


def _withdraw_cancel(store: Store, order: Json, data: Json) -> None:
    """The buyer no longer wants to cancel."""
    order["cancel_asked"] = None
    store.changed(order)
    store.notify_cancellation(order, "BUYER", "CANCELLATION_REQUEST_CANCELLED")


def _status(store: Store, order: Json, data: Json) -> None:
    """Any status, also one TikTok does not document yet, to see what a client makes of it."""
    status = str(data["status"])
    if status not in STATUSES and not data.get("unknown"):
        raise ValueError(f"{status} is not a documented status; send unknown: true to insist")
    moment = {"IN_TRANSIT": "collected", "DELIVERED": "delivered", "COMPLETED": "completed"}
    more = {moment[status]: store.world.unix()} if status in moment else {}
    store.set_status(order, status, **more)


def _hold(store: Store, order: Json, data: Json) -> None:
    due = store.world.unix() + int(data.get("seconds", HOUR))
    store.world.schedule(due, "tiktok.release", order["id"])
    store.set_status(order, "ON_HOLD")


def _release(store: Store, order: Json, data: Json) -> None:
    store.set_status(order, "AWAITING_SHIPMENT")


def _aftersale(store: Store, order: Json, data: Json) -> None:
    order["aftersale"] = bool(data.get("open", True))
    store.changed(order)


def _address(store: Store, order: Json, data: Json) -> None:
    """The buyer corrects the address (line1, line2, city, county, state, postal): webhook 3."""
    order["address"] = order["address"] | {k: str(v) for k, v in data.items()}
    order["address_changed"] = True
    store.changed(order)
    changed = {"order_id": order["id"], "update_time": order["updated"]}
    store.notify(order["shop"], 3, changed)


def _sellers(store: Store, value: Any) -> list[str]:
    """One seller by open id, or all for true."""
    return [str(value)] if isinstance(value, str) else list(store.data["sellers"])


def _expire(store: Store, name: str) -> None:
    for record in store.data[name].values():
        record["expires"] = store.world.unix() - 1


def _deauthorize(store: Store, value: Any) -> None:
    for open_id in _sellers(store, value):
        deauthorize(store, open_id)


def _warn(store: Store, value: Any) -> None:
    for open_id in store.data["sellers"]:
        warn_of_expiry(store, open_id, int(value))


def _revoke(store: Store, value: Any) -> None:
    store.settings["missing_scopes"] = sorted({*store.settings["missing_scopes"], str(value)})


def _call_in(store: Store, value: Any) -> None:
    store.settings["page_token_epoch"] += 1


STORE_ACTIONS: dict[str, Callable[[Store, Any], None]] = {
    "expire_tokens": lambda store, value: _expire(store, "access"),
    "expire_refresh_tokens": lambda store, value: _expire(store, "refresh"),
    "expire_codes": lambda store, value: _expire(store, "codes"),
    "deauthorize": _deauthorize,
    "warn_of_expiry_days": _warn,
    "revoke_scope": _revoke,
    "invalidate_page_tokens": _call_in,
    "shop_region": lambda store, value: wrap_all(store, str(value)),
}
