"""What EasyPost answers, as our values: pure functions that raise errors of core.errors and nothing
else."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from core.errors import OutcomeUnknown
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
from shipping.providers.carriers import DISPLAY, carrier_slug, display_name, service_words
from shipping.providers.easypost.names import NAME, SLUG
from shipping.providers.wire import Refusal, nonsense, unreadable

RATES_LAST = timedelta(hours=24)
# Codes that leave open whether a label was bought, by this request or by one before it.
_UNDECIDED = ("EXISTS", "IN_PROGRESS", "TIMED_OUT", "TIMEOUT", "NO_RESPONSE")


def parse_quotes(answer: object, *, now: datetime) -> Quotes:
    """Rates and carrier complaints of a shipment. Unavailable when `answer` is not a shipment."""
    shipment = fields.identifier(answer, "id")
    if not shipment or not isinstance(fields.mapping(answer).get("rates"), list):
        raise nonsense(NAME)
    found = fields.entries(answer, "rates")
    rates = [rate for entry in found if (rate := _rate(entry, shipment, now))]
    messages = [_complaint(entry) for entry in fields.entries(answer, "messages")]
    if len(rates) < len(found):
        messages.append(f"{len(found) - len(rates)} of {NAME}'s rates could not be read.")
    return Quotes(tuple(rates), tuple(dict.fromkeys(words for words in messages if words)))


def _rate(entry: object, shipment: str, now: datetime) -> Rate | None:
    rate_id, carrier = fields.identifier(entry, "id"), fields.text(entry, "carrier")
    service = fields.clean(fields.text(entry, "service"), 100)
    price = fields.money(entry, "rate", "currency")
    if not (rate_id and carrier and service and price):
        return None
    return Rate(
        provider=SLUG,
        carrier=carrier_slug(carrier),
        service=service,
        service_name=service_words(service),
        price=price,
        delivery_days=fields.days(entry, "delivery_days", "est_delivery_days"),
        guaranteed=fields.mapping(entry).get("delivery_date_guaranteed") is True,
        expires_at=now + RATES_LAST,
        provider_ref=fields.filled(
            shipment_id=shipment,
            rate_id=rate_id,
            carrier_account=fields.identifier(entry, "carrier_account_id"),
        ),
    )


def with_fee(quotes: Quotes, fee: Decimal) -> Quotes:
    """The same with `fee` US dollars on top of every rate in US dollars; the others are left out,
    since what they would come to cannot be told."""
    if not fee:
        return quotes
    dearer = [
        replace(rate, price=Money(rate.price.amount + fee, "USD"))
        for rate in quotes.rates
        if rate.price.currency == "USD"
    ]
    return replace(quotes, rates=tuple(dearer))


def _complaint(entry: object) -> str:
    words = fields.joined(fields.sentences(fields.mapping(entry).get("message")))
    carrier = fields.text(entry, "carrier")
    name = display_name(carrier_slug(carrier)) if carrier else ""
    return f"{name}: {words}" if name and words else words


def parse_label(answer: object, rate: Rate) -> BoughtLabel:
    """The label in the answer to a purchase. OutcomeUnknown when it lacks number, file or price, or
    is another shipment."""
    if fields.text(answer, "id") != rate.provider_ref.get("shipment_id"):
        raise unreadable(NAME, "the shipment we bought")
    postage = fields.mapping(answer, "postage_label")
    url, label_format = label_file(postage)
    cost = _cost(answer)
    if not (tracking := fields.tracking_number(answer, "tracking_code")):
        raise unreadable(NAME, "a tracking number")
    if not url:
        raise unreadable(NAME, "a label file")
    if cost is None:
        raise unreadable(NAME, "a price")
    chosen = fields.mapping(answer, "selected_rate")
    carrier = fields.text(chosen, "carrier")
    extra = {"rate_id": fields.identifier(chosen, "id"), "refund_status": _refund_status(answer)}
    return BoughtLabel(
        provider_label_id=fields.text(answer, "id"),
        tracking_number=tracking,
        carrier=carrier_slug(carrier) if carrier else rate.carrier,
        service=fields.clean(fields.text(chosen, "service"), 100) or rate.service,
        cost=cost,
        label_url=url,
        label_format=label_format,
        extra={name: value for name, value in extra.items() if value},
    )


def parse_found(answer: object, rate: Rate) -> BoughtLabel | None:
    """The same for a shipment read later: None while it has no postage. A label bought at another
    rate counts as well."""
    if fields.text(answer, "id") != rate.provider_ref.get("shipment_id"):
        raise nonsense(NAME)
    marks = ("postage_label", "tracking_code", "selected_rate")
    shipment = fields.mapping(answer)
    if any(mark not in shipment for mark in marks):
        raise nonsense(NAME)  # a body cut short is no proof that nothing was bought
    if not any(shipment[mark] for mark in marks):
        return None
    return parse_label(answer, rate)


def label_file(postage: object) -> tuple[str, LabelFormat]:
    """Address and format of the label as bought; converted copies come second."""
    kinds = {
        "image/png": LabelFormat.PNG,
        "application/pdf": LabelFormat.PDF,
        "application/zpl": LabelFormat.ZPL,
    }
    for name, label_format in (
        ("label_url", kinds.get(fields.text(postage, "label_file_type"), LabelFormat.PDF)),
        ("label_pdf_url", LabelFormat.PDF),
        ("label_zpl_url", LabelFormat.ZPL),
    ):
        if url := fields.web_address(postage, name):
            return url, label_format
    return "", LabelFormat.PDF


def _cost(answer: object) -> Money | None:
    """What was charged: the postage as billed (as selected, where it is not billed yet) and every
    other fee."""
    price = fields.money(fields.mapping(answer, "selected_rate"), "rate", "currency")
    if price is None:
        return None
    postage, others = price.amount, Decimal(0)
    for fee in fields.entries(answer, "fees"):
        amount = fields.decimal(fee, "amount")
        if amount is None:
            return None
        if fields.text(fee, "type") == "PostageFee":
            postage = amount
        else:
            others += amount
    return fields.whole_cents(Money(postage + others, price.currency))


def _refund_status(answer: object) -> str:
    return fields.text(answer, "refund_status")[:40]


def parse_void(answer: object) -> VoidResult:
    """What EasyPost makes of a wish for a refund. OutcomeUnknown for a status we do not know."""
    result = _void_result(answer)
    if result is None:
        raise OutcomeUnknown(
            "EasyPost did not say what becomes of the refund.", provider=NAME, code="incomplete"
        )
    return result


def parse_refund(answer: object, shipment: str) -> VoidResult | None:
    """The refund in a shipment read later: None where none was asked for. Unavailable for another
    shipment, a body cut short or a status we do not know."""
    body = fields.mapping(answer)
    if fields.text(answer, "id") != shipment or "refund_status" not in body:
        raise nonsense(NAME)
    result = _void_result(answer)
    if result is None and body["refund_status"] is not None:
        raise nonsense(NAME)
    return result


def _void_result(answer: object) -> VoidResult | None:
    outcome = {
        "submitted": VoidOutcome.REQUESTED,
        "refunded": VoidOutcome.REFUNDED,
        "rejected": VoidOutcome.REFUSED,
        "not_applicable": VoidOutcome.REFUSED,
    }.get(_refund_status(answer))
    if outcome is None:
        return None
    refused = outcome is VoidOutcome.REFUSED
    return VoidResult(outcome, "EasyPost does not refund this label." if refused else "")


def parse_carriers(answer: object) -> tuple[str, ...]:
    """Carriers of the account, as names. Unavailable when `answer` is not the list."""
    if not isinstance(answer, list):
        raise nonsense(NAME)
    names = (fields.text(entry, "readable") or fields.text(entry, "type") for entry in answer)
    return tuple(dict.fromkeys(_brand(name) for name in names if name))


def _brand(name: str) -> str:
    """UPS DAP and other contract names as the carrier's; a name we do not know as it is."""
    return DISPLAY.get(carrier_slug(name)) or fields.clean(name, 60)


def read_refusal(body: object) -> Refusal | None:
    """EasyPost's error object in words: message and, where told, the fields at fault."""
    error = fields.mapping(body, "error")
    code = fields.clean(error.get("code"), 80)
    message = fields.joined(fields.sentences(error.get("message")))
    if not (code or message):
        return None
    details = (part for entry in fields.entries(error, "errors")[:10] for part in _detail(entry))
    more = fields.joined(words for words in details if words != message)
    words = f"{message.rstrip('.')} ({more})." if more and message else message or more or code
    undecided = any(mark in code.upper() for mark in _UNDECIDED)
    return Refusal(words, code, undecided)


def _detail(entry: object) -> list[str]:
    """One of `errors`: text, or an object with `field` and `message`; both are documented and
    recorded."""
    if isinstance(entry, str):
        return [fields.clean(entry)]
    return list(fields.sentences(fields.mapping(entry).get("message"), fields.text(entry, "field")))
