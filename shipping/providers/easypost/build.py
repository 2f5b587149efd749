"""What EasyPost is asked: bodies of its version 2 wire, as pure functions."""

from datetime import date
from decimal import ROUND_UP, Decimal

from core.money import Money
from shipping.providers.account import recipient_of
from shipping.providers.base import Address, Rate, ShipmentSpec, Signature, Unsupported
from shipping.providers.easypost.names import NAME, SLUG
from shipping.providers.units import inches, ounces
from shops.policy.book import EVERYWHERE, plain

_SIGNATURES = {Signature.ANY: "SIGNATURE", Signature.ADULT: "ADULT_SIGNATURE"}


def build_shipment(spec: ShipmentSpec) -> dict[str, object]:
    """Body of POST /shipments: ounces and inches, a 4x6 label in the format wanted."""
    return {
        "shipment": {
            "from_address": _address(spec.sender),
            "to_address": _address(recipient_of(spec, NAME)),
            "parcel": {
                "length": float(inches(spec.parcel.length_mm)),
                "width": float(inches(spec.parcel.width_mm)),
                "height": float(inches(spec.parcel.height_mm)),
                "weight": float(ounces(spec.parcel.weight_g)),
            },
            "options": _options(spec),
            "reference": spec.reference,
        }
    }


def _options(spec: ShipmentSpec) -> dict[str, str]:
    options = {"label_format": spec.label_format.value, "label_size": "4x6"}
    if spec.signature:
        options["delivery_confirmation"] = _SIGNATURES[spec.signature]
    return options


def build_buy(rate: Rate, insured: Money | None = None) -> dict[str, object]:
    """Body of POST /shipments/{id}/buy; EasyPost insures in US dollars. Unsupported for others."""
    body: dict[str, object] = {"rate": {"id": refs(rate)[1]}}
    if insured:
        body["insurance"] = str(_dollars(insured))
    return body


def premium(insured: Money | None, on: date) -> Decimal:
    """What EasyPost adds for insuring a parcel, in US dollars: it is in no rate, and charged with
    the purchase."""
    if insured is None:
        return Decimal(0)
    book = plain(EVERYWHERE)
    share = book.rule("insurance_fee.easypost.percent", on=on).number / 100
    least = book.rule("insurance_fee.easypost.least", on=on).number
    return max(_dollars(insured) * share, least).quantize(Decimal("0.01"), ROUND_UP)


def _dollars(insured: Money) -> Decimal:
    if insured.currency != "USD":
        raise Unsupported(f"EasyPost does not insure in {insured.currency}.")
    return insured.amount


def _address(address: Address) -> dict[str, str]:
    values = {
        "name": address.name,
        "company": address.company,
        "street1": address.street1,
        "street2": address.street2,
        "city": address.city,
        "state": address.state,
        "zip": address.postal_code,
        "country": address.country,
        "phone": address.phone,
        "email": address.email,
    }
    return {name: value for name, value in values.items() if value}


def refs(rate: Rate) -> tuple[str, str]:
    """Shipment and rate id of one of our rates. Unsupported for a rate that is not EasyPost's."""
    if rate.provider != SLUG:
        raise Unsupported(f"EasyPost cannot buy a rate of {rate.provider}")
    try:
        return safe_id(rate.provider_ref["shipment_id"]), safe_id(rate.provider_ref["rate_id"])
    except KeyError as error:
        raise Unsupported(f"the rate lacks {error}") from None


def safe_id(found: str) -> str:
    """An id that cannot change the path it is put into."""
    if not found.replace("_", "").isalnum():
        raise Unsupported(f"not an EasyPost id: {found!r}")
    return found
