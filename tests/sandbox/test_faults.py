"""Faults: every kind, whom they meet, and how often; standing latency."""

import json
import time
from typing import Any

import httpx
import pytest

from sandbox.faults import provider_of
from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import SEARCH, Caller

ONE = {"page_size": "1"}
SHIP = "/fulfillment/202309/orders/*/packages"


def search(shop: Caller) -> httpx.Response:
    return shop.call("POST", SEARCH, ONE, {})


def test_paths_tell_which_provider_is_meant() -> None:
    assert provider_of("/order/202309/orders/search") == "tiktok"
    assert provider_of("/api/v2/token/get") == "tiktok"
    assert provider_of("/v2/shipments/shp_1/buy") == "easypost"
    assert provider_of("/shipments") == "shippo"
    assert provider_of("/transactions/1") == "shippo"
    assert provider_of("/files/x.pdf") == "files"


def test_a_status_fault_strikes_as_often_as_told_in_the_providers_shape(
    sandbox: Running, shop: Caller
) -> None:
    sandbox.fault("status", provider="tiktok", status=429, retry_after=2, times=2)
    first, second, third = (search(shop) for _ in range(3))
    assert (first.status_code, second.status_code, third.status_code) == (429, 429, 200)
    assert first.headers["retry-after"] == "2"
    assert first.json()["code"] == 36009002
    assert sandbox.state()["faults_hit"] == {"status": 2}


@pytest.mark.parametrize(("path", "key"), [("/v2/shipments", "error"), ("/transactions", "detail")])
def test_other_providers_errors_have_their_own_shape(sandbox: Running, path: str, key: str) -> None:
    sandbox.fault("status", path=path, status=500)
    answer = sandbox.http.post(path, json={})
    assert answer.status_code == 500
    assert key in answer.json()


def test_a_body_and_a_method_and_a_regex_can_be_given(sandbox: Running, shop: Caller) -> None:
    sandbox.fault("status", method="get", path=r"^/order/\d+/orders$", status=503, body="<html>")
    assert search(shop).status_code == 200
    answer = shop.call("GET", "/order/202507/orders", {"ids": "1"})
    assert (answer.status_code, answer.text) == (503, "<html>")


def test_faults_can_strike_every_nth_call_or_by_chance(sandbox: Running, shop: Caller) -> None:
    sandbox.fault("status", path=SEARCH, every_nth=3, times=-1)
    codes = [search(shop).status_code for _ in range(6)]
    assert codes == [200, 200, 500, 200, 200, 500]
    sandbox.clear_faults()
    sandbox.fault("status", path=SEARCH, probability=0.5, times=-1)
    struck = sum(search(shop).status_code == 500 for _ in range(40))
    assert 5 < struck < 35


def test_latency_delays_one_call(sandbox: Running, shop: Caller) -> None:
    sandbox.fault("latency", path=SEARCH, seconds=0.3)
    start = time.monotonic()
    assert search(shop).status_code == 200
    assert time.monotonic() - start >= 0.3


def test_a_reset_comes_before_anything_happened(sandbox: Running, shop: Caller) -> None:
    order = sandbox.new_order(shipping_type="SELLER")
    ups = shop.carrier("UPS")
    sandbox.fault("reset", path=SHIP)
    with pytest.raises(httpx.TransportError):
        shop.mark(order, "1Z999AA10123456784", ups)
    assert shop.order(order)["status"] == "AWAITING_SHIPMENT"


@pytest.mark.parametrize(
    ("kind", "error"),
    [("reset_after_effect", httpx.TransportError), ("timeout_after_effect", httpx.ReadTimeout)],
)
def test_an_answer_can_be_lost_after_the_effect_took_place(
    sandbox: Running, shop: Caller, kind: str, error: type[Exception]
) -> None:
    order = sandbox.new_order(shipping_type="SELLER")
    ups = shop.carrier("UPS")
    sandbox.fault(kind, path=SHIP, seconds=20)
    with httpx.Client(base_url=sandbox.url, timeout=0.4, trust_env=False) as impatient:
        patient, shop.http = shop.http, impatient
        with pytest.raises(error):
            shop.mark(order, "1Z999AA10123456784", ups)
        shop.http = patient
    assert shop.order(order)["status"] == "AWAITING_COLLECTION"
    assert shop.mark(order, "1Z999AA10123456784", ups)["code"] == 21011006


