"""Shipping a waiting package by its id (South-East Asia, Brazil, Mexico): one, many, and when."""

from typing import Any

from sandbox.tiktok import limits, waiting
from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.packages import package_for
from sandbox.tiktok.shipping import check_shippable, check_tracking
from sandbox.tiktok.store import DAY, HOUR, Store

Json = dict[str, Any]
SHIP_BODY = frozenset({"handover_method", "pickup_slot", "self_shipment"})
BATCH_BODY = frozenset({"packages"})
MOST = 50


async def ship(call: Call) -> Json:
    """POST /fulfillment/202309/packages/{package_id}/ship."""
    _here(call)
    _ship(call.store, package_for(call), call.body)
    return {}


async def ship_many(call: Call) -> Json:
    """POST /fulfillment/202309/packages/ship: code 0, and what was refused in errors[]."""
    _here(call)
    wanted = call.body.get("packages")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST:
        raise bad(f"packages must hold 1 to {MOST} packages")
    errors = []
    for entry in wanted:
        number = str(entry.get("id") or "") if isinstance(entry, dict) else ""
        try:
            package = call.store.packages.get(number)
            if package is None or package["shop"] != call.shop["id"]:
                raise Refusal(21011001, "Package not found.")
            _ship(call.store, package, entry)
        except Refusal as refusal:
            detail = {"package_id": number}
            errors.append({"code": refusal.code, "message": refusal.message, "detail": detail})
    return {"errors": errors}


def _here(call: Call) -> None:
    if not waiting.package_first(call.shop):
        raise Refusal(21008106, "This interface cannot be used in this region.")


def _ship(store: Store, package: Json, body: Json) -> None:
    orders = [store.orders[number] for number in package["orders"]]
    if package["status"] != waiting.WAITING:
        raise Refusal(21008099, "Package has been shipped. Please not ship the package again.")
    for order in orders:
        check_shippable(order)
    inside = [line for order in orders for line in order["lines"] if line["id"] in package["lines"]]
    if refused := limits.refusal(store, inside):
        raise Refusal(*refused)
    own = body.get("self_shipment") or {}
    if package["shipping_type"] == "SELLER":
        carrier = check_tracking(
            store, orders[0], own.get("tracking_number"), own.get("shipping_provider_id")
        )
        more = {"tracking": own["tracking_number"], "provider_id": carrier.id}
        more["provider_name"] = carrier.name
    else:
        more = {
            "tracking": store.world.new_number("TTVE", 16),
            "provider_id": "6617675021119438849",
        }
        more |= {"provider_name": "TT Virtual express"}
        more["ready_at"] = store.world.unix() + store.settings["document_delay"]
    lines = list(package["lines"])
    for order in orders:
        waiting.leave(store, order, lines)
    now = store.world.unix()
    shipped = package | {"orders": [one["id"] for one in orders], "lines": lines}
    shipped |= {"status": "PROCESSING", "updated": now, "ready_at": now, **more}
    store.add_package(shipped, orders)


async def slots(call: Call) -> Json:
    """GET /fulfillment/202309/packages/{package_id}/handover_time_slots: the next three mornings,
    the first of them full."""
    _here(call)
    package_for(call)
    today = call.store.world.unix() // DAY * DAY
    times = [(today + day * DAY + 9 * HOUR, day > 1) for day in (1, 2, 3)]
    return {
        "can_pickup": True,
        "can_drop_off": True,
        "can_van_collection": False,
        "drop_off_point_url": "https://points.example/near",
        "pickup_slots": [
            {"start_time": start, "end_time": start + 3 * HOUR, "avaliable": free}
            for start, free in times
        ],
    }
