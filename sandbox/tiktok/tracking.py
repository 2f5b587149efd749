"""TikTok's own tracking of an order's parcels, in both versions; times are milliseconds."""

from typing import Any

from sandbox.tiktok.gateway import Call
from sandbox.tiktok.orders import order_for

Json = dict[str, Any]
# Package status → action code, its name, and the sentence buyers read.
SAID = {
    "PROCESSING": (10101, "LABEL_CREATED", "Shipping label created. The seller is preparing it."),
    "FULFILLING": (20101, "PICKED_UP", "Picked up by the carrier"),
    "RETURNING": (40101, "RETURNING", "The package is being returned to the seller"),
    "COMPLETED": (30901, "DELIVERED", "Your package was delivered!\n"),
}


async def tracking(call: Call) -> Json:
    """GET /fulfillment/202309/orders/{order_id}/tracking: all parcels' events, newest first."""
    events = [entry for package in _packages(call) for entry in _entries(package)]
    events.sort(key=lambda entry: entry["update_time_millis"], reverse=True)
    return {"tracking": [{name: entry[name] for name in OLD} for entry in events]}


OLD = ("description", "update_time_millis", "action_code")


async def logistics(call: Call) -> Json:
    """GET /logistics/202604/orders/{order_id}/tracking: one entry a parcel."""
    details = [
        {
            "newest_tracking_no": package["tracking"],
            "carrier_name": package["provider_name"],
            "track_list": _entries(package)[::-1],
        }
        for package in _packages(call)
    ]
    return {"order_id": call.path("order_id"), "logistics_details": details}


def _packages(call: Call) -> list[Json]:
    order = order_for(call.store, call.shop, call.path("order_id"))
    return [call.store.packages[number] for number in order["packages"]]


def _entries(package: Json) -> list[Json]:
    moments = {"PROCESSING": package["created"], **package.get("moments", {})}
    if package["status"] in SAID:
        moments.setdefault(package["status"], package["updated"])
    return [_entry(package, status, at) for status, at in moments.items() if status in SAID]


def _entry(package: Json, status: str, at: int) -> Json:
    code, name, words = SAID[status]
    return {
        "description": words,
        "tracking_no": package["tracking"],
        "update_time_millis": at * 1000,
        "action_code": code,
        "action_code_name": name,
    }
