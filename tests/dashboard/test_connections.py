"""What the workspace is connected to: each connection's state in words, and a button to try it."""

from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from core import breaker
from core.models import Circuit, Heartbeat, Role, WebhookEvent, Workspace
from dashboard import connections
from dashboard.connections import Line
from shipping import accounts
from shipping.models import LabelAccount
from shops import wire
from shops.clients import API_CIRCUIT, circuit_of, use_transport
from shops.models import ApiCall, Shop
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace("Glow", time_zone="UTC")


@pytest.fixture
def shop(glow: Workspace) -> Shop:
    return factories.shop(glow, name="Glow Shop")


@pytest.fixture
def account(glow: Workspace) -> LabelAccount:
    return factories.account(glow, name="EasyPost")


def trip(key: str, **columns: object) -> Circuit:
    """A circuit that was opened two minutes ago."""
    now = timezone.now()
    values = {
        "state": "open",
        "failures": 5,
        "failing_since": now - timedelta(minutes=2),
        "retry_at": now + timedelta(minutes=1),
        "last_error": "EasyPost did not answer in time.",
        "last_error_at": now,
    }
    row = Circuit.objects.create(key=key, **(values | columns))
    breaker.forget()
    return row


def a_worker() -> None:
    """One group of workers that showed itself just now."""
    Heartbeat.objects.create(process="here:1", version="1", build="1")


def line(workspace: Workspace, name: str) -> Line:
    found = connections.lines(workspace, now=timezone.now())
    return next(one for one in found if one.name == name)


def page(client: Client, workspace: Workspace, role: str = Role.OWNER) -> str:
    client.force_login(factories.member(workspace, role))
    response = client.get(f"/w/{workspace.slug}/connections/")
    assert response.status_code == 200
    return response.content.decode()


def test_everything_that_is_called_is_listed(
    glow: Workspace, shop: Shop, account: LabelAccount, client: Client
) -> None:
    names = [one.name for one in connections.lines(glow, now=timezone.now())]
    assert names == [
        "Glow Shop", "TikTok Shop", "EasyPost", "TikTok's sign-in", "Label files of EasyPost",
        "Workers",
    ]  # fmt: skip


def test_what_answers_says_so(glow: Workspace, account: LabelAccount) -> None:
    found = line(glow, "EasyPost")
    assert (found.tone, found.words, found.can_be_tried) == ("green", "Answers", False)


def test_what_does_not_answer_says_since_when_why_and_when_it_is_tried_again(
    glow: Workspace, account: LabelAccount, client: Client
) -> None:
    a_worker()
    row = trip(accounts.circuit_of(account))
    found = line(glow, "EasyPost")
    assert (found.tone, found.words) == ("red", "Not answering")
    assert (found.since, found.next_try) == (row.failing_since, row.retry_at)
    html = page(client, glow)
    assert "1 connection does not work" in html
    assert "EasyPost did not answer in time." in html
    assert 'aria-label="Try now: EasyPost"' in html


def test_tiktok_that_answers_no_shop_is_one_line(glow: Workspace, shop: Shop) -> None:
    trip(API_CIRCUIT)
    assert line(glow, "TikTok Shop").words == "Not answering"
    assert line(glow, "Glow Shop").words == "Answers"
    words = connections.try_now(glow, API_CIRCUIT)
    assert words == "TikTok Shop is tried with the next call."


def test_trouble_that_is_over_is_still_told(glow: Workspace, account: LabelAccount) -> None:
    trip(
        accounts.circuit_of(account), state="closed", failures=0, failing_since=None, retry_at=None
    )
    found = line(glow, "EasyPost")
    assert (found.tone, found.words) == ("green", "Answers")
    assert found.last_error == "EasyPost did not answer in time."


def test_a_lost_shop_and_a_paused_account_lead_to_where_they_are_put_right(
    glow: Workspace, shop: Shop, account: LabelAccount, client: Client
) -> None:
    shop.authorization.state = "lost"  # type: ignore[union-attr]
    shop.authorization.lost_because = "The seller removed CreatorFlow."  # type: ignore[union-attr]
    shop.authorization.save()  # type: ignore[union-attr]
    accounts.pause(account, "The key was refused.")
    found = line(glow, "Glow Shop")
    assert (found.tone, found.words, found.page) == ("red", "Not connected", "shops:list")
    found = line(glow, "EasyPost")
    assert (found.tone, found.page) == ("amber", "shipping:settings")
    assert "Put it right" in page(client, glow)


def test_webhooks_that_wait_or_need_a_person_are_told(glow: Workspace, shop: Shop) -> None:
    now = timezone.now()
    event = WebhookEvent.objects.create(
        provider="tiktok", event="1", dedupe="a", owner=shop.tiktok_id, body=b"{}", state="done"
    )
    assert line(glow, "Webhooks of TikTok Shop").words == "Arrive"
    WebhookEvent.objects.update(state="waiting", received_at=now - timedelta(minutes=10))
    assert line(glow, "Webhooks of TikTok Shop").words == "Wait to be handled"
    WebhookEvent.objects.filter(pk=event.pk).update(state="parked")
    found = line(glow, "Webhooks of TikTok Shop")
    assert (found.tone, found.words) == ("amber", "1 needs a person")


