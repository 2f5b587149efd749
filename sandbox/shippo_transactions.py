"""Shippo transactions: where its money moves. Buying one rate twice is two labels."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from sandbox import label_files
from sandbox.faults import kind
from sandbox.prices import BY_KEY
from sandbox.shippo_addresses import deliverable, lines
from sandbox.shippo_shipments import Shipments, carrier_token, find_rate, rate_id, rate_json
from sandbox.shippo_tracks import STATUS, stops_now
from sandbox.shippo_webhooks import follow, listened_to, tell
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
from sandbox.tracking_numbers import tracking_number
from sandbox.world import World

RATE_LIFE = timedelta(days=7)
ASYNC_WAIT = timedelta(seconds=1)
LINK_LIFE = timedelta(days=365)  # as recorded: Expires lies a year ahead
PAGES = {
    "USPS": "https://tools.usps.com/go/TrackConfirmAction_input?origTrackNum=",
    "UPS": "https://www.ups.com/track?tracknum=",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr=",
    "OnTrac": "https://www.ontrac.com/tracking/?number=",
    "DHL eCommerce": "https://webtrack.dhlecs.com/orders?trackingNumber=",
}
FILE_TYPES = {
    "PNG": "png", "PNG_2.3x7.5": "png", "PDF": "pdf", "PDF_2.3x7.5": "pdf", "PDF_4x6": "pdf",
    "PDF_4x8": "pdf", "PDF_A4": "pdf", "PDF_A5": "pdf", "PDF_A6": "pdf", "ZPLII": "zpl",
}  # fmt: skip
REFUSED = {
    "code": "",
    "text": "The carrier could not find the recipient's address. No label was created.",
}


class Transactions:
    """The transaction endpoints."""

    def __init__(self, world: World, shipments: Shipments) -> None:
        self.world = world
        self.shipments = shipments

    @kind("buy")
    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /transactions by rate, or at once by shipment, account and service level."""
        body = call.body
        extension = body.get("label_file_type") or "PDF_4x6"
        if extension not in FILE_TYPES:
            raise invalid("label_file_type", f'"{extension}" is not a valid choice.')
        if body.get("shipment"):
            shipment, place = self._instant(call)
        else:
            shipment, place = self._rated(call)
        transaction = self._buy(shipment, place, extension, body)
        host = transaction["host"] = label_files.host_of(call.request)
        self._told(transaction)
        document = shown(self.world, transaction, host)
        if body.get("shipment"):
            document["rate"] = _core_rate(rate_json(self.world, shipment, place))
        return answer(document, 201)

    def _rated(self, call: Call) -> tuple[Json, int]:
        wanted = call.body.get("rate")
        if not wanted:
            raise invalid("rate")
        found = find_rate(self.world, wanted, call.test)
        if found is None:
            raise unknown_id("rate", "Rate", wanted)
        if self.world.now() - datetime.fromisoformat(found[0]["created"]) > RATE_LIFE:
            raise invalid("rate", "Rates older than 7 days cannot be purchased. Get a new rate.")
        return found

    def _instant(self, call: Call) -> tuple[Json, int]:
        for name in ("carrier_account", "servicelevel_token"):
            if not call.body.get(name):
                raise invalid(name)
        given = call.body["shipment"]
        shipment = self.shipments.new(given if isinstance(given, dict) else {}, call.test)
        token, account = call.body["servicelevel_token"], call.body["carrier_account"]
        for place, rate in enumerate(shipment["rates"]):
            service = BY_KEY[rate[0]]
            mine = account_id(self.world, carrier_token(service))
            if service.shippo[1] == token and mine == account:
                return shipment, place
        raise invalid("servicelevel_token", f"No rate is available for {token}.")

    def _buy(self, shipment: Json, place: int, file_type: str, body: Json) -> Json:
        """Charge and make the label, or a transaction that says ERROR; nothing in between."""
        world = self.world
        key, amount, days, _ = shipment["rates"][place]
        service = BY_KEY[key]
        now = world.now().isoformat()
        transaction: Json = {
            "object_id": world.new_id(),
            "test": shipment["test"],
            "created": now,
            "updated": now,
            "waits": bool(body.get("async", True)) and str(body.get("async")).lower() != "false",
            "status": "SUCCESS",
            "rate": rate_id(shipment["object_id"], place),
            "service": key,
            "amount": amount,
            "days": days,
            "tracking": "",
            "file": None,
            "file_type": file_type,
            "metadata": str(body.get("metadata") or ""),
            "order": body.get("order"),
            "parcel": shipment["parcels"][0]["object_id"],
            "from": {name: shipment["address_from"][name] for name in ("city", "state", "zip")},
            "to": {name: shipment["address_to"][name] for name in ("city", "state", "zip")},
            "messages": [],
        }
        if deliverable(shipment["address_to"]):
            self._label(transaction, shipment)
        else:
            transaction["status"] = "ERROR"
            transaction["messages"] = [{"source": service.shippo[0], **REFUSED}]
        table(world, "transactions")[transaction["object_id"]] = transaction
        by_rate = table(world, "by_rate")
        by_rate.setdefault(transaction["rate"], []).append(transaction["object_id"])
        return transaction

    def _label(self, transaction: Json, shipment: Json) -> None:
        world, service = self.world, BY_KEY[transaction["service"]]
        counter = table(world, "counter")
        counter["labels"] = counter.get("labels", 0) + 1
        rng = world.rng("shippo.tracking")
        number = tracking_number(service.key, "shippo", rng, counter["labels"])
        transaction["tracking"] = number
        what = f"{service.shippo[0]} {service.shippo[2]} {number}"
        world.charge(
            "shippo", Decimal(transaction["amount"]), "USD", transaction["object_id"], what
        )
        table(world, "codes")[number] = transaction["object_id"]
        extra = shipment["extra"] if isinstance(shipment["extra"], dict) else {}
        transaction["file"] = label_files.keep(
            world,
            signed=True,
            carrier=service.carrier,
            service=service.shippo[2],
            tracking=number,
            sender=lines(shipment["address_from"]),
            recipient=lines(shipment["address_to"]),
            reference=str(extra.get("reference_1") or transaction["metadata"]),
        )

    def _told(self, transaction: Json) -> None:
        """Webhooks of a purchase: made, then ready if it had to wait, then every scan."""
        announce(self.world, "transaction_created", transaction)
        if transaction["waits"]:
            due = datetime.fromisoformat(transaction["created"]) + ASYNC_WAIT
            self.world.schedule(due.timestamp(), "shippo.ready", transaction["object_id"])
        if transaction["file"] is not None:
            follow(self.world, transaction)

    def ready(self, transaction_id: str) -> None:
        """The timer of an asynchronous purchase."""
        transaction = table(self.world, "transactions")[transaction_id]
        announce(self.world, "transaction_updated", transaction)

    def found(self, transaction_id: Any, test: bool) -> Json | None:
        """A transaction of that mode by its id."""
        kept: Json | None = table(self.world, "transactions").get(str(transaction_id))
        return kept if kept is not None and kept["test"] == test else None

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /transactions/{id}."""
        transaction = self.found(call.wanted, call.test)
        if transaction is None:
            raise not_found()
        return answer(shown(self.world, transaction, label_files.host_of(call.request)))

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /transactions, by rate, object_status and tracking_status; newest first."""
        query, kept = call.request.query, table(self.world, "transactions")
        if query.get("rate"):
            ids = table(self.world, "by_rate").get(query["rate"], [])
            mine = [kept[one] for one in ids if kept[one]["test"] == call.test]
        else:
            mine = [one for one in kept.values() if one["test"] == call.test]
        host = label_files.host_of(call.request)
        wishes = {"object_status": "status", "tracking_status": "tracking_status"}
        wanted = {name: query[asked] for asked, name in wishes.items() if query.get(asked)}
        if not wanted:
            found = page(call, mine[::-1])
            results = [shown(self.world, one, host) for one in found["results"]]
            return answer({**found, "results": results})
        whole = [shown(self.world, one, host) for one in mine[::-1]]
        fits = [one for one in whole if all(one[name] == value for name, value in wanted.items())]
        return answer(page(call, fits))

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/transactions", self.create),
            *both("GET", "/transactions", self.index),
            *both("GET", "/transactions/{id}", self.retrieve),
        ]


