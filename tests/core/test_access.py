"""Rights, page or part, and the shell around pages."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from core.access import RIGHTS, MemberRequest, Right, member
from core.htmx import go, toast
from core.models import Role
from core.shell import PLACES, existing_places
from tests import factories

EXPECTED = {
    Role.OWNER: {"view", "pack", "handle", "buy", "set_up", "team", "rules"},
    Role.MANAGER: {"view", "pack", "handle", "buy", "set_up"},
    Role.PACKER: {"view", "pack", "handle"},
    Role.VIEWER: {"view"},
}


@member(Right.BUY)
def spend(request: MemberRequest) -> HttpResponse:
    """A view that only buyers reach; it says which clock it sees."""
    return HttpResponse(str(timezone.get_current_timezone()))


@pytest.mark.parametrize("role", Role.values)
def test_each_role_has_exactly_its_rights(role: str) -> None:
    assert {right.value for right in RIGHTS[role]} == EXPECTED[Role(role)]


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_a_role_without_the_right_is_refused(rf: RequestFactory, role: str) -> None:
    glow = factories.workspace()
    request = rf.get("/")
    request.user = factories.member(glow, role)
    if "buy" in EXPECTED[Role(role)]:
        assert spend(request, workspace=glow.slug).status_code == 200
    else:
        with pytest.raises(PermissionDenied):
            spend(request, workspace=glow.slug)


@pytest.mark.django_db
def test_a_workspace_of_others_does_not_exist(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = factories.member(factories.workspace())
    with pytest.raises(Http404):
        spend(request, workspace=factories.workspace().slug)


@pytest.mark.django_db
def test_times_follow_the_clock_of_the_workspace_and_only_inside_it(rf: RequestFactory) -> None:
    chicago = factories.workspace(time_zone="America/Chicago")
    broken = factories.workspace(time_zone="Moon/Base")
    seen = []
    for place in (chicago, broken):
        request = rf.get("/")
        request.user = factories.member(place)
        seen.append(spend(request, workspace=place.slug).content.decode())
    assert seen == ["America/Chicago", "UTC"]
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
def test_a_page_asked_for_by_htmx_is_only_its_part(client: Client) -> None:
    glow = factories.workspace()
    client.force_login(factories.member(glow))
    url = f"/w/{glow.slug}/notifications/"
    page = client.get(url).content.decode()
    part = client.get(url, headers={"HX-Request": "true"})
    assert "<html" in page
    assert "Nothing to tell" in page
    assert "<html" not in part.content.decode()
    assert "Nothing to tell" in part.content.decode()
    assert "HX-Request" in part["Vary"]
    back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get(url, headers=back).content.decode()
    boosted = {"HX-Request": "true", "HX-Boosted": "true"}
    assert "<html" in client.get(url, headers=boosted).content.decode()


def test_toasts_add_up_and_going_elsewhere_works_with_and_without_htmx(rf: RequestFactory) -> None:
    response = toast(toast(HttpResponse(), "Held 3"), "One was shipped", level="warn")
    assert json.loads(response["HX-Trigger"])["toast"] == [
        {"text": "Held 3", "level": "ok"},
        {"text": "One was shipped", "level": "warn"},
    ]
    plain = rf.get("/")
    assert go(plain, "/x")["Location"] == "/x"
    plain.htmx = True
    assert go(plain, "/x")["HX-Redirect"] == "/x"


@pytest.mark.django_db
def test_the_shell_shows_where_we_are_and_what_is_new(client: Client) -> None:
    glow = factories.workspace("Glow & Co")
    client.force_login(factories.member(glow))
    factories.notification(glow)
    html = client.get(f"/w/{glow.slug}/team/").content.decode()
    assert "Glow &amp; Co" in html
    assert "Notifications, 1 new" in html
    assert html.count('aria-current="page"') == 2  # in the rail, and in a phone's "More"
    for place in existing_places():
        assert f'data-go="{place.key}"' in html


def test_every_place_of_the_rail_has_a_page() -> None:
    assert existing_places() == PLACES


@pytest.mark.django_db
def test_a_signed_out_page_asks_the_database_nothing(
    client: Client, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/accounts/login/").status_code == 200


@pytest.mark.django_db
def test_the_shell_costs_three_queries(
    client: Client, django_assert_max_num_queries: object
) -> None:
    glow = factories.workspace()
    client.force_login(factories.member(glow))
    url = f"/w/{glow.slug}/audit/"
    client.get(url)
    with django_assert_max_num_queries(7):  # type: ignore[operator]  # session, user, member, entries + three
        assert client.get(url).status_code == 200
