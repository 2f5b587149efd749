"""Several orders in one package and one order in several, before any of it is shipped."""

from collections import defaultdict
from typing import Any

from sandbox.tiktok import limits, waiting
from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.orders import check_token, fingerprint, make_token, order_for
from sandbox.tiktok.packages import package_for
from sandbox.tiktok.shipping import whole_bundles
from sandbox.tiktok.store import Store

Json = dict[str, Any]
SEARCH_QUERY = frozenset({"page_size", "page_token"})
COMBINE_BODY = frozenset({"combinable_packages"})
UNCOMBINE_BODY = frozenset({"order_ids"})
SPLIT_QUERY = frozenset({"order_ids"})
SPLIT_BODY = frozenset({"splittable_groups", "splittable_groups_v2"})
MOST = 20


async def search(call: Call) -> Json:
    """GET /fulfillment/202309/combinable_packages/search."""
    size, found = call.page_size(1, 50), _groups(call.store, call.shop["id"])
    epoch, start = call.store.settings["page_token_epoch"], 0
    filters = fingerprint(call.shop["id"], "combinable")
    if token := call.query.get("page_token"):
        start = check_token(token, filters, epoch)["start"]
    end = start + size
    more = {"start": end, "filters": filters, "epoch": epoch}
    return {
        "combinable_packages": found[start:end],
        "next_page_token": make_token(more) if end < len(found) else "",
        "total_count": len(found),
    }


def _groups(store: Store, shop_id: str) -> list[Json]:
    alike: dict[Any, list[str]] = defaultdict(list)
    for order in store.orders.values():
        if order["shop"] == shop_id and _free(store, order):
            place = tuple(sorted(order["address"].items()))
            alike[order["buyer"]["user_id"], place, order["option_id"]].append(order["id"])
    return [{"id": ids[0], "order_ids": ids[:MOST]} for ids in alike.values() if len(ids) > 1]


def _free(store: Store, order: Json) -> bool:
    if order["status"] != "AWAITING_SHIPMENT" or order.get("cancel_asked"):
        return False
    alone = waiting.combined(store, order) is None and len(waiting.of(store, order)) < 2
    return alone and order["fulfillment"] != "FULFILLMENT_BY_TIKTOK"


async def combine(call: Call) -> Json:
    """POST /fulfillment/202309/packages/combine: code 0, and what was refused in errors[]."""
    packages, errors = [], []
    for entry in call.body.get("combinable_packages") or []:
        try:
            packages.append(_combine(call, entry))
        except Refusal as refusal:
            detail = {"package_id": str(entry.get("id"))}
            errors.append({"code": refusal.code, "message": refusal.message, "detail": detail})
    for package in packages:
        _tell(call, "COMBINE", [{"package_id": package["id"], "orders": package["order_ids"]}])
    return {"packages": packages, "errors": errors}


def _combine(call: Call, entry: Json) -> Json:
    store, ids = call.store, [str(one) for one in entry.get("order_ids") or []]
    offered = {frozenset(group["order_ids"]): group for group in _groups(store, call.shop["id"])}
    fits = any(set(ids) <= whole for whole in offered)
    if len(ids) < 2 or not fits:
        raise Refusal(21011031, "Order does not belong to pre_pkg.")
    orders = [order_for(store, call.shop, number) for number in ids]
    lines = [line["id"] for order in orders for line in order["lines"]]
    package = waiting.make(store, orders, lines, "COMBINE")
    return {"id": package["id"], "order_ids": ids}


async def uncombine(call: Call) -> Json:
    """POST /fulfillment/202309/packages/{package_id}/uncombine."""
    store, package = call.store, package_for(call)
    ids = [str(one) for one in call.body.get("order_ids") or []]
    if package["status"] != waiting.WAITING or not ids:
        raise Refusal(21011005, "An invalid request parameter was passed.")
    if not set(ids) <= set(package["orders"]):
        raise Refusal(21011029, "order does not belong to fulfill unit")
    left = [number for number in package["orders"] if number not in ids]
    alone = ids if len(left) > 1 else [*ids, *left]
    for number in alone:
        order = store.orders[number]
        lines = [line["id"] for line in order["lines"]]
        if waiting.package_first(call.shop):
            waiting.make(store, [order], lines)
        else:
            waiting.leave(store, order, lines)
            store.changed(order)
    for number in left if len(left) > 1 else []:
        store.changed(store.orders[number])
    kept = {"id": package["id"], "order_ids": left}
    return {"packages": [kept] if len(left) > 1 else []}


async def split_attributes(call: Call) -> Json:
    """GET /fulfillment/202309/orders/split_attributes."""
    ids = [one for one in call.query.get("order_ids", "").split(",") if one]
    if not 1 <= len(ids) <= 50:
        raise bad("order_ids must hold 1 to 50 ids")
    return {
        "split_attributes": [
            _attributes(call.store, order_for(call.store, call.shop, number)) for number in ids
        ]
    }


def _attributes(store: Store, order: Json) -> Json:
    reason = ""
    if order["status"] != "AWAITING_SHIPMENT":
        reason = "The order is not waiting for shipment."
    elif waiting.combined(store, order):
        reason = "The order is combined with others."
    elif len(order["lines"]) < 2:
        reason = "The order holds one item only."
    boxes = [set(package["lines"]) for package in waiting.of(store, order)]
    boxes = boxes or [{line["id"] for line in order["lines"]} - store.shipped_lines(order)]
    together = [[line for line in order["lines"] if line["id"] in box] for box in boxes]
    told = [why for lines in together for why in limits.reasons(store, lines)]
    must = [why for at, why in enumerate(told) if why not in told[:at]]
    return {
        "order_id": order["id"],
        "can_split": not reason,
        "reason": reason,
        "must_split": bool(must),
        "must_split_reasons": must,
    }


async def split(call: Call) -> Json:
    """POST /fulfillment/202309/orders/{order_id}/split: every line in exactly one group."""
    store = call.store
    order = order_for(store, call.shop, call.path("order_id"))
    if not _attributes(store, order)["can_split"]:
        raise Refusal(21011035, "split order not allowed")
    groups = call.body.get("splittable_groups") or []
    lines = [line for group in groups for line in group.get("order_line_item_ids") or []]
    if len(groups) < 2 or sorted(lines) != sorted(line["id"] for line in order["lines"]):
        raise Refusal(21011005, "An invalid request parameter was passed.")
    for group in call.body.get("splittable_groups_v2") or [{}]:
        entries = group.get("order_line_list") or []
        whole_bundles(order, [entry["order_line_id"] for entry in entries] or lines, entries)
    made = []
    for group in groups:
        package = waiting.make(store, [order], list(group["order_line_item_ids"]), "SPLIT")
        made.append({"splittable_group_id": group["id"], "id": package["id"]})
    _tell(call, "SPLIT", [{"package_id": one["id"], "orders": [order["id"]]} for one in made])
    return {"packages": made}


def _tell(call: Call, change: str, packages: list[Json]) -> None:
    """Webhook 4, one for all packages that a call made."""
    sent = [{"package_id": one["package_id"], "order_id_list": one["orders"]} for one in packages]
    told = {"sc_type": change, "role_type": "ROLE_SELLER", "package_list": sent}
    call.store.notify(call.shop["id"], 4, told | {"update_time": call.store.world.unix()})
