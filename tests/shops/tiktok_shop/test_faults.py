from datetime import timedelta

import httpx
import pytest

from core.errors import (
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    Unavailable,
)
from shops.tiktok_shop.endpoints import ENDPOINTS
from shops.tiktok_shop.errors import StillBeingMade
from tests.shops.tiktok_shop.wire import (
    NOW,
    Answer,
    Wire,
    buy,
    ok,
    read,
    refusal,
)


class CountingLimiter:
    def __init__(self) -> None:
        self.acquired: list[str] = []
        self.pushed: list[tuple[str, float]] = []

    def acquire(self, key: str) -> None:
        self.acquired.append(key)

    def push_back(self, key: str, seconds: float) -> None:
        self.pushed.append((key, seconds))


class FullLimiter(CountingLimiter):
    def acquire(self, key: str) -> None:
        super().acquire(key)
        raise RateLimited("Line too long.", provider=key, retry_after=60)


FAULTS: list[tuple[Answer, type[RemoteError], type[RemoteError]]] = [
    (httpx.ConnectError("refused"), Unavailable, Unavailable),
    (httpx.ConnectTimeout("slow"), Unavailable, Unavailable),
    (httpx.ReadTimeout("slow"), Unavailable, OutcomeUnknown),
    (httpx.ReadError("reset"), Unavailable, OutcomeUnknown),
    (httpx.RemoteProtocolError("hung up"), Unavailable, OutcomeUnknown),
    (httpx.Response(500), Unavailable, OutcomeUnknown),
    (httpx.Response(503, text="<html>busy</html>"), Unavailable, OutcomeUnknown),
    (httpx.Response(200, text="<html>hello</html>"), Unavailable, OutcomeUnknown),
    (httpx.Response(200, text='{"code": 0, "data": {'), Unavailable, OutcomeUnknown),
    (httpx.Response(200, text=""), Unavailable, OutcomeUnknown),
    (httpx.Response(200, json=[1]), Unavailable, OutcomeUnknown),
    (httpx.Response(200, json={"data": {}}), Unavailable, OutcomeUnknown),
    (httpx.Response(200, json={"code": True}), Unavailable, OutcomeUnknown),
    (httpx.Response(200, json={"code": 0, "data": "x"}), Unavailable, OutcomeUnknown),
    (httpx.Response(302, headers={"location": "/elsewhere"}), Unavailable, OutcomeUnknown),
    (refusal(36009003, status=500), Unavailable, OutcomeUnknown),
    (refusal(36009007, status=504), Unavailable, OutcomeUnknown),
    (refusal(99999999, status=502), Unavailable, OutcomeUnknown),
    (refusal(36009002, status=429), RateLimited, RateLimited),
    (refusal(77777777, status=429), RateLimited, RateLimited),
    (httpx.Response(429, text="<html>slow down</html>"), RateLimited, RateLimited),
]


@pytest.mark.parametrize(("fault", "on_read", "_on_buy"), FAULTS)
def test_a_safe_call_is_asked_three_times_then_reported(
    fault: Answer, on_read: type[RemoteError], _on_buy: type[RemoteError]
) -> None:
    wire = Wire(fault)
    with pytest.raises(RemoteError) as caught:
        read(wire.client())
    assert type(caught.value) is on_read
    assert len(wire.requests) == 3
    assert len(wire.slept) == 2


@pytest.mark.parametrize(("fault", "_on_read", "on_buy"), FAULTS)
def test_a_call_that_changes_something_is_sent_once(
    fault: Answer, _on_read: type[RemoteError], on_buy: type[RemoteError]
) -> None:
    wire = Wire(fault)
    with pytest.raises(RemoteError) as caught:
        buy(wire.client())
    assert type(caught.value) is on_buy
    assert len(wire.requests) == 1
    assert wire.slept == []


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_only_endpoints_marked_safe_are_repeated(name: str) -> None:
    wire = Wire(httpx.ReadTimeout("slow"))
    endpoint = ENDPOINTS[name]
    parts = (
        "order_id",
        "package_id",
        "product_id",
        "warehouse_id",
        "delivery_option_id",
        "cancel_id",
    )
    path = {part: "1" for part in parts if f"{{{part}}}" in endpoint.path}
    with pytest.raises(RemoteError):
        wire.client().call(name, path_params=path, body={})
    assert len(wire.requests) == (3 if endpoint.safe else 1)


def test_what_costs_or_cannot_be_undone_is_not_marked_safe() -> None:
    assert {name for name, endpoint in ENDPOINTS.items() if not endpoint.safe} == {
        "mark_package_shipped",
        "create_package",
        "update_package_shipping_info",
        "update_order_shipping_info",
        "cancel_order",
        "approve_cancellation",
        "reject_cancellation",
        "ship_package",
        "ship_packages",
        "combine_packages",
        "uncombine_packages",
        "split_order",
    }


def test_a_passing_fault_is_healed_by_the_repeat_and_stamped_anew() -> None:
    wire = Wire(httpx.ReadTimeout("slow"), refusal(36009003, status=500), ok({"a": 1}))
    moments = iter(NOW + timedelta(seconds=second) for second in range(10))
    assert read(wire.client(clock=lambda: next(moments))) == {"a": 1}
    stamps = [request.url.params["timestamp"] for request in wire.requests]
    assert len(set(stamps)) == 3


def test_retry_after_is_waited_for_and_told_to_the_shared_limiter() -> None:
    limiter = CountingLimiter()
    wire = Wire(refusal(36009002, status=429, headers={"retry-after": "3"}), ok({"a": 1}))
    client = wire.client(limiter=limiter)
    assert read(client) == {"a": 1}
    assert 3 <= wire.slept[0] < 3.3
    assert limiter.pushed == [(client.limit_key, 3.0)]
    assert limiter.acquired == [client.limit_key] * 2


def test_a_long_retry_after_is_the_callers_to_schedule() -> None:
    wire = Wire(refusal(36009002, status=429, headers={"retry-after": "120"}))
    with pytest.raises(RateLimited) as caught:
        read(wire.client())
    assert caught.value.retry_after == 120
    assert len(wire.requests) == 1
    assert caught.value.due_at(NOW) == NOW + timedelta(seconds=120)


def test_a_full_line_of_our_own_sends_nothing() -> None:
    limiter = FullLimiter()
    wire = Wire(ok())
    with pytest.raises(RateLimited):
        buy(wire.client(limiter=limiter))
    assert wire.requests == []
    assert limiter.pushed == []


def test_each_shop_has_its_own_limit_and_the_cipher_stays_out_of_its_name() -> None:
    wire = Wire(ok())
    keys = {wire.client(cipher=cipher).limit_key for cipher in ("a-cipher", "b-cipher", "")}
    assert len(keys) == 3
    assert all("cipher" not in key for key in keys)


def test_a_document_still_being_made_is_reported_without_hurried_repeats() -> None:
    wire = Wire(refusal(11034037))
    with pytest.raises(StillBeingMade) as caught:
        wire.client().call("shipping_document", path_params={"package_id": "1"})
    assert isinstance(caught.value, Unavailable)
    assert len(wire.requests) == 1