def test_a_silent_server_gives_up_in_the_end(sandbox: Running, shop: Caller) -> None:
    sandbox.fault("timeout_after_effect", path=SEARCH, seconds=0.3)
    start = time.monotonic()
    with pytest.raises(httpx.TransportError):
        search(shop)
    assert 0.25 < time.monotonic() - start < 5


def test_a_malformed_answer_is_half_of_the_true_one_after_the_effect(
    sandbox: Running, shop: Caller
) -> None:
    order = sandbox.new_order(shipping_type="SELLER")
    body = {"tracking_number": "1Z999AA10123456784", "shipping_provider_id": shop.carrier("UPS")}
    sandbox.fault("malformed", path=SHIP)
    answer = shop.call("POST", f"/fulfillment/202309/orders/{order}/packages", body=body)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert shop.order(order)["status"] == "AWAITING_COLLECTION"
    sandbox.fault("malformed", path=SEARCH, body="[1, 2]")
    assert search(shop).json() == [1, 2]


def test_standing_latency_holds_for_a_class_of_calls(sandbox: Running, shop: Caller) -> None:
    order = sandbox.new_order(shipping_type="TIKTOK")
    sandbox.control("POST", "latency", {"rate": 0.25})
    box: dict[str, Any] = {
        "weight": {"value": "1", "unit": "POUND"},
        "dimension": {"length": "9", "width": "6", "height": "3", "unit": "INCH"},
    }
    start = time.monotonic()
    shop.ok("POST", f"/fulfillment/202309/orders/{order}/shipping_services/query", body=box)
    assert time.monotonic() - start >= 0.25
    start = time.monotonic()
    search(shop)
    assert time.monotonic() - start < 0.2


def test_an_unknown_kind_or_field_is_refused(sandbox: Running) -> None:
    for rule in ({"kind": "earthquake"}, {"kind": "reset", "colour": "red"}):
        answer = sandbox.http.post("/_control/faults", json=rule)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_faults_never_strike_the_control_api_and_can_be_lifted(
    sandbox: Running, shop: Caller
) -> None:
    first = sandbox.fault("status", times=-1)
    sandbox.fault("latency", times=-1, seconds=0.01)
    assert len(sandbox.control("GET", "faults")["faults"]) == 2
    assert search(shop).status_code == 500
    sandbox.control("DELETE", f"faults/{first['id']}")
    assert search(shop).status_code == 200
    sandbox.clear_faults()
    assert sandbox.control("GET", "faults")["faults"] == []


def test_damage_comes_after_the_effect_and_leaves_the_envelope(
    sandbox: Running, shop: Caller
) -> None:
    whole = search(shop).json()["data"]
    for kind, data in (("missing_fields", {}), ("nulls", dict.fromkeys(whole))):
        sandbox.fault(kind, path=SEARCH)
        answer = search(shop)
        assert (answer.status_code, answer.json()["code"]) == (200, 0)
        assert answer.json()["data"] == data
    sandbox.fault("wrong_type", path=SEARCH)
    answer = search(shop)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.status_code == 200


def test_silence_is_broken_off_without_an_effect(sandbox: Running) -> None:
    sandbox.fault("silence", path="/transactions", seconds=0.1)
    with pytest.raises(httpx.TransportError):
        sandbox.http.post("/transactions", json={"rate": "x"})
    assert sandbox.ledger() == {}


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/v2/shipments", 401, "APIKEY.INACTIVE"),
        ("/transactions", 409, "concurrent"),
        ("/order/202309/orders/search", 403, "105005"),
    ],
)
def test_each_provider_refuses_in_its_own_words(
    sandbox: Running, path: str, status: int, word: str
) -> None:
    sandbox.fault("status", path=path, status=status)
    answer = sandbox.http.post(path, json={})
    assert answer.status_code == status
    assert word in answer.text


def test_a_balancer_answers_with_a_page(sandbox: Running) -> None:
    sandbox.fault("status", path="/transactions", status=502)
    answer = sandbox.http.post("/transactions", json={})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
