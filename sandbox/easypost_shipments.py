"""EasyPost shipments: rate, buy once, rate again, convert, refund."""

from typing import Any

from aiohttp import web

from sandbox import label_files
from sandbox.easypost_addresses import Addresses, place_of
from sandbox.easypost_documents import names, rate_json, shipment_json
from sandbox.easypost_parcels import customs_of, parcel_of
from sandbox.easypost_purchases import FORMATS, purchase, request_refund
from sandbox.easypost_wire import (
    ROOT,
    Call,
    Json,
    ListLimit,
    Problem,
    account_id,
    answer,
    guarded,
    not_found,
    page,
    required,
    table,
)
from sandbox.faults import kind
from sandbox.price_data import SERVICES
from sandbox.prices import BY_KEY, Box, quote, zone
from sandbox.world import World


class Shipments:
    """The shipment endpoints over the table of shipments in the world's state."""

    def __init__(self, world: World, addresses: Addresses, limit: ListLimit) -> None:
        self.world = world
        self.addresses = addresses
        self.limit = limit

    def found(self, call: Call) -> Json:
        """The shipment named in the path; raises the 404."""
        shipment = table(self.world, "shipments").get(call.request.match_info["id"])
        if shipment is None or shipment["mode"] != call.mode:
            raise not_found()
        return dict_of(shipment)

    def shown(self, call: Call, shipment: Json) -> Json:
        """The shipment as this caller sees it, label addresses on the host it called."""
        host = label_files.host_of(call.request)
        return shipment_json(
            self.world, shipment, lambda file, ext: label_files.address(host, file, ext)
        )

    @kind("rate")
    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /shipments; with `service` it buys in the same call."""
        given = call.part("shipment")
        shipment = self._new(given, call.mode)
        if given.get("service"):
            rate = self._chosen(shipment, given)
            purchase(self.world, shipment, rate, given)
        table(self.world, "shipments")[shipment["id"]] = shipment
        return answer(self.shown(call, shipment), 201, f"shipments/{shipment['id']}")

    def _new(self, given: Json, mode: str) -> Json:
        for name in ("to_address", "from_address", "parcel"):
            if not given.get(name):
                raise required(name)
        now = self.world.now().isoformat()
        made = self.addresses.made
        options = given.get("options") or {}
        shipment: Json = {
            "id": self.world.new_id("shp_"),
            "mode": mode,
            "created": now,
            "updated": now,
            "is_return": bool(given.get("is_return", False)),
            "reference": given.get("reference"),
            "options": {
                **options, "currency": "USD", "payment": {"type": "SENDER"}, "date_advance": 0
            },
            "from_address": made(given["from_address"], mode),
            "to_address": made(given["to_address"], mode),
            "return_address": made(given["return_address"], mode)
            if given.get("return_address") else None,
            "buyer_address": made(given["buyer_address"], mode)
            if given.get("buyer_address") else None,
            "parcel": parcel_of(self.world, given["parcel"], mode),
            "customs_info": customs_of(self.world, given.get("customs_info"), mode),
            "carrier_accounts": _account_ids(given.get("carrier_accounts")),
            "bought": None,
        }  # fmt: skip
        self._rate(shipment)
        return shipment

    def _rate(self, shipment: Json) -> None:
        """Ask all carriers of the account, or those the shipment was limited to."""
        world, parcel = self.world, shipment["parcel"]
        box = Box(
            parcel["weight"] / 16, parcel["length"] or 0, parcel["width"] or 0,
            parcel["height"] or 0,
        )  # fmt: skip
        origin, target = place_of(shipment["from_address"]), place_of(shipment["to_address"])
        quotes, refusals = quote(origin, target, box, "easypost")
        now = world.now().isoformat()
        wanted = shipment["carrier_accounts"]
        shipment["rates"] = [
            [
                world.new_id("rate_"), offer.service.key, f"{offer.amount}",
                f"{offer.list_amount}", f"{offer.retail_amount}", offer.days, now,
            ]
            for offer in quotes
            if not wanted or account_id(world, offer.service.easypost[0]) in wanted
        ]  # fmt: skip
        named = {service.carrier: service.easypost[0] for service in SERVICES}
        shipment["messages"] = [
            {
                "carrier": named[refusal.carrier],
                "carrier_account_id": account_id(world, named[refusal.carrier]),
                "type": "rate_error",
                "message": refusal.text,
            }
            for refusal in refusals
            if not wanted or account_id(world, named[refusal.carrier]) in wanted
        ]
        usable = bool(quotes)
        shipment["zone"] = zone(origin.zip[:3], target.zip[:3]) if usable else None

    def _chosen(self, shipment: Json, given: Json) -> list[Any]:
        """The rate a one-call purchase asks for by service and carrier."""
        for rate in shipment["rates"]:
            carrier, service = names(BY_KEY[rate[1]], shipment["parcel"]["weight"])
            if service == given["service"] and given.get("carrier", carrier) == carrier:
                found: list[Any] = rate
                return found
        words = f"No rates are available for the service {given['service']}."
        raise Problem(422, "SHIPMENT.RATES.UNAVAILABLE", words, shipment["messages"])

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /shipments/{id}."""
        return answer(self.shown(call, self.found(call)))

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /shipments: bought ones, unless `purchased` is false."""
        self.limit.check()
        every = call.request.query.get("purchased", "true").lower() in ("false", "0")
        mine = (
            shipment
            for shipment in table(self.world, "shipments").values()
            if shipment["mode"] == call.mode and (every or shipment["bought"])
        )
        items, more = page(call, mine)
        shown = [self.shown(call, shipment) for shipment in items]
        return answer({"shipments": shown, "has_more": more})

    @kind("rate")
    @guarded
    async def rerate(self, call: Call) -> web.Response:
        """POST /shipments/{id}/rerate: new rates with new ids, and nothing else."""
        shipment = self.found(call)
        if shipment["bought"] is None:
            self._rate(shipment)
        rates = [rate_json(self.world, shipment, rate) for rate in shipment["rates"]]
        return answer({"rates": rates})

    @kind("buy")
    @guarded
    async def buy(self, call: Call) -> web.Response:
        """POST /shipments/{id}/buy; the second time is a 422."""
        shipment = self.found(call)
        given = call.body.get("rate")
        rate_id = given.get("id") if isinstance(given, dict) else given
        if not rate_id:
            raise required("rate")
        rate = next((rate for rate in shipment["rates"] if rate[0] == rate_id), None)
        purchase(self.world, shipment, rate, call.body)
        return answer(self.shown(call, shipment))

    @guarded
    async def refund(self, call: Call) -> web.Response:
        """POST /shipments/{id}/refund: submitted now, settled by the carrier days later."""
        shipment = self.found(call)
        request_refund(self.world, shipment)
        return answer(self.shown(call, shipment))

    @guarded
    async def label(self, call: Call) -> web.Response:
        """GET /shipments/{id}/label?file_format= adds the address of another format."""
        shipment = self.found(call)
        wanted = call.request.query.get("file_format", "").upper()
        if shipment["bought"] is None:
            words = "Postage is required before a label can be converted."
            raise Problem(422, "SHIPMENT.POSTAGE.REQUIRED", words)
        if wanted not in FORMATS:
            words = f"The label cannot be converted to {wanted or 'nothing'}."
            raise Problem(422, "SHIPMENT.POSTAGE.FORMAT_UNAVAILABLE", words)
        if FORMATS[wanted] not in shipment["bought"]["formats"]:
            shipment["bought"]["formats"].append(FORMATS[wanted])
            self.world.touch()
        return answer(self.shown(call, shipment))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        one = f"{ROOT}/shipments/{{id}}"
        return [
            web.post(f"{ROOT}/shipments", self.create),
            web.get(f"{ROOT}/shipments", self.index),
            web.get(one, self.retrieve),
            web.post(f"{one}/buy", self.buy),
            web.post(f"{one}/rerate", self.rerate),
            web.post(f"{one}/refund", self.refund),
            web.get(f"{one}/label", self.label),
        ]


def dict_of(value: Any) -> Json:
    """The kept object itself, known to be a JSON object."""
    kept: Json = value
    return kept


def _account_ids(given: Any) -> list[str]:
    """Carrier account ids, given as strings or as objects with an id."""
    return [entry["id"] if isinstance(entry, dict) else str(entry) for entry in given or []]
