"""The gate of the open API: each check, its code, and its place in the order of checks."""

import json
import os
import time
from pathlib import Path

import httpx
import pytest

from sandbox.tiktok.signing import request_sign, webhook_sign
from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import SEARCH, Caller, signature

SHOPS = "/authorization/202309/shops"
ONE = {"page_size": "1"}
# the example of TikTok's signing page, and the request of a public client's test
PUBLISHED = [
    (
        "e59af819cc",
        SHOPS,
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
        {
            "app_key": "68xu9ks5p4i8",
            "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK",
            "timestamp": "1696909648",
        },
        b'{"event_type":"PACKAGE_UPDATE","address":"https://partner.tiktokshop.com"}',
        "701dd6deb2389fe4c469b89bd37fc56f96a6da6afeb4d01c9077a65169752fa7",
    ),
]


@pytest.mark.parametrize(("secret", "path", "params", "body", "sign"), PUBLISHED)
def test_published_requests_get_their_published_sign(
    secret: str, path: str, params: dict[str, str], body: bytes, sign: str
) -> None:
    assert request_sign(secret, path, params, body) == sign
    assert signature(secret, path, params, body) == sign


def test_every_vector_of_the_facts_folder_is_reproduced() -> None:
    folder = os.environ.get("CREATORFLOW_FACTS")
    if not folder:
        pytest.skip("CREATORFLOW_FACTS names no facts folder")
    vectors = json.loads(Path(folder, "tiktok-shop", "sign_vectors.json").read_text())
    for vector in vectors["request_vectors"]:
        body = (vector["body"] or "").encode()
        made = request_sign(vector["secret"], vector["path"], vector["params"], body)
        assert made == vector["sign"], vector["id"]
    for vector in vectors["webhook_vectors"]:
        made = webhook_sign(vector["app_secret"], vector["app_key"], vector["body"].encode())
        assert made == vector["authorization_header"], vector["id"]


def test_a_right_call_is_answered_in_the_envelope(shop: Caller) -> None:
    answer = shop.call("POST", SEARCH, ONE, {})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"code", "message", "request_id", "data"}
    assert body["code"] == 0
    assert body["request_id"][:8].isdigit()


def test_the_sign_covers_the_bytes_that_were_sent(shop: Caller) -> None:
    spaced = b'{ "order_status": "AWAITING_SHIPMENT" }'
    assert shop.call("POST", SEARCH, ONE, raw=spaced).json()["code"] == 0
    assert shop.call("POST", SEARCH, ONE, raw=b"{}").json()["code"] == 0


