"""/healthz and /readyz: whether a process answers, and whether it can work."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from core.views import health

ELSEWHERE = {"HTTP_HOST": "10.1.2.3:8000"}  # a load balancer asks by address


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    settings.FILE_STORE = str(tmp_path / "files")
    health.forget()
    yield tmp_path / "files"
    health.forget()


def test_a_living_process_says_so_without_the_database() -> None:
    """No database fixture: a query would fail the test."""
    answer = Client().get("/healthz", **ELSEWHERE)
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_probes_come_before_redirects_hosts_and_sessions(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["ship.example.com"]
    answer = Client().get("/healthz", **ELSEWHERE)
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_all_in_order_is_ready_with_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        answer = Client().get("/readyz", **ELSEWHERE)
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "migrations": "ok", "files": "ok"}


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'shipping'")
        gone = cursor.rowcount
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == f"{gone} not applied"


@pytest.mark.django_db
def test_a_file_store_that_takes_nothing_is_not_ready(store: Path, settings: Settings) -> None:
    store.parent.joinpath("wall").write_text("a file where a folder should be")
    settings.FILE_STORE = str(store.parent / "wall")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["files"] == "cannot be written to"
    assert str(store.parent) not in answer.content.decode()


@pytest.mark.django_db
def test_the_file_store_is_not_written_to_for_every_question(store: Path) -> None:
    assert Client().get("/readyz").status_code == 200
    before = store.stat().st_mtime_ns
    assert Client().get("/readyz").status_code == 200
    assert store.stat().st_mtime_ns == before


@pytest.mark.django_db
def test_a_database_that_cannot_be_reached_is_named_without_its_address() -> None:
    def elsewhere() -> HttpResponse:
        """This thread's connection looks for its server in a folder where there is none."""
        connection.settings_dict = {**connection.settings_dict, "HOST": "/nowhere"}
        return health.ready(RequestFactory().get("/readyz"))

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(elsewhere).result()
    assert answer.status_code == 503
    words = json.loads(answer.content)
    assert (words["database"], words["migrations"]) == ("cannot be reached", "not asked")
    assert "nowhere" not in answer.content.decode()


def test_probes_are_read_only() -> None:
    assert Client().post("/healthz").status_code == 405


@pytest.mark.parametrize("given", ["0123456789abcdef", "proxy.req-1_2"])
def test_a_sane_request_id_is_kept(given: str) -> None:
    assert Client().get("/healthz", HTTP_X_REQUEST_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "two words here", "<script>alert(1)", "é" * 9]
)
def test_any_other_request_id_is_replaced(given: str) -> None:
    answered = Client().get("/healthz", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert answered != given
    assert len(answered) == 16
