"""The second step of signing in: an authenticator app, and recovery codes for when it is lost."""

import html
import re
import time
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core import second_step, vault
from core.models import User
from tests import factories

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
ACTIVATE = "/accounts/2fa/totp/activate/"
CODES = "/accounts/2fa/recovery-codes/"
STEP = "/accounts/2fa/authenticate/"
PASSWORD = "Right-horse-battery-91"


@pytest.fixture(autouse=True)
def no_limits_used(db: None) -> None:
    cache.clear()


@pytest.fixture
def person() -> User:
    user = factories.user("me@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_password(client: Client) -> str:
    """Sign in with the password; where that leads."""
    answer = client.post(LOGIN, {"login": "me@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    return str(answer["Location"])


def switched_on(client: Client) -> tuple[str, list[str]]:
    """Set up the second step as a person does; the app's secret and the recovery codes."""
    assert "Confirm it is you" in client.get(ACTIVATE, follow=True).content.decode()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(ACTIVATE).content.decode()
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert secret, page
    assert "data:image/svg+xml;base64," in page
    answer = client.post(ACTIVATE, {"code": code_of(secret[1])}, follow=True)
    assert answer.redirect_chain[-1][0] == CODES
    codes = re.findall(r"<code>(\d{8})</code>", answer.content.decode())
    assert len(codes) == 10
    cache.clear()  # the code was used, and the next test of it comes within the same half minute
    return secret[1], codes


@pytest.fixture
def enrolled(client: Client, person: User) -> tuple[str, list[str]]:
    with_password(client)
    found = switched_on(client)
    client.logout()
    return found


def is_signed_in(client: Client) -> bool:
    return client.get("/new-workspace/").status_code == 200


def test_the_password_alone_does_not_sign_in(
    client: Client, enrolled: tuple[str, list[str]]
) -> None:
    assert with_password(client) == STEP
    assert not is_signed_in(client)
    page = client.get(STEP).content.decode()
    assert "authenticator app" in page
    answer = client.post(STEP, {"code": code_of(enrolled[0])})
    assert answer.status_code == 302
    assert is_signed_in(client)


def test_a_wrong_code_and_no_code_do_not_sign_in(
    client: Client, enrolled: tuple[str, list[str]]
) -> None:
    with_password(client)
    for fields in (
        {"code": "000000"},
        {"code": ""},
        {},
        {"code": "x" * 5000},
        {"credential": "{}"},
    ):
        answer = client.post(STEP, fields)
        assert answer.status_code == 200
        assert not is_signed_in(client)


def test_a_code_is_good_once(client: Client, enrolled: tuple[str, list[str]]) -> None:
    code = code_of(enrolled[0])
    with_password(client)
    client.post(STEP, {"code": code})
    client.logout()
    with_password(client)
    assert "Incorrect code" in client.post(STEP, {"code": code}).content.decode()
    assert not is_signed_in(client)


def test_guessing_codes_is_stopped(client: Client, enrolled: tuple[str, list[str]]) -> None:
    with_password(client)
    for _ in range(5):
        client.post(STEP, {"code": "000000"})
    answer = client.post(STEP, {"code": code_of(enrolled[0])})
    assert "Too many" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_recovery_code_signs_in_once(client: Client, enrolled: tuple[str, list[str]]) -> None:
    code = enrolled[1][3]
    with_password(client)
    client.post(STEP, {"code": code})
    assert is_signed_in(client)
    assert "9 recovery codes" in client.get("/accounts/2fa/").content.decode()
    client.logout()
    with_password(client)
    client.post(STEP, {"code": code})
    assert not is_signed_in(client)


def test_recovery_codes_are_shown_once(client: Client, person: User) -> None:
    with_password(client)
    _, codes = switched_on(client)
    page = client.get(CODES).content.decode()
    assert not any(code in page for code in codes)
    assert client.get(f"{CODES}download/").status_code in {403, 404}


def test_new_recovery_codes_replace_the_old_ones(client: Client, person: User) -> None:
    with_password(client)
    _, old = switched_on(client)
    page = client.post(f"{CODES}generate/", follow=True).content.decode()
    new = re.findall(r"<code>(\d{8})</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)


def test_a_code_by_mail_does_not_go_around_the_second_step(
    client: Client, enrolled: tuple[str, list[str]], mailoutbox: list
) -> None:
    mailoutbox.clear()
    client.post("/accounts/login/code/", {"email": "me@example.com"})
    code = re.search(r"^[A-Z0-9-]{6,}$", mailoutbox[0].body, re.MULTILINE)
    assert code
    answer = client.post("/accounts/login/code/confirm/", {"code": code[0]})
    assert answer["Location"] == STEP
    assert not is_signed_in(client)


def test_switching_it_off_needs_a_fresh_proof(
    client: Client, enrolled: tuple[str, list[str]], person: User
) -> None:
    client.force_login(person)  # a session without a recent proof, as one that lies around
    answer = client.get("/accounts/2fa/totp/deactivate/", follow=True)
    assert "Confirm it is you" in html.unescape(answer.content.decode())
    client.post("/accounts/2fa/totp/deactivate/")
    assert second_step.has_second_step(person)


def test_it_is_switched_off_with_a_fresh_proof_and_told_by_mail(
    client: Client,
    person: User,
    mailoutbox: list,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with_password(client)
    switched_on(client)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert any("eactivated" in mail.subject for mail in mailoutbox)
    client.logout()
    assert with_password(client) != STEP


def test_secrets_are_sealed_in_the_database(enrolled: tuple[str, list[str]]) -> None:
    secret, _ = enrolled
    totp = Authenticator.objects.get(type="totp").data
    assert secret not in str(totp)
    assert vault.unseal(totp["secret"], owner=second_step.OWNER) == secret
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert vault.key_id_of(seed) == "test"


def test_secrets_follow_the_vault_to_a_new_key(
    client: Client, enrolled: tuple[str, list[str]], settings: Settings
) -> None:
    settings.VAULT_KEYS = "second:" + "B" * 43 + "=," + settings.VAULT_KEYS
    told = StringIO()
    call_command("rotate_secrets", stdout=told)
    assert "mfa.Authenticator: 2 sealed again" in told.getvalue()
    settings.VAULT_KEYS = settings.VAULT_KEYS.partition(",")[0]
    with_password(client)
    client.post(STEP, {"code": code_of(enrolled[0])})
    assert is_signed_in(client)


def test_somebody_who_lost_everything_is_let_in_by_whoever_runs_the_server(
    client: Client, enrolled: tuple[str, list[str]]
) -> None:
    told = StringIO()
    call_command("forget_second_step", "ME@example.com", stdout=told)
    assert "password alone" in told.getvalue()
    with_password(client)
    assert is_signed_in(client)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("forget_second_step", "you@example.com")


def test_an_address_that_was_never_confirmed_cannot_lock_its_owner_out(client: Client) -> None:
    client.post("/accounts/signup/", {"email": "me@example.com", "password1": "quiet-otter-19"})
    page = client.get(ACTIVATE, follow=True).content.decode()
    assert "verified your email address" in page
    assert not Authenticator.objects.exists()


def test_support_sees_who_has_it_and_no_secret(
    client: Client, enrolled: tuple[str, list[str]]
) -> None:
    client.force_login(factories.user(is_staff=True, is_superuser=True))
    for row in Authenticator.objects.all():
        page = client.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
        assert "me@example.com" in page
        assert not any(sealed in page for sealed in map(str, row.data.values()) if len(sealed) > 5)
