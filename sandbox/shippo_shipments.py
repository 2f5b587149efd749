"""Shippo shipments and their rates."""

from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.faults import kind
from sandbox.price_data import SERVICES, Service
from sandbox.prices import BY_KEY, quote, zone
from sandbox.shippo_addresses import Addresses, box_of, place_of
from sandbox.shippo_wire import (
    OWNER,
    REQUIRED,
    Call,
    Json,
    Problem,
    account_id,
    answer,
    both,
    guarded,
    not_found,
    page,
    stamp,
    table,
)
from sandbox.world import World

ASYNC_WAIT = timedelta(seconds=1)
IMAGES = "https://shippo-static.s3.amazonaws.com/providers"
MAY_VARY = {
    "source": "UPS",
    "code": "110971",
    "text": "Your invoice may vary from the displayed reference rates",
}
TERMS = {
    "usps_ground_advantage": "Delivery in 2 to 5 days.",
    "usps_priority": "Delivery within 1, 2, or 3 days based on where your package started and "
    "where it’s being sent.",
    "usps_priority_express": "Overnight to most U.S. locations.",
}
ARRIVES = {"ups_2nd_day_air": "23:00:00", "fedex_2_day": "16:30:00"}


def carrier_token(service: Service) -> str:
    """The carrier's name in tracking paths and carrier accounts."""
    return service.carrier.lower().replace(" ", "_")


def servicelevel(service: Service) -> Json:
    """`servicelevel` as rates and tracks carry it."""
    _, token, name = service.shippo
    return {
        "name": name,
        "token": token,
        "terms": "",
        "extended_token": token,
        "display_name": None,
        "parent_servicelevel": None,
    }


def rate_id(shipment_id: str, number: int) -> str:
    """A rate's id ends in its place within the shipment, so that it leads back there."""
    return f"{shipment_id[:-2]}{number + 1:02x}"


def find_rate(world: World, wanted: Any, test: bool) -> tuple[Json, int] | None:
    """The shipment a rate id belongs to and the rate's place in it."""
    text = str(wanted)
    shipment = table(world, "shipments").get(f"{text[:-2]}00")
    if shipment is None or shipment["test"] != test:
        return None
    try:
        number = int(text[-2:], 16) - 1
    except ValueError:
        return None
    return (shipment, number) if 0 <= number < len(shipment["rates"]) else None


def rate_json(world: World, shipment: Json, number: int) -> Json:
    """One rate; kept as [service key, amount, days, attributes]."""
    key, amount, days, attributes = shipment["rates"][number]
    service = BY_KEY[key]
    provider = service.shippo[0]
    picture = provider.replace(" ", "")
    return {
        "object_created": stamp(datetime.fromisoformat(shipment["created"])),
        "object_id": rate_id(shipment["object_id"], number),
        "object_owner": OWNER,
        "shipment": shipment["object_id"],
        "attributes": attributes,
        "amount": amount,
        "currency": "USD",
        "amount_local": amount,
        "currency_local": "USD",
        "provider": provider,
        "provider_image_75": f"{IMAGES}/75/{picture}.png",
        "provider_image_200": f"{IMAGES}/200/{picture}.png",
        "servicelevel": servicelevel(service),
        "estimated_days": days,
        "arrives_by": ARRIVES.get(key),
        "duration_terms": TERMS.get(key, ""),
        "messages": [],
        "carrier_account": account_id(world, carrier_token(service)),
        "test": shipment["test"],
        "zone": str(shipment["zone"]) if service.carrier == "USPS" else None,
        "included_insurance_price": None,
    }