def test_the_queue_says_whether_anybody_works(glow: Workspace) -> None:
    assert (line(glow, "Workers").tone, line(glow, "Workers").page) == ("red", "")
    a_worker()
    assert line(glow, "Workers").words == "1 group runs"
    OrmQ.objects.create(key="creatorflow", payload="x", lock=timezone.now() - timedelta(minutes=9))
    assert line(glow, "Workers").words == "Behind: 1 task waits"


def test_the_last_hours_calls_are_counted_from_a_sample(glow: Workspace) -> None:
    def calls(n: int, status: int | None, **columns: object) -> None:
        for _ in range(n):
            ApiCall.objects.create(
                workspace=glow, provider="EasyPost", method="GET", path="/", status=status,
                **({"milliseconds": 20} | columns),
            )  # fmt: skip

    calls(3, 200, stands_for=20)
    calls(2, 503)
    calls(1, None)
    calls(1, 200, at=timezone.now() - timedelta(hours=2))
    (found,) = connections.traffic(glow, now=timezone.now())
    assert (found.calls, found.failed) == (63, 3)
    assert found.per_minute == pytest.approx(63 / 60)
    assert found.share == pytest.approx(100 * 3 / 63)


def test_the_page_begins_with_what_is_true(glow: Workspace, client: Client) -> None:
    a_worker()
    assert "Everything answers<" in page(client, glow)
    factories.webhook("1", {"type": 1}, workspace=glow, state="parked")
    assert "1 connection needs a look<" in page(client, glow)


def test_refusals_that_come_with_200_are_failures_and_each_is_one_call(glow: Workspace) -> None:
    for _ in range(5):
        ApiCall.objects.create(
            workspace=glow, provider="TikTok Shop", method="POST", path="/", status=200,
            refused=True, milliseconds=20,
        )  # fmt: skip
    (found,) = connections.traffic(glow, now=timezone.now())
    assert (found.calls, found.failed) == (5, 5)


def test_webhooks_that_concern_nobody_are_counted_where_the_operator_is(glow: Workspace) -> None:
    other = factories.workspace("Other")
    factories.webhook("?", {}, provider="shippo", state="parked", reason="It is no JSON.")
    found = line(glow, "Webhooks without a workspace")
    assert (found.tone, found.words) == ("amber", "1 event concerns nobody")
    assert "/admin/core/webhookevent/" in found.last_error
    assert "JSON" not in found.last_error
    names = [one.name for one in connections.lines(other, now=timezone.now())]
    assert "Webhooks without a workspace" not in names


def test_webhooks_of_a_workspace_are_not_told_as_nobodys(glow: Workspace) -> None:
    factories.webhook("1", {}, state="parked", workspace=factories.workspace("Other"))
    names = [one.name for one in connections.lines(glow, now=timezone.now())]
    assert "Webhooks without a workspace" not in names


# -- Try now -----------------------------------------------------------------------------------------
def press(client: Client, workspace: Workspace, key: str, role: str = Role.MANAGER) -> int:
    client.force_login(factories.member(workspace, role))
    return client.post(f"/w/{workspace.slug}/connections/try/", {"key": key}).status_code


def test_an_account_is_tried_at_once_and_works_again(
    glow: Workspace, account: LabelAccount, client: Client
) -> None:
    key = accounts.circuit_of(account)
    trip(key)
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(200, json={}))):
        assert press(client, glow, key) == 303
    assert Circuit.objects.get().state == "closed"


def test_one_that_still_does_not_answer_is_left_alone_for_longer(
    glow: Workspace, account: LabelAccount, client: Client
) -> None:
    key = accounts.circuit_of(account)
    trip(key, openings=1)
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(503))):
        press(client, glow, key)
    row = Circuit.objects.get()
    assert (row.state, row.openings) == ("open", 2)


def test_a_shop_is_read_and_the_token_host_waits_for_its_next_call(
    glow: Workspace, shop: Shop, client: Client
) -> None:
    trip(circuit_of(shop.pk))
    assert press(client, glow, circuit_of(shop.pk)) == 303
    assert OrmQ.objects.count() == 1
    trip(wire.TOKEN_CIRCUIT)
    press(client, glow, wire.TOKEN_CIRCUIT)
    assert set(Circuit.objects.values_list("state", flat=True)) == {"half-open"}


def test_only_who_sets_up_may_try_and_only_their_own(
    glow: Workspace, account: LabelAccount, client: Client
) -> None:
    key = accounts.circuit_of(account)
    trip(key)
    assert press(client, glow, key, Role.PACKER) == 403
    stranger = factories.workspace("Other")
    assert press(client, stranger, key) == 404
    assert Circuit.objects.get().state == "open"
    assert "Try now" not in page(client, glow, Role.VIEWER)


# -- Every page --------------------------------------------------------------------------------------
def test_the_bar_on_top_shows_a_dot_only_for_what_is_bad(
    glow: Workspace, account: LabelAccount
) -> None:
    assert connections.trouble(glow) == []
    trip(accounts.circuit_of(account))
    (dot,) = connections.trouble(glow)
    assert (dot.name, dot.tone) == ("EasyPost", "red")
    assert dot.words.startswith("Not answering since ")
    assert connections.trouble(factories.workspace("Other")) == []


def test_while_all_is_well_the_dots_cost_no_query(
    glow: Workspace, account: LabelAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    connections.trouble(glow)
    with django_assert_num_queries(0):
        assert connections.trouble(glow) == []
