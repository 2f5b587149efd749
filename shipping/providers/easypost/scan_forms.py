"""EasyPost's SCAN forms: made from shipments, kept on each shipment, read back from there."""

from datetime import datetime

from core.errors import OutcomeUnknown
from shipping.providers import fields
from shipping.providers.base import Unsupported
from shipping.providers.easypost.build import safe_id
from shipping.providers.easypost.names import NAME
from shipping.providers.manifests import Form, FormState, FormWish
from shipping.providers.wire import Wire, nonsense

# USPS is the carrier whose forms EasyPost describes.
CARRIERS = frozenset({"usps"})
_STATES = {
    "creating": FormState.QUEUED,
    "created": FormState.MADE,
    "failed": FormState.REFUSED,
}
# A form is made of all its labels or of none, so that a few of them tell.
_PROBES = 3


def make(wire: Wire, wish: FormWish) -> Form:
    """POST /scan_forms, once. OutcomeUnknown for an answer that names no form."""
    if wish.carrier not in CARRIERS:
        raise Unsupported(f"{NAME} makes no forms for {wish.carrier}")
    shipments = [{"id": safe_id(label)} for label in wish.labels]
    found = read(wire.spend("/scan_forms", {"scan_form": {"shipments": shipments}}))
    if found is None:
        raise OutcomeUnknown(
            "EasyPost's answer could not be read, so whether the form was made is not known.",
            provider=NAME,
            code="incomplete",
        )
    return found


def find(wire: Wire, wish: FormWish, *, since: datetime) -> Form | None:
    """The form that the shipments say they are on, read in full."""
    for label in wish.labels[:_PROBES]:
        shipment = wire.ask("GET", f"/shipments/{safe_id(label)}")
        if fields.text(shipment, "id") != label or "scan_form" not in fields.mapping(shipment):
            raise nonsense(NAME)
        if ref := fields.identifier(shipment, "scan_form", "id"):
            return get(wire, ref)
    return None


def get(wire: Wire, ref: str) -> Form:
    """GET /scan_forms/{id}."""
    found = read(wire.ask("GET", f"/scan_forms/{safe_id(ref)}"))
    if found is None or found.ref != ref:
        raise nonsense(NAME)
    return found


def read(answer: object) -> Form | None:
    """A ScanForm object; None for anything else. Its labels are named by tracking number."""
    ref = fields.identifier(answer, "id")
    state = _STATES.get(fields.text(answer, "status"))
    if not ref.startswith("sf_") or state is None:
        return None
    codes = (fields.clean(code, 60) for code in fields.entries(answer, "tracking_codes"))
    return Form(
        ref=ref,
        state=state,
        url=fields.web_address(answer, "form_url"),
        on_it=tuple(code for code in codes if code),
        message=fields.clean(fields.mapping(answer).get("message"), 300),
    )
