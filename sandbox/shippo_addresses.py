"""Shippo addresses and parcels: kept as given, checked on request, read by shipments."""

import re
import zlib
from typing import Any

from aiohttp import web

from sandbox import prices
from sandbox.prices import Box, Place
from sandbox.shippo_wire import (
    OWNER,
    REQUIRED,
    Call,
    Json,
    Problem,
    answer,
    both,
    guarded,
    invalid,
    not_found,
    page,
    stamp,
    table,
    unknown_id,
)
from sandbox.world import World

WORDS = ("name", "company", "street_no", "street1", "street2", "street3", "city", "state", "zip")
NOT_THERE = {
    "source": "USPS",
    "code": "Address Not Found",
    "text": "The address as submitted could not be found. Please check for excessive "
    "abbreviations in the street address line or in the City name.",
    "type": "address_error",
}
INCHES = {"in": 1.0, "ft": 12.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "m": 100 / 2.54, "yd": 36.0}
POUNDS = {"lb": 1.0, "oz": 1 / 16, "g": 1 / 453.59237, "kg": 1000 / 453.59237}


def place_of(address: Json) -> Place:
    """What a price needs of it; nobody's company means somebody's home."""
    home = address["is_residential"]
    return Place(
        zip=address["zip"],
        state=address["state"],
        country=address["country"],
        street=address["street1"],
        residential=not address["company"] if home is None else home,
    )


def lines(address: Json) -> list[str]:
    """The address as it stands on a label."""
    street = f"{address['street_no']} {address['street1']}".strip()
    last = f"{address['city']} {address['state']} {address['zip']}"
    parts = (address["name"], address["company"], street, address["street2"], last)
    return [part for part in parts if part]


def deliverable(address: Json) -> bool:
    """Whether a carrier knows the place: a street that exists, a ZIP of that state."""
    return prices.deliverable(address["street1"], address["zip"], address["state"])


def box_of(parcels: list[Json]) -> Box:
    """All parcels of a shipment as one weight with the first one's size."""
    first = parcels[0]
    scale = INCHES[first["distance_unit"]]
    pounds = sum(float(parcel["weight"]) * POUNDS[parcel["mass_unit"]] for parcel in parcels)
    sides = [float(first[side]) * scale for side in ("length", "width", "height")]
    return Box(round(pounds, 6), *(round(side, 4) for side in sides))


