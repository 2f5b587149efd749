"""Packages: detail, search, tracking validation, and the label with its own file address."""

import hashlib
import hmac
from typing import Any

from aiohttp import web

from sandbox.labels import label_pdf
from sandbox.people import STATES
from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.orders import check_token, fingerprint, make_token
from sandbox.tiktok.render import mask_level, recipient
from sandbox.tiktok.store import DAY, Store
from sandbox.tiktok.waiting import WAITING

Json = dict[str, Any]
SEARCH_QUERY = frozenset({"page_size", "page_token", "sort_field", "sort_order"})
SEARCH_BODY = frozenset(
    ["create_time_ge", "create_time_lt", "update_time_ge", "update_time_lt", "package_status"]
)
DOCUMENT_QUERY = frozenset({"document_type", "document_size", "document_format", "shipping_period"})
LABEL_TYPES = ("SHIPPING_LABEL", "SHIPPING_LABEL_AND_PACKING_SLIP")
OTHER_TYPES = ("PACKING_SLIP", "SHIPPING_LABEL_PICTURE", "HAZMAT_LABEL", "INVOICE_LABEL")
FILE_LIFE = DAY
ADDRESS_FIELDS = [
    "full_address",
    "phone_number",
    "name",
    "postal_code",
    "address_detail",
    "region_code",
    "address_line1",
    "address_line2",
    "address_line3",
    "address_line4",
]


def package_for(call: Call) -> Json:
    """The package of the path, if it is this shop's."""
    package = call.store.packages.get(call.path("package_id"))
    if package is None:
        raise Refusal(21011001, "Package not found.")
    if package["shop"] != call.shop["id"]:
        raise Refusal(21011028, "The package does not belong to the current shop.")
    return package


def _orders_of(store: Store, package: Json) -> list[Json]:
    """`orders[].skus[]` with the quantities that lie in this package."""
    inside = set(package["lines"])
    shown = []
    for order_id in package["orders"]:
        skus: dict[str, Json] = {}
        for line in store.orders[order_id]["lines"]:
            if line["id"] not in inside:
                continue
            product = store.data["products"][line["product"]]
            sku = product["skus"][line["sku"]]
            entry = skus.setdefault(
                sku["id"],
                {
                    "id": sku["id"],
                    "name": sku["name"],
                    "image_url": f"https://images.example/{product['id']}/{line['sku']}.jpeg",
                    "quantity": 0,
                },
            )
            entry["quantity"] += 1
        shown.append({"id": order_id, "skus": list(skus.values())})
    return shown


def _sub_status(store: Store, package: Json) -> str:
    if package["status"] == WAITING:
        return ""
    if package["status"] == "FULFILLING":
        return "TTS"
    if package["status"] == "COMPLETED":
        return "Delivery"
    return "RTS_success" if package["ready_at"] <= store.world.unix() else "RTSING"


def _tag(order: Json, package: Json) -> str:
    """Whether the package holds several orders, or a part of one."""
    if len(package["orders"]) > 1:
        return "COMBINE"
    whole = {line["id"] for line in order["lines"]} <= set(package["lines"])
    return "DEFAULT" if whole else "SPLIT"


def sender_address(shop: Json) -> Json:
    """The shop's warehouse in the address shape of package and order answers."""
    place = shop["address"]
    state = STATES[place["state"]]
    return {
        "full_address": f"120 Depot Row, {place['city']}, {state} {place['postal']}, United States",
        "phone_number": "(+1)614-555-0142",
        "name": shop["name"],
        "postal_code": place["postal"],
        "address_detail": "120 Depot Row",
        "region_code": "US",
        "address_line1": "120 Depot Row",
        "address_line2": "",
        "address_line3": "",
        "address_line4": "",
    }


async def detail(call: Call) -> Json:
    """GET /fulfillment/202309/packages/{package_id}."""
    store, package = call.store, package_for(call)
    order = store.orders[package["orders"][0]]
    inside = _orders_of(store, package)
    shown: Json = {
        "package_id": package["id"],
        "orders": inside,
        "package_status": package["status"],
        "package_sub_status": _sub_status(store, package),
        "split_and_combine_tag": package.get("tag") or _tag(order, package),
        "has_multi_skus": sum(len(entry["skus"]) for entry in inside) > 1,
        "note_tag": "BUYER_NOTED" if order["message"] else "BUYER_UNNOTED",
        "shipping_provider_name": package["provider_name"],
        "shipping_provider_id": package["provider_id"],
        "shipping_type": package["shipping_type"],
        "delivery_option_name": order["option_name"],
        "delivery_option_id": order["option_id"],
        "tracking_number": package["tracking"],
        "create_time": package["created"],
        "update_time": package["updated"],
        "handover_method": "DROP_OFF",
        "order_line_item_ids": package["lines"],
        "sender_address": sender_address(call.shop),
    }
    level = mask_level(order, store.world.unix())
    if level != "absent":
        address = recipient(order, level)
        shown["recipient_address"] = {name: address[name] for name in ADDRESS_FIELDS}
    return shown | {name: package[name] for name in ("weight", "dimension") if name in package}


