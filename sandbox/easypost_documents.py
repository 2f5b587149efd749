"""EasyPost's objects as JSON, built from the few words the sandbox keeps of each."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.carriers import parcel
from sandbox.easypost_wire import Json, account_id, stamp
from sandbox.journeys import Stop, journey, so_far
from sandbox.price_data import Service
from sandbox.prices import BY_KEY
from sandbox.world import World

Link = Callable[[str, str], str]  # file id and extension -> address
TYPES = {"png": "image/png", "pdf": "application/pdf", "zpl": "application/zpl"}


def when(text: str) -> datetime:
    """Back from the text a moment is kept as."""
    return datetime.fromisoformat(text)


def names(service: Service, ounces: float) -> tuple[str, str]:
    """EasyPost's carrier and service; UPS Ground Saver has another name below one pound."""
    carrier, name = service.easypost
    if service.key == "ups_ground_saver" and ounces < 16:
        name = "UPSGroundsaverLessThan1lb"
    return carrier, name


def rate_json(world: World, shipment: Json, rate: list[Any]) -> Json:
    """One entry of `rates`; kept as [id, service key, amount, list, retail, days, made at]."""
    rate_id, key, amount, list_amount, retail, days, made = rate
    carrier, service = names(BY_KEY[key], shipment["parcel"]["weight"])
    at = stamp(when(made))
    return {
        "id": rate_id,
        "object": "Rate",
        "created_at": at,
        "updated_at": at,
        "mode": shipment["mode"],
        "service": service,
        "carrier": carrier,
        "rate": amount,
        "currency": "USD",
        "retail_rate": retail,
        "retail_currency": "USD",
        "list_rate": list_amount,
        "list_currency": "USD",
        "billing_type": "easypost",
        "delivery_days": days,
        "delivery_date": None,
        "delivery_date_guaranteed": False,
        "est_delivery_days": days,
        "shipment_id": shipment["id"],
        "carrier_account_id": account_id(world, carrier),
    }


def label_json(bought: Json, link: Link) -> Json:
    """`postage_label`; a converted format adds its own address beside the first one."""
    at = stamp(when(bought["at"]))
    formats = bought["formats"]
    first = formats[0]
    other = {ext: link(bought["file"], ext) if ext in formats[1:] else None for ext in TYPES}
    if first != "png":
        other[first] = link(bought["file"], first)
    return {
        "object": "PostageLabel",
        "id": bought["label_id"],
        "created_at": at,
        "updated_at": at,
        "date_advance": 0,
        "integrated_form": "none",
        "label_date": at,
        "label_resolution": 300,
        "label_size": "4x6",
        "label_type": "default",
        "label_file_type": TYPES[first],
        "label_url": link(bought["file"], first),
        "label_pdf_url": other["pdf"],
        "label_zpl_url": other["zpl"],
        "label_epl2_url": None,
        "label_file": None,
    }


def stops_of(world: World, shipment: Json) -> list[Stop]:
    """The whole journey of a bought shipment."""
    bought = shipment["bought"]
    rate = bought["rate"]
    carrier = BY_KEY[rate[1]].carrier
    return journey(
        when(bought["at"]), rate[5], carrier, bought["tracking"],
        shipment["from_address"], shipment["to_address"], parcel(world, bought["tracking"]),
    )  # fmt: skip


def tracker_json(world: World, shipment: Json) -> Json:
    """The tracker of a bought shipment at this moment of the clock."""
    bought = shipment["bought"]
    rate = bought["rate"]
    carrier = BY_KEY[rate[1]].carrier
    refund = shipment.get("refund")
    voided = when(refund["at"]) if refund else None
    seen = so_far(stops_of(world, shipment), world.now(), voided)
    head = {
        "id": bought["tracker_id"],
        "mode": shipment["mode"],
        "tracking_code": bought["tracking"],
        "created_at": stamp(when(bought["at"])),
        "shipment_id": shipment["id"],
        "carrier": names(BY_KEY[rate[1]], 16)[0],
        "fees": [],
    }
    due = when(bought["at"]) + timedelta(days=rate[5] + 1) if seen else None
    places = (shipment["from_address"], shipment["to_address"])
    return tracker_shape(head, seen, carrier, due, BY_KEY[rate[1]].shippo[2], places)


def tracker_shape(
    head: Json, seen: list[Stop], source: str, due: datetime | None, service: str,
    places: tuple[Json, Json],
) -> Json:  # fmt: skip
    """A tracker in the recorded order of fields; before the first scan its status is unknown."""
    last = seen[-1] if seen else None
    created = head["created_at"]
    token = base64.urlsafe_b64encode(f"v1:{head['id']}".encode()).decode().rstrip("=")
    tail: Json = {key: head[key] for key in ("finalized", "is_return") if key in head}
    fees: Json = {"fees": head["fees"]} if "fees" in head else {}
    return {
        "id": head["id"],
        "object": "Tracker",
        "mode": head["mode"],
        "tracking_code": head["tracking_code"],
        "status": last.status if last else "unknown",
        "status_detail": last.detail if last else "unknown",
        "created_at": created,
        "updated_at": stamp(last.at) if last else created,
        "signed_by": None,
        "weight": None,
        "est_delivery_date": stamp(due) if due else None,
        "shipment_id": head["shipment_id"],
        "carrier": head["carrier"],
        "tracking_details": [_detail(stop, source) for stop in seen],
        **fees,
        "carrier_detail": _carrier_detail(service, *places) if seen else None,
        **tail,
        "public_url": f"https://track.easypost.com/{token}",
    }