def refused_for(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_an_unknown_path_and_version_and_method_are_told_apart(shop: Caller) -> None:
    assert refused_for(shop.call("GET", "/order/202309/nothing")) == (404, 36009009)
    assert refused_for(shop.call("GET", "/order/202401/orders")) == (400, 36009014)
    assert refused_for(shop.call("GET", "/fulfillment/202301/packages/12")) == (400, 36009014)
    assert refused_for(shop.call("DELETE", "/order/202309/orders")) == (405, 36009010)


def test_another_app_key_is_refused(shop: Caller) -> None:
    assert refused_for(shop.call("POST", SEARCH, ONE, {}, app_key="other")) == (400, 36009004)


@pytest.mark.parametrize("drift", [-320, 60])
def test_a_clock_too_slow_or_too_fast_is_refused(shop: Caller, drift: int) -> None:
    answer = shop.call("POST", SEARCH, ONE, {}, timestamp=int(time.time()) + drift)
    assert refused_for(answer) == (400, 36009004)
    assert "timestamp" in answer.json()["message"]


def test_a_clock_four_minutes_slow_is_forgiven(shop: Caller) -> None:
    assert shop.call("POST", SEARCH, ONE, {}, timestamp=int(time.time()) - 240).json()["code"] == 0


def test_a_wrong_sign_is_refused_also_in_upper_case(shop: Caller) -> None:
    assert refused_for(shop.call("POST", SEARCH, ONE, {}, sign="0" * 64)) == (401, 106001)
    params = {"app_key": "sandboxapp", "timestamp": str(int(time.time())), "shop_cipher": "x"}
    shouted = signature("sandbox-app-secret-0123456789abcdef", SEARCH, params).upper()
    answer = shop.call(
        "POST", SEARCH, None, timestamp=params["timestamp"], cipher="x", sign=shouted
    )
    assert refused_for(answer) == (401, 106001)


def test_tokens_that_are_malformed_unknown_or_late_have_codes_of_their_own(
    sandbox: Running, shop: Caller
) -> None:
    answer = shop.call("POST", SEARCH, ONE, {}, access="nonsense")
    assert refused_for(answer) == (400, 36009004)
    assert "x-tts-access-token" in answer.json()["message"]
    assert refused_for(shop.call("POST", SEARCH, ONE, {}, access="TTP_unknown")) == (401, 105001)
    sandbox.tiktok(expire_tokens=True)
    assert refused_for(shop.call("POST", SEARCH, ONE, {})) == (401, 105002)


def test_tokens_end_after_seven_days_of_world_time(sandbox: Running, shop: Caller) -> None:
    sandbox.travel(6.9 * 86400)
    assert shop.call("POST", SEARCH, ONE, {}).json()["code"] == 0
    sandbox.travel(0.2 * 86400)
    assert shop.refused("POST", SEARCH, ONE, {}) == 105002


def test_a_seller_who_removes_the_app_kills_every_token(sandbox: Running, shop: Caller) -> None:
    sandbox.tiktok(deauthorize=True)
    assert shop.refused("POST", SEARCH, ONE, {}) == 105001
    answer = shop.token(
        "refresh", refresh_token=shop.granted["refresh_token"], grant_type="refresh_token"
    )
    assert answer["code"] == 36004001


def test_a_missing_scope_is_named(sandbox: Running, shop: Caller) -> None:
    sandbox.tiktok(revoke_scope="seller.order.info")
    answer = shop.call("POST", SEARCH, ONE, {})
    assert refused_for(answer) == (401, 105005)
    assert "seller.order.info" in answer.json()["message"]
    limited = Caller(sandbox, scopes=["seller.authorization.info"])
    assert limited.refused("GET", "/logistics/202309/warehouses") == 105005


def test_shop_cipher_is_asked_for_matched_and_refused_where_it_does_not_belong(
    shop: Caller,
) -> None:
    assert shop.refused("POST", SEARCH, ONE, {}, cipher=None) == 106013
    assert shop.refused("POST", SEARCH, ONE, {}, cipher="GCP_other") == 101000
    answer = shop.call("GET", SHOPS)
    assert refused_for(answer) == (400, 36009004)
    assert "Unexpected identifier" in answer.json()["message"]


def test_undeclared_parameters_are_refused_in_query_and_body(shop: Caller) -> None:
    assert shop.refused("POST", SEARCH, {**ONE, "shop_id": "1"}, {}) == 36009004
    assert shop.refused("POST", SEARCH, ONE, {"order_status_list": []}) == 36009004


@pytest.mark.parametrize("size", ["0", "101", "", "ten"])
def test_a_page_size_out_of_range_is_refused(shop: Caller, size: str) -> None:
    assert shop.refused("POST", SEARCH, {"page_size": size}, {}) == 36009004


def test_a_body_that_is_not_json_is_refused(shop: Caller) -> None:
    assert shop.refused("POST", SEARCH, ONE, raw=b"{nope") == 36009004
    assert shop.refused("POST", SEARCH, ONE, raw=b"[]") == 36009004


def test_too_many_calls_to_one_path_are_throttled_and_others_are_not(
    sandbox: Running, shop: Caller
) -> None:
    sandbox.tiktok(rate_limit=2)
    answers = [shop.call("POST", SEARCH, ONE, {}) for _ in range(6)]
    slowed = [answer for answer in answers if answer.status_code == 429]
    assert len(slowed) >= 3
    assert {answer.json()["code"] for answer in slowed} == {36009002}
    assert {answer.headers.get("retry-after") for answer in slowed} == {"1", None}
    assert shop.call("GET", "/logistics/202309/warehouses").status_code == 200


def test_checks_come_in_their_order(sandbox: Running, shop: Caller) -> None:
    worst = {"app_key": "other", "timestamp": 1, "sign": "0", "access": "TTP_no"}
    assert "app_key" in shop.call("POST", SEARCH, {}, {}, **worst).json()["message"]
    del worst["app_key"]
    assert "timestamp" in shop.call("POST", SEARCH, {}, {}, **worst).json()["message"]
    del worst["timestamp"]
    assert shop.refused("POST", SEARCH, {}, {}, **worst) == 106001
    del worst["sign"]
    assert shop.refused("POST", SEARCH, {}, {}, **worst) == 105001
