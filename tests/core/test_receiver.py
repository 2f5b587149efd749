"""The receiver, through the WSGI callable: what is genuine is on disk once before it is answered;
forged is 401 without a query; whatever is our fault is 5xx and never 401."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from core.inbox_store import InboxStore
from core.models import WebhookEvent
from core.receiver import MOST_BYTES
from creatorflow import wsgi
from shops.tiktok_shop.event_types import TYPES
from tests.core import hooks
from tests.core.hooks import Desk, order_status, signed


@pytest.fixture
def desk(settings: Settings, transactional_db: None) -> Iterator[Desk]:
    hooks.configure(settings)
    desk = Desk()
    yield desk
    desk.store.close()


@pytest.fixture
def shut(settings: Settings) -> Desk:
    """A receiver that fails whoever gets as far as the database."""

    def never(*args: object) -> bool:
        raise AssertionError("the database was asked")

    hooks.configure(settings)
    return Desk(store=never)


def test_a_genuine_event_is_stored_as_it_came_and_answered_with_nothing(desk: Desk) -> None:
    body = order_status()
    assert desk.tiktok(body) == 200
    assert desk.headers["Content-Length"] == "0"
    row = WebhookEvent.objects.get()
    assert bytes(row.body) == body
    assert (row.provider, row.event, row.state) == ("tiktok", "1", "waiting")
    assert row.dedupe == row.document["tts_notification_id"]
    assert row.owner == "7494049642642441621"
    assert row.subject == row.document["data"]["order_id"]
    assert row.sent_at is not None
    assert row.sent_at.timestamp() == 1_795_000_001
    assert desk.woken == 1


def test_an_event_that_comes_again_is_thanked_for_and_not_stored_again(desk: Desk) -> None:
    assert [desk.tiktok(order_status()) for _ in range(3)] == [200, 200, 200]
    assert WebhookEvent.objects.count() == 1
    assert desk.woken == 1


def test_sixteen_deliveries_at_once_of_one_event_store_one(desk: Desk) -> None:
    body, gate, answers = order_status(), threading.Barrier(16), list[int]()

    def deliver() -> None:
        gate.wait()
        answers.append(desk.tiktok(body))

    threads = [threading.Thread(target=deliver) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 16
    assert WebhookEvent.objects.count() == 1
    assert desk.woken == 1


def test_a_body_without_an_id_is_known_by_its_bytes(desk: Desk) -> None:
    body = order_status(tts_notification_id=None)
    assert desk.tiktok(body) == desk.tiktok(body) == 200
    assert desk.tiktok(order_status(tts_notification_id=None, timestamp=5)) == 200
    assert WebhookEvent.objects.count() == 2


def test_the_same_id_from_another_provider_is_another_event(desk: Desk) -> None:
    body = b'{"event":"track_updated","data":{"tracking_number":"9400"}}'
    assert desk.tiktok(order_status()) == 200
    query = f"token={hooks.SHIPPING.replace(' ', '+').replace('&', '%26')}"
    assert desk.send(body, {}, provider="shippo", query=query) == 200
    assert set(WebhookEvent.objects.values_list("provider", "subject")) == {
        ("tiktok", "576900000000000001"),
        ("shippo", "9400"),
    }


def test_every_documented_type_is_stored(desk: Desk) -> None:
    assert len(TYPES) == 46
    bodies = [order_status(number, type=number) for number in TYPES]
    assert [desk.tiktok(body) for body in bodies] == [200] * len(TYPES)
    stored = WebhookEvent.objects.filter(state="waiting").values_list("event", flat=True)
    assert set(stored) == {str(number) for number in TYPES}


def test_a_type_that_nobody_has_told_of_is_stored_too(desk: Desk) -> None:
    assert desk.tiktok(order_status(type=4711, data={"new": True})) == 200
    row = WebhookEvent.objects.get()
    assert (row.event, row.state, row.subject) == ("4711", "waiting", "")


def test_a_genuine_body_that_is_no_event_is_parked_for_a_person(desk: Desk) -> None:
    bodies = [b"", b"not json", b"[1]", b'{"data": {}}', b'"\xff"', b"{" * 5000]
    assert [desk.tiktok(body) for body in bodies + bodies] == [200] * 12
    rows = WebhookEvent.objects.filter(event="?", state="parked").exclude(reason="")
    assert {bytes(row.body) for row in rows} == set(bodies)
    assert desk.woken == 0


def test_odd_values_in_an_envelope_do_not_keep_it_from_being_stored(desk: Desk) -> None:
    odd = ["a\0b", "x" * 500, {"deep": 1}, [1], True, 1.5, -1, "\ud83d\ude00", 2**63, None]
    bodies = [
        order_status(number, tts_notification_id=value, shop_id=value, data={"order_id": value})
        for number, value in enumerate(odd)
    ]
    assert [desk.tiktok(body) for body in bodies] == [200] * len(odd)
    assert {bytes(row.body) for row in WebhookEvent.objects.all()} == set(bodies)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "0" * 64},
        {"Authorization": f"Bearer {signed(order_status())['Authorization']}"},
        {"Authorization": signed(order_status())["Authorization"].upper()},
        {"Authorization": signed(order_status(2))["Authorization"]},
        {"Authorization": "é" * 64},
        {"X-Authorization": signed(order_status())["Authorization"]},
    ],
)
@pytest.mark.parametrize("provider", ["tiktok", "easypost", "shippo"])
def test_a_forged_delivery_is_401_and_costs_no_query(
    shut: Desk, headers: dict[str, str], provider: str
) -> None:
    assert shut.send(order_status(), headers, provider=provider) == 401
    assert shut.woken == 0


@pytest.mark.parametrize("provider", ["tiktok", "easypost", "shippo"])
def test_without_a_secret_it_is_our_fault_and_not_forged(
    shut: Desk, settings: Settings, provider: str
) -> None:
    settings.TIKTOK_SHOP_APP_SECRET = settings.SHIPPING_WEBHOOK_SECRET = ""
    assert shut.send(order_status(), signed(order_status()), provider=provider) == 503


def test_without_a_database_the_provider_is_asked_to_come_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = InboxStore(connection.settings_dict | {"HOST": "/nonexistent", "PORT": "1"})
    body = order_status()
    assert Desk(store=nowhere).tiktok(body) == 503
    assert "OperationalError" in caplog.text
    assert "5769" not in caplog.text
    assert hooks.APP_SECRET not in caplog.text


def test_whatever_else_goes_wrong_is_500(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*args: object) -> bool:
        raise KeyError("a buyer's name")

    assert Desk(store=broken).tiktok(order_status()) == 500
    assert "KeyError" in caplog.text
    assert "buyer" not in caplog.text


def test_a_connection_that_died_meanwhile_is_opened_anew(desk: Desk) -> None:
    assert desk.tiktok(order_status(1)) == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE application_name = 'creatorflow-inbox' AND datname = current_database()"
        )
        assert cursor.fetchone()[0] >= 1
    assert desk.tiktok(order_status(2)) == 200
    assert WebhookEvent.objects.count() == 2


def test_one_connection_serves_one_delivery_after_the_other(desk: Desk) -> None:
    for number in range(5):
        assert desk.tiktok(order_status(number)) == 200
    assert len(desk.store.free) == 1
    kept = desk.store.free[0]
    found = kept.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert found is not None
    assert found[0] >= 1
    assert kept.execute("SHOW statement_timeout").fetchone() == ("1s",)


def test_a_statement_that_hangs_is_given_up_before_the_provider_gives_us_up(desk: Desk) -> None:
    assert desk.tiktok(order_status(1)) == 200
    kept = desk.store.free[0]
    with psycopg.connect(kept.info.dsn) as other:
        other.execute("LOCK TABLE core_webhookevent IN ACCESS EXCLUSIVE MODE")
        assert desk.tiktok(order_status(2)) == 503
        other.rollback()
    assert desk.tiktok(order_status(2)) == 200


# -- The request itself ----------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_post_is_taken(desk: Desk, method: str) -> None:
    assert desk.call("/hooks/tiktok", b"", {}, REQUEST_METHOD=method) == 405
    assert desk.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/hooks/", "/hooks/amazon", "/hooks/tiktok/x", "/hooks/../tiktok"]
)
def test_a_provider_that_is_none_is_not_found(shut: Desk, path: str) -> None:
    assert shut.call(path, order_status(), signed(order_status())) == 404


def test_a_slash_at_the_end_is_no_other_address(desk: Desk) -> None:
    assert desk.call("/hooks/tiktok/", order_status(), signed(order_status())) == 200


class Endless(io.RawIOBase):
    """A body without end that counts what was read of it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        self.taken += size
        return b"x" * size


