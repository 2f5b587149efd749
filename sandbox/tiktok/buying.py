"""TikTok's own labels in the United States: quote services, buy one (wallet "tiktok")."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.faults import kind
from sandbox.prices import Box, Place, Quote, quote
from sandbox.tiktok.carriers import CARRIERS, USPS_ID
from sandbox.tiktok.gateway import Call, Refusal
from sandbox.tiktok.orders import order_for
from sandbox.tiktok.shipping import (
    check_shippable,
    new_package,
    pick_lines,
    refuse_part_of_combined,
)
from sandbox.tiktok.store import Store
from sandbox.tiktok.waiting import combined, package_first

Json = dict[str, Any]
QUERY_BODY = frozenset({"order_line_item_ids", "order_line_list", "weight", "dimension"})
BUY_BODY = frozenset(
    [
        "ship_type",
        "order_id",
        "order_line_item",
        "order_list_ids",
        "dimension",
        "shipping_service_id",
        "weight",
    ]
)
# service of the price table, id at TikTok, TikTok's part of the list price, name
SERVICES = {
    "usps_ground_advantage": ("7208502187360519982", Decimal("0.92"), "USPS Ground Advantage"),
    "usps_priority": ("7208502187360585518", Decimal("0.90"), "USPS Priority Mail"),
    "ups_ground": ("7208502187360651054", Decimal("0.88"), "UPS Ground"),
}
APP_FEE = Decimal("0.05")
CARRIER_IDS = {carrier.name: carrier.id for carrier in CARRIERS}
GRAMS_PER_POUND = Decimal("453.59237")
CM_PER_INCH = Decimal("2.54")


def _decimal(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise Refusal(21001001, f"Invalid parameters: {name} must be a positive decimal string.")
    return number


def read_box(body: Json) -> Box:
    """Weight and size of the body in pounds and inches; refuses other units and non-strings."""
    weight, size = body.get("weight"), body.get("dimension")
    if not isinstance(weight, dict) or not isinstance(size, dict):
        raise Refusal(21001001, "Invalid parameters: weight and dimension are required.")
    value = _decimal(weight.get("value"), "weight.value")
    if weight.get("unit") not in ("GRAM", "POUND"):
        raise Refusal(21001001, "Invalid parameters: weight.unit must be GRAM or POUND.")
    if size.get("unit") not in ("CM", "INCH"):
        raise Refusal(21001001, "Invalid parameters: dimension.unit must be CM or INCH.")
    pounds = value / GRAMS_PER_POUND if weight["unit"] == "GRAM" else value
    per_inch = CM_PER_INCH if size["unit"] == "CM" else Decimal(1)
    length, width, height = (
        float(_decimal(size.get(side), f"dimension.{side}") / per_inch)
        for side in ("length", "width", "height")
    )
    if length + 2 * (width + height) > 165:
        raise Refusal(11021014, "The package is oversize.")
    return Box(float(pounds), length, width, height)


def offers(store: Store, order: Json, box: Box) -> list[Json]:
    """TikTok's services for an order and a box, cheapest first; the first is the default."""
    home = store.data["shops"][order["shop"]]["address"]
    place = order["address"]
    quotes, _ = quote(
        Place(home["postal"], home["state"]),
        Place(place["postal"], place["state"]),
        box,
        "easypost",
    )
    found = sorted((_offer(q) for q in quotes if q.service.key in SERVICES), key=_price)
    if not found:
        raise Refusal(21011037, "No shipping service is available for this weight or address.")
    found[0]["is_default"] = True
    return found


def _price(offer: Json) -> Decimal:
    return Decimal(offer["price"])