class Shipments:
    """The shipment and rate endpoints."""

    def __init__(self, world: World, addresses: Addresses) -> None:
        self.world = world
        self.addresses = addresses

    def new(self, given: Json, test: bool) -> Json:
        """A rated shipment from a request body; raises the 400 with all missing fields."""
        missing = {name: [REQUIRED] for name in ("parcels", "address_from", "address_to")
                   if not given.get(name)}  # fmt: skip
        if missing:
            raise Problem(400, missing)
        parcels = given["parcels"]
        now = self.world.now().isoformat()
        made = self.addresses.made
        origin = made(given["address_from"], test, "address_from")
        back = given.get("address_return")
        shipment: Json = {
            "object_id": self.world.new_id()[:-2] + "00",
            "test": test,
            "created": now,
            "waits": bool(given.get("async", False)),
            "carrier_accounts": [str(one) for one in given.get("carrier_accounts") or []],
            "address_from": origin,
            "address_to": made(given["address_to"], test, "address_to"),
            "address_return": made(back, test, "address_return") if back else origin,
            "parcels": self._parcels(parcels if isinstance(parcels, list) else [parcels], test),
            "shipment_date": str(given.get("shipment_date") or stamp(self.world.now())),
            "extra": given.get("extra") or {},
            "metadata": str(given.get("metadata") or ""),
        }
        self._rate(shipment)
        table(self.world, "shipments")[shipment["object_id"]] = shipment
        return shipment

    def _parcels(self, given: list[Any], test: bool) -> list[Json]:
        made: list[Json] = []
        wrong: list[Json] = []
        for entry in given:
            try:
                made.append(self.addresses.parcel(entry, test))
                wrong.append({})
            except Problem as problem:
                wrong.append(problem.body)
        if any(wrong):
            raise Problem(400, {"parcels": wrong})
        return made

    def _rate(self, shipment: Json) -> None:
        origin, target = place_of(shipment["address_from"]), place_of(shipment["address_to"])
        quotes, refusals = quote(origin, target, box_of(shipment["parcels"]), "shippo")
        wanted = shipment["carrier_accounts"]
        if wanted:
            quotes = [
                one
                for one in quotes
                if account_id(self.world, carrier_token(one.service)) in wanted
            ]
        cheapest = min((one.amount for one in quotes), default=None)
        fastest = min(((one.days, one.amount) for one in quotes), default=None)
        best = min(((one.amount * (one.days + 4), one.amount) for one in quotes), default=None)
        rates = []
        for one in quotes:
            marks = [
                name
                for name, holds in (
                    ("BESTVALUE", best and one.amount == best[1]),
                    ("CHEAPEST", one.amount == cheapest),
                    ("FASTEST", (one.days, one.amount) == fastest),
                )
                if holds
            ]
            rates.append([one.service.key, f"{one.amount}", one.days, marks])
        shipment["rates"] = rates
        shipment["zone"] = zone(origin.zip[:3], target.zip[:3]) if quotes else None
        shipment["messages"] = [
            {"source": refusal.carrier, "code": "", "text": refusal.text} for refusal in refusals
        ]
        if any(one.service.carrier == "UPS" for one in quotes):
            shipment["messages"].append(MAY_VARY)

    def shown(self, shipment: Json) -> Json:
        """The shipment now; an asynchronous one has no rates in its first second."""
        made = datetime.fromisoformat(shipment["created"])
        ready = not shipment["waits"] or self.world.now() >= made + ASYNC_WAIT
        places = range(len(shipment["rates"]) if ready else 0)
        return {
            "carrier_accounts": shipment["carrier_accounts"],
            "object_created": stamp(made),
            "object_updated": stamp(made),
            "object_id": shipment["object_id"],
            "object_owner": OWNER,
            "status": "SUCCESS" if ready else "QUEUED",
            "address_from": shipment["address_from"],
            "address_to": shipment["address_to"],
            "parcels": shipment["parcels"],
            "shipment_date": shipment["shipment_date"],
            "address_return": shipment["address_return"],
            "alternate_address_to": None,
            "customs_declaration": None,
            "extra": shipment["extra"],
            "rates": [rate_json(self.world, shipment, place) for place in places],
            "messages": shipment["messages"] if ready else [],
            "metadata": shipment["metadata"],
            "test": shipment["test"],
            "order": None,
        }

    def _found(self, call: Call) -> Json:
        shipment: Json | None = table(self.world, "shipments").get(call.wanted)
        if shipment is None or shipment["test"] != call.test:
            raise not_found()
        return shipment

    @kind("rate")
    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /shipments."""
        return answer(self.shown(self.new(call.body, call.test)), 201)

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /shipments/{id}."""
        return answer(self.shown(self._found(call)))

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /shipments."""
        mine = [kept for kept in table(self.world, "shipments").values()
                if kept["test"] == call.test]  # fmt: skip
        found = page(call, mine[::-1])
        return answer({**found, "results": [self.shown(kept) for kept in found["results"]]})

    @guarded
    async def rates(self, call: Call) -> web.Response:
        """GET /shipments/{id}/rates, with or without a currency."""
        shipment = self._found(call)
        return answer(page(call, self.shown(shipment)["rates"]))

    @guarded
    async def rate(self, call: Call) -> web.Response:
        """GET /rates/{id}."""
        found = find_rate(self.world, call.wanted, call.test)
        if found is None:
            raise not_found()
        return answer(rate_json(self.world, *found))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/shipments", self.create),
            *both("GET", "/shipments", self.index),
            *both("GET", "/shipments/{id}", self.retrieve),
            *both("GET", "/shipments/{id}/rates", self.rates),
            *both("GET", "/shipments/{id}/rates/{currency}", self.rates),
            *both("GET", "/rates/{id}", self.rate),
        ]


CARRIERS = {carrier_token(service): service.carrier for service in SERVICES}
