"""What Shippo is asked: bodies of its API 2018-02-08, as pure functions. Numbers are strings
there."""

from shipping.providers.account import recipient_of
from shipping.providers.base import (
    Address,
    LabelFormat,
    Rate,
    ShipmentSpec,
    Signature,
    Unsupported,
)
from shipping.providers.shippo.names import NAME, SLUG
from shipping.providers.units import inches, ounces

MAX_METADATA = 100
_SIGNATURES = {Signature.ANY: "STANDARD", Signature.ADULT: "ADULT"}
_FILE_TYPES = {
    LabelFormat.PDF: "PDF_4x6",
    LabelFormat.PNG: "PNG",
    LabelFormat.ZPL: "ZPLII",
}


def build_shipment(spec: ShipmentSpec) -> dict[str, object]:
    """Body of POST /shipments; `async` false makes Shippo wait for the carriers and answer with
    rates."""
    parcel = {
        "length": str(inches(spec.parcel.length_mm)),
        "width": str(inches(spec.parcel.width_mm)),
        "height": str(inches(spec.parcel.height_mm)),
        "distance_unit": "in",
        "weight": str(ounces(spec.parcel.weight_g)),
        "mass_unit": "oz",
    }
    return {
        "address_from": address_body(spec.sender),
        "address_to": address_body(recipient_of(spec, NAME)),
        "parcels": [parcel],
        "metadata": spec.reference[:MAX_METADATA],
        "async": False,
        **_extra(spec),
    }


def _extra(spec: ShipmentSpec) -> dict[str, object]:
    """Signature and insurance: with the shipment, so that its rates include them."""
    extra: dict[str, object] = {}
    if spec.signature:
        extra["signature_confirmation"] = _SIGNATURES[spec.signature]
    if spec.insured:
        extra["insurance"] = {
            "amount": str(spec.insured.amount),
            "currency": spec.insured.currency,
            "content": "Merchandise",
        }
    return {"extra": extra} if extra else {}


def build_purchase(spec: ShipmentSpec, rate: Rate, key: str) -> dict[str, object]:
    """Body of POST /transactions. `key` travels as metadata, by which the purchase is known
    again."""
    if not 0 < len(key) <= MAX_METADATA:
        raise ValueError(f"a key has 1 to {MAX_METADATA} characters")
    return {
        "rate": refs(rate)[1],
        "label_file_type": _FILE_TYPES[spec.label_format],
        "metadata": key,
        "async": False,
    }


def refs(rate: Rate) -> tuple[str, str]:
    """Shipment and rate id of one of our rates. Unsupported for a rate that is not Shippo's."""
    if rate.provider != SLUG:
        raise Unsupported(f"Shippo cannot buy a rate of {rate.provider}")
    try:
        return safe_id(rate.provider_ref["shipment_id"]), safe_id(rate.provider_ref["rate_id"])
    except KeyError as error:
        raise Unsupported(f"the rate lacks {error}") from None


def safe_id(found: str) -> str:
    """An id that cannot change the path or query it is put into."""
    if not found.replace("_", "").replace("-", "").isalnum():
        raise Unsupported(f"not a Shippo id: {found!r}")
    return found


def address_body(address: Address) -> dict[str, str]:
    """An address as Shippo reads it, without what is empty."""
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
