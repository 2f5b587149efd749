"""EasyPost's webhooks: proof of origin over the raw bytes, and what an event is about."""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from core.deliveries import Delivery, Unreadable, own_name, word

NAMES = {
    "tracker.created": "Tracking began",
    "tracker.updated": "Tracking",
    "refund.successful": "Refund paid",
    "batch.created": "Batch made",
    "batch.updated": "Batch",
    "scan_form.created": "Scan form made",
    "scan_form.updated": "Scan form",
    "shipment.invoice.created": "Postage corrected",
    "shipment.invoice.updated": "Postage correction",
    "payment.completed": "Wallet filled up",
    "payment.failed": "Wallet not filled up",
}


def verify(body: bytes, headers: Mapping[str, str], query: str, *, secret: str) -> bool:
    """Whether X-Hmac-Signature signs exactly these bytes; compared in constant time. The secret is
    normalised (NFKD) before it is a key, as EasyPost does."""
    if not secret:
        return False
    key = unicodedata.normalize("NFKD", secret).encode()
    expected = f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"
    given = headers.get("X-Hmac-Signature") or ""
    return hmac.compare_digest(expected.encode(), given.strip().encode())


def identify(body: bytes) -> Delivery:
    """The columns of the inbox; a tracker and a refund are about their tracking number. Unreadable
    for a body that is no event."""
    try:
        event = orjson.loads(body)
    except ValueError as error:
        raise Unreadable("EasyPost signed a body that is not JSON.") from error
    name = word(event.get("description")) if isinstance(event, dict) else ""
    if not name:
        raise Unreadable("EasyPost's event has no description.")
    result = event.get("result")
    about = result if isinstance(result, dict) else {}
    return Delivery(
        event=name,
        dedupe=own_name(event.get("id"), body),
        owner=word(event.get("user_id")),
        subject=word(about.get("tracking_code")) or word(about.get("id")),
        sent_at=_moment(event.get("created_at")),
    )


def name_of(event: str) -> str:
    """ "Tracking" for "tracker.updated"."""
    return NAMES.get(event, event)


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at and at.tzinfo and 1970 < at.year < 5000 else None
