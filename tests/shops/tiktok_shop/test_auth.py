import logging
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, RemoteError
from shops.tiktok_shop.auth import (
    TokenGrant,
    TokenHost,
    WrongAccount,
    authorize_url,
    exchange_code,
    read_redirect,
    refresh_token,
)
from tests.shops.tiktok_shop.wire import KEY, NOW, SECRET, Wire, ok, refusal

CODE, OLD_REFRESH = "TTP_code_once", "TTP_refresh_old"
EXPIRES = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def granted(**changes: Any) -> dict[str, Any]:
    fields = {
        "access_token": "TTP_access_new",
        "access_token_expire_in": int(EXPIRES.timestamp()),
        "refresh_token": "TTP_refresh_new",
        "refresh_token_expire_in": 4_850_000_000,
        "open_id": "7010736057180325637",
        "seller_name": "Käse & Söhne",
        "seller_base_region": "US",
        "user_type": 0,
        "granted_scopes": ["seller.order.info", "seller.logistics"],
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not ...}


def host(wire: Wire) -> TokenHost:
    return TokenHost("https://auth.example/", KEY, SECRET, wire.http(), wire.calls.append)


def exchange(wire: Wire) -> TokenGrant:
    return exchange_code(host(wire), code=CODE, now=NOW)


def test_a_code_is_exchanged_unsigned_on_the_token_host() -> None:
    wire = Wire(ok(granted()))
    grant = exchange(wire)
    assert str(wire.last.url).startswith("https://auth.example/api/v2/token/get?")
    assert dict(wire.last.url.params) == {
        "app_key": KEY,
        "app_secret": SECRET,
        "auth_code": CODE,
        "grant_type": "authorized_code",
    }
    assert grant.access_token == "TTP_access_new"
    assert grant.refresh_token == "TTP_refresh_new"
    assert grant.access_expires_at == EXPIRES
    assert grant.refresh_expires_at is not None
    assert grant.refresh_expires_at.year == 2123
    assert (grant.open_id, grant.seller_name, grant.region) == (
        "7010736057180325637",
        "Käse & Söhne",
        "US",
    )
    assert grant.scopes == frozenset({"seller.order.info", "seller.logistics"})