@pytest.mark.parametrize("length", [str(MOST_BYTES + 1), "9" * 30])
def test_a_long_body_is_refused_unread(shut: Desk, length: str) -> None:
    source = Endless()
    given = {"wsgi.input": source, "CONTENT_LENGTH": length}
    assert shut.call("/hooks/tiktok", b"", {}, **given) == 413
    assert source.taken == 0


def test_a_body_of_unknown_length_is_read_up_to_the_limit(desk: Desk) -> None:
    source = Endless()
    given = {"wsgi.input": source, "CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    assert desk.call("/hooks/tiktok", b"", {}, **given) == 413
    assert source.taken == MOST_BYTES + 1
    body = order_status()
    given["wsgi.input"] = io.BytesIO(body)
    assert desk.call("/hooks/tiktok", b"", signed(body), **given) == 200


@pytest.mark.parametrize(
    ("length", "status"), [(None, 411), ("", 411), ("-1", 400), ("1e3", 400), ("٣", 400)]
)
def test_a_length_has_to_be_one(shut: Desk, length: str | None, status: int) -> None:
    body = order_status()
    assert shut.call("/hooks/tiktok", body, signed(body), CONTENT_LENGTH=length) == status


def test_a_body_that_was_cut_off_is_not_taken_for_a_forged_one(shut: Desk) -> None:
    body = order_status()
    assert shut.call("/hooks/tiktok", body[:-5], signed(body), CONTENT_LENGTH=str(len(body))) == 400


def test_everything_else_is_djangos(shut: Desk) -> None:
    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("418 I'm a teapot", [])
        return [b"tea"]

    whole = wsgi.before(shut.receiver, django)
    for path in ("/", "/hooks", "/w/glow/hooks/tiktok"):
        assert shut.run(whole, {"PATH_INFO": path, "REQUEST_METHOD": "POST"}) == 418
    assert shut.run(whole, {"PATH_INFO": "/hooks/tiktok", "REQUEST_METHOD": "GET"}) == 405


def test_the_server_asks_the_receiver_first(shut: Desk) -> None:
    body = order_status()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/hooks/tiktok",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    assert shut.run(wsgi.application, environ) == 401
