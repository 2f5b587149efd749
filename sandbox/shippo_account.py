"""Shippo's account side: carrier accounts and manifests."""

from typing import Any

from aiohttp import web

from sandbox import label_files
from sandbox.price_data import SERVICES
from sandbox.prices import BY_KEY
from sandbox.shippo_addresses import Addresses, lines
from sandbox.shippo_shipments import CARRIERS, carrier_token
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


class Account:
    """Carrier accounts (Shippo's own, one per carrier) and end-of-day manifests."""

    def __init__(self, world: World, addresses: Addresses) -> None:
        self.world = world
        self.addresses = addresses

    def _account(self, carrier: str, test: bool) -> Json:
        levels = [
            {"name": service.shippo[2], "token": service.shippo[1],
             "supports_return_labels": carrier == "usps"}
            for service in SERVICES
            if carrier_token(service) == carrier
        ]  # fmt: skip
        return {
            "carrier": carrier,
            "object_id": account_id(self.world, carrier),
            "object_owner": OWNER,
            "account_id": f"shippo_{carrier}_account",
            "carrier_name": CARRIERS[carrier],
            "carrier_images": {},
            "active": True,
            "is_shippo_account": True,
            "metadata": "",
            "test": test,
            "service_levels": levels,
            "object_info": {"authentication": {"type": "default", "status": "connected"}},
        }

    @guarded
    async def accounts(self, call: Call) -> web.Response:
        """GET /carrier_accounts, by carrier if asked."""
        wanted = call.request.query.get("carrier")
        found = [self._account(one, call.test) for one in CARRIERS if wanted in (None, "", one)]
        return answer(page(call, found))

    @guarded
    async def account(self, call: Call) -> web.Response:
        """GET /carrier_accounts/{id}."""
        for carrier in CARRIERS:
            if account_id(self.world, carrier) == call.wanted:
                return answer(self._account(carrier, call.test))
        raise not_found()

    def _carrier_of(self, account: Any) -> str:
        for token in CARRIERS:
            if account_id(self.world, token) == account:
                return token
        raise unknown_id("carrier_account", "CarrierAccount", account)

    def _manifested(self, call: Call, carrier: str) -> list[Json]:
        """The transactions to manifest: those named, all bought from that carrier, each once."""
        named = call.body.get("transactions") or []
        kept = table(self.world, "transactions")
        chosen: list[Json] = []
        for one in named:
            transaction = kept.get(str(one))
            if transaction is None or transaction["test"] != call.test:
                raise unknown_id("transactions", "Transaction", one)
            mine = carrier_token(BY_KEY[transaction["service"]]) == carrier
            if mine and transaction["status"] == "SUCCESS" and "manifest" not in transaction:
                chosen.append(transaction)
        return chosen

    @guarded
    async def create_manifest(self, call: Call) -> web.Response:
        """POST /manifests with explicit transactions; ERROR where none of them can be."""
        for name in ("carrier_account", "shipment_date", "address_from"):
            if not call.body.get(name):
                raise invalid(name)
        carrier = self._carrier_of(call.body["carrier_account"])
        origin = self.addresses.made(call.body["address_from"], call.test, "address_from")
        chosen = self._manifested(call, carrier)
        now = stamp(self.world.now())
        manifest: Json = {
            "object_created": now,
            "object_updated": now,
            "object_id": self.world.new_id(),
            "object_owner": OWNER,
            "status": "SUCCESS" if chosen else "ERROR",
            "carrier_account": call.body["carrier_account"],
            "shipment_date": str(call.body["shipment_date"]),
            "address_from": origin["object_id"],
            "documents": [],
            "errors": [] if chosen else ["There are no transactions to manifest."],
            "transactions": [one["object_id"] for one in chosen],
        }
        if chosen:
            file_id = label_files.keep(
                self.world, signed=True, carrier=CARRIERS[carrier], service="Manifest",
                tracking=chosen[0]["tracking"], sender=lines(origin),
                recipient=[f"{len(chosen)} pieces"], reference=manifest["object_id"],
            )  # fmt: skip
            host = label_files.host_of(call.request)
            expires = int((self.world.now() + LINK_LIFE).timestamp())
            manifest["documents"] = [label_files.address(host, file_id, "pdf", expires)]
        for one in chosen:
            one["manifest"] = manifest["object_id"]
        table(self.world, "manifests")[manifest["object_id"]] = {**manifest, "test": call.test}
        return answer(manifest, 201)

    @guarded
    async def manifest(self, call: Call) -> web.Response:
        """GET /manifests/{id}."""
        kept = table(self.world, "manifests").get(call.wanted)
        if kept is None or kept["test"] != call.test:
            raise not_found()
        return answer({key: kept[key] for key in kept if key != "test"})

    @guarded
    async def manifests(self, call: Call) -> web.Response:
        """GET /manifests."""
        mine = [{key: kept[key] for key in kept if key != "test"}
                for kept in table(self.world, "manifests").values()
                if kept["test"] == call.test]  # fmt: skip
        return answer(page(call, mine[::-1]))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("GET", "/carrier_accounts", self.accounts),
            *both("GET", "/carrier_accounts/{id}", self.account),
            *both("POST", "/manifests", self.create_manifest),
            *both("GET", "/manifests", self.manifests),
            *both("GET", "/manifests/{id}", self.manifest),
        ]