def _offer(quoted: Quote) -> Json:
    number, share, name = SERVICES[quoted.service.key]
    fee = (quoted.amount * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
    carrier = quoted.service.carrier
    return {
        "id": number,
        "name": name,
        "price": str(fee + APP_FEE),
        "currency": "USD",
        "earliest_delivery_days": max(1, quoted.days - 1),
        "latest_delivery_days": quoted.days + 1,
        "is_default": False,
        "shipping_provider_id": CARRIER_IDS[carrier],
        "shipping_provider_name": carrier,
        "shipping_fee": str(fee),
        "shipping_app_service_fee": str(APP_FEE),
        "signature_fee": "0.00",
    }


def _own_lane(call: Call, order: Json) -> None:
    if order["shipping_type"] != "TIKTOK" or package_first(call.shop):
        raise Refusal(21008106, "This interface cannot be used for this order in this region.")


@kind("rate")
async def eligible_services(call: Call) -> Json:
    """POST /fulfillment/202309/orders/{order_id}/shipping_services/query."""
    order = order_for(call.store, call.shop, call.path("order_id"))
    check_shippable(order)
    _own_lane(call, order)
    lines = pick_lines(call.store, order, call.body)
    return {
        "order_id": order["id"],
        "order_line_id": lines,
        "weight": call.body.get("weight"),
        "dimension": call.body.get("dimension"),
        "shipping_services": offers(call.store, order, read_box(call.body)),
    }


def _orders_to_ship(call: Call) -> tuple[list[Json], list[str]]:
    """Orders and lines by ship_type: "1" one order, "2" some of its lines, "3" several orders."""
    ship_type = call.body.get("ship_type")
    if ship_type not in ("1", "2", "3"):
        raise Refusal(21001001, "Invalid parameters: ship_type must be 1, 2 or 3.")
    ids = call.body.get("order_list_ids") if ship_type == "3" else [call.body.get("order_id")]
    if not ids or not all(isinstance(number, str) for number in ids):
        raise Refusal(21001001, "Invalid parameters: name the orders to ship.")
    if ship_type == "2" and not call.body.get("order_line_item"):
        raise Refusal(21001001, "Invalid parameters: name the order lines to ship.")
    body = call.body if ship_type == "2" else {}
    orders = [order_for(call.store, call.shop, number) for number in dict.fromkeys(ids)]
    for order in orders:
        if _is_paid(call.store, order, body):
            raise Refusal(21022025, "A shipping label has already been purchased.")
        check_shippable(order)
        _own_lane(call, order)
        if body:
            refuse_part_of_combined(call.store, order, pick_lines(call.store, order, body))
        if (shared := combined(call.store, order)) and {*shared["orders"]} != {*ids}:
            raise Refusal(21011033, "order already combined")
        if order["buyer"]["user_id"] != orders[0]["buyer"]["user_id"]:
            raise Refusal(21011035, "Orders of different buyers cannot share a package.")
    lines = [line for order in orders for line in pick_lines(call.store, order, body)]
    return orders, lines


def _is_paid(store: Store, order: Json, body: Json) -> bool:
    """Whether what is to be shipped, the lines of the body or all of the order's, has a label of
    TikTok's already."""
    entries = [entry for entry in body.get("order_line_item") or [] if isinstance(entry, dict)]
    every = {line["id"] for line in order["lines"]}
    wanted = {str(entry.get("order_line_id")) for entry in entries} & every or every
    own = [store.packages[number] for number in order["packages"]]
    bought = any("service" in package and wanted & set(package["lines"]) for package in own)
    return bought and wanted <= store.shipped_lines(order)


@kind("buy")
async def create_package(call: Call) -> Json:
    """POST /fulfillment/202512/packages: charges the wallet; the document comes later."""
    store = call.store
    orders, lines = _orders_to_ship(call)
    found = offers(store, orders[0], read_box(call.body))
    wanted = call.body.get("shipping_service_id") or found[0]["id"]
    service = next((offer for offer in found if offer["id"] == wanted), None)
    if service is None:
        raise Refusal(11003011, "Shipping service conflict; check the shipping service ID.")
    if store.settings["label_failures"] > 0:
        store.settings["label_failures"] -= 1
        raise Refusal(21022026, "Cannot purchase the shipping label, please try again later.")
    head, digits = ("9361", 22) if service["shipping_provider_id"] == USPS_ID else ("1ZTT", 18)
    package = new_package(
        store,
        orders,
        lines,
        shipping_type="TIKTOK",
        provider_id=service["shipping_provider_id"],
        provider_name=service["shipping_provider_name"],
        tracking=store.world.new_number(head, digits),
        service=service,
        weight=call.body["weight"],
        dimension=call.body["dimension"],
        ready_at=store.world.unix() + store.settings["document_delay"],
    )
    price = Decimal(service["price"])
    store.world.charge("tiktok", price, "USD", package["id"], f"label {service['name']}")
    store.add_package(package, orders)
    names = (
        "id name price currency earliest_delivery_days latest_delivery_days "
        "shipping_provider_id shipping_provider_name"
    )
    return {
        "package_id": package["id"],
        "shipping_service_info": {name: service[name] for name in names.split()},
        "dimension": call.body["dimension"],
        "weight": call.body["weight"],
        "create_time": package["created"],
    }
