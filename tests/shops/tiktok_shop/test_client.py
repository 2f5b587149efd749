import logging
import traceback
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from core.errors import (
    NotAuthorized,
    Rejected,
    RemoteError,
    Unavailable,
)
from core.http import make_client
from shops.tiktok_shop.client import TikTokShopClient, utc_now
from tests.shops.tiktok_shop.wire import (
    CIPHER,
    KEY,
    NOW,
    SECRET,
    TOKEN,
    Answer,
    Wire,
    buy,
    ok,
    read,
    refusal,
)


def test_a_call_carries_token_cipher_and_version_and_answers_the_data() -> None:
    wire = Wire(ok({"orders": [{"id": "1", "brand_new_field": {"kept": True}}]}))
    data = wire.client().call("order_detail", query={"ids": ["1", "2"]})
    assert data["orders"][0]["brand_new_field"] == {"kept": True}
    assert wire.last.url.path == "/order/202507/orders"
    assert wire.last.url.params["shop_cipher"] == CIPHER
    assert wire.last.headers["x-tts-access-token"] == TOKEN
    assert wire.last.headers["content-type"] == "application/json"
    assert "access_token" not in wire.last.url.params


def test_an_endpoint_without_cipher_never_sends_one() -> None:
    wire = Wire(ok({"shops": []}))
    wire.client().call("authorized_shops")
    assert "shop_cipher" not in wire.last.url.params


def test_the_default_version_can_be_set_and_an_endpoints_own_stays() -> None:
    wire = Wire(ok())
    client = wire.client(default_version="202610")
    client.call("warehouses")
    assert wire.last.url.path == "/logistics/202610/warehouses"
    client.call("create_package", body={})
    assert wire.last.url.path == "/fulfillment/202512/packages"


def test_null_data_is_an_empty_answer() -> None:
    assert read(Wire(ok(None)).client()) == {}


def test_code_zero_is_success_whatever_the_status_and_may_be_a_string() -> None:
    assert read(Wire(httpx.Response(201, json={"code": "0", "data": {"a": 1}})).client()) == {
        "a": 1
    }


def test_query_values_become_text_and_empty_ones_are_left_out() -> None:
    wire = Wire(ok())
    wire.client().call(
        "product_detail",
        path_params={"product_id": "17"},
        query={"return_draft_version": True, "return_under_review_version": False, "locale": ""},
    )
    assert wire.query() == {"return_draft_version": "true", "return_under_review_version": "false"}
    wire.client().call("search_products", query={"page_size": 20, "page_token": None}, body={})
    assert wire.query() == {"page_size": "20"}


@pytest.mark.parametrize("bad", ["", "../orders", "1/2", "1?x=1", "1 2", "1%2F"])
def test_an_id_that_could_change_the_path_is_refused_before_sending(bad: str) -> None:
    wire = Wire(ok())
    with pytest.raises(ValueError, match="not an id"):
        wire.client().call("package_detail", path_params={"package_id": bad})
    assert wire.requests == []


def test_mistakes_of_ours_are_refused_before_sending() -> None:
    wire = Wire(ok())
    with pytest.raises(ValueError, match="takes no shop_id"):
        wire.client().call("warehouses", query={"shop_id": "1"})
    with pytest.raises(ValueError, match="needs a shop"):
        wire.client(cipher="").call("warehouses")
    with pytest.raises(ValueError, match="needs the path part"):
        wire.client().call("package_detail")
    assert wire.requests == []


@pytest.mark.parametrize("token", ["", "with\nnewline", "with space", "é"])
def test_a_damaged_token_never_reaches_the_wire_nor_the_error(token: str) -> None:
    wire = Wire(ok())
    with pytest.raises(NotAuthorized) as caught:
        read(wire.client(token=token))
    assert wire.requests == []
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("call", [read, buy])
def test_an_expired_token_is_refreshed_once_and_the_call_repeated_once(call: object) -> None:
    assert callable(call)
    refused: list[str] = []

    def refresh(dead: str) -> str:
        refused.append(dead)
        return "TTP_fresh"

    wire = Wire(refusal(105002, status=401), ok({"a": 1}))
    client = wire.client(refresh=refresh)
    assert call(client) == {"a": 1}
    assert refused == [TOKEN]
    assert [request.headers["x-tts-access-token"] for request in wire.requests] == [
        TOKEN,
        "TTP_fresh",
    ]
    call(client)
    assert wire.last.headers["x-tts-access-token"] == "TTP_fresh"
    assert refused == [TOKEN]


