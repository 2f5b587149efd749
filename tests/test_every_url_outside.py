"""Every address that lies outside a workspace: what a stranger and what somebody else's member get.

A new address fails the first test until it has a line here.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from core.models import Membership, Role
from tests import factories
from tests.test_every_url import PREFIX, ask

SIGN_IN = "/accounts/login/"
# Nothing without an account: the sign-in page, and back here afterwards.
ASKS_TO_SIGN_IN = {
    "core:new-workspace",
    "core:switch",
    "core:accept-invitation",
    "connect:callback",
    "connect:install",
}
OPEN = {
    "core:home": "it only sends people on",
    "core:favicon": "browsers ask for it anywhere",
    "core:invitation": "the link is the key, and the invited person has no account yet",
}
# Of the library, tested by it; what of them is a way in has tests in test_people_pages.py.
ACCOUNTS = "accounts/"
ADMIN = "admin/"
# The library's own answer to everybody: a form, and the way out.
ADMIN_OPEN = {"admin/login/", "admin/logout/"}


@pytest.fixture(autouse=True)
def no_limits_used(db: None) -> None:
    cache.clear()


def _walk(patterns: list[Any], route: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """Name and route of every pattern outside workspaces."""
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, whole, inner)
        elif not whole.startswith(PREFIX):
            yield f"{space}{pattern.name}", whole


ROUTES = list(_walk(get_resolver().url_patterns))
OF_ADMIN = sorted({route for _, route in ROUTES if route.startswith(ADMIN)} - ADMIN_OPEN)
OF_ACCOUNTS = sorted(route for _, route in ROUTES if route.startswith(ACCOUNTS))


def _filled(route: str) -> str:
    """The address of a route, with things that need not exist."""
    route = re.sub(r"\(\?P<app_label>([^|)]*)[^)]*\)", r"\1", route.replace("^", ""))
    route = re.sub(r"\(\?P<uidb36>[^)]*\)-\(\?P<key>[^)]*\)", "1-key", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", "1", route)
    return "/" + route.rstrip("$")


def _url(name: str) -> str:
    extra = {"core:switch": ["glow"], "core:invitation": ["t"], "core:accept-invitation": ["t"]}
    return reverse(name, args=extra.get(name, []))


def test_every_address_outside_a_workspace_is_known_here() -> None:
    own = {name for name, route in ROUTES if not route.startswith((ACCOUNTS, ADMIN))}
    assert own == ASKS_TO_SIGN_IN | set(OPEN)
    assert len(OF_ADMIN) > 50
    assert OF_ACCOUNTS


@pytest.mark.parametrize("name", sorted(ASKS_TO_SIGN_IN))
def test_a_stranger_is_sent_to_sign_in(name: str, client: Client) -> None:
    response = ask(client, _url(name))
    assert response.status_code == 302
    assert response["Location"].startswith(f"{SIGN_IN}?next=")


@pytest.mark.parametrize("name", sorted(OPEN))
def test_what_is_open_tells_a_stranger_nothing(name: str, client: Client) -> None:
    place = factories.workspace("Secret Garden", slug="glow")
    factories.invitation(place)
    response = client.get(_url(name))
    assert response.status_code in {200, 301, 302, 410}
    assert b"Secret Garden" not in response.content


def test_nobody_switches_to_a_workspace_of_others(client: Client) -> None:
    factories.workspace(slug="glow")
    client.force_login(factories.member(factories.workspace(), Role.OWNER))
    assert client.get(_url("core:switch")).status_code == 404


@pytest.mark.parametrize("name", ["core:invitation", "core:accept-invitation"])
def test_a_made_up_invitation_lets_nobody_in(name: str, client: Client) -> None:
    client.force_login(factories.user())
    assert ask(client, _url(name)).status_code in {302, 410}
    assert not Membership.objects.exists()


@pytest.mark.parametrize("name", ["connect:callback", "connect:install"])
def test_coming_back_from_tiktok_without_having_left_connects_nothing(
    name: str, client: Client
) -> None:
    place = factories.workspace()
    client.force_login(factories.member(place, Role.OWNER))
    response = client.get(_url(name))
    assert response.status_code in {302, 303, 400}
    assert not place.shops.exists()


@pytest.mark.parametrize("route", OF_ADMIN)
@pytest.mark.parametrize("signed_in", [False, True])
def test_supports_view_is_for_staff_only(route: str, signed_in: bool, client: Client) -> None:
    if signed_in:
        client.force_login(factories.member(factories.workspace(), Role.OWNER))
    for response in (client.get(_filled(route)), client.post(_filled(route))):
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize("route", OF_ACCOUNTS)
def test_pages_of_signing_in_answer_a_stranger_without_a_mistake(
    route: str, client: Client
) -> None:
    assert client.get(_filled(route)).status_code in {200, 302}
