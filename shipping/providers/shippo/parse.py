"""What Shippo answers, as our values: pure functions that raise errors of core.errors only.

A refused purchase arrives as 201 with status ERROR, and a shipment is SUCCESS even where carriers
failed: read `messages`.
"""

from datetime import datetime, timedelta

from core.errors import OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shipping.providers import fields
from shipping.providers.base import (
    BoughtLabel,
    LabelFormat,
    Quotes,
    Rate,
    VoidOutcome,
    VoidResult,
)
from shipping.providers.carriers import carrier_slug, display_name, service_words
from shipping.providers.shippo.names import NAME, SLUG
from shipping.providers.wire import Refusal, nonsense, unreadable

# "Note, only rates less than 7 days old can be purchased": Shippo's own description of a
# transaction.
RATES_LAST = timedelta(days=7)
_WORKING = ("QUEUED", "WAITING")
# Paid, whatever became of the money afterwards.
_PAID = ("SUCCESS", "REFUNDPENDING", "REFUNDREJECTED", "REFUNDED")


def parse_quotes(answer: object, *, now: datetime) -> Quotes:
    """Rates and carrier complaints of a shipment. Unavailable while carriers are being asked or for
    nonsense."""
    shipment, status = fields.identifier(answer, "object_id"), fields.text(answer, "status").upper()
    complaints = _messages(answer)
    if status == "ERROR":
        raise Rejected("; ".join(complaints) or "Shippo refused the shipment.", provider=NAME)
    if not shipment or not isinstance(fields.mapping(answer).get("rates"), list):
        raise nonsense(NAME)
    if status in _WORKING:
        raise Unavailable(
            "Shippo is still asking the carriers.", provider=NAME, code=status, retry_after=1
        )
    found = fields.entries(answer, "rates")
    rates = [rate for entry in found if (rate := _rate(entry, shipment, now))]
    for entry in found:
        complaints += _messages(entry)
    if len(rates) < len(found):
        complaints.append(f"{len(found) - len(rates)} of {NAME}'s rates could not be read.")
    return Quotes(tuple(rates), tuple(dict.fromkeys(complaints)))


def shipment_id(answer: object) -> str:
    """Id of the shipment in an answer, empty where there is none."""
    return fields.identifier(answer, "object_id")


def _rate(entry: object, shipment: str, now: datetime) -> Rate | None:
    level = fields.mapping(entry, "servicelevel")
    rate_id, carrier = fields.identifier(entry, "object_id"), fields.text(entry, "provider")
    service = fields.clean(fields.text(level, "token"), 100)
    price = fields.money(entry, "amount", "currency")
    if not (rate_id and carrier and service and price):
        return None
    name = fields.text(level, "display_name") or fields.text(level, "name")
    return Rate(
        provider=SLUG,
        carrier=carrier_slug(carrier),
        service=service,
        service_name=fields.clean(name, 80) or service_words(service),
        price=price,
        delivery_days=fields.days(entry, "estimated_days", "days"),
        guaranteed=False,  # Shippo promises nothing here: arrives_by is an hour of the day
        expires_at=now + RATES_LAST,
        provider_ref=fields.filled(
            shipment_id=shipment,
            rate_id=rate_id,
            carrier_account=fields.identifier(entry, "carrier_account"),
        ),
    )


def _messages(answer: object) -> list[str]:
    """`messages` of a shipment, rate or transaction as lines, each with who said it."""
    lines = []
    for entry in fields.entries(answer, "messages"):
        words = fields.joined(
            fields.sentences(entry if isinstance(entry, str) else fields.mapping(entry).get("text"))
        )
        source = fields.text(entry, "source")
        name = display_name(carrier_slug(source)) if source else ""
        if words:
            lines.append(f"{name}: {words}" if name else words)
    return lines


def parse_label(answer: object, rate: Rate, wanted: LabelFormat = LabelFormat.PDF) -> BoughtLabel:
    """The label in a transaction. Rejected for status ERROR, OutcomeUnknown while it is under way
    or incomplete."""
    status = fields.text(answer, "status").upper()
    transaction = fields.identifier(answer, "object_id")
    if status == "ERROR" and transaction:
        words = "; ".join(_messages(answer)) or "Shippo refused without a reason."
        raise Rejected(fields.clean(words, 400), provider=NAME, code="ERROR")
    if status in _WORKING and transaction:
        raise OutcomeUnknown(
            "Shippo is still buying the label.", provider=NAME, code=status, retry_after=2
        )
    if status not in _PAID or not transaction:
        raise unreadable(NAME, "a status we know")
    if _rate_id(answer) not in ("", rate.provider_ref.get("rate_id")):
        raise unreadable(NAME, "the rate we bought")
    return _label(answer, rate, wanted, status)


def _label(answer: object, rate: Rate, wanted: LabelFormat, status: str) -> BoughtLabel:
    tracking = fields.tracking_number(answer, "tracking_number")
    url = fields.web_address(answer, "label_url")
    if not tracking:
        raise unreadable(NAME, "a tracking number")
    if not url:
        raise unreadable(NAME, "a label file")
    extra = {"rate_id": _rate_id(answer), "metadata": fields.text(answer, "metadata")[:100]}
    if status != "SUCCESS":
        extra["refund_status"] = status
    return BoughtLabel(
        provider_label_id=fields.text(answer, "object_id"),
        tracking_number=tracking,
        carrier=rate.carrier,
        service=rate.service,
        cost=_price(answer) or rate.price,
        label_url=url,
        label_format=_format(answer, wanted),
        extra={name: value for name, value in extra.items() if value},
    )


