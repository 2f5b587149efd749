"""Where EasyPost's money moves: a label is bought once, a refund is asked for and settles later."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox import label_files, refunds
from sandbox.easypost_addresses import deliverable, lines, verified
from sandbox.easypost_documents import stops_of, when
from sandbox.easypost_webhooks import follow, refunded
from sandbox.easypost_wire import Json, Problem, table
from sandbox.journeys import scanned
from sandbox.prices import BY_KEY
from sandbox.tracking_numbers import tracking_number
from sandbox.world import World

RATE_LIFE = timedelta(days=7)
FORMATS = {"PNG": "png", "PDF": "pdf", "ZPL": "zpl"}
REFUND_WINDOW_DAYS = {"USPS": 30}


def purchase(world: World, shipment: Json, rate: list[Any] | None, given: Json) -> None:
    """Charge and make the label in one step, or raise the 422 that says why not."""
    bought_rate = _allowed(world, shipment, rate)
    insurance, premium = _insurance(given)
    service = BY_KEY[bought_rate[1]]
    counter = table(world, "counter")
    counter["labels"] = counter.get("labels", 0) + 1
    rng = world.rng("easypost.tracking")
    tracking = tracking_number(service.key, "easypost", rng, counter["labels"])
    what = f"{service.easypost[0]} {service.easypost[1]} {tracking}"
    world.charge("easypost", Decimal(bought_rate[2]) + premium, "USD", shipment["id"], what)
    now = world.now()
    if service.carrier == "USPS":
        checked_at = now.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        shipment["to_address"] = verified(shipment["to_address"], checked_at)
    tracker_id = world.new_id("trk_")
    table(world, "trackers")[tracker_id] = {"shipment": shipment["id"]}
    table(world, "codes")[tracking] = shipment["id"]
    shipment["updated"] = now.isoformat()
    shipment["bought"] = {
        "rate": bought_rate,
        "at": now.isoformat(),
        "tracking": tracking,
        "tracker_id": tracker_id,
        "label_id": world.new_id("pl_"),
        "formats": [FORMATS[_format(shipment)]],
        "file": _label(world, shipment, bought_rate[1], tracking),
        "insurance": insurance,
        "insurance_fee": f"{premium}" if premium else None,
    }
    table(world, "shipments")[shipment["id"]] = shipment
    follow(world, shipment)


def _format(shipment: Json) -> str:
    return str(shipment["options"].get("label_format") or "PNG").upper()


def _label(world: World, shipment: Json, service_key: str, tracking: str) -> str:
    service = BY_KEY[service_key]
    return label_files.keep(
        world,
        carrier=service.carrier,
        service=service.shippo[2],
        tracking=tracking,
        sender=lines(shipment["from_address"]),
        recipient=lines(shipment["to_address"]),
        reference=str(shipment["reference"] or ""),
    )


def _allowed(world: World, shipment: Json, rate: list[Any] | None) -> list[Any]:
    """The rate, if this shipment may be bought with it; raises the 422 if not."""
    if shipment["bought"] is not None:
        words = "Postage already exists for this shipment."
        raise Problem(422, "SHIPMENT.POSTAGE.EXISTS", words)
    if rate is None:
        words = "The rate does not belong to this shipment."
        raise Problem(422, "SHIPMENT.MISSING_RATE", words)
    if world.now() - when(rate[6]) > RATE_LIFE:
        words = "The rate has expired. Rate the shipment again and buy a new rate."
        raise Problem(422, "SHIPMENT.POSTAGE.FAILURE", words)
    if _format(shipment) not in FORMATS:
        words = "The label format is not available for this shipment."
        raise Problem(422, "SHIPMENT.POSTAGE.INVALID_FORMAT", words)
    if not deliverable(shipment["to_address"]):
        words = "Unable to buy postage: the carrier could not find the recipient's address."
        raise Problem(422, "SHIPMENT.POSTAGE.FAILURE", words)
    return rate


def _insurance(given: Json) -> tuple[str | None, Decimal]:
    """The insured amount as EasyPost writes it, and the premium: 1 %, at least half a dollar."""
    if not given.get("insurance"):
        return None, Decimal(0)
    try:
        insured = Decimal(str(given["insurance"]))
    except InvalidOperation:
        raise Problem(422, "INSURANCE.PARAMETERS.INVALID", "Invalid insurance.") from None
    return f"{insured:.2f}", max(Decimal("0.50"), (insured / 100).quantize(Decimal("0.01")))


def settle_refund(world: World, shipment_id: str) -> None:
    """The carrier's word on a refund: money back, or rejected because the label was scanned."""
    shipment = table(world, "shipments")[shipment_id]
    refund = shipment["refund"]
    if refund["status"] != "submitted":
        return
    shipment["updated"] = world.now().isoformat()
    if refunds.is_refused(world, shipment_id) or scanned(
        stops_of(world, shipment), when(refund["at"])
    ):
        refund["status"] = "rejected"
        return
    refund["status"] = "refunded"
    amount = Decimal(shipment["bought"]["rate"][2])
    world.refund("easypost", amount, "USD", shipment_id, shipment["bought"]["tracking"])
    refunded(world, shipment)


def request_refund(world: World, shipment: Json) -> None:
    """Note the wish; raises the 422 where there is nothing to refund or it is too late."""
    bought, refund = shipment["bought"], shipment.get("refund")
    if bought is None or (refund and refund["status"] != "rejected"):
        words = "Refund is not available: there is no postage to refund on this shipment."
        raise Problem(422, "SHIPMENT.REFUND.UNAVAILABLE", words)
    carrier = BY_KEY[bought["rate"][1]].carrier
    now = world.now()
    if now - when(bought["at"]) > timedelta(days=REFUND_WINDOW_DAYS.get(carrier, 90)):
        words = "Refund is not available: the label is too old."
        raise Problem(422, "SHIPMENT.REFUND.UNAVAILABLE", words)
    shipment["refund"] = {"status": "submitted", "at": now.isoformat()}
    shipment["updated"] = now.isoformat()
    if due := refunds.wish(world, shipment["id"], carrier):
        world.schedule(due, "easypost.refund", shipment["id"])