def test_a_token_source_is_asked_for_every_call() -> None:
    tokens = iter(["TTP_one", "TTP_two"])
    wire = Wire(ok())
    client = wire.client(token=lambda: next(tokens), refresh=lambda dead: "TTP_other")
    read(client)
    read(client)
    assert wire.last.headers["x-tts-access-token"] == "TTP_two"


def test_a_token_from_a_source_is_refreshed_for_the_repeat() -> None:
    wire = Wire(refusal(105002, status=401), ok())
    buy(wire.client(token=lambda: TOKEN, refresh=lambda dead: "TTP_fresh"))
    assert wire.last.headers["x-tts-access-token"] == "TTP_fresh"


def test_a_token_refused_again_after_the_refresh_is_a_persons_case() -> None:
    wire = Wire(refusal(105002, status=401))
    with pytest.raises(NotAuthorized):
        buy(wire.client(refresh=lambda dead: "TTP_fresh"))
    assert len(wire.requests) == 2


def test_without_a_way_to_refresh_an_expired_token_is_reported_at_once() -> None:
    wire = Wire(refusal(105002, status=401))
    with pytest.raises(NotAuthorized):
        read(wire.client())
    assert len(wire.requests) == 1


def test_a_removed_app_is_never_refreshed() -> None:
    wire = Wire(refusal(105001, status=401))
    with pytest.raises(NotAuthorized, match="Reconnect"):
        read(wire.client(refresh=lambda dead: pytest.fail("refreshed")))
    assert len(wire.requests) == 1


def test_a_failed_refresh_is_what_the_caller_sees() -> None:
    def refresh(dead: str) -> str:
        raise Unavailable("The token host is away.", provider="TikTok Shop")

    wire = Wire(refusal(105002, status=401))
    with pytest.raises(Unavailable, match="away"):
        buy(wire.client(refresh=refresh))
    assert len(wire.requests) == 1


def clock_refusal(seconds_ahead: int) -> httpx.Response:
    date = format_datetime(NOW + timedelta(seconds=seconds_ahead), usegmt=True)
    return refusal(36009004, "The 'timestamp' is out of range", 400, {"date": date})


@pytest.mark.parametrize("call", [read, buy])
def test_a_wrong_clock_is_set_by_tiktoks_and_the_call_repeated_once(call: object) -> None:
    assert callable(call)
    wire = Wire(clock_refusal(-400), ok({"a": 1}))
    assert call(wire.client()) == {"a": 1}
    stamps = [int(request.url.params["timestamp"]) for request in wire.requests]
    assert stamps[1] - stamps[0] == -400


def test_a_refused_time_that_cannot_be_mended_is_reported() -> None:
    for answer in (clock_refusal(0), refusal(36009004, "timestamp expired", 400)):
        wire = Wire(answer)
        with pytest.raises(Unavailable, match="clock"):
            buy(wire.client())
        assert len(wire.requests) == 1


def test_the_system_clock_is_aware() -> None:
    assert utc_now().tzinfo is not None


def everything_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.Response(500, text="oops"),
        refusal(12345678, f"bad token {TOKEN} for {CIPHER} of {SECRET}"),
        refusal(36009004, f"The x-tts-access-token {TOKEN} is malformed", 400),
        refusal(36009004, f"bad parameter shop_cipher {CIPHER}", 400),
        refusal(105005),
        refusal(106001, status=401),
    ],
)
def test_no_secret_is_in_an_error_a_log_or_the_journal(
    fault: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire = Wire(fault)
    client = wire.client()
    with pytest.raises(RemoteError) as caught:
        read(client)
    told = everything_of(caught.value) + caplog.text + repr(wire.calls) + repr(client)
    sign = wire.last.url.params["sign"]
    assert wire.calls
    for secret in (TOKEN, SECRET, CIPHER, sign):
        assert secret not in told


def test_the_journal_gets_each_attempt_with_its_status() -> None:
    wire = Wire(httpx.ReadTimeout("slow"), ok())
    read(wire.client())
    assert [(call.method, call.status, call.error) for call in wire.calls] == [
        ("GET", None, "ReadTimeout"),
        ("GET", 200, ""),
    ]


def test_a_failure_is_logged_with_the_code_and_request_id_support_asks_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "shops.tiktok_shop.client")
    with pytest.raises(Rejected):
        buy(Wire(refusal(21011044)).client())
    assert "create_package: Rejected code=21011044 request=req-no" in caplog.text


def test_a_refused_connection_over_a_real_socket_is_certainly_not_carried_out() -> None:
    with make_client() as http:
        client = TikTokShopClient(KEY, SECRET, "http://127.0.0.1:9", http, TOKEN, CIPHER)
        with pytest.raises(Unavailable, match="could not be reached"):
            buy(client)
