"""Shippo tracking: labels bought here, and its mock numbers of test mode."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.carriers import parcel
from sandbox.journeys import Stop, journey, so_far
from sandbox.prices import BY_KEY
from sandbox.shippo_shipments import CARRIERS, carrier_token, servicelevel
from sandbox.shippo_wire import (
    Call,
    Json,
    Problem,
    answer,
    both,
    guarded,
    invalid,
    not_found,
    stamp,
    table,
)
from sandbox.world import World

STATUS = {
    "pre_transit": ("PRE_TRANSIT", "information_received", "Information about the package "
                    "received."),
    "in_transit": ("TRANSIT", "package_accepted", "Package has been accepted into the carrier "
                   "network for delivery."),
    "out_for_delivery": ("TRANSIT", "out_for_delivery", "Package is out for delivery."),
    "delivered": ("DELIVERED", "delivered", "Package has been delivered."),
    "return_to_sender": ("RETURNED", "other", "Package has been returned."),
}  # fmt: skip
# the vendor's mock numbers, by how many scans of the journey they show
MOCKS = {
    "SHIPPO_UNKNOWN": 0,
    "SHIPPO_PRE_TRANSIT": 2,
    "SHIPPO_TRANSIT": 4,
    "SHIPPO_DELIVERED": 7,
    "SHIPPO_RETURNED": 5,
    "SHIPPO_FAILURE": 5,
}
SAN_FRANCISCO = {"city": "San Francisco", "state": "CA", "zip": "94103"}
CHICAGO = {"city": "Chicago", "state": "IL", "zip": "60611"}


def stops_of(world: World, transaction: Json) -> list[Stop]:
    """The whole journey of a bought label."""
    return journey(
        datetime.fromisoformat(transaction["created"]), transaction["days"],
        BY_KEY[transaction["service"]].carrier, transaction["tracking"],
        transaction["from"], transaction["to"], parcel(world, transaction["tracking"]),
    )  # fmt: skip


def stops_now(world: World, transaction: Json) -> list[Stop]:
    """The scans a bought label has had so far."""
    voided = transaction.get("refund_at")
    at = datetime.fromisoformat(voided) if voided else None
    return so_far(stops_of(world, transaction), world.now(), at)


def _place(stop: Stop) -> Json | None:
    if not stop.city:
        return None
    return {"city": stop.city, "state": stop.state, "zip": stop.zip, "country": "US"}


def _entry(number: str, stop: Stop, status: str | None = None) -> Json:
    word, code, text = STATUS[stop.status]
    identity = hashlib.md5(f"{number}{stop.at.isoformat()}".encode(), usedforsecurity=False)
    return {
        "object_created": stamp(stop.at),
        "object_updated": stamp(stop.at),
        "object_id": identity.hexdigest(),
        "status": status or word,
        "substatus": {"code": code, "text": text, "action_required": False},
        "status_details": stop.message,
        "status_date": stamp(stop.at),
        "location": _place(stop),
    }


def track_json(
    carrier: str, number: str, stops: Sequence[Stop], level: Json, ends: tuple[Json, Json],
    **more: Any,
) -> Json:  # fmt: skip
    """A track; `more` may hold eta, transaction, metadata, test and a last `status`."""
    last = more.pop("status", None)
    history = [_entry(number, stop) for stop in stops]
    if history and last:
        history[-1]["status"] = last
    return {
        "carrier": carrier,
        "tracking_number": number,
        "address_from": {**ends[0], "country": "US"} if ends[0] else None,
        "address_to": {**ends[1], "country": "US"} if ends[1] else None,
        "eta": more.get("eta"),
        "original_eta": more.get("eta"),
        "servicelevel": level,
        "metadata": more.get("metadata", ""),
        "tracking_status": history[-1] if history else None,
        "tracking_history": history,
        "transaction": more.get("transaction"),
        "messages": [],
        "test": more.get("test", False),
    }


def _ends(transaction: Json) -> tuple[Json, Json]:
    keep = ("city", "state", "zip")
    return (
        {key: transaction["from"][key] for key in keep},
        {key: transaction["to"][key] for key in keep},
    )


def track_of(world: World, transaction: Json, metadata: str = "") -> Json:
    """The track of a label bought here, at this moment of the clock."""
    service = BY_KEY[transaction["service"]]
    due = datetime.fromisoformat(transaction["created"]) + timedelta(days=transaction["days"] + 1)
    return track_json(
        carrier_token(service), transaction["tracking"], stops_now(world, transaction),
        servicelevel(service), _ends(transaction), eta=stamp(due), metadata=metadata,
        transaction=transaction["object_id"], test=transaction["test"],
    )  # fmt: skip


class Tracks:
    """POST /tracks and GET /tracks/{carrier}/{number}."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _track(self, carrier: str, number: str, metadata: str) -> Json:
        if carrier == "shippo":
            return self._mock(number, metadata)
        transaction_id = table(self.world, "codes").get(number)
        transaction = table(self.world, "transactions").get(str(transaction_id))
        if transaction is not None and carrier_token(BY_KEY[transaction["service"]]) == carrier:
            return track_of(self.world, transaction, metadata)
        level: Json = {"token": None, "name": None}
        return track_json(carrier, number, [], level, ({}, {}), metadata=metadata)

    def _mock(self, number: str, metadata: str) -> Json:
        if number not in MOCKS:
            raise Problem(400, {"tracking_number": [f"'{number}' is not a mock tracking number."]})
        started = self.world.now() - timedelta(days=30)
        stops = journey(started, 3, "USPS", number, SAN_FRANCISCO, CHICAGO)[: MOCKS[number]]
        status = number.removeprefix("SHIPPO_")
        level = servicelevel(BY_KEY["usps_priority"])
        more: Json = {"metadata": metadata, "test": True, "status": status}
        return track_json("shippo", number, stops, level, (SAN_FRANCISCO, CHICAGO), **more)

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /tracks registers a number; 200 as the API description says."""
        carrier, number = call.body.get("carrier"), call.body.get("tracking_number")
        if not carrier:
            raise invalid("carrier")
        if not number:
            raise invalid("tracking_number")
        if carrier not in CARRIERS and carrier != "shippo":
            raise invalid("carrier", f"Invalid value specified for provider '{carrier}'")
        return answer(self._track(carrier, str(number), str(call.body.get("metadata") or "")))

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /tracks/{carrier}/{number}."""
        carrier = call.request.match_info["carrier"]
        number = call.request.match_info["number"]
        if carrier not in CARRIERS and carrier != "shippo":
            raise Problem(400, {"detail": f"Carrier with name '{carrier}' is not supported."})
        if carrier != "shippo" and "_" in number:
            raise not_found()
        return answer(self._track(carrier, number, ""))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/tracks", self.create),
            *both("GET", "/tracks/{carrier}/{number}", self.retrieve),
        ]
