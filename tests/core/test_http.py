import logging
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from core import http
from core.errors import (
    CircuitOpen,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)
from core.http import Call, make_client, redact, retry_after, send, with_retries

SECRET_URL = "https://auth.example/token?app_key=k1&app_secret=s3cr3t&auth_code=c0de"


def client_that(answer: httpx.Response | Exception) -> httpx.Client:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return make_client(transport=httpx.MockTransport(handle))


def sent(
    answer: httpx.Response | Exception, *, safe: bool, journal: list[Call] | None = None
) -> httpx.Response:
    with client_that(answer) as client:
        return send(
            client,
            httpx.Request("GET", SECRET_URL),
            provider="Acme",
            safe=safe,
            journal=None if journal is None else journal.append,
        )


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_an_answer_is_an_answer_whatever_its_status(status: int) -> None:
    answer = httpx.Response(status, headers={"location": "https://elsewhere.example"})
    assert sent(answer, safe=False).status_code == status


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")],
)
@pytest.mark.parametrize("safe", [True, False])
def test_trouble_before_sending_is_certainly_not_carried_out(
    error: httpx.HTTPError, safe: bool
) -> None:
    with pytest.raises(Unavailable, match="Acme could not be reached"):
        sent(error, safe=safe)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("hung up"),
        httpx.DecodingError("bad gzip"),
    ],
)
def test_trouble_after_sending_depends_on_what_was_sent(error: httpx.HTTPError) -> None:
    with pytest.raises(Unavailable) as read:
        sent(error, safe=True)
    with pytest.raises(OutcomeUnknown) as bought:
        sent(error, safe=False)
    assert read.value.code == bought.value.code == type(error).__name__


def test_a_request_that_cannot_be_put_together_never_left_and_tells_no_header() -> None:
    header = "s3cr3t"
    with pytest.raises(Unavailable, match="put together") as caught:
        sent(httpx.LocalProtocolError(f"Illegal header value b'{header}\\n'"), safe=False)
    assert caught.value.code == "LocalProtocolError"
    assert header not in "".join(traceback.format_exception(caught.value))


def test_the_journal_hears_of_every_exchange_and_of_no_secret() -> None:
    journal: list[Call] = []
    sent(httpx.Response(201), safe=True, journal=journal)
    with pytest.raises(RemoteError):
        sent(httpx.ReadTimeout("slow"), safe=True, journal=journal)
    good, bad = journal
    assert (good.method, good.status, good.error) == ("GET", 201, "")
    assert (bad.status, bad.error) == (None, "ReadTimeout")
    assert good.seconds >= 0
    assert "app_key=k1" in good.url
    assert "s3cr3t" not in repr(journal)
    assert "c0de" not in repr(journal)


def test_httpx_itself_logs_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "httpx")
    sent(httpx.Response(200), safe=True)
    assert "https://auth.example/token" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert "c0de" not in caplog.text


@pytest.mark.parametrize(
    "name",
    ["access_token", "refresh_token", "app_secret", "auth_code", "sign", "api_key", "shop_cipher"],
)
def test_secret_parameters_are_struck_out_and_others_kept(name: str) -> None:
    text = redact(f"GET /x?a=1&{name}=hush%2B1&b=2 ok")
    assert text == f"GET /x?a=1&{name}=***&b=2 ok"


def test_the_client_follows_no_redirect_and_no_environment() -> None:
    with make_client() as client:
        assert client.follow_redirects is False
        assert client.trust_env is False
        assert client.timeout.connect == 5.0


def in_an_hour_and_more() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("999999", 3600.0),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_seconds_within_an_hour(value: str, seconds: float | None) -> None:
    assert retry_after(httpx.Headers({"retry-after": value})) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert retry_after(httpx.Headers({"retry-after": in_an_hour_and_more()})) == 3600.0
    assert retry_after(httpx.Headers()) is None


def failing(*errors: RemoteError) -> Callable[[], str]:
    left = list(errors)

    def ask() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return ask


def away(after: float | None = None) -> Unavailable:
    return Unavailable("away", provider="p", retry_after=after)


def test_a_passing_absence_is_waited_out_a_little_longer_each_time() -> None:
    for _ in range(20):
        slept: list[float] = []
        assert with_retries(failing(away(), away()), sleep=slept.append) == "answer"
        assert 0 <= slept[0] <= 0.5
        assert 0 <= slept[1] <= 1.0


def test_three_absences_are_the_end() -> None:
    slept: list[float] = []
    with pytest.raises(Unavailable):
        with_retries(failing(away(), away(), away()), sleep=slept.append)
    assert len(slept) == 2


def test_the_time_a_provider_names_is_kept_and_spread_when_many_were_refused() -> None:
    slept: list[float] = []
    limited = RateLimited("slow down", provider="p", retry_after=2)
    with_retries(failing(away(3), limited), sleep=slept.append)
    assert slept[0] == 3
    assert 2 <= slept[1] <= 2.2


def test_a_long_wait_is_the_callers_to_schedule() -> None:
    with pytest.raises(Unavailable):
        with_retries(failing(away(11)), sleep=lambda seconds: pytest.fail("slept"))


@pytest.mark.parametrize("kind", [Rejected, OutcomeUnknown])
def test_nothing_but_absence_is_asked_again(kind: type[RemoteError]) -> None:
    with pytest.raises(kind):
        with_retries(failing(kind("no", provider="p")), sleep=lambda seconds: pytest.fail("slept"))


def test_a_circuit_that_is_open_is_not_waited_for() -> None:
    shut = CircuitOpen("It is not answering.", provider="p", retry_after=1)
    with pytest.raises(CircuitOpen):
        with_retries(failing(shut), sleep=lambda seconds: pytest.fail("slept"))


def test_a_try_that_took_long_is_not_repeated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.05)

    def slow() -> str:
        time.sleep(0.06)
        raise away()

    with pytest.raises(Unavailable):
        with_retries(slow, sleep=lambda seconds: pytest.fail("slept"))
