"""EasyPost's SCAN forms: one origin, one carrier account, labels of today, each on one form only."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox import label_files
from sandbox.easypost_addresses import lines
from sandbox.easypost_documents import when
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
from sandbox.prices import BY_KEY
from sandbox.world import World

# A label's date has to be the form's or later. Days end somewhere else for every origin, so here
# a label is of today for so long.
DATED_FOR = timedelta(hours=24)


class ScanForms:
    """The endpoints of SCAN forms."""

    def __init__(self, world: World, limit: ListLimit) -> None:
        self.world = world
        self.limit = limit

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /scan_forms over bought USPS shipments of one origin; each only once."""
        body = call.body.get("scan_form") or call.body
        given = body.get("shipments") or body.get("shipment")
        if not isinstance(given, list) or not given:
            raise required("shipments")
        shipments = [self._scannable(entry, call.mode) for entry in given]
        origin = shipments[0]["from_address"]
        if len({_origin(shipment) for shipment in shipments}) > 1:
            raise _refused("All shipments of a scan form must have the same origin address.")
        codes = [shipment["bought"]["tracking"] for shipment in shipments]
        file_id = label_files.keep(
            self.world, carrier="USPS", service="SCAN Form", tracking=codes[0],
            sender=lines(origin), recipient=[f"{len(codes)} pieces"], reference="",
        )  # fmt: skip
        now = stamp(self.world.now())
        form = {
            "id": self.world.new_id("sf_"),
            "object": "ScanForm",
            "created_at": now,
            "updated_at": now,
            "tracking_codes": codes,
            "address": origin,
            "status": "created",
            "message": None,
            "form_url": label_files.address(label_files.host_of(call.request), file_id, "pdf"),
            "form_file_type": None,
            "batch_id": self.world.new_id("batch_"),
            "confirmation": None,
        }
        table(self.world, "scan_forms")[form["id"]] = {**form, "mode": call.mode}
        for shipment in shipments:
            shipment["scan_form"] = {key: form[key] for key in form if key != "address"}
        return answer(form)

    def _scannable(self, entry: Any, mode: str) -> Json:
        wanted = entry.get("id") if isinstance(entry, dict) else entry
        shipment = table(self.world, "shipments").get(str(wanted))
        if shipment is None or shipment["mode"] != mode:
            raise not_found()
        bought = shipment["bought"]
        if bought is None or BY_KEY[bought["rate"][1]].carrier != "USPS":
            raise _refused("Only bought USPS shipments can be put on a scan form.")
        if shipment.get("scan_form"):
            raise _refused("A shipment is on a scan form already.")
        if shipment.get("refund"):
            raise _refused("Refunded shipments cannot be put on a scan form.")
        if self.world.now() - when(bought["at"]) > DATED_FOR:
            raise _refused("The label date of a shipment has passed.")
        kept: Json = shipment
        return kept

    @guarded
    async def listing(self, call: Call) -> web.Response:
        """GET /scan_forms."""
        self.limit.check()
        mine = [form for form in table(self.world, "scan_forms").values()
                if form["mode"] == call.mode]  # fmt: skip
        items, more = page(call, mine)
        shown = [{key: form[key] for key in form if key != "mode"} for form in items]
        return answer({"scan_forms": shown, "has_more": more})

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /scan_forms/{id}."""
        form = table(self.world, "scan_forms").get(call.request.match_info["id"])
        if form is None or form["mode"] != call.mode:
            raise not_found()
        return answer({key: form[key] for key in form if key != "mode"})

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            web.post(f"{ROOT}/scan_forms", self.create),
            web.get(f"{ROOT}/scan_forms", self.listing),
            web.get(f"{ROOT}/scan_forms/{{id}}", self.retrieve),
        ]


def _origin(shipment: Json) -> tuple[str, ...]:
    address = shipment["from_address"]
    return tuple(str(address.get(name) or "") for name in ("street1", "city", "state", "zip"))


def _refused(words: str) -> Problem:
    return Problem(422, "SCAN_FORM.SHIPMENTS.INVALID", words)
