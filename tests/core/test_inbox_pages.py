"""The inbox's pages: managers see why an event needs a person, and have it handled again or
dismissed; nobody sees another workspace's, and nobody a buyer's address."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from core.models import Role, User, WebhookEvent, Workspace
from core.views.inbox import PAGE
from tests import factories
from tests.core.hooks import stored

pytestmark = pytest.mark.django_db

URL = "/w/desk/webhooks/"


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace(slug="desk")


@pytest.fixture
def manager(client: Client, desk: Workspace) -> Client:
    client.force_login(factories.member(desk, Role.MANAGER))
    return client


def dead(desk: Workspace | None, reason: str = "This order does not exist.", **fields: object):
    return stored(desk, **({"state": "parked", "reason": reason, "attempts": 1} | fields))


def states() -> dict[int, str]:
    return dict(WebhookEvent.objects.values_list("pk", "state"))


def test_dead_letters_are_listed_with_why_and_what(manager: Client, desk: Workspace) -> None:
    row = dead(desk)
    dead(factories.workspace(), reason="Somebody else's.")
    page = manager.get(URL).content.decode()
    assert "This order does not exist." in page
    assert "Order status" in page
    assert "TikTok Shop" in page
    assert f"{URL}{row.pk}/" in page
    assert "Somebody else" not in page


def test_an_empty_inbox_says_that_nothing_is_to_be_done(manager: Client, desk: Workspace) -> None:
    assert "Nothing needs a person" in manager.get(URL).content.decode()
    assert "No event yet" in manager.get(f"{URL}?tab=recent").content.decode()


def test_everything_that_came_is_listed_with_how_long_it_took(
    manager: Client, desk: Workspace
) -> None:
    row = stored(desk, state="done", outcome="Order read again.")
    row.done_at = row.received_at.replace(microsecond=0) + (
        row.received_at - row.received_at.replace(microsecond=0)
    )
    row.save(update_fields=["done_at"])
    page = manager.get(f"{URL}?tab=recent").content.decode()
    assert "Order read again." in page
    assert "0.0 s" in page


def test_a_part_is_only_the_list(manager: Client, desk: Workspace) -> None:
    dead(desk)
    part = manager.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert '<div id="inbox"' in part
    assert "<html" not in part


def test_filters_narrow_by_provider_and_reason(manager: Client, desk: Workspace) -> None:
    dead(desk, reason="First reason")
    dead(desk, reason="Second reason", provider="easypost", event="tracker.updated")
    page = manager.get(f"{URL}?provider=easypost").content.decode()
    assert page.count("Handle again:") == 1
    assert "Handle again: Tracking" in page
    page = manager.get(f"{URL}?reason=First+reason").content.decode()
    assert "Handle again: Order status" in page
    assert "Handle again: Tracking" not in page
    assert manager.get(f"{URL}?provider=amazon&tab=x&before=abc").status_code == 200


def test_pages_follow_each_other_by_key(manager: Client, desk: Workspace) -> None:
    rows = [dead(desk).pk for _ in range(PAGE + 2)]
    first = manager.get(URL).content.decode()
    assert f"before={rows[2]}" in first
    second = manager.get(f"{URL}?before={rows[2]}").content.decode()
    assert f"{URL}{rows[1]}/" in second
    assert f"{URL}{rows[2]}/" not in second


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def test_queries_do_not_grow_with_the_list(manager: Client, desk: Workspace) -> None:
    dead(desk)
    queries(manager, URL)  # the session's first request is noted once
    few = queries(manager, URL), queries(manager, f"{URL}?tab=recent")
    for number in range(PAGE):
        dead(desk, reason=f"Reason {number}")
    assert (queries(manager, URL), queries(manager, f"{URL}?tab=recent")) == few
    parts = {"HX-Request": "true"}  # without the frame around it: who asks, then four of its own
    with CaptureQueriesContext(connection) as asked:
        assert manager.get(URL, headers=parts).status_code == 200
    own = [one["sql"] for one in asked if "core_webhookevent" in one["sql"]]
    assert len(own) == 4


def test_an_events_document_is_shown_without_people_and_secrets(
    manager: Client, desk: Workspace
) -> None:
    document = {
        "type": 14,
        "shop_id": "7494",
        "data": {
            "order_id": "5769",
            "content": "I live at number 7",
            "recipient_address": {"name": "Jo Ortiz", "full_address": "1 Main St"},
            "access_token": "TTP_abcdef",
        },
    }
    row = factories.webhook("14", document, workspace=desk, state="parked")
    for headers in ({}, {"HX-Request": "true"}):
        page = manager.get(f"{URL}{row.pk}/", headers=headers).content.decode()
        assert "&quot;order_id&quot;: &quot;5769&quot;" in page
        for secret in ("number 7", "Ortiz", "Main St", "TTP_"):
            assert secret not in page


def test_an_event_whose_document_is_gone_says_so(manager: Client, desk: Workspace) -> None:
    gone = stored(desk, state="done", body=b"")
    assert "no longer kept" in manager.get(f"{URL}{gone.pk}/").content.decode()
    broken = dead(desk, event="?", body=b"{")
    assert "not a document that can be shown" in manager.get(f"{URL}{broken.pk}/").content.decode()


def test_one_event_is_handled_again(manager: Client, desk: Workspace) -> None:
    one, other = dead(desk), dead(desk)
    answer = manager.post(
        f"{URL}again/", {"event": one.pk, "filter": "provider=tiktok"}, follow=True
    )
    assert answer.redirect_chain == [(f"{URL}?provider=tiktok", 302)]
    assert "1 event is being handled again." in answer.content.decode()
    assert states() == {one.pk: "waiting", other.pk: "parked"}
    assert OrmQ.objects.count() == 1


def test_all_of_one_reason_are_handled_again(manager: Client, desk: Workspace) -> None:
    rows = [dead(desk, reason="Timeout").pk for _ in range(3)]
    other = dead(desk).pk
    foreign = dead(factories.workspace(), reason="Timeout").pk
    manager.post(f"{URL}again/", {"all": "1", "filter": "tab=parked&reason=Timeout"})
    assert states() == dict.fromkeys(rows, "waiting") | {other: "parked", foreign: "parked"}


def test_events_are_dismissed_with_a_reason_only(manager: Client, desk: Workspace) -> None:
    row = dead(desk)
    answer = manager.post(f"{URL}dismiss/", {"event": row.pk, "why": "  "}, follow=True)
    assert "Say in a few words" in answer.content.decode()
    assert states() == {row.pk: "parked"}
    manager.post(f"{URL}dismiss/", {"event": row.pk, "why": "shipped  by hand"})
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("done", "Dismissed: shipped by hand")
    for address in (f"{URL}{row.pk}/", f"{URL}?tab=recent"):  # nobody takes it for handled
        page = manager.get(address).content.decode()
        assert "Dismissed</span>" in page
        assert "Done</span>" not in page


def test_foreign_and_odd_ids_are_nobodys(manager: Client, desk: Workspace) -> None:
    foreign = dead(factories.workspace())
    odd = {"event": [foreign.pk, "x", "-1", "9" * 30, "²"]}
    assert manager.post(f"{URL}again/", odd, follow=True).status_code == 200
    assert manager.post(f"{URL}dismiss/", odd | {"why": "x"}, follow=True).status_code == 200
    assert manager.get(f"{URL}{foreign.pk}/").status_code == 404
    assert states() == {foreign.pk: "parked"}


@pytest.mark.parametrize("role", [Role.PACKER, Role.VIEWER])
def test_it_is_for_managers_and_owners(client: Client, desk: Workspace, role: str) -> None:
    row = dead(desk)
    client.force_login(factories.member(desk, role))
    assert client.get(URL).status_code == 403
    assert client.get(f"{URL}{row.pk}/").status_code == 403
    for name in ("again", "dismiss"):
        assert client.post(f"{URL}{name}/", {"event": row.pk, "why": "x"}).status_code == 403
    assert states() == {row.pk: "parked"}


def test_support_sees_events_of_unknown_owners_without_their_documents(client: Client) -> None:
    row = factories.webhook("1", {"type": 1, "data": {"x": "Jo Ortiz"}}, state="parked", owner="99")
    staff = User.objects.create_superuser("support@example.com", "secret-enough")
    client.force_login(staff)
    page = client.get(reverse("admin:core_webhookevent_changelist"))
    assert "99" in page.content.decode()
    detail = client.get(reverse("admin:core_webhookevent_change", args=[row.pk]))
    assert detail.status_code == 200
    assert "Ortiz" not in detail.content.decode()
    posted = {"action": "handle_again", "_selected_action": [row.pk]}
    answer = client.post(reverse("admin:core_webhookevent_changelist"), posted, follow=True)
    assert "1 of 1 are being handled again." in answer.content.decode()
    assert states() == {row.pk: "waiting"}
