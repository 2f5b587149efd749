"""Shippo's webhooks: proof of origin by query token or signature, and what an event is about.

Signatures are switched on by Shippo's support only, so the token in the address is the usual proof.
Public integrations and Shippo's own code name the signature's header differently: both are read.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import parse_qs

import orjson

from core.deliveries import Delivery, Unreadable, fingerprint, word

HEADERS = ("Shippo-Auth-Signature", "Shippo-Signature")
WINDOW = 300.0  # seconds that a signature's time may be off: older ones may be replayed ones
NAMES = {
    "transaction_created": "Label made",
    "transaction_updated": "Label",
    "track_updated": "Tracking",
    "batch_created": "Batch made",
    "batch_purchased": "Batch bought",
}


def verify(
    body: bytes,
    headers: Mapping[str, str],
    query: str,
    *,
    secret: str,
    hmac_secret: str = "",
    now: float | None = None,
) -> bool:
    """Whether the query's `token` is our secret, or a signature header signs exactly these bytes;
    both compared in constant time. `hmac_secret` is Shippo's own where it gave one."""
    if secret and _token(query, secret):
        return True
    key = hmac_secret or secret
    clock = time.time() if now is None else now
    return bool(key) and any(_signed(body, headers.get(name) or "", key, clock) for name in HEADERS)


def identify(body: bytes) -> Delivery:
    """The columns of the inbox; tracking is about its number, all else about its object. Unreadable
    for a body that is no event. Events have no id: equal bytes are the same event."""
    try:
        event = orjson.loads(body)
    except ValueError as error:
        raise Unreadable("Shippo sent a body that is not JSON.") from error
    name = word(event.get("event")) if isinstance(event, dict) else ""
    if not name:
        raise Unreadable("Shippo's event has no name.")
    data = event.get("data")
    about = data if isinstance(data, dict) else {}
    number = word(about.get("tracking_number")) if name == "track_updated" else ""
    return Delivery(
        event=name, dedupe=fingerprint(body), subject=number or word(about.get("object_id"))
    )


def name_of(event: str) -> str:
    """ "Tracking" for "track_updated"."""
    return NAMES.get(event, event)


def _token(query: str, secret: str) -> bool:
    try:
        given = parse_qs(query, max_num_fields=10).get("token", [""])
    except ValueError:
        return False
    return hmac.compare_digest(given[-1].encode(errors="replace"), secret.encode())


def _signed(body: bytes, header: str, key: str, now: float) -> bool:
    """Whether `t=<unix>,v1=<hex>` signs "t.body" and was made within the window."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isdecimal() or len(times[0]) > 12:
        return False
    if abs(now - int(times[0])) > WINDOW:
        return False
    expected = hmac.new(key.encode(), f"{times[0]}.".encode() + body, hashlib.sha256).hexdigest()
    given = [value.encode() for name, _, value in parts if name == "v1"]
    return any([hmac.compare_digest(expected.encode(), one) for one in given])
