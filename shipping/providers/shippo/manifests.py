"""Shippo's manifests: asked for with transactions, made in the background, listed newest first."""

from datetime import UTC, datetime, timedelta

from core.errors import OutcomeUnknown, Rejected
from shipping.providers import fields
from shipping.providers.base import Unsupported
from shipping.providers.manifests import Form, FormState, FormWish
from shipping.providers.shippo.build import address_body, safe_id
from shipping.providers.shippo.names import NAME
from shipping.providers.wire import Wire, nonsense

# USPS SCAN forms, and the daily manifest that DHL Express wants through Shippo.
CARRIERS = frozenset({"usps", "dhl_express"})
_STATES = {
    "QUEUED": FormState.QUEUED,
    "SUCCESS": FormState.MADE,
    "ERROR": FormState.REFUSED,
}
# Shippo's documented error codes, in our words.
_WORDS = {
    "generic_carrier_error": "The carrier refused it without a reason.",
    "carrier_account_invalid_credentials": "The carrier does not accept the account's credentials.",
    "carrier_account_access_denied": "The carrier does not allow this account to make manifests.",
    "manifest_invalid_transactions": "The carrier wants labels on a form the day they are made.",
    "manifest_no_transactions": "None of these labels can go on a form of that date.",
    "shipment_date_invalid": "Shippo does not accept the mailing date.",
    "shipment_date_missing": "Shippo does not accept the mailing date.",
}
# Between our clock and Shippo's
_SLACK = timedelta(minutes=2)
_PAGE = "50"


def make(wire: Wire, wish: FormWish) -> Form:
    """POST /manifests, once; Shippo makes it in the background. OutcomeUnknown for an answer that
    names no manifest."""
    if wish.carrier not in CARRIERS:
        raise Unsupported(f"{NAME} makes no forms for {wish.carrier}")
    body = {
        "carrier_account": wish.carrier_account or _only_account(wire, wish.carrier),
        "shipment_date": _stamp(wish.shipped_at),
        "address_from": address_body(wish.sender),
        "transactions": [safe_id(label) for label in wish.labels],
        "async": True,
    }
    found = read(wire.spend("/manifests", body))
    if found is None:
        raise OutcomeUnknown(
            "Shippo's answer could not be read, so whether the form was made is not known.",
            provider=NAME,
            code="incomplete",
        )
    return found


def _only_account(wire: Wire, carrier: str) -> str:
    """The account's one connection to a carrier. Rejected where there are several: a label that
    does not say which was used cannot be put on a form."""
    answer = wire.ask("GET", "/carrier_accounts", params={"carrier": carrier, "results": "100"})
    active = [one for one in _results(answer) if fields.mapping(one).get("active") is not False]
    ids = [found for one in active if (found := fields.identifier(one, "object_id"))]
    if len(ids) != 1:
        words = "Shippo does not say through which of the carrier's accounts these were bought."
        raise Rejected(words, provider=NAME, code="carrier-account")
    return ids[0]


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def find(wire: Wire, wish: FormWish, *, since: datetime) -> Form | None:
    """The newest manifest with one of these labels; one that ended in an error only if it was asked
    for since then, and no other holds them."""
    wanted = set(wish.labels)
    refused: Form | None = None
    for entry in _newest(wire):
        found = read(entry)
        if found is None:
            raise nonsense(NAME)
        if not wanted.intersection(found.on_it):
            continue
        if found.state is not FormState.REFUSED:
            return found
        if refused is None and _made_since(entry, since):
            refused = found
    return refused


def _newest(wire: Wire) -> list[object]:
    return _results(wire.ask("GET", "/manifests", params={"results": _PAGE}))


def _results(answer: object) -> list[object]:
    """A page's entries. Unavailable when it is no page: that it is empty would be a claim."""
    if not isinstance(fields.mapping(answer).get("results"), list):
        raise nonsense(NAME)
    return fields.entries(answer, "results")


def _made_since(entry: object, since: datetime) -> bool:
    try:
        made = datetime.fromisoformat(fields.text(entry, "object_created"))
    except ValueError:
        return False
    return made.tzinfo is not None and made >= since - _SLACK


def get(wire: Wire, ref: str) -> Form:
    """GET /manifests/{id}."""
    found = read(wire.ask("GET", f"/manifests/{safe_id(ref)}"))
    if found is None or found.ref != ref:
        raise nonsense(NAME)
    return found


def read(answer: object) -> Form | None:
    """A Manifest object; None for anything else. Its labels are named by transaction."""
    ref = fields.identifier(answer, "object_id")
    state = _STATES.get(fields.text(answer, "status"))
    if not ref or state is None:
        return None
    documents = fields.entries(answer, "documents")
    urls = [fields.web_address({"url": one}, "url") for one in documents]
    labels = (
        fields.identifier({"id": one}, "id") for one in fields.entries(answer, "transactions")
    )
    return Form(
        ref=ref,
        state=state,
        url=next((url for url in urls if url), ""),
        on_it=tuple(label for label in labels if label),
        message=_message(answer),
    )


def _message(answer: object) -> str:
    told = [fields.clean(one, 200) for one in fields.entries(answer, "errors")]
    words = (_WORDS.get(one.partition(":")[0].strip(), one) for one in told if one)
    return fields.clean(" ".join(dict.fromkeys(words)), 300)