def _rate_id(answer: object) -> str:
    """`rate` is an id, or in newer answers sometimes an object with one."""
    return fields.text(answer, "rate") or fields.text(answer, "rate", "object_id")


def _price(answer: object) -> Money | None:
    """A transaction names its price only where it carries its rate as an object."""
    return fields.money(fields.mapping(answer, "rate"), "amount", "currency")


def _format(answer: object, wanted: LabelFormat) -> LabelFormat:
    kind = fields.text(answer, "label_file_type").upper()
    for beginning, label_format in (
        ("PDF", LabelFormat.PDF),
        ("PNG", LabelFormat.PNG),
        ("ZPL", LabelFormat.ZPL),
    ):
        if kind.startswith(beginning):
            return label_format
    return wanted


def parse_found(answer: object, rate: Rate, *, key: str) -> BoughtLabel | None:
    """The label among a rate's transactions; further paid ones are in `extra["duplicates"]`.

    Those with another label's key do not count. One under way means OutcomeUnknown; only refused
    ones, or none, mean None.
    """
    results = fields.mapping(answer).get("results")
    if not isinstance(results, list):
        raise nonsense(NAME)
    ours = [entry for entry in results if _is_ours(entry, rate, key)]
    ours.sort(key=lambda entry: fields.text(entry, "object_created"))
    ranks = [*_PAID, *_WORKING, "ERROR"]
    statuses = [fields.text(entry, "status").upper() for entry in ours]
    paid = [entry for entry, status in zip(ours, statuses, strict=True) if status in _PAID]
    if paid:
        paid.sort(key=lambda entry: ranks.index(fields.text(entry, "status").upper()))
        label = parse_label(paid[0], rate)
        others = [
            fields.identifier(entry, "object_id")
            for entry in paid[1:]
            if fields.text(entry, "status").upper() == "SUCCESS"
        ]
        if others:
            label.extra["duplicates"] = ",".join(others)
        return label
    if any(status != "ERROR" for status in statuses) or fields.mapping(answer).get("next"):
        raise OutcomeUnknown(
            "Shippo is still buying the label.", provider=NAME, code="QUEUED", retry_after=2
        )
    return None


def _is_ours(entry: object, rate: Rate, key: str) -> bool:
    if _rate_id(entry) != rate.provider_ref.get("rate_id"):
        return False
    return fields.text(entry, "metadata") in ("", key)


def parse_transaction_url(answer: object) -> str:
    """The label's link in a transaction read again, empty while there is none."""
    return fields.web_address(answer, "label_url")


def parse_void(answer: object) -> VoidResult:
    """What Shippo makes of a wish for a refund. OutcomeUnknown for a status we do not know."""
    outcome = {
        "QUEUED": VoidOutcome.REQUESTED,
        "PENDING": VoidOutcome.REQUESTED,
        "SUCCESS": VoidOutcome.REFUNDED,
        "ERROR": VoidOutcome.REFUSED,
    }.get(fields.text(answer, "status").upper())
    if outcome is None:
        raise OutcomeUnknown(
            "Shippo did not say what becomes of the refund.", provider=NAME, code="incomplete"
        )
    if outcome is not VoidOutcome.REFUSED:
        return VoidResult(outcome)
    words = "; ".join(_messages(answer)) or "Shippo does not refund this label."
    return VoidResult(outcome, fields.clean(words, 400))


def parse_refund(answer: object, transaction: str) -> VoidResult | None:
    """The refund of a transaction read later: None where none was asked for. Unavailable for
    another transaction or a status that says nothing about money."""
    status = fields.text(answer, "status").upper()
    if fields.text(answer, "object_id") != transaction or status not in _PAID:
        raise nonsense(NAME)
    return {
        "REFUNDPENDING": VoidResult(VoidOutcome.REQUESTED),
        "REFUNDED": VoidResult(VoidOutcome.REFUNDED),
        "REFUNDREJECTED": VoidResult(VoidOutcome.REFUSED, "Shippo does not refund this label."),
    }.get(status)


def parse_carriers(answer: object) -> tuple[str, ...]:
    """Carriers with an active account, as names. Unavailable when `answer` is not the list."""
    results = fields.mapping(answer).get("results")
    if not isinstance(results, list):
        raise nonsense(NAME)
    active = (entry for entry in results if fields.mapping(entry).get("active") is not False)
    names = (fields.text(entry, "carrier") for entry in active)
    return tuple(dict.fromkeys(display_name(carrier_slug(name)) for name in names if name))


def read_refusal(body: object) -> Refusal | None:
    """Shippo's error bodies in words: field names with their messages, or `detail`, or plain
    strings in a list."""
    if not isinstance(body, dict | list) or not body:
        return None
    words = fields.joined(fields.sentences(body))
    return Refusal(words) if words else None
