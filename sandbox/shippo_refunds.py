"""Shippo refunds: asked for now, decided by the carrier days later."""

from datetime import datetime, timedelta
from decimal import Decimal

from aiohttp import web

from sandbox import refunds
from sandbox.journeys import scanned
from sandbox.prices import BY_KEY
from sandbox.shippo_tracks import stops_of
from sandbox.shippo_transactions import Transactions, announce
from sandbox.shippo_wire import (
    OWNER,
    Call,
    Json,
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


def settle_refund(world: World, refund_id: str) -> None:
    """The carrier's word on a refund: money back, or an error because the label was scanned."""
    refund = table(world, "refunds")[refund_id]
    transaction = table(world, "transactions")[refund["transaction"]]
    refund["updated"] = world.now().isoformat()
    if refunds.is_refused(world, refund_id) or scanned(
        stops_of(world, transaction), datetime.fromisoformat(refund["created"])
    ):
        refund["status"] = "ERROR"
        transaction["status"] = "REFUNDREJECTED"
        announce(world, "transaction_updated", transaction)
        return
    refund["status"] = "SUCCESS"
    transaction["status"] = "REFUNDED"
    amount = Decimal(transaction["amount"])
    world.refund("shippo", amount, "USD", transaction["object_id"], transaction["tracking"])
    announce(world, "transaction_updated", transaction)


class Refunds:
    """The refund endpoints."""

    def __init__(self, world: World, transactions: Transactions) -> None:
        self.world = world
        self.transactions = transactions

    def _refund_json(self, refund: Json) -> Json:
        age = self.world.now() - datetime.fromisoformat(refund["created"])
        status = refund["status"]
        if status == "QUEUED" and age > timedelta(minutes=1):
            status = "PENDING"
        return {
            "object_created": stamp(datetime.fromisoformat(refund["created"])),
            "object_id": refund["object_id"],
            "object_owner": OWNER,
            "object_updated": stamp(datetime.fromisoformat(refund["updated"])),
            "status": status,
            "test": refund["test"],
            "transaction": refund["transaction"],
        }

    @guarded
    async def create_refund(self, call: Call) -> web.Response:
        """POST /refunds for one transaction; the carrier decides days later."""
        wanted = call.body.get("transaction")
        if not wanted:
            raise invalid("transaction")
        transaction = self.transactions.found(wanted, call.test)
        if transaction is None:
            raise unknown_id("transaction", "Transaction", wanted)
        if transaction["status"] not in ("SUCCESS", "REFUNDREJECTED"):
            words = f"Transaction with status {transaction['status']} cannot be refunded."
            raise invalid("transaction", words)
        now = self.world.now()
        refund = {
            "object_id": self.world.new_id(),
            "transaction": transaction["object_id"],
            "status": "QUEUED",
            "test": call.test,
            "created": now.isoformat(),
            "updated": now.isoformat(),
        }
        table(self.world, "refunds")[refund["object_id"]] = refund
        transaction |= {"status": "REFUNDPENDING", "refund_at": now.isoformat()}
        announce(self.world, "transaction_updated", transaction)
        carrier = BY_KEY[transaction["service"]].carrier
        if due := refunds.wish(self.world, refund["object_id"], carrier):
            self.world.schedule(due, "shippo.refund", refund["object_id"])
        return answer(self._refund_json(refund), 201)

    @guarded
    async def refund(self, call: Call) -> web.Response:
        """GET /refunds/{id}."""
        refund = table(self.world, "refunds").get(call.wanted)
        if refund is None or refund["test"] != call.test:
            raise not_found()
        return answer(self._refund_json(refund))

    @guarded
    async def refunds(self, call: Call) -> web.Response:
        """GET /refunds."""
        mine = [self._refund_json(one) for one in table(self.world, "refunds").values()
                if one["test"] == call.test]  # fmt: skip
        return answer(page(call, mine[::-1]))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/refunds", self.create_refund),
            *both("GET", "/refunds", self.refunds),
            *both("GET", "/refunds/{id}", self.refund),
        ]