async def search(call: Call) -> Json:
    """POST /fulfillment/202309/packages/search, newest change first unless asked otherwise."""
    size = call.page_size(1, 50)
    field = call.query.get("sort_field") or "update_time"
    if field not in ("create_time", "update_time"):
        raise bad("sort_field must be create_time or update_time")
    key = {"create_time": "created", "update_time": "updated"}[field]
    descending = (call.query.get("sort_order") or "DESC") == "DESC"
    found = [package for package in call.store.packages.values() if _meets(call, package)]
    found.sort(key=lambda package: (package[key], package["id"]), reverse=descending)
    filters = fingerprint(call.shop["id"], field, descending, call.body)
    epoch, start = call.store.settings["page_token_epoch"], 0
    if token := call.query.get("page_token"):
        start = check_token(token, filters, epoch)["start"]
    end = start + size
    more = {"start": end, "filters": filters, "epoch": epoch}
    return {
        "next_page_token": make_token(more) if end < len(found) else "",
        "total_count": len(found),
        "packages": [_brief(call.store, package) for package in found[start:end]],
    }


def _meets(call: Call, package: Json) -> bool:
    if package["shop"] != call.shop["id"]:
        return False
    wanted = call.body.get("package_status")
    if wanted and package["status"] != wanted:
        return False
    return call.is_in_windows(package)


def _brief(store: Store, package: Json) -> Json:
    return {
        "id": package["id"],
        "orders": _orders_of(store, package),
        "create_time": package["created"],
        "update_time": package["updated"],
        "status": package["status"],
        "tracking_number": package["tracking"],
        "shipping_provider_name": package["provider_name"],
        "shipping_provider_id": package["provider_id"],
        "order_line_item_ids": package["lines"],
    }


async def validate_tracking(call: Call) -> Json:
    """GET /fulfillment/202508/tts_tracking_validation."""
    number = call.query.get("tracking_number", "")
    if not number:
        raise bad("tracking_number is required")
    ours = any(
        package["tracking"] == number and package["shipping_type"] == "TIKTOK"
        for package in call.store.packages.values()
    )
    return {"is_tiktok_shipping": ours, "is_tiktok_collection": False}


def _file_key(package_id: str, until: int) -> str:
    text = f"{package_id}:{until}".encode()
    return hmac.new(b"label files of the sandbox", text, hashlib.sha256).hexdigest()[:24]


async def document(call: Call) -> Json:
    """GET /fulfillment/202309/packages/{package_id}/shipping_documents; doc_url lives 24 hours."""
    store, package = call.store, package_for(call)
    wanted = call.query.get("document_type", "")
    if wanted not in LABEL_TYPES + OTHER_TYPES:
        raise bad("document_type is not one of the documented values")
    if call.query.get("document_size", "A6") not in ("A6", "A5"):
        raise bad("document_size must be A6 or A5")
    if call.query.get("document_format", "PDF") != "PDF":
        raise bad("document_format must be PDF in this market")
    if package["shipping_type"] != "TIKTOK":
        raise Refusal(21008017, "This API is only for TikTok Shipping orders.")
    if store.orders[package["orders"][0]]["fulfillment"] == "FULFILLMENT_BY_TIKTOK":
        raise Refusal(21008043, "The package is fulfilled by TikTok; nothing to print.")
    if package["status"] == "CANCELLED":
        raise Refusal(21023059, "The package has been cancelled.")
    if package["status"] == WAITING:
        raise Refusal(21023035, "Please arrange shipment before retrieving the document.")
    if package["status"] != "PROCESSING":
        raise Refusal(21042102, "Documents cannot be printed after the package was picked up.")
    if package["ready_at"] > store.world.unix():
        raise Refusal(11034037, "The shipping document is still being generated; try again later.")
    if wanted not in LABEL_TYPES:
        raise bad(f"{wanted} is not available for this package")
    until = store.world.unix() + FILE_LIFE
    name = f"{package['id']}-{until}-{_file_key(package['id'], until)}.pdf"
    root = f"{call.request.scheme}://{call.request.host}"
    return {"doc_url": f"{root}/files/tiktok/{name}", "tracking_number": package["tracking"]}


def file_route(store: Store) -> web.RouteDef:
    """The label file itself, drawn when asked for."""

    async def serve(request: web.Request) -> web.Response:
        package_id, until, key = request.match_info["name"].removesuffix(".pdf").split("-")
        package = store.packages.get(package_id)
        right = until.isdigit() and key == _file_key(package_id, int(until))
        if package is None or not right or int(until) < store.world.unix():
            return web.Response(status=403, text="AccessDenied")
        return web.Response(body=_draw(store, package), content_type="application/pdf")

    return web.get(r"/files/tiktok/{name:\d+-\d+-\w+\.pdf}", serve)


def _draw(store: Store, package: Json) -> bytes:
    order = store.orders[package["orders"][0]]
    home = sender_address(store.data["shops"][package["shop"]])
    buyer, place = order["buyer"], order["address"]
    city = f"{place['city']} {place['state']} {place['postal']}"
    return label_pdf(
        carrier=package["provider_name"],
        service=package.get("service", {}).get("name", "TikTok Shipping"),
        tracking=package["tracking"],
        sender=[home["name"], home["address_line1"], home["full_address"].split(", ", 1)[1]],
        recipient=[
            f"{buyer['first']} {buyer['last']}",
            place["line1"],
            *([place["line2"]] if place["line2"] else []),
            city,
        ],
        reference=order["id"],
    )
