"""Webhooks of label providers: only the published vectors, and what is signed like them, are
genuine; what an event is about is read from any body."""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deliveries import LONGEST, Delivery, Unreadable, fingerprint
from shipping.providers.easypost import webhook as easypost
from shipping.providers.shippo import webhook as shippo
from shops.tiktok_shop import webhooks as tiktok

# Published by EasyPost with the secret "sécret"; see tests/fixtures/easypost/webhooks/SOURCES.md
BODY = Path("tests/fixtures/easypost/webhooks/event.json").read_bytes()
SIGNATURE = "hmac-sha256-hex=38f3f53c103713df81616a0a186d77141957323ec21d5fe9363db93840f527db"
SECRET = "sécret"
NOW = 1_795_000_000.0


# -- EasyPost --------------------------------------------------------------------------------------
def easypost_takes(header: str, *, body: bytes = BODY, secret: str = SECRET) -> bool:
    return easypost.verify(body, {"X-Hmac-Signature": header}, "", secret=secret)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_easyposts_published_delivery_is_genuine_however_the_secret_is_typed(form: str) -> None:
    assert easypost_takes(SIGNATURE, secret=unicodedata.normalize(form, SECRET))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header",
    [
        "",
        SIGNATURE.removeprefix("hmac-sha256-hex="),
        SIGNATURE.upper(),
        SIGNATURE[:-1] + "c",
        "hmac-sha256-hex=",
        "é",
        "hmac-sha256-hex=7f1669d6699d0b937cc1e69402423bdd2be0a8bcf571d34a8116765f1741219b",
    ],
)
def test_any_other_signature_is_forged(header: str) -> None:
    assert not easypost_takes(header)


def test_easypost_signs_these_very_bytes_with_this_secret() -> None:
    assert not easypost_takes(SIGNATURE, body=BODY + b"\n")
    assert not easypost_takes(SIGNATURE, secret="secret")
    assert not easypost_takes(SIGNATURE, secret="")
    assert not easypost.verify(BODY, {}, "", secret=SECRET)


def test_easyposts_event_is_about_its_tracking_number() -> None:
    assert easypost.identify(BODY) == Delivery(
        event="tracker.updated",
        dedupe="evt_1",
        owner="user_1",
        subject="1",
        sent_at=datetime(2024, 8, 2, 19, 26, 52, tzinfo=UTC),
    )
    batch = {"description": "batch.updated", "id": "evt_2", "result": {"id": "batch_9"}}
    assert easypost.identify(orjson.dumps(batch)).subject == "batch_9"
    assert easypost.name_of("tracker.updated") == "Tracking"
    assert easypost.name_of("claim.updated") == "claim.updated"


# -- Shippo ----------------------------------------------------------------------------------------
TRACK = b'{"event":"track_updated","test":false,"data":{"tracking_number":"9205","carrier":"usps"}}'


def signed(body: bytes = TRACK, *, at: float = NOW, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={digest}"


def shippo_takes(header: str = "", *, name: str = shippo.HEADERS[0], query: str = "") -> bool:
    return shippo.verify(TRACK, {name: header}, query, secret=SECRET, now=NOW)


@pytest.mark.parametrize("name", ["Shippo-Auth-Signature", "Shippo-Signature"])
def test_shippos_signature_is_read_under_both_of_its_names(name: str) -> None:
    assert shippo_takes(signed(), name=name)


@pytest.mark.parametrize("query", ["token=s%C3%A9cret", "a=1&token=s%c3%a9cret", "token=sécret"])
def test_the_token_of_the_address_proves_shippo(query: str) -> None:
    assert shippo_takes(query=query)


@pytest.mark.parametrize(
    "query",
    ["", "token=", "token", "token=secret", "token=s%C3%A9cret&token=x", "Token=sécret", "x&" * 50],
)
def test_any_other_token_is_forged(query: str) -> None:
    assert not shippo_takes(query=query)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_a_signature_from_another_time_is_a_replayed_one(seconds: float) -> None:
    assert not shippo_takes(signed(at=NOW + seconds))
    assert shippo_takes(signed(at=NOW + (299 if seconds > 0 else -299)))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        signed().replace("t=", "t=1"),
        signed().replace("v1=", "v0="),
        signed() + "0",
        signed(TRACK + b" "),
        signed(secret="another"),
        f"t=x,{signed().partition(',')[2]}",
        f"t={'9' * 400},v1=0",
        f"{signed()},t=5",
        "t=١٧٩٥٠٠٠٠٠٠,v1=0",
    ],
)
def test_any_other_signature_of_shippo_is_forged(header: str) -> None:
    assert not shippo_takes(header)


def test_one_right_signature_of_several_will_do() -> None:
    """Two are sent while a secret is being changed."""
    assert shippo_takes(f"{signed()},v1=0")
    assert shippo_takes(f" {signed(secret='old')} , {signed().partition(',')[2]} ")


def test_shippos_own_secret_signs_in_place_of_ours() -> None:
    def takes(header: str, query: str = "") -> bool:
        headers = {"Shippo-Signature": header}
        return shippo.verify(TRACK, headers, query, secret="ours", hmac_secret="theirs", now=NOW)

    assert takes(signed(secret="theirs"))
    assert takes("", "token=ours")
    assert not takes(signed(secret="ours"))
    assert not takes("", "token=theirs")


def test_without_any_secret_nothing_of_shippo_is_genuine() -> None:
    headers = {"Shippo-Signature": signed(secret="")}
    assert not shippo.verify(TRACK, headers, "token=", secret="", now=NOW)


def test_shippos_event_is_known_by_its_bytes() -> None:
    assert shippo.identify(TRACK) == Delivery(
        event="track_updated", dedupe=fingerprint(TRACK), subject="9205"
    )
    label = {"event": "transaction_updated", "data": {"object_id": "ab12", "tracking_number": "9"}}
    assert shippo.identify(orjson.dumps(label)).subject == "ab12"
    assert shippo.name_of("track_updated") == "Tracking"


# -- Any body --------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=200),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["type", "data", "shop_id", "tts_notification_id", "timestamp", "order_id", "package_list"]
    + ["description", "id", "user_id", "created_at", "result", "tracking_code"]
    + ["event", "object_id", "tracking_number", "order_id_list", "order_ids", "seller_open_id"]
)
ENVELOPES = st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=4), max_size=8)


@given(
    identify=st.sampled_from([tiktok.identify, easypost.identify, shippo.identify]),
    body=st.binary(max_size=200) | ENVELOPES.map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_an_event_that_can_be_stored_or_is_called_unreadable(
    identify: Callable[[bytes], Delivery], body: bytes
) -> None:
    try:
        found = identify(body)
    except Unreadable:
        return
    texts = (found.event, found.dedupe, found.owner, found.subject)
    assert found.event
    assert found.dedupe
    assert all(len(text) <= LONGEST and "\0" not in text for text in texts)
    assert found.sent_at is None or found.sent_at.tzinfo is not None
