"""Warehouses, their delivery options, and the carriers a seller may name for each option."""

from typing import Any

from sandbox.people import STATES
from sandbox.tiktok.carriers import CARRIERS
from sandbox.tiktok.gateway import Call, Refusal, bad

Json = dict[str, Any]
PROVIDERS_QUERY = frozenset({"warehouse_region", "buyer_region"})
OPTIONS_QUERY = frozenset({"scope"})


async def shipping_providers(call: Call) -> Json:
    """GET /logistics/202309/delivery_options/{delivery_option_id}/shipping_providers."""
    option, own = call.path("delivery_option_id"), call.shop["options"]
    if option == own["TIKTOK"]:
        raise Refusal(21008117, "TikTok fulfils this delivery option; it has no provider list.")
    if option != own["SELLER"]:
        raise Refusal(21008116, "No subscription for the specified delivery option.")
    return {"shipping_providers": [{"id": c.id, "name": c.name} for c in CARRIERS]}


async def warehouses(call: Call) -> Json:
    """GET /logistics/202309/warehouses, with TikTok's own spelling `distict`."""
    return {
        "warehouses": [
            _warehouse(call.shop, "warehouse_id", "SALES_WAREHOUSE", "Main shelf", True),
            _warehouse(call.shop, "return_warehouse_id", "RETURN_WAREHOUSE", "Returns", False),
        ]
    }


def _warehouse(shop: Json, key: str, kind: str, name: str, default: bool) -> Json:
    place = shop["address"]
    state = STATES[place["state"]]
    return {
        "id": shop[key],
        "entity_id": shop[key],
        "name": f"{shop['name']} {name}",
        "effect_status": "ENABLED",
        "type": kind,
        "sub_type": "DOMESTIC_WAREHOUSE",
        "is_default": default,
        "address": {
            "region": "United States",
            "state": state,
            "city": place["city"],
            "distict": place["county"],
            "town": "",
            "contact_person": "Sam Rivera",
            "first_name": "Sam",
            "last_name": "Rivera",
            "first_name_local_script": "",
            "last_name_local_script": "",
            "postal_code": place["postal"],
            "full_address": f"120 Depot Row, {place['city']}, {state} {place['postal']}",
            "region_code": "US",
            "phone_number": "(+1)614-555-0142",
            "address_line1": "120 Depot Row",
            "address_line2": "",
            "address_line3": "",
            "address_line4": "",
        },
    }


async def delivery_options(call: Call) -> Json:
    """GET /logistics/202309/warehouses/{warehouse_id}/delivery_options."""
    if call.path("warehouse_id") not in (
        call.shop["warehouse_id"],
        call.shop["return_warehouse_id"],
    ):
        raise bad("warehouse_id does not belong to this shop")
    own = call.shop["options"]
    return {
        "delivery_options": [
            _option(own["SELLER"], "Shipped via Seller", "SEND_BY_SELLER"),
            _option(own["TIKTOK"], "Standard shipping", "STANDARD"),
        ]
    }


def _option(number: str, name: str, kind: str) -> Json:
    return {
        "id": number,
        "name": name,
        "type": kind,
        "description": name,
        "dimension_limit": {
            "max_height": 108,
            "max_length": 108,
            "max_width": 108,
            "unit": "INCH",
        },
        "weight_limit": {"max_weight": 150, "min_weight": 0, "unit": "POUND"},
        "platform": ["TIKTOK_SHOP"],
    }