def shown(world: World, transaction: Json, host: str) -> Json:
    """The transaction now; an asynchronous one is QUEUED and empty in its first second."""
    made = datetime.fromisoformat(transaction["created"])
    ready = not transaction["waits"] or world.now() >= made + ASYNC_WAIT
    done = ready and transaction["file"] is not None
    stops = stops_now(world, transaction) if done else []
    carrier = BY_KEY[transaction["service"]].carrier
    expires = int((made + LINK_LIFE).timestamp())
    extension = FILE_TYPES[transaction["file_type"]]
    return {
        "object_state": "VALID",
        "status": transaction["status"] if ready else "QUEUED",
        "object_created": stamp(made),
        "object_updated": stamp(datetime.fromisoformat(transaction["updated"])),
        "object_id": transaction["object_id"],
        "object_owner": OWNER,
        "test": transaction["test"],
        "rate": transaction["rate"],
        "tracking_number": transaction["tracking"] if done else "",
        "tracking_status": (STATUS[stops[-1].status][0] if stops else "UNKNOWN")
        if done else None,
        "eta": stamp(made + timedelta(days=transaction["days"] + 1)) if done else None,
        "tracking_url_provider": PAGES[carrier] + transaction["tracking"] if done else "",
        "label_url": label_files.address(host, transaction["file"], extension, expires)
        if done else "",
        "commercial_invoice_url": None,
        "messages": transaction["messages"] if ready else [],
        "order": transaction["order"],
        "metadata": transaction["metadata"],
        "parcel": transaction["parcel"],
        "billing": {"payments": []},
        "qr_code_url": None,
        "created_by": None,
        "label_file_type": transaction["file_type"],
    }  # fmt: skip


def announce(world: World, event: str, transaction: Json) -> None:
    """Tell of a transaction as a caller would see it now."""
    if listened_to(world, transaction["test"]):
        host = transaction.get("host", "")
        tell(world, event, transaction["test"], shown(world, transaction, host))


def _core_rate(rate: Json) -> Json:
    """The short rate that an instant purchase answers with instead of a rate id."""
    same = ("object_id", "amount", "currency", "amount_local", "currency_local", "provider")
    return {
        **{name: rate[name] for name in same},
        "carrier_account": rate["carrier_account"],
        "servicelevel_name": rate["servicelevel"]["name"],
        "servicelevel_token": rate["servicelevel"]["token"],
    }
