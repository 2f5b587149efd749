"""Webhooks: subscriptions, signature, envelope, retries, and faults on the way."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.ear import Ear
from tests.sandbox.running import Running, running
from tests.sandbox.tiktok_caller import KEY, SECRET, Caller

HOOKS = "/event/202309/webhooks"


@pytest.fixture
def ear(sandbox: Running) -> Iterator[Ear]:
    listening = Ear()
    sandbox.tiktok(webhook_url=listening.url)
    yield listening
    listening.close()


def test_a_webhook_is_signed_over_app_key_and_body(sandbox: Running, ear: Ear) -> None:
    order = sandbox.new_order()
    event = ear.events(1)[0]
    raw = ear.heard[0].raw
    sign = hmac.new(SECRET.encode(), KEY.encode() + raw, hashlib.sha256).hexdigest()
    assert ear.heard[0].headers["authorization"] == sign
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
    before = sandbox.state()["orders"]
    order = shop.of_skus(2)
    line = shop.order(order)["line_items"][0]["id"]
    made = sandbox.state()["orders"] - before  # each is told of
    shop.mark(order, "1Z999AA10123456784", shop.carrier("UPS"), order_line_item_ids=[line])
    packages = [event for event in ear.events(made + 2) if event["type"] == 4]
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


def test_a_delayed_webhook_is_overtaken_by_a_later_one(sandbox: Running, ear: Ear) -> None:
    sandbox.fault("delay_webhook", provider="tiktok", seconds=4.0, times=4)
    delayed = [sandbox.new_order() for _ in range(4)]
    at_once = sandbox.new_order()
    arrived = [event["data"]["order_id"] for event in ear.events(5, within=8)]
    assert set(arrived) == {*delayed, at_once}
    assert arrived != [*delayed, at_once]
    assert sandbox.state()["faults_hit"] == {"delay_webhook": 4}


def test_any_type_can_be_sent_by_hand_also_with_another_owner(sandbox: Running, ear: Ear) -> None:
    sandbox.control("POST", "tiktok/notify", {"type": 65, "data": {"rma_id": "7"}})
    told = sandbox.control(
        "POST",
        "tiktok/notify",
        {"type": 24, "seller_open_id": "open-1", "data": {"sku_id": "1"}},
    )
    assert told["sent"] == 1
    first, second = sorted(ear.events(2), key=lambda event: -event["type"])
    assert (first["type"], first["data"]) == (65, {"rma_id": "7"})
    assert first["shop_id"] == sandbox.state()["shops"][0]["id"]
    assert second["seller_open_id"] == "open-1"
    assert "shop_id" not in second


def test_an_event_can_be_repeated_by_its_id_and_sent_flat(sandbox: Running, ear: Ear) -> None:
    again = {"type": 1, "tts_notification_id": "7327112393057371910", "data": {"order_id": "5"}}
    for _ in range(2):
        sandbox.control("POST", "tiktok/notify", again)
    flat = {"event_id": "e", "sku_id": "9"}
    sandbox.control("POST", "tiktok/notify", {"type": 68, "flat": True, "data": flat})
    events = ear.events(3)
    ids = [event.get("tts_notification_id") for event in events]
    assert ids.count("7327112393057371910") == 2
    assert flat in events


def test_all_seventeen_names_can_be_subscribed(shop: Caller) -> None:
    address = "https://desk.example/hooks/tiktok"
    for name in (
        "ORDER_STATUS_CHANGE",
        "REVERSE_STATUS_UPDATE",
        "PRODUCT_AUDIT_STATUS_CHANGE",
        "INVOICE_STATUS_CHANGE",
    ):
        shop.ok("PUT", HOOKS, body={"event_type": name, "address": address})
    assert shop.ok("GET", HOOKS)["total_count"] == 4


def test_a_burst_changes_orders_and_tells_of_each_change(sandbox: Running, ear: Ear) -> None:
    told = sandbox.control("POST", "tiktok/churn", {"changes": 60, "seed": 3})
    assert told["changes"] == 60
    assert 1 < len(told["ids"]) <= 60
    while sandbox.state()["webhooks"]["under_way"]:
        time.sleep(0.05)
    events = ear.events(60)
    named = {event["data"]["order_id"] for event in events}
    assert named == set(told["ids"])
    assert {event["type"] for event in events} >= {1, 3, 11}
    changed = {row["id"]: row["updated"] for row in sandbox.orders()}
    assert all(changed[order] >= sandbox.state()["unix"] - 30 for order in told["ids"])


def test_a_burst_keeps_its_pace_and_only_one_runs(sandbox: Running, ear: Ear) -> None:
    began = time.monotonic()
    wish = {"changes": 30, "seed": 4, "per_second": 30}
    told = sandbox.control("POST", "tiktok/churn", wish)
    assert told["seconds"] == pytest.approx(1.0)
    refused = httpx.post(f"{sandbox.url}/_control/tiktok/churn", json=wish, trust_env=False)
    assert refused.status_code == 400
    while sandbox.state()["churn_left"]:
        time.sleep(0.05)
    assert 0.8 < time.monotonic() - began < 5
    assert len(ear.events(30)) >= 30


def test_webhooks_that_were_answered_well_are_written_down(tmp_path: Path) -> None:
    written, ear = tmp_path / "thanked", Ear()
    ear.answers = [401]
    with running(orders=2, thanked=written, settings={"webhook_url": ear.url}) as started:
        started.new_order()
        ear.events(1)
        started.new_order()
        ear.events(2)
        until = time.monotonic() + 5
        while not written.exists() and time.monotonic() < until:
            time.sleep(0.05)
    ear.close()
    assert written.read_text().split() == [hashlib.sha256(ear.heard[1].raw).hexdigest()]