class Addresses:
    """Endpoints of addresses and parcels, and how shipments turn what they got into them."""

    def __init__(self, world: World) -> None:
        self.world = world

    def made(self, given: Any, test: bool, name: str, keep: bool = False) -> Json:
        """A new address from its fields, or the kept one an id names (400 on `name` if none)."""
        if isinstance(given, str):
            kept: Json | None = table(self.world, "addresses").get(given)
            if kept is None:
                raise unknown_id(name, "Address", given)
            return kept
        if not isinstance(given, dict):
            raise invalid(name)
        if not given.get("country"):
            raise invalid("country") if keep else invalid(name, {"country": [REQUIRED]})
        now = stamp(self.world.now())
        words = {key: str(given.get(key) or "") for key in WORDS}
        complete = all(words[key] for key in ("name", "street1", "city", "state", "zip"))
        home = given.get("is_residential")
        address: Json = {
            "object_created": now,
            "object_updated": now,
            "object_id": self.world.new_id(),
            "is_complete": complete,
            "validation_results": {},
            "object_owner": OWNER,
            **words,
            "country": str(given["country"]).upper(),
            "longitude": None,
            "latitude": None,
            "phone": re.sub(r"[^\d]", "", str(given.get("phone") or "")),
            "email": str(given.get("email") or ""),
            "is_residential": home if isinstance(home, bool) else None,
            "metadata": str(given.get("metadata") or ""),
            "test": test,
        }
        if given.get("validate"):
            address = self.checked(address)
        if keep:
            table(self.world, "addresses")[address["object_id"]] = address
        return address

    def checked(self, address: Json) -> Json:
        """The address as a check leaves it: capitals, ZIP+4, residential, the verdict."""
        street = f"{address['street_no']} {address['street1']}".strip().upper()
        good = deliverable(address)
        zip_code = address["zip"]
        if good and len(zip_code) == 5:
            zip_code = f"{zip_code}-{1000 + zlib.crc32(street.encode()) % 9000}"
        home = address["is_residential"]
        return {
            **address,
            "object_updated": stamp(self.world.now()),
            "is_complete": good,
            "validation_results": {"is_valid": good, "messages": [] if good else [NOT_THERE]},
            "street_no": "",
            "street1": street,
            "city": address["city"].upper(),
            "zip": zip_code,
            "is_residential": (not address["company"] if home is None else home) if good else home,
        }

    def parcel(self, given: Any, test: bool) -> Json:
        """A parcel from its fields or id; raises the 400 for what is missing or not above zero."""
        if isinstance(given, str):
            kept: Json | None = table(self.world, "parcels").get(given)
            if kept is None:
                raise unknown_id("parcels", "Parcel", given)
            return kept
        if not isinstance(given, dict):
            raise Problem(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
        wrong = _wrong_fields(given)
        if wrong:
            raise Problem(400, wrong)
        now = stamp(self.world.now())
        sides = {
            side: f"{float(given.get(side) or 0):.4f}" for side in ("length", "width", "height")
        }
        return {
            "object_state": "VALID",
            "object_created": now,
            "object_updated": now,
            "object_id": self.world.new_id(),
            "object_owner": OWNER,
            "template": given.get("template") or None,
            "extra": given.get("extra") or {},
            **sides,
            "distance_unit": given.get("distance_unit") or "in",
            "weight": f"{float(given['weight']):.4f}",
            "mass_unit": given["mass_unit"],
            "value_amount": None,
            "value_currency": None,
            "metadata": str(given.get("metadata") or ""),
            "line_items": [],
            "test": test,
        }

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /addresses."""
        return answer(self.made(call.body, call.test, "address", keep=True), 201)

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /addresses/{id}."""
        return answer(self._kept("addresses", call))

    @guarded
    async def validate(self, call: Call) -> web.Response:
        """GET /addresses/{id}/validate makes a checked copy, as recorded."""
        address = self._kept("addresses", call)
        copy = self.checked({**address, "object_id": self.world.new_id()})
        table(self.world, "addresses")[copy["object_id"]] = copy
        return answer(copy)

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /addresses."""
        mine = [kept for kept in table(self.world, "addresses").values()
                if kept["test"] == call.test]  # fmt: skip
        return answer(page(call, mine[::-1]))

    @guarded
    async def create_parcel(self, call: Call) -> web.Response:
        """POST /parcels."""
        parcel = self.parcel(call.body, call.test)
        table(self.world, "parcels")[parcel["object_id"]] = parcel
        return answer(parcel, 201)

    @guarded
    async def retrieve_parcel(self, call: Call) -> web.Response:
        """GET /parcels/{id}."""
        return answer(self._kept("parcels", call))

    def _kept(self, name: str, call: Call) -> Json:
        kept: Json | None = table(self.world, name).get(call.wanted)
        if kept is None or kept["test"] != call.test:
            raise not_found()
        return kept

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/addresses", self.create),
            *both("GET", "/addresses", self.index),
            *both("GET", "/addresses/{id}", self.retrieve),
            *both("GET", "/addresses/{id}/validate", self.validate),
            *both("POST", "/parcels", self.create_parcel),
            *both("GET", "/parcels/{id}", self.retrieve_parcel),
        ]


def _wrong_fields(given: Json) -> Json:
    """Shippo's words about each field of a parcel that is missing or no good."""
    needed = ["weight", "mass_unit"]
    if not given.get("template"):
        needed += ["length", "width", "height", "distance_unit"]
    wrong: Json = {name: [REQUIRED] for name in needed if given.get(name) in (None, "")}
    for name in ("weight", "length", "width", "height"):
        if name in wrong or given.get(name) in (None, ""):
            continue
        try:
            number = float(given[name])
        except (TypeError, ValueError):
            wrong[name] = ["A valid number is required."]
            continue
        if not 0 < number < 1e9:
            wrong[name] = ["Ensure this value is greater than 0."]
    for name, units in (("mass_unit", POUNDS), ("distance_unit", INCHES)):
        if given.get(name) and given[name] not in units:
            wrong[name] = [f'"{given[name]}" is not a valid choice.']
    return wrong
