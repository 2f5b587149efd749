"""Strangers at the receivers' door, and genuine events with anything in them."""

import hashlib
import hmac
import io
import json
import unicodedata
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core.deliveries import LONGEST, Delivery
from core.inbox_store import InboxStore
from core.models import WebhookEvent
from core.receiver import MOST_BYTES
from creatorflow import wsgi
from creatorflow.receivers import SOURCES
from tests.core import hooks
from tests.fuzz.anything import JSON, bounded, every_awkward, is_storable, mutated

REFUSALS = {400, 401, 404, 405, 411, 413}


class Kept:
    """A store that keeps what it is given in memory."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, Delivery, bytes, str, str]] = []

    def __call__(self, *row: Any) -> bool:
        self.rows.append(row)
        return True


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def desk(settings: Settings, kept: Kept) -> hooks.Desk:
    hooks.configure(settings)
    return hooks.Desk(store=kept)


def tiktok_proof(body: bytes) -> str:
    return hooks.signed(body)["Authorization"]


def easypost_proof(body: bytes) -> str:
    key = unicodedata.normalize("NFKD", hooks.SHIPPING).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def genuine(provider: str, body: bytes) -> dict[str, Any]:
    """What `Desk.send` is given for a delivery of the provider itself."""
    if provider == "tiktok":
        return {"headers": {"Authorization": tiktok_proof(body)}}
    if provider == "easypost":
        return {"headers": {"X-Hmac-Signature": easypost_proof(body)}}
    return {"headers": {}, "query": "token=" + quote(hooks.SHIPPING)}


def is_proven(environ: dict[str, Any], provider: str, body: bytes) -> bool:
    """The same judgement as the receiver's, by other means. Shippo's signed times are drawn so old
    that they never count."""
    if provider == "shippo":
        return hooks.SHIPPING in parse_qs(environ.get("QUERY_STRING", "")).get("token", [])[-1:]
    given = {
        "tiktok": environ.get("HTTP_AUTHORIZATION", ""),
        "easypost": environ.get("HTTP_X_HMAC_SIGNATURE", ""),
    }[provider]
    proof = {"tiktok": tiktok_proof, "easypost": easypost_proof}[provider](body)
    return bool(given.strip() == proof)


# WSGI hands headers over as latin-1.
_LATIN = st.text(st.characters(codec="latin-1"), max_size=40)
_LENGTHS = st.sampled_from(["", "0", "5", "-1", "+3", " 7", "1e3", "٣", "9" * 30, str(MOST_BYTES)])
_PATHS = st.sampled_from(
    ["tiktok", "easypost", "shippo", "tiktok/", "TikTok", "", "/", "..", "../tiktok", "tiktok/1"]
)
_BODIES = st.binary(max_size=200) | st.builds(lambda v: json.dumps(v).encode(), JSON)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bytes, dict[str, Any]]:
    """A path, a body and what the server says about them; now and then it is nearly genuine."""
    body = draw(_BODIES)
    signed = draw(st.sampled_from([body, body, body + b" ", b""]))
    proofs = {
        "HTTP_AUTHORIZATION": tiktok_proof(signed),
        "HTTP_X_HMAC_SIGNATURE": easypost_proof(signed),
        "HTTP_SHIPPO_AUTH_SIGNATURE": f"t=1,v1={tiktok_proof(signed)}",
        "HTTP_SHIPPO_SIGNATURE": "t=²,v1=é",
    }
    environ: dict[str, Any] = {}
    for name, proof in proofs.items():
        if draw(st.booleans()):
            spoilt = st.sampled_from([proof, proof.upper(), f" {proof}\t", proof[:-1], ""])
            environ[name] = draw(spoilt | _LATIN)
    queries = st.sampled_from(
        [f"token={quote(hooks.SHIPPING)}", "token=", "token=a&token=b", "&" * 50, "%ff=%00"]
    )
    environ["QUERY_STRING"] = draw(queries | _LATIN)
    if draw(st.booleans()):
        environ["CONTENT_LENGTH"] = draw(_LENGTHS)
    if draw(st.booleans()):
        environ["wsgi.input_terminated"] = True
    environ["REQUEST_METHOD"] = draw(st.sampled_from(["POST"] * 5 + ["GET", "PUT", "", "post"]))
    return "/hooks/" + draw(_PATHS | _LATIN), body, environ


@bounded(400)
@given(requests())
def test_a_stranger_is_refused_and_stores_nothing(
    desk: hooks.Desk, kept: Kept, request_made: tuple[str, bytes, dict[str, Any]]
) -> None:
    path, body, environ = request_made
    kept.rows.clear()
    status = desk.call(path, body, {}, **environ)
    if status in REFUSALS:
        assert not kept.rows
        return
    assert status == 200
    assert environ["REQUEST_METHOD"] == "POST"
    ((provider, _, stored, _, _),) = kept.rows
    assert body.startswith(stored)
    assert is_proven(environ, provider, stored)


@bounded(150)
@given(st.text(max_size=30), st.binary(max_size=50), st.sampled_from(["GET", "POST", "TRACE", "x"]))
def test_only_what_is_below_hooks_is_the_receivers(
    desk: hooks.Desk, kept: Kept, path: str, body: bytes, method: str
) -> None:
    seen: list[str] = []

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        start_response("204 No Content", [])
        return []

    application = wsgi.before(desk.receiver, django)
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
    status = desk.run(application, environ)
    assert (status == 204) == (not path.startswith("/hooks/"))
    assert seen == ([] if path.startswith("/hooks/") else [path])
    assert not kept.rows


EVENTS = {
    "tiktok": json.loads(hooks.order_status())
    | {"seller_open_id": "7010", "package_list": [{"id": "1", "order_id_list": ["5"]}]},
    "easypost": {
        "id": "evt_1",
        "object": "Event",
        "description": "tracker.updated",
        "mode": "test",
        "user_id": "user_1",
        "created_at": "2026-11-23T12:00:00Z",
        "result": {"id": "trk_1", "tracking_code": "9400100208303109505657", "status": "delivered"},
    },
    "shippo": {
        "event": "track_updated",
        "test": True,
        "data": {"tracking_number": "9400", "object_id": "a1", "tracking_status": {"status": "X"}},
    },
}
events = st.sampled_from(sorted(EVENTS)).flatmap(
    lambda name: st.tuples(st.just(name), mutated(EVENTS[name], whole=True) | JSON)
)


def check_stored(desk: hooks.Desk, kept: Kept, provider: str, document: Any) -> None:
    """A delivery of the provider's own is answered with 200 and kept as it came."""
    body = json.dumps(document).encode()
    kept.rows.clear()
    assert desk.send(body, provider=provider, **genuine(provider, body)) == 200
    ((_, delivery, stored, state, _),) = kept.rows
    assert stored == body
    assert state in {"waiting", "parked"}
    texts = (delivery.event, delivery.dedupe, delivery.owner, delivery.subject)
    assert delivery.event
    assert delivery.dedupe
    assert all(len(text) <= LONGEST and is_storable(text) for text in texts)
    assert SOURCES[provider].name_of(delivery.event)


@bounded(200)
@given(events)
def test_a_genuine_event_is_stored_whatever_is_in_it(
    desk: hooks.Desk, kept: Kept, event: tuple[str, Any]
) -> None:
    check_stored(desk, kept, *event)


@pytest.mark.parametrize("provider", sorted(EVENTS))
def test_no_awkward_value_anywhere_keeps_a_genuine_event_out(
    desk: hooks.Desk, kept: Kept, provider: str
) -> None:
    for words, document in every_awkward(EVENTS[provider]):
        try:
            check_stored(desk, kept, provider, document)
        except AssertionError as error:
            raise AssertionError(words) from error


@pytest.mark.django_db(transaction=True)
@bounded(60)
@given(events)
def test_the_database_takes_every_genuine_event_once(
    settings: Settings, event: tuple[str, Any]
) -> None:
    hooks.configure(settings)
    provider, document = event
    body = json.dumps(document).encode()
    store = InboxStore(connection.settings_dict)
    try:
        desk = hooks.Desk(store=store)
        WebhookEvent.objects.all().delete()
        for _ in range(2):
            assert desk.send(body, provider=provider, **genuine(provider, body)) == 200
        assert bytes(WebhookEvent.objects.get().body) == body
    finally:
        store.close()
