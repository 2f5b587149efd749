"""Own labels: Mark Package As Shipped with all its refusals, and the one later correction."""

import re
from typing import Any

from sandbox.tiktok import waiting
from sandbox.tiktok.carriers import BY_ID, USPS_ID, Carrier, owners
from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.orders import order_for
from sandbox.tiktok.store import HOUR, Store

Json = dict[str, Any]
MARK_BODY = frozenset(
    {"order_line_item_ids", "order_line_list", "tracking_number", "shipping_provider_id"}
)
UPDATE_BODY = frozenset({"tracking_number", "shipping_provider_id"})
CLEAN = re.compile(r"[0-9A-Za-z]+\Z")
ORDERS_PER_NUMBER = 20
EDIT_WINDOW = 72 * HOUR
BEFORE_SHIPMENT = ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING")


def check_shippable(order: Json) -> None:
    """The refusals that do not depend on how the order is shipped."""
    if order["fulfillment"] == "FULFILLMENT_BY_TIKTOK":
        raise Refusal(21008025, "The platform fulfils this order; the seller cannot operate it.")
    if order["status"] == "ON_HOLD":
        raise Refusal(21011044, "The order is on hold and cannot be shipped yet.")
    if order["status"] == "CANCELLED":
        raise Refusal(21011041, "The order is cancelled.")
    if order["status"] == "UNPAID":
        raise Refusal(21042057, "The order is not in the Awaiting shipment status.")
    if order["status"] not in BEFORE_SHIPMENT:
        raise Refusal(21011006, "These orders are already shipped.")
    if order.get("aftersale"):
        raise Refusal(21011007, "There is an open after-sale request; process it first.")


def pick_lines(store: Store, order: Json, body: Json) -> list[str]:
    """The line ids to ship: those named, or all; refuses foreign and shipped ones."""
    named = list(body.get("order_line_item_ids") or [])
    entries = body.get("order_line_list") or body.get("order_line_item") or []
    entries = [entry if isinstance(entry, dict) else {} for entry in entries]
    named += [entry.get("order_line_id", "") for entry in entries]
    whole_bundles(order, named, entries)
    every = [line["id"] for line in order["lines"]]
    shipped = store.shipped_lines(order)
    if not named:
        if shipped or len(waiting.of(store, order)) > 1:
            words = "Several packages are possible; specify the order lines to be shipped."
            raise Refusal(21011048, words)
        return every
    if any(line not in every for line in named):
        raise Refusal(21011029, "An order line does not belong to this order.")
    if any(line in shipped for line in named):
        raise Refusal(21011006, "These orders are already shipped.")
    return list(dict.fromkeys(named))


def whole_bundles(order: Json, named: list[str], entries: list[Json]) -> None:
    """Each named line that is a virtual bundle is named with each of its parts."""
    told = {(entry.get("order_line_id"), entry.get("sub_item_id")) for entry in entries}
    for line in order["lines"]:
        if line["id"] in named and any(
            (line["id"], part) not in told for part in line.get("parts", ())
        ):
            raise bad("sub_item_id is needed for the parts of a virtual bundle")


def refuse_part_of_combined(store: Store, order: Json, lines: list[str]) -> None:
    """An order that shares a package with others travels whole."""
    if waiting.combined(store, order) and len(lines) < len(order["lines"]):
        raise Refusal(21011046, "Order has combine, not allow split order")


def _keep_skus_whole(store: Store, order: Json, lines: list[str]) -> None:
    """With own labels all units of one SKU that are left travel in one package."""
    left = {line["id"]: (line["product"], line["sku"]) for line in order["lines"]}
    for shipped in store.shipped_lines(order):
        left.pop(shipped, None)
    taken = {left.pop(line) for line in lines}
    if taken & set(left.values()):
        raise Refusal(21011036, "split same sku in Multi Package not allow.")


def check_tracking(store: Store, order: Json, number: Any, provider_id: Any) -> Carrier:
    """The carrier, once number and carrier fit together and the number is free."""
    if not isinstance(number, str) or not number or not isinstance(provider_id, str):
        raise Refusal(21001001, "tracking_number and shipping_provider_id are required.")
    if not CLEAN.match(number):
        raise Refusal(21004012, "The tracking number has special characters.")
    carrier = BY_ID.get(provider_id)
    if carrier is None:
        raise Refusal(21011022, "Invalid tracking number or provider ID.")
    known = owners(number)
    if not known:
        raise Refusal(11028006, "This tracking number cannot be matched to any carrier.")
    if carrier not in known:
        raise Refusal(21011022, "Invalid tracking number or provider ID.")
    if carrier.id == USPS_ID and store.settings["usps_refused"]:
        raise Refusal(21004016, "Label failed verification: USPS needs a TikTok Shipping label.")
    _check_reuse(store, order, number)
    return carrier


