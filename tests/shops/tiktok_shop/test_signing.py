import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from core.http import make_client
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.orders import order_detail, search_orders_page
from shops.tiktok_shop.signing import Signature, sign
from tests.shops.tiktok_shop.wire import (
    CIPHER,
    KEY,
    NOW,
    SECRET,
    TOKEN,
    Wire,
    expected_sign,
    ok,
)

_WEBHOOK = {
    "app_key": "68xu9ks5p4i8",
    "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK",
    "timestamp": "1696909648",
}
# Published: TikTok's signing page, and the tests of two open-source SDKs (EcomPHP, fudiwei).
PUBLISHED = [
    (
        "e59af819cc",
        "/authorization/202309/shops",
        {"app_key": "29a39d", "timestamp": "1623812664"},
        b"",
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    (
        "app_secret",
        "/test-api",
        {"foo": "bar"},
        b"",
        "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
    ),
    (
        "e59af819cc",
        "/event/202309/webhooks",
        _WEBHOOK,
        b"",
        "ed58e1b5e59865c22a7b828c1cab65007441f43cc91a6cb2f2cdc638e0995a37",
    ),
    (
        "e59af819cc",
        "/event/202309/webhooks",
        _WEBHOOK,
        b'{"event_type":"PACKAGE_UPDATE","address":"https://partner.tiktokshop.com"}',
        "701dd6deb2389fe4c469b89bd37fc56f96a6da6afeb4d01c9077a65169752fa7",
    ),
]


@pytest.mark.parametrize(("secret", "path", "params", "body", "signature"), PUBLISHED)
def test_published_vectors_are_met(
    secret: str, path: str, params: dict[str, str], body: bytes, signature: str
) -> None:
    assert sign(secret, path, params, body) == signature


def test_sign_and_access_token_are_not_part_of_what_is_signed() -> None:
    plain = sign("s", "/p", {"a": "1"})
    assert sign("s", "/p", {"a": "1", "sign": "x", "access_token": "y"}) == plain


def test_a_list_is_signed_joined_by_commas() -> None:
    assert sign("s", "/p", {"ids": ["1", "2"]}) == sign("s", "/p", {"ids": "1,2"})


def test_a_multipart_body_is_left_out_of_the_signature() -> None:
    form = "multipart/form-data; boundary=x"
    assert sign("s", "/p", {}, b"file", form) == sign("s", "/p", {})
    assert sign("s", "/p", {}, b"file") != sign("s", "/p", {})


def test_the_time_signed_is_our_clock_plus_the_servers_offset() -> None:
    auth = Signature(KEY, SECRET, clock=lambda: NOW, offset=-7.0)
    stamped = next(auth.auth_flow(httpx.Request("GET", "https://x.example/p")))
    assert stamped.url.params["timestamp"] == str(int(NOW.timestamp()) - 7)
    assert stamped.url.params["app_key"] == KEY


class _Gateway(BaseHTTPRequestHandler):
    """Keeps the bytes of each request as they came off the socket."""

    seen: list[tuple[str, bytes]]

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.seen.append((self.path, self.rfile.read(length)))
        answer = json.dumps({"code": 0, "data": {"orders": []}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    seen: list[tuple[str, bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Gateway", (_Gateway,), {"seen": seen}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_a_real_socket_the_bytes_signed_are_the_bytes_sent(
    gateway: tuple[str, list[tuple[str, bytes]]],
) -> None:
    url, seen = gateway
    with make_client() as http:
        client = TikTokShopClient(KEY, SECRET, url, http, TOKEN, CIPHER, clock=lambda: NOW)
        token = "aB/c+d==&x=é 1"
        search_orders_page(client, updated_since=NOW, status="AWAITING_SHIPMENT", page_token=token)
        order_detail(client, order_ids=["576461413038785752", "576461413038785753"])
    for target, body in seen:
        parts = urlsplit(target)
        arrived = dict(parse_qsl(parts.query))
        assert arrived["sign"] == expected_sign(SECRET, parts.path, parts.query, body)
        assert arrived["sign"] == arrived["sign"].lower()
    search = dict(parse_qsl(urlsplit(seen[0][0]).query))
    assert search["page_token"] == token
    assert json.loads(seen[0][1]) == {
        "update_time_ge": int(NOW.timestamp()),
        "order_status": "AWAITING_SHIPMENT",
    }
    assert dict(parse_qsl(urlsplit(seen[1][0]).query))["ids"] == (
        "576461413038785752,576461413038785753"
    )


def test_a_body_with_other_letters_is_signed_as_the_bytes_it_becomes() -> None:
    wire = Wire(ok())
    wire.client().call(
        "subscribe_webhook", body={"event_type": "PACKAGE_UPDATE", "address": "https://x/é漢"}
    )
    request = wire.last
    raw_query = request.url.query.decode()
    assert request.url.params["sign"] == expected_sign(
        SECRET, request.url.path, raw_query, request.content
    )
    assert "é漢".encode() in request.content


def test_an_empty_body_object_is_sent_and_signed_as_two_braces() -> None:
    wire = Wire(ok())
    wire.client().call("search_orders", body={})
    assert wire.last.content == b"{}"
    assert wire.last.url.params["sign"] == expected_sign(
        SECRET, wire.last.url.path, wire.last.url.query.decode(), b"{}"
    )
