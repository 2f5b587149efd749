"""Webhooks: subscriptions, signature, envelope, retries, and faults on the way."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import KEY, SECRET, Caller

Json = dict[str, Any]
HOOKS = "/event/202309/webhooks"


class Ear:
    """A little server that keeps what it is told and answers as it was asked to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.answers: list[int] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                ear.heard.append((self.headers["authorization"], raw))
                self.send_response(ear.answers.pop(0) if ear.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def events(self, count: int, within: float = 5.0) -> list[Json]:
        """The bodies heard so far, once there are `count`."""
        end = time.monotonic() + within
        while len(self.heard) < count and time.monotonic() < end:
            time.sleep(0.02)
        return [json.loads(raw) for _, raw in self.heard]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


@pytest.fixture
def ear(sandbox: Running) -> Iterator[Ear]:
    listening = Ear()
    sandbox.tiktok(webhook_url=listening.url)
    yield listening
    listening.close()


def test_a_webhook_is_signed_over_app_key_and_body(sandbox: Running, ear: Ear) -> None:
    order = sandbox.new_order()
    event = ear.events(1)[0]
    sign, raw = ear.heard[0]
    assert sign == hmac.new(SECRET.encode(), KEY.encode() + raw, hashlib.sha256).hexdigest()
    assert event["type"] == 1
    assert event["tts_notification_id"].isdigit()
    assert event["shop_id"] == sandbox.state()["shops"][0]["id"]
    assert event["data"]["order_id"] == order
    assert event["data"]["order_status"] == "AWAITING_SHIPMENT"


def test_a_cancelled_order_is_told_as_cancel_and_with_its_cancellation(
    sandbox: Running, ear: Ear
) -> None:
    order = sandbox.orders(status="AWAITING_SHIPMENT")[0]["id"]
    sandbox.order(order, "cancel")
    events = {event["type"]: event["data"] for event in ear.events(2)}
    assert events[1]["order_status"] == "CANCEL"
    assert events[11]["order_id"] == order


def test_address_changes_requests_and_deauthorization_have_their_types(
    sandbox: Running, ear: Ear
) -> None:
    order = sandbox.orders(status="AWAITING_SHIPMENT")[0]["id"]
    sandbox.order(order, "address", line1="77 Heron Way")
    sandbox.order(order, "request-cancel")
    sandbox.tiktok(warn_of_expiry_days=29)
    sandbox.tiktok(deauthorize=True)
    events = {event["type"]: event for event in ear.events(4)}
    assert set(events) == {3, 11, 7, 6}
    assert "tts_notification_id" not in events[3]
    assert events[11]["data"]["cancel_status"] == "CANCELLATION_REQUEST_PENDING"


def test_splitting_an_order_tells_of_its_package(sandbox: Running, shop: Caller, ear: Ear) -> None:
    order = sandbox.new_order(shipping_type="SELLER", units=2, skus=1)
    line = shop.order(order)["line_items"][0]["id"]
    shop.mark(order, "1Z999AA10123456784", shop.carrier("UPS"), order_line_item_ids=[line])
    packages = [event for event in ear.events(3) if event["type"] == 4]
    assert packages[0]["data"]["sc_type"] == "SPLIT"
    assert packages[0]["data"]["package_list"][0]["order_id_list"] == [order]


def test_a_failed_delivery_is_tried_again_but_a_401_ends_it(sandbox: Running, ear: Ear) -> None:
    ear.answers = [500, 500, 200]
    sandbox.new_order()
    assert len(ear.events(3)) == 3
    assert sandbox.state()["webhooks"]["sent"] == {"tiktok": 1}
    ear.answers = [401]
    sandbox.new_order()
    ear.events(4)
    time.sleep(0.4)
    assert len(ear.heard) == 4
    assert sandbox.state()["webhooks"]["failed"] == {"tiktok": 1}


def test_webhooks_are_dropped_or_doubled_on_demand(sandbox: Running, ear: Ear) -> None:
    sandbox.fault("duplicate_webhook", provider="tiktok", path="ORDER_*")
    sandbox.new_order()
    first, second = ear.events(2)
    assert first == second
    sandbox.fault("drop_webhook", provider="tiktok")
    sandbox.new_order()
    sandbox.new_order()
    assert len(ear.events(3)) == 3
    assert sandbox.state()["webhooks"]["dropped"] == 1


def test_each_shop_keeps_one_address_per_event(sandbox: Running, shop: Caller) -> None:
    ear = Ear()
    body = {"event_type": "ORDER_STATUS_CHANGE", "address": ear.url}
    shop.ok("PUT", HOOKS, body=body)
    shop.ok("PUT", HOOKS, body=body)
    listed = shop.ok("GET", HOOKS)
    assert listed["total_count"] == 1
    assert listed["webhooks"][0]["address"] == ear.url
    sandbox.new_order()
    assert len(ear.events(1)) == 1
    shop.ok("DELETE", HOOKS, body={"event_type": "ORDER_STATUS_CHANGE"})
    assert shop.ok("GET", HOOKS) == {"webhooks": [], "total_count": 0}
    ear.close()


def test_wrong_subscriptions_are_refused(shop: Caller) -> None:
    long = "https://desk.example/" + "x" * 250
    for body in (
        {"event_type": "ORDER_STATUS_CHANGE"},
        {"event_type": "ORDER_STATUS_CHANGE", "address": long},
        {"event_type": "ORDER_PAYMENT_CONFIRM", "address": "https://desk.example/"},
        {"event_type": "ORDER_STATUS_CHANGE", "address": "http://desk.example/"},
    ):
        assert shop.refused("PUT", HOOKS, body=body) == 36009004