def test_a_refresh_answers_both_new_tokens() -> None:
    wire = Wire(ok(granted()))
    grant = refresh_token(host(wire), token=OLD_REFRESH, now=NOW)
    assert wire.last.url.path == "/api/v2/token/refresh"
    assert wire.last.url.params["refresh_token"] == OLD_REFRESH
    assert wire.last.url.params["grant_type"] == "refresh_token"
    assert (grant.access_token, grant.refresh_token) == ("TTP_access_new", "TTP_refresh_new")


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        (604_800, NOW + timedelta(days=7)),
        ("604800", NOW + timedelta(days=7)),
        (999_999_999, NOW + timedelta(seconds=999_999_999)),
        (int(EXPIRES.timestamp()), EXPIRES),
        (str(int(EXPIRES.timestamp())), EXPIRES),
        (int(EXPIRES.timestamp()) * 1000, EXPIRES),
    ],
)
def test_expiry_is_a_moment_whether_told_absolute_or_from_now(
    told: object, moment: datetime
) -> None:
    assert exchange(Wire(ok(granted(access_token_expire_in=told)))).access_expires_at == moment


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": ...},
        {"access_token": ""},
        {"refresh_token": None},
        {"access_token_expire_in": ...},
        {"access_token_expire_in": -1},
        {"access_token_expire_in": True},
        {"access_token_expire_in": 10**30},
        {"user_type": "seller"},
    ],
)
def test_a_grant_that_cannot_be_used_is_an_unknown_outcome(changes: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        exchange(Wire(ok(granted(**changes))))


def test_a_grant_may_leave_out_what_only_informs() -> None:
    wire = Wire(
        ok(granted(granted_scopes=..., refresh_token_expire_in=..., user_type=..., open_id=...))
    )
    grant = exchange(wire)
    assert grant.scopes is None
    assert grant.refresh_expires_at is None
    assert grant.open_id == ""


@pytest.mark.parametrize(
    ("user_type", "who"), [(1, "creator"), (3, "partner"), (9, "not a seller")]
)
def test_only_a_sellers_sign_in_connects_a_shop(user_type: int, who: str) -> None:
    with pytest.raises(WrongAccount, match=who) as caught:
        exchange(Wire(ok(granted(user_type=user_type))))
    assert "seller account" in caught.value.message


def test_a_used_code_is_refused_in_words() -> None:
    wire = Wire(refusal(36004004, "authorization code invalid"))
    with pytest.raises(Rejected, match="Connect the shop again"):
        exchange(wire)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("code", [36004001, 36004004])
def test_a_dead_refresh_token_needs_a_person(code: int) -> None:
    with pytest.raises(NotAuthorized, match="Reconnect"):
        refresh_token(host(Wire(refusal(code, "rt has expired"))), token=OLD_REFRESH, now=NOW)


def test_another_refusal_of_a_refresh_keeps_its_words() -> None:
    with pytest.raises(Rejected, match="grant_type"):
        refresh_token(host(Wire(refusal(36004009, "bad grant_type"))), token=OLD_REFRESH, now=NOW)


def test_a_lost_answer_is_unknown_and_not_asked_again() -> None:
    wire = Wire(httpx.ReadTimeout("slow"))
    with pytest.raises(OutcomeUnknown):
        refresh_token(host(wire), token=OLD_REFRESH, now=NOW)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, text="<html>"),
        refusal(36004009, f"bad {SECRET} or code {CODE}"),
        ok({"access_token": "TTP_access_new", "refresh_token": "TTP_refresh_new"}),
    ],
)
def test_no_secret_leaves_by_error_log_or_journal(
    fault: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire = Wire(fault)
    with pytest.raises(RemoteError) as caught:
        exchange(wire)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(vars(error)) + caplog.text
    told += repr(wire.calls) + repr(host(wire))
    assert wire.calls
    for secret in (SECRET, CODE, "TTP_access_new", "TTP_refresh_new"):
        assert secret not in told


def test_tokens_are_not_in_the_grants_repr_nor_in_the_log_of_a_success(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "httpx")
    told = repr(exchange(Wire(ok(granted())))) + caplog.text
    assert "HTTP Request" in told
    for secret in (SECRET, CODE, "TTP_access_new", "TTP_refresh_new"):
        assert secret not in told


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("US", "https://services.us.example/open/authorize?service_id=7&state=s%2B1"),
        ("us", "https://services.us.example/open/authorize?service_id=7&state=s%2B1"),
        ("GB", "https://services.example/path?service_id=7&state=s%2B1"),
    ],
)
def test_the_authorize_page_depends_on_the_region(region: str, expected: str) -> None:
    url = authorize_url(
        region,
        "7",
        "s+1",
        us_host="https://services.us.example",
        global_host="https://services.example/path",
    )
    assert url == expected


def test_the_way_back_is_read_with_its_extra_parameters() -> None:
    back = read_redirect(
        {"code": CODE, "state": "s1", "app_key": KEY, "locale": "en", "shop_region": "US"}
    )
    assert (back.code, back.state, back.refusal, back.region) == (CODE, "s1", "", "US")
    assert CODE not in repr(back)


@pytest.mark.parametrize(
    ("query", "refusal_named"),
    [
        ({"code": "null", "error": "auth_denied", "state": "s"}, "auth_denied"),
        ({"code": "null"}, "no_code"),
        ({}, "no_code"),
        ({"code": CODE, "error": "access_denied"}, "access_denied"),
    ],
)
def test_a_refusal_has_no_code(query: dict[str, str], refusal_named: str) -> None:
    back = read_redirect(query)
    assert back.code == ""
    assert back.refusal == refusal_named


def test_an_install_from_the_app_store_has_no_state() -> None:
    assert read_redirect({"code": CODE}).state == ""
