"""EasyPost trackers: of labels bought here, of its test codes, of codes from elsewhere."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox.easypost_documents import tracker_json, tracker_shape, when
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
    stamp,
    table,
)
from sandbox.journeys import journey
from sandbox.world import World

# EZ1000000001 is recorded as pre_transit; the others as the vendor documents the series
TEST_CODES = {
    "EZ1000000001": ("pre_transit", 2),
    "EZ2000000002": ("in_transit", 4),
    "EZ3000000003": ("out_for_delivery", 6),
    "EZ4000000004": ("delivered", 7),
    "EZ5000000005": ("return_to_sender", 5),
    "EZ6000000006": ("failure", 5),
    "EZ7000000007": ("unknown", 0),
}
ONLY_TEST_CODES = (
    "In test mode, only test tracking numbers are valid. "
    "Test tracking numbers are EZ1000000001, EZ2000000002, ... , EZ7000000007"
)
HOUSTON = {"city": "HOUSTON", "state": "TX", "zip": "77063"}
CHARLESTON = {"city": "CHARLESTON", "state": "SC", "zip": "29401"}


def carrier_of(code: str) -> str | None:
    """The carrier a tracking code belongs to, by its form."""
    if code.startswith("1Z") and len(code) == 18:
        return "UPS"
    if code.startswith("9261") and len(code) == 22:
        return "DhlEcs"
    if code.startswith(("92", "94")) and len(code) == 22:
        return "USPS"
    if code[:1] in "CD" and len(code) == 15:
        return "OnTracV3"
    return "FedEx" if code.isdigit() and len(code) == 12 else None


class Trackers:
    """The tracker endpoints."""

    def __init__(self, world: World, limit: ListLimit) -> None:
        self.world = world
        self.limit = limit

    def shown(self, kept: Json, fresh: bool = False) -> Json:
        """The tracker now; a newly created one carries two more fields and no fees."""
        if "shipment" in kept:
            shipment = table(self.world, "shipments")[kept["shipment"]]
            return tracker_json(self.world, shipment)
        status, count = TEST_CODES.get(kept["code"], ("unknown", 0))
        made = when(kept["at"])
        stops = journey(
            made - timedelta(days=30), 3, "USPS", kept["code"], HOUSTON, CHARLESTON
        )[:count]  # fmt: skip
        head: Json = {
            "id": kept["id"], "mode": kept["mode"], "tracking_code": kept["code"],
            "created_at": stamp(made), "shipment_id": None, "carrier": kept["carrier"],
        }  # fmt: skip
        more: Json = {"finalized": True, "is_return": False} if fresh else {"fees": []}
        head |= more
        places = (HOUSTON, CHARLESTON)
        tracker = tracker_shape(
            head, stops, kept["carrier"], made if stops else None,
            "First-Class Package Service", places,
        )  # fmt: skip
        if stops:
            tracker |= {"status": status, "updated_at": stamp(made)}
        return tracker

    def _mine(self, mode: str) -> list[Json]:
        mine = []
        for tracker_id, kept in table(self.world, "trackers").items():
            owner = kept
            if "shipment" in kept:
                owner = table(self.world, "shipments")[kept["shipment"]]
            if owner["mode"] == mode:
                mine.append({**kept, "id": tracker_id})
        return mine

    def _made(self, code: str, carrier: Any, mode: str) -> Json:
        trackers = table(self.world, "trackers")
        shipment_id = table(self.world, "codes").get(code)
        if shipment_id is not None:
            shipment = table(self.world, "shipments")[shipment_id]
            if shipment["mode"] == mode:
                return {"shipment": shipment_id}
        if mode == "test" and code not in TEST_CODES:
            raise Problem(422, "TRACKER.INVALID_TEST_CODE", ONLY_TEST_CODES)
        guess = carrier or ("USPS" if code in TEST_CODES else carrier_of(code))
        if guess is None:
            words = "The carrier of the tracking code could not be found."
            raise Problem(422, "TRACKER.NO_CARRIER_FOR_CODE", words)
        made: Json = {
            "id": self.world.new_id("trk_"), "code": code, "carrier": guess, "mode": mode,
            "at": self.world.now().isoformat(),
        }  # fmt: skip
        trackers[made["id"]] = made
        return made

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /trackers."""
        given = call.part("tracker")
        code = str(given.get("tracking_code") or "").strip()
        if not code:
            raise required("tracking_code")
        return answer(self.shown(self._made(code, given.get("carrier"), call.mode), fresh=True))

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /trackers/{id}."""
        wanted = call.request.match_info["id"]
        for kept in self._mine(call.mode):
            if kept["id"] == wanted:
                return answer(self.shown(kept))
        raise not_found()

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /trackers, by tracking_code and carrier if given."""
        self.limit.check()
        query = call.request.query
        shown = [self.shown(kept) for kept in page(call, self._wanted(call))[0]]
        if query.get("carrier"):
            shown = [tracker for tracker in shown if tracker["carrier"] == query["carrier"]]
        return answer({"trackers": shown, "has_more": page(call, self._wanted(call))[1]})

    def _wanted(self, call: Call) -> list[Json]:
        code = call.request.query.get("tracking_code")
        mine = self._mine(call.mode)
        if not code:
            return mine
        shipment_id = table(self.world, "codes").get(code)
        return [
            kept
            for kept in mine
            if kept.get("code") == code or (shipment_id and kept.get("shipment") == shipment_id)
        ]

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            web.post(f"{ROOT}/trackers", self.create),
            web.get(f"{ROOT}/trackers", self.index),
            web.get(f"{ROOT}/trackers/{{id}}", self.retrieve),
        ]
