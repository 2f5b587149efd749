"""What a stranger, a forged page and a stolen cookie get: nothing, in the same words each time."""

import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings

from core import files
from core.access import wreverse
from core.guard import MOST_BYTES
from core.models import Role, User
from tests import factories
from tests.test_every_url import ADDRESSES, Address
from tests.test_every_url_outside import ROUTES, _filled

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PASSWORD = "Right-horse-battery-91"
OUTSIDE = sorted({route for _, route in ROUTES})
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "http:///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    " //evil.example",
    "/\t/evil.example",
]


@pytest.fixture(autouse=True)
def no_limits_used(db: None) -> None:
    cache.clear()


@pytest.fixture
def person() -> User:
    return factories.user("me@example.com", PASSWORD)


@pytest.fixture
def careful() -> Client:
    """A browser whose forms are checked; the test client leaves that out unless it is asked."""
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.name)
def test_a_page_of_somebody_else_cannot_press_a_button(address: Address, careful: Client) -> None:
    glow = factories.workspace("Glow")
    factories.shop(glow)
    careful.force_login(factories.member(glow, Role.OWNER))
    url = address.url(glow.slug, glow)
    assert careful.post(url, {"action": "hold"}).status_code == 403


@pytest.mark.parametrize("route", OUTSIDE)
def test_no_address_outside_a_workspace_takes_a_form_from_elsewhere(
    route: str, careful: Client
) -> None:
    careful.force_login(factories.user(is_staff=True, is_superuser=True))
    assert careful.post(_filled(route)).status_code in {403, 404}


def test_no_view_of_ours_is_left_out_of_the_check() -> None:
    def walk(patterns: list[Any]) -> Any:
        for one in patterns:
            yield from walk(one.url_patterns) if hasattr(one, "url_patterns") else [one]

    exempt = [p for p in walk(get_resolver().url_patterns) if getattr(p.callback, "csrf_exempt", 0)]
    assert [str(pattern.pattern) for pattern in exempt] == []


def test_signing_in_makes_a_new_session_and_a_new_form_token(person: User) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["left"] = "by somebody else"
    session.save()
    client.cookies["session"] = session.session_key
    before, token = session.session_key, client.cookies[configured.CSRF_COOKIE_NAME].value
    client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    assert client.cookies["session"].value != before
    assert client.cookies[configured.CSRF_COOKIE_NAME].value != token
    stale = Client()
    stale.cookies["session"] = before
    assert stale.get("/new-workspace/").status_code == 302


def test_signing_out_ends_the_session_on_the_server(person: User) -> None:
    client = Client()
    client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    key = client.cookies["session"].value
    client.post("/accounts/logout/")
    again = Client()
    again.cookies["session"] = key
    assert again.get("/new-workspace/").status_code == 302


def test_cookies_are_out_of_the_reach_of_scripts_and_of_other_sites(person: User) -> None:
    client = Client()
    client.get(LOGIN)
    client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_elsewhere_after_signing_in_or_out(target: str, person: User) -> None:
    client = Client()
    fields = {"login": person.email, "password": PASSWORD, "next": target}
    answer = client.post(f"{LOGIN}?next={target}", fields)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    answer = client.post("/accounts/logout/", {"next": target})
    assert answer["Location"] == LOGIN


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", "127.0.0.1:x"])
def test_a_made_up_host_is_answered_with_nothing(host: str) -> None:
    answer = Client().get(LOGIN, headers={"host": host})
    assert answer.status_code == 400
    assert host.encode() not in answer.content


def test_a_proxys_word_for_the_host_is_not_taken(person: User, mailoutbox: list) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    Client().post("/accounts/password/reset/", {"email": person.email}, headers=headers)
    assert "evil.example" not in mailoutbox[0].body


def test_a_reset_answers_alike_whether_the_address_is_known(person: User, mailoutbox: list) -> None:
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in (person.email, "nobody@example.com")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert _plain(answers[0]) == _plain(answers[1])
    assert len(mailoutbox) == 2