def _check_reuse(store: Store, order: Json, number: str) -> None:
    """One number may serve several orders of one recipient, 20 at most."""
    users = set(store.data["tracking"].get(number, ())) - {order["id"]}
    for other_id in users:
        other = store.orders[other_id]
        same = other["address"] == order["address"]
        if not same or other["buyer"]["user_id"] != order["buyer"]["user_id"]:
            raise Refusal(21011025, "Duplicate tracking number.")
    if len(users) >= ORDERS_PER_NUMBER:
        raise Refusal(21011026, "The tracking number was used for too many orders.")


def new_package(store: Store, orders: list[Json], lines: list[str], **more: Any) -> Json:
    """A package record in PROCESSING; `more` brings carrier, tracking and lane."""
    now = store.world.unix()
    return {
        "id": store.world.new_number("1153", 19),
        "shop": orders[0]["shop"],
        "orders": [order["id"] for order in orders],
        "lines": lines,
        "status": "PROCESSING",
        "created": now,
        "updated": now,
        "ready_at": now,
        "edits": 0,
        **more,
    }


async def mark_shipped(call: Call) -> Json:
    """POST /fulfillment/202309/orders/{order_id}/packages."""
    store = call.store
    order = order_for(store, call.shop, call.path("order_id"))
    number, provider_id = call.body.get("tracking_number"), call.body.get("shipping_provider_id")
    check_shippable(order)
    if order["shipping_type"] != "SELLER" or waiting.package_first(call.shop):
        raise Refusal(21008106, "This interface cannot be used for this order in this region.")
    lines = pick_lines(store, order, call.body)
    refuse_part_of_combined(store, order, lines)
    _keep_skus_whole(store, order, lines)
    carrier = check_tracking(store, order, number, provider_id)
    package = new_package(
        store,
        [order],
        lines,
        shipping_type="SELLER",
        provider_id=carrier.id,
        provider_name=carrier.name,
        tracking=number,
    )
    store.add_package(package, [order])
    answer: Json = {
        "order_id": order["id"],
        "order_line_item_ids": lines,
        "package_id": package["id"],
    }
    if len(owners(str(number))) > 1:
        answer["warning"] = {"message": "match more than one provider"}
    return answer


async def update_package(call: Call) -> Json:
    """POST /fulfillment/202309/packages/{package_id}/shipping_info/update: once in 72 hours."""
    package = call.store.packages.get(call.path("package_id"))
    if package is None:
        raise Refusal(21011001, "Package not found.")
    if package["shop"] != call.shop["id"]:
        raise Refusal(21011028, "The package does not belong to the current shop.")
    return _correct(call, package)


async def update_order(call: Call) -> Json:
    """POST /fulfillment/202309/orders/{order_id}/shipping_info/update."""
    order = order_for(call.store, call.shop, call.path("order_id"))
    if order["status"] == "CANCELLED":
        raise Refusal(21011041, "The order is cancelled.")
    if not order["packages"]:
        raise Refusal(21011043, "The package has not been shipped yet.")
    return _correct(call, call.store.packages[order["packages"][-1]])


def _correct(call: Call, package: Json) -> Json:
    store = call.store
    if package["shipping_type"] != "SELLER":
        raise Refusal(21011004, "Only packages shipped by the seller can be updated.")
    if package["status"] == "CANCELLED":
        raise Refusal(21011042, "The order is cancelled.")
    if package["status"] == "COMPLETED":
        raise Refusal(21011030, "The package has been delivered already.")
    if package["edits"]:
        raise Refusal(21011051, "The tracking number can only be updated once.")
    if store.world.unix() - package["created"] > EDIT_WINDOW:
        raise Refusal(21011050, "The tracking number can only be updated within 72 hours.")
    order = store.orders[package["orders"][0]]
    number = call.body.get("tracking_number")
    carrier = check_tracking(store, order, number, call.body.get("shipping_provider_id"))
    users = store.data["tracking"][package["tracking"]]
    store.data["tracking"][package["tracking"]] = [
        order_id for order_id in users if order_id not in package["orders"]
    ]
    store.data["tracking"].setdefault(number, []).extend(package["orders"])
    package |= {
        "tracking": number,
        "provider_id": carrier.id,
        "provider_name": carrier.name,
        "edits": 1,
        "updated": store.world.unix(),
    }
    for order_id in package["orders"]:
        store.changed(store.orders[order_id])
    return {}
