"""EasyPost addresses: kept as given, or checked and rewritten the way its recordings show."""

import zlib
from typing import Any

from aiohttp import web

from sandbox import prices
from sandbox.easypost_wire import (
    ROOT,
    Call,
    Json,
    ListLimit,
    Problem,
    answer,
    guarded,
    not_found,
    page,
    required,
    table,
)
from sandbox.prices import ZIP_AREAS, Place
from sandbox.world import World

FIELDS = (
    "name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email",
)  # fmt: skip
NOT_FOUND = {
    "code": "E.ADDRESS.NOT_FOUND",
    "field": "address",
    "message": "Address not found",
    "suggestion": None,
}


def place_of(address: Json) -> Place:
    """What a price needs of it; nobody's company means somebody's home."""
    home = address["residential"]
    return Place(
        zip=address["zip"] or "",
        state=address["state"] or "",
        country=address["country"] or "US",
        street=address["street1"] or "",
        residential=not address["company"] if home is None else home,
    )


def lines(address: Json) -> list[str]:
    """The address as it stands on a label."""
    last = f"{address['city'] or ''} {address['state'] or ''} {address['zip'] or ''}"
    parts = (address["name"], address["company"], address["street1"], address["street2"], last)
    return [part for part in parts if part]


def deliverable(address: Json) -> bool:
    """Whether a carrier knows the place: a street that exists, a ZIP of that state."""
    street, zip_code, state = (address[name] or "" for name in ("street1", "zip", "state"))
    return prices.deliverable(street, zip_code, state)


def _time_zone(state: str, longitude: float) -> str:
    if state in ("HI", "AK"):
        return {"HI": "Pacific/Honolulu", "AK": "America/Anchorage"}[state]
    for west_of, name in ((-114.0, "Los_Angeles"), (-102.0, "Denver"), (-87.0, "Chicago")):
        if longitude < west_of:
            return f"America/{name}"
    return "America/New_York"


def verified(address: Json, now: str) -> Json:
    """The address as a successful check leaves it: capitals, ZIP+4, residential, place."""
    street = " ".join(part for part in (address["street1"], address["street2"]) if part).upper()
    zip5 = address["zip"][:5]
    four = address["zip"][6:] or f"{1000 + zlib.crc32(street.encode()) % 9000}"
    state, latitude, longitude = ZIP_AREAS[zip5[:3]]
    details = {
        "latitude": latitude,
        "longitude": longitude,
        "time_zone": _time_zone(state, longitude),
    }
    shout = {key: address[key].upper() if address[key] else address[key] for key in
             ("name", "company", "city", "state")}  # fmt: skip
    home = address["residential"]
    return {
        **address,
        **shout,
        "updated_at": now,
        "street1": street,
        "street2": "",
        "zip": f"{zip5}-{four}",
        "residential": not address["company"] if home is None else home,
        "verifications": {
            "zip4": {"success": True, "errors": [], "details": None},
            "delivery": {"success": True, "errors": [], "details": details},
        },
    }


class Addresses:
    """The address endpoints, and where other objects turn what they were given into addresses."""

    def __init__(self, world: World, limit: ListLimit) -> None:
        self.world = world
        self.limit = limit

    @property
    def kept(self) -> dict[str, Json]:
        """All addresses that were made by themselves, by id."""
        return table(self.world, "addresses")

    def made(self, given: Any, mode: str, keep: bool = False) -> Json:
        """A new address from its fields, or the kept one it names by id (404 if none)."""
        if isinstance(given, dict) and given.get("id"):
            return self.found(given["id"], mode)
        if not isinstance(given, dict) or not given:
            raise required("address")
        now = self.now()
        words = {name: None if given.get(name) is None else str(given[name]) for name in FIELDS}
        home = given.get("residential")
        address: Json = {
            "id": self.world.new_id("adr_"),
            "object": "Address",
            "created_at": now,
            "updated_at": now,
            **words,
            "country": words["country"] or "US",
            "mode": mode,
            "carrier_facility": given.get("carrier_facility"),
            "residential": home if isinstance(home, bool) else None,
            "federal_tax_id": given.get("federal_tax_id"),
            "state_tax_id": given.get("state_tax_id"),
            "verifications": {},
        }
        if keep:
            self.kept[address["id"]] = address
        return address

    def now(self) -> str:
        """The time as addresses write it."""
        return self.world.now().strftime("%Y-%m-%dT%H:%M:%S+00:00")

    def found(self, address_id: str, mode: str) -> Json:
        """A kept address; raises the 404."""
        address = self.kept.get(address_id)
        if address is None or address["mode"] != mode:
            raise not_found()
        return address

    def checked(self, address: Json, strict: bool) -> Json:
        """The address after a check; `strict` raises the recorded 422 instead of noting it."""
        if deliverable(address):
            result = verified(address, self.now())
        elif strict:
            raise Problem(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", [NOT_FOUND])
        else:
            failed = {"success": False, "errors": [NOT_FOUND]}
            checks = {"zip4": {**failed, "details": None}, "delivery": {**failed, "details": {}}}
            result = {**address, "verifications": checks}
        self.kept[result["id"]] = result
        return result

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /addresses, with verify and verify_strict beside or inside the address."""
        given = call.part("address")
        address = self.made(given, call.mode, keep=True)
        strict = call.body.get("verify_strict") or given.get("verify_strict")
        if strict or call.body.get("verify") or given.get("verify"):
            address = self.checked(address, bool(strict))
        return answer(address, 201, f"addresses/{address['id']}")

    @guarded
    async def create_and_verify(self, call: Call) -> web.Response:
        """POST /addresses/create_and_verify: strict, and wrapped in `address`."""
        address = self.made(call.part("address"), call.mode, keep=True)
        return answer({"address": self.checked(address, strict=True)})

    @guarded
    async def verify(self, call: Call) -> web.Response:
        """GET /addresses/{id}/verify makes a checked copy, wrapped in `address`."""
        address = self.found(call.request.match_info["id"], call.mode)
        copy = {**address, "id": self.world.new_id("adr_"), "created_at": self.now()}
        return answer({"address": self.checked(copy, strict=True)})

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /addresses/{id}."""
        return answer(self.found(call.request.match_info["id"], call.mode))

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /addresses, limited like every list."""
        self.limit.check()
        mine = [address for address in self.kept.values() if address["mode"] == call.mode]
        items, more = page(call, mine)
        return answer({"addresses": items, "has_more": more})

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            web.post(f"{ROOT}/addresses", self.create),
            web.post(f"{ROOT}/addresses/create_and_verify", self.create_and_verify),
            web.get(f"{ROOT}/addresses", self.index),
            web.get(f"{ROOT}/addresses/{{id}}", self.retrieve),
            web.get(f"{ROOT}/addresses/{{id}}/verify", self.verify),
        ]
