"""Who may make an account, and whose limits a visitor is counted by."""

import pytest
from allauth.account.adapter import get_adapter
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core.models import User, Workspace
from tests import factories

pytestmark = pytest.mark.django_db

STRANGER = {"email": "stranger@example.com", "password1": "quiet-otter-19"}


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace("Glow")


def test_a_stranger_finds_sign_up_closed_once_somebody_is_here(
    client: Client, glow: Workspace
) -> None:
    factories.member(glow)
    assert "Sign-up is closed" in client.get("/accounts/signup/").content.decode()
    assert "Sign-up is closed" in client.post("/accounts/signup/", STRANGER).content.decode()
    assert not User.objects.filter(email=STRANGER["email"]).exists()


@pytest.mark.parametrize(("name", "value"), [("SIGNUP", "open"), ("REHEARSAL", True)])
def test_sign_up_is_open_when_the_settings_say_so(
    client: Client, glow: Workspace, settings: Settings, name: str, value: object
) -> None:
    factories.member(glow)
    setattr(settings, name, value)
    client.post("/accounts/signup/", STRANGER)
    assert User.objects.filter(email=STRANGER["email"]).exists()


@pytest.mark.parametrize("end", ["accepted_at", "expires_at"])
def test_a_used_or_expired_link_opens_no_sign_up(client: Client, glow: Workspace, end: str) -> None:
    factories.member(glow)
    invitation = factories.invitation(glow, **{end: timezone.now()})
    fields = STRANGER | {"email": invitation.email, "next": f"/invitations/{invitation.token}/"}
    assert "Sign-up is closed" in client.post("/accounts/signup/", fields).content.decode()


@pytest.mark.parametrize(
    "path", ["/invitations/made-up/", "/", "//evil.example/", "not an address", "/accounts/login/"]
)
def test_a_made_up_way_back_opens_no_sign_up(client: Client, glow: Workspace, path: str) -> None:
    factories.member(glow)
    page = client.post("/accounts/signup/", STRANGER | {"next": path}).content.decode()
    assert "Sign-up is closed" in page


def test_an_invitation_is_for_its_own_address_only(client: Client, glow: Workspace) -> None:
    factories.member(glow)
    invitation = factories.invitation(glow)
    fields = STRANGER | {"next": f"/invitations/{invitation.token}/"}
    page = client.post("/accounts/signup/", fields).content.decode()
    assert f"This invitation was sent to {invitation.email}" in page
    assert not User.objects.filter(email=STRANGER["email"]).exists()


def test_visitors_behind_a_trusted_proxy_have_limits_of_their_own(
    client: Client, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    request = client.get("/accounts/login/", headers={"X-Forwarded-For": "6.6.6.6, 7.7.7.7"})
    assert get_adapter().get_client_ip(request.wsgi_request) == "7.7.7.7"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert get_adapter().get_client_ip(request.wsgi_request) == "127.0.0.1"
