"""What keeps a browser, a shared computer and a stranger with many tries from doing harm."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from core import sessions
from tests import factories

LOGIN = "/accounts/login/"
PASSWORD = "Right-horse-battery-91"


@pytest.fixture
def client_of_owner(db: None) -> Client:
    client = Client()
    client.force_login(factories.member(factories.workspace()))
    return client


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Permissions-Policy", "camera=()"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("Content-Security-Policy", "frame-ancestors 'none'"),
        ("Content-Security-Policy", "base-uri 'none'"),
    ],
)
def test_every_page_tells_the_browser_what_it_may_not_do(
    client_of_owner: Client, header: str, words: str
) -> None:
    for path in ("/new-workspace/", "/accounts/sessions/", "/nothing-here/"):
        assert words in client_of_owner.get(path)[header], path


def test_no_script_may_be_written_into_a_page(client_of_owner: Client) -> None:
    policy = client_of_owner.get("/new-workspace/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http:" not in policy


@pytest.mark.django_db
def test_guessing_a_password_is_stopped_for_every_process_at_once() -> None:
    person = factories.user(password=PASSWORD)
    for _ in range(5):
        Client().post(LOGIN, {"login": person.email, "password": "wrong-guess"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_cache")
        assert cursor.fetchone()[0] > 0
    answer = Client().post(LOGIN, {"login": person.email, "password": PASSWORD})
    assert "Too many failed login attempts" in answer.content.decode()
    assert "_auth_user_id" not in answer.wsgi_request.session


@pytest.mark.django_db
def test_a_person_signs_out_everywhere_else() -> None:
    person = factories.user(password=PASSWORD)
    here, there = Client(), Client()
    for client in (here, there):
        client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    page = here.get("/accounts/sessions/").content.decode()
    assert "Another browser" in page
    here.post("/accounts/sessions/")
    assert there.get("/new-workspace/").status_code == 302
    assert here.get("/new-workspace/").status_code == 200


@pytest.mark.django_db
def test_a_changed_password_ends_the_other_sign_ins() -> None:
    person = factories.user(password=PASSWORD)
    here, there = Client(), Client()
    for client in (here, there):
        client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    new = {"password1": "a-new-Pass-phrase-77", "password2": "a-new-Pass-phrase-77"}
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
    assert there.get("/new-workspace/").status_code == 302


@pytest.mark.django_db
def test_ended_sessions_and_counted_tries_are_cleared_away() -> None:
    now, day = timezone.now(), timedelta(days=1)
    Session.objects.create(session_key="old", session_data="", expire_date=now - day)
    Session.objects.create(session_key="new", session_data="", expire_date=now + day)
    sessions.clear_ended()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


@pytest.mark.django_db
def test_a_counted_try_is_seen_by_another_process() -> None:
    cache.set("tries", 4, 60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_cache WHERE cache_key LIKE %s", ["%tries%"])
        assert cursor.fetchone()[0] == 1
