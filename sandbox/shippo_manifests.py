"""Shippo manifests: QUEUED where they are asked for in the background, then SUCCESS or ERROR."""

from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox import label_files
from sandbox.prices import BY_KEY
from sandbox.shippo_addresses import Addresses, lines
from sandbox.shippo_shipments import CARRIERS, carrier_token, find_rate
from sandbox.shippo_transactions import LINK_LIFE
from sandbox.shippo_wire import (
    OWNER,
    Call,
    Json,
    account_id,
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

QUEUE_SECONDS = 1.0
_DAY = timedelta(days=1)
NO_TRANSACTIONS = "manifest_no_transactions"
BAD_ZIP = "address_from_invalid_zip1"


class Manifests:
    """The endpoints of manifests."""

    def __init__(self, world: World, addresses: Addresses) -> None:
        self.world = world
        self.addresses = addresses
        world.timer_handlers["shippo.manifest"] = self.finish

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /manifests with explicit transactions of one account, date and origin."""
        for name in ("carrier_account", "shipment_date", "address_from"):
            if not call.body.get(name):
                raise invalid(name)
        self._carrier_of(call.body["carrier_account"])
        origin = self.addresses.made(call.body["address_from"], call.test, "address_from")
        named = [self._known(call, one) for one in call.body.get("transactions") or []]
        now = stamp(self.world.now())
        manifest: Json = {
            "object_created": now,
            "object_updated": now,
            "object_id": self.world.new_id(),
            "object_owner": OWNER,
            "status": "QUEUED",
            "carrier_account": call.body["carrier_account"],
            "shipment_date": str(call.body["shipment_date"]),
            "address_from": origin["object_id"],
            "documents": [],
            "errors": [],
            "transactions": [one["object_id"] for one in named],
        }
        host = label_files.host_of(call.request)
        kept = {**manifest, "test": call.test, "host": host, "origin": origin}
        table(self.world, "manifests")[manifest["object_id"]] = kept
        if str(call.body.get("async")).lower() == "true":
            due = self.world.now().timestamp() + QUEUE_SECONDS
            self.world.schedule(due, "shippo.manifest", manifest["object_id"])
        else:
            self.finish(manifest["object_id"])
        return answer(_shown(table(self.world, "manifests")[manifest["object_id"]]), 201)

    def _carrier_of(self, account: Any) -> str:
        for token in CARRIERS:
            if account_id(self.world, token) == account:
                return token
        raise unknown_id("carrier_account", "CarrierAccount", account)

    def _known(self, call: Call, wanted: Any) -> Json:
        kept = table(self.world, "transactions").get(str(wanted))
        if kept is None or kept["test"] != call.test:
            raise unknown_id("transactions", "Transaction", wanted)
        found: Json = kept
        return found

    def finish(self, manifest_id: str) -> None:
        """The carrier's word on a manifest: made of all that fit, or an error where none do."""
        manifest = table(self.world, "manifests")[manifest_id]
        transactions = table(self.world, "transactions")
        chosen = [
            one
            for name in manifest["transactions"]
            if self._fits(manifest, one := transactions[name])
        ]
        manifest["object_updated"] = stamp(self.world.now())
        origin = str(manifest["origin"].get("zip") or "")
        if any(one["from"]["zip"] != origin for one in chosen):
            manifest |= {"status": "ERROR", "errors": [BAD_ZIP], "transactions": []}
            return
        if not chosen:
            manifest |= {"status": "ERROR", "errors": [NO_TRANSACTIONS]}
            return
        manifest["transactions"] = [one["object_id"] for one in chosen]
        carrier = CARRIERS[self._carrier_of(manifest["carrier_account"])]
        file_id = label_files.keep(
            self.world, signed=True, carrier=carrier, service="Manifest",
            tracking=chosen[0]["tracking"], sender=lines(manifest["origin"]),
            recipient=[f"{len(chosen)} pieces"], reference=manifest_id,
        )  # fmt: skip
        expires = int((self.world.now() + LINK_LIFE).timestamp())
        url = label_files.address(manifest["host"], file_id, "pdf", expires)
        manifest |= {"status": "SUCCESS", "documents": [url]}
        for one in chosen:
            one["manifest"] = manifest_id

    def _fits(self, manifest: Json, transaction: Json) -> bool:
        """Bought from that carrier, not refunded, on no manifest yet, of that date."""
        carrier = self._carrier_of(manifest["carrier_account"])
        mine = carrier_token(BY_KEY[transaction["service"]]) == carrier
        in_use = transaction["status"] == "SUCCESS" and "manifest" not in transaction
        return mine and in_use and self._dated(manifest, transaction)

    def _dated(self, manifest: Json, transaction: Json) -> bool:
        found = find_rate(self.world, transaction["rate"], transaction["test"])
        wanted = _moment(manifest["shipment_date"])
        return found is not None and abs(wanted - _moment(found[0]["shipment_date"])) < _DAY

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /manifests/{id}."""
        kept = table(self.world, "manifests").get(call.wanted)
        if kept is None or kept["test"] != call.test:
            raise not_found()
        return answer(_shown(kept))

    @guarded
    async def listing(self, call: Call) -> web.Response:
        """GET /manifests, newest first."""
        kept = table(self.world, "manifests").values()
        mine = [_shown(one) for one in kept if one["test"] == call.test]
        return answer(page(call, mine[::-1]))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/manifests", self.create),
            *both("GET", "/manifests", self.listing),
            *both("GET", "/manifests/{id}", self.retrieve),
        ]


def _shown(kept: Json) -> Json:
    return {key: kept[key] for key in kept if key not in ("test", "host", "origin")}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