def _location(city: str | None, state: str | None, zip_code: str | None) -> Json:
    name = city.upper() if city else None
    return {
        "object": "TrackingLocation", "city": name, "state": state, "country": None, "zip": zip_code
    }  # fmt: skip


def _detail(stop: Stop, source: str) -> Json:
    return {
        "object": "TrackingDetail",
        "message": stop.message,
        "description": "",
        "status": stop.status,
        "status_detail": stop.detail,
        "datetime": stamp(stop.at),
        "source": source,
        "carrier_code": "",
        "tracking_location": _location(stop.city, stop.state, stop.zip),
    }


def _carrier_detail(service: str, origin: Json, destination: Json) -> Json:
    def words(place: Json) -> str:
        return f"{(place.get('city') or '').upper()} {place.get('state')}, {place.get('zip')}"

    return {
        "object": "CarrierDetail",
        "service": service,
        "container_type": None,
        "est_delivery_date_local": None,
        "est_delivery_time_local": None,
        "origin_location": words(origin),
        "origin_tracking_location": _location(
            origin.get("city"), origin.get("state"), origin.get("zip")
        ),
        "destination_location": words(destination),
        "destination_tracking_location": None,
        "guaranteed_delivery_date": None,
        "alternate_identifier": None,
        "initial_delivery_attempt": None,
    }


def fees_json(shipment: Json) -> list[Json]:
    """LabelFee, PostageFee and, if insured, InsuranceFee, with five decimals as recorded."""
    bought = shipment["bought"]
    refund = shipment.get("refund")
    refunded = bool(refund and refund["status"] == "refunded")
    amounts = [("LabelFee", "0.00"), ("PostageFee", bought["rate"][2])]
    if bought.get("insurance_fee"):
        amounts.append(("InsuranceFee", bought["insurance_fee"]))
    return [
        {
            "object": "Fee",
            "type": kind,
            "amount": f"{amount}000",
            "charged": True,
            "refunded": refunded and kind != "InsuranceFee",
        }
        for kind, amount in amounts
    ]


def refund_json(world: World, shipment: Json) -> Json:
    """The refund that was asked for this shipment."""
    refund = shipment["refund"]
    refund.setdefault("id", world.new_id("rfnd_"))
    return {
        "id": refund["id"],
        "object": "Refund",
        "created_at": stamp(when(refund["at"])),
        "updated_at": stamp(when(shipment["updated"])),
        "tracking_code": shipment["bought"]["tracking"],
        "confirmation_number": None,
        "status": refund["status"],
        "carrier": names(BY_KEY[shipment["bought"]["rate"][1]], 16)[0],
        "shipment_id": shipment["id"],
    }


def shipment_json(world: World, shipment: Json, link: Link) -> Json:
    """A whole shipment, its fields in the recorded order."""
    bought = shipment["bought"]
    refund = shipment.get("refund")
    return {
        "id": shipment["id"],
        "created_at": stamp(when(shipment["created"])),
        "is_return": shipment["is_return"],
        "messages": shipment["messages"],
        "mode": shipment["mode"],
        "options": shipment["options"],
        "reference": shipment["reference"],
        "status": "unknown" if bought is None else _status(world, shipment),
        "tracking_code": bought and bought["tracking"],
        "updated_at": stamp(when(shipment["updated"])),
        "batch_id": None,
        "batch_status": None,
        "batch_message": None,
        "customs_info": shipment["customs_info"],
        "from_address": shipment["from_address"],
        "insurance": bought and bought.get("insurance"),
        "order_id": None,
        "parcel": shipment["parcel"],
        "postage_label": bought and label_json(bought, link),
        "rates": [rate_json(world, shipment, rate) for rate in shipment["rates"]],
        "refund_status": refund and refund["status"],
        "scan_form": shipment.get("scan_form"),
        "selected_rate": bought and rate_json(world, shipment, bought["rate"]),
        "tracker": bought and tracker_json(world, shipment),
        "to_address": shipment["to_address"],
        "usps_zone": shipment["zone"],
        "return_address": shipment["return_address"] or shipment["from_address"],
        "buyer_address": shipment["buyer_address"] or shipment["to_address"],
        "forms": [],
        "fees": fees_json(shipment) if bought else [],
        "object": "Shipment",
    }


def _status(world: World, shipment: Json) -> str:
    """The shipment's status follows its tracker once a carrier has seen the parcel."""
    refund = shipment.get("refund")
    voided = when(refund["at"]) if refund else None
    seen = so_far(stops_of(world, shipment), world.now(), voided)
    return seen[-1].status if seen and seen[-1].status != "pre_transit" else "unknown"
