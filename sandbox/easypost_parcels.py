"""EasyPost parcels and customs forms, as a shipment carries them."""

from typing import Any

from sandbox.easypost_wire import Json, Problem, required, stamp
from sandbox.world import World


def _number(given: Json, name: str) -> float | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < 1e9:
        errors = [{"field": name, "message": "must be a positive number"}]
        raise Problem(422, "PARCEL.PARAMETERS.INVALID", "Invalid parcel parameters.", errors)
    return number


def parcel_of(world: World, given: Any, mode: str) -> Json:
    """A parcel from its fields, ounces and inches; 422 for no weight, none above zero or words."""
    if not isinstance(given, dict):
        raise required("parcel")
    if given.get("weight") in (None, ""):
        raise required("weight")
    weight = _number(given, "weight")
    if not weight:
        errors = [{"field": "weight", "message": "must be greater than 0"}]
        raise Problem(422, "PARCEL.PARAMETERS.INVALID", "Invalid parcel parameters.", errors)
    now = stamp(world.now())
    return {
        "id": world.new_id("prcl_"),
        "object": "Parcel",
        "created_at": now,
        "updated_at": now,
        "length": _number(given, "length"),
        "width": _number(given, "width"),
        "height": _number(given, "height"),
        "predefined_package": given.get("predefined_package"),
        "weight": weight,
        "mode": mode,
    }


def customs_of(world: World, given: Any, mode: str) -> Json | None:
    """A customs form from its fields, or None where there is none."""
    if not isinstance(given, dict) or not given:
        return None
    now = stamp(world.now())
    head = {"created_at": now, "updated_at": now}
    return {
        "id": world.new_id("cstinfo_"),
        "object": "CustomsInfo",
        **head,
        **{name: given.get(name) for name in (
            "contents_explanation", "contents_type", "customs_certify", "customs_signer",
            "eel_pfc", "non_delivery_option", "restriction_comments", "restriction_type",
        )},
        "mode": mode,
        "declaration": given.get("declaration"),
        "customs_items": [
            {
                "id": world.new_id("cstitem_"),
                "object": "CustomsItem",
                **head,
                **{name: item.get(name) for name in (
                    "description", "hs_tariff_number", "origin_country", "quantity",
                )},
                "value": None if item.get("value") is None else str(item["value"]),
                "weight": None if item.get("weight") is None else float(item["weight"]),
                "code": item.get("code"),
                "mode": mode,
                "manufacturer": item.get("manufacturer"),
                "currency": item.get("currency"),
                "eccn": item.get("eccn"),
                "printed_commodity_identifier": item.get("printed_commodity_identifier"),
            }
            for item in given.get("customs_items") or []
        ],
    }  # fmt: skip