def test_a_sign_in_code_answers_alike_whether_the_address_is_known(person: User) -> None:
    pages = []
    for email in (person.email, "nobody@example.com"):
        answer = Client().post("/accounts/login/code/", {"email": email}, follow=True)
        pages.append(_plain(answer).replace(email, "…"))
    assert pages[0] == pages[1]


def test_a_wrong_password_answers_alike_whether_the_address_is_known(person: User) -> None:
    pages = [
        _plain(Client().post(LOGIN, {"login": email, "password": "wrong-guess"})).replace(email, "")
        for email in (person.email, "nobody@example.com")
    ]
    assert pages[0] == pages[1]


def test_closed_sign_up_does_not_tell_who_has_an_account(person: User) -> None:
    pages = []
    for email in (person.email, "nobody@example.com"):
        fields = {"email": email, "password1": "quiet-otter-19"}
        pages.append(_plain(Client().post("/accounts/signup/", fields)).replace(email, ""))
    assert "Sign-up is closed" in pages[0]
    assert pages[0] == pages[1]


def _plain(answer: Any) -> str:
    """The page without what is new each time."""
    text = re.sub(r'nonce="[^"]*"|value="[^"]{60,}"', "", answer.content.decode())
    return re.sub(r'"X-CSRF[^}]*', "", text, flags=re.IGNORECASE)


def test_passwords_are_kept_by_a_hash_that_costs_memory(person: User) -> None:
    assert identify_hasher(person.password).algorithm == "scrypt"


def test_an_older_hash_is_made_anew_at_the_next_sign_in(person: User) -> None:
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.save()
    Client().post(LOGIN, {"login": person.email, "password": PASSWORD})
    person.refresh_from_db()
    assert identify_hasher(person.password).algorithm == "scrypt"


def test_a_body_larger_than_any_form_is_turned_away_unread() -> None:
    answer = Client().post(LOGIN, headers={"content-length": str(MOST_BYTES + 1)})
    assert answer.status_code == 413
    answer = Client().post(LOGIN, headers={"content-length": "9" * 5000})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/accounts/login/?next=%00", "/w/a%00b/", "/%00"])
def test_an_address_with_a_character_no_database_takes_is_turned_away(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 400
    assert answer["X-Frame-Options"] == "DENY"


def test_a_mistake_of_ours_tells_nothing_about_the_server(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.core.broken_urls"
    client = Client(raise_request_exception=False)
    answer = client.get("/broken/")
    page = answer.content.decode()
    assert answer.status_code == 500
    for word in ("Traceback", "RuntimeError", "s3cret", "settings", str(configured.BASE_DIR)):
        assert word not in page


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd",
        "ab/../../../etc/passwd",
        "/etc/passwd",
        "ab/" + "c" * 62 + "/../x.pdf",
        "ab/" + "c" * 62 + ".p/df",
        "ab/" + "c" * 62 + ".pdf\x00",
        "..",
        "",
        "ab\\" + "c" * 62 + ".pdf",
    ],
)
def test_a_file_key_leads_nowhere_but_into_the_store(key: str) -> None:
    assert not files.is_key(key)
    for use in (files.read, files.delete):
        with pytest.raises(files.DamagedFile):
            use(key)


def test_a_stolen_cookie_spends_no_faster_than_a_person_works() -> None:
    glow = factories.workspace("Glow")
    client = Client()
    client.force_login(factories.member(glow, Role.OWNER))
    buy = wreverse(glow, "shipping:buy")
    answers = [client.post(buy) for _ in range(40)]
    statuses = [answer.status_code for answer in answers]
    assert 429 not in statuses[:30]
    assert statuses[-1] == 429
    assert answers[-1]["Retry-After"]
    assert "That was too quick" in answers[-1].content.decode()
    other = Client()
    other.force_login(factories.member(glow, Role.MANAGER))
    assert other.post(buy).status_code != 429
