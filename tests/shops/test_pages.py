"""The shops page and the way back from TikTok, as a person sees them."""

import re
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from core.models import Role, User, Workspace
from orders.models import SyncCursor
from shops import checks
from shops.clients import use_transport
from shops.models import Authorization, Shop
from tests import factories
from tests.sandbox.running import Running
from tests.shops.sandboxed import Connected, come_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return factories.workspace()


@pytest.fixture
def user(workspace: Workspace) -> User:
    return factories.member(workspace)


@pytest.fixture
def browser(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def address(workspace: Workspace, name: str = "shops:list", **kwargs: int) -> str:
    return reverse(name, kwargs={"workspace": workspace.slug, **kwargs})


def page(browser: Client, workspace: Workspace, **headers: str) -> str:
    answer = browser.get(address(workspace), headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_page_shows_three_steps_with_the_exact_redirect_address(
    browser: Client, workspace: Workspace, settings: Settings
) -> None:
    settings.TIKTOK_SHOP_APP_SECRET = ""
    text = page(browser, workspace)
    assert 'data-copy="http://127.0.0.1:8000/connect/tiktok/callback"' in text
    assert "TIKTOK_SHOP_APP_SECRET" in text
    assert "three steps" in text


def test_going_to_tiktok_is_a_plain_redirect(
    browser: Client, workspace: Workspace, sandbox: Running
) -> None:
    answer = browser.post(address(workspace, "shops:connect"), {"region": "US"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{sandbox.url}/open/authorize?")


def test_the_way_back_connects_and_says_what_is_missing(
    browser: Client, workspace: Workspace, user: User, sandbox: Running
) -> None:
    scopes = ["seller.authorization.info", "seller.order.info"]
    query = come_back(sandbox, workspace, user, scopes=scopes)
    answer = browser.get(reverse("connect:callback"), query)
    assert answer["Location"] == address(workspace)
    text = page(browser, workspace)
    assert "connected. Its orders are being read." in text
    assert "mark orders as shipped (seller.fulfillment.basic)" in text
    assert "5 permissions missing" in text


def test_a_refused_way_back_is_a_page_with_words(browser: Client, workspace: Workspace) -> None:
    answer = browser.get(reverse("connect:callback"), {"code": "x", "state": "forged"})
    assert answer.status_code == 400
    assert "not opened from here" in answer.content.decode()
    assert address(workspace) in answer.content.decode()


def test_the_way_back_needs_a_sign_in_and_keeps_its_query(client: Client) -> None:
    answer = client.get(reverse("connect:callback"), {"code": "x", "state": "y"})
    assert answer.status_code == 302
    assert "code%3Dx" in answer["Location"]


def test_an_install_from_the_app_store_asks_for_the_workspace_and_a_confirmation(
    browser: Client, workspace: Workspace, user: User, sandbox: Running
) -> None:
    other = factories.workspace("Second shop")
    factories.member(other, Role.VIEWER, user)
    code = sandbox.control("POST", "tiktok/code", {})["code"]
    answer = browser.get(reverse("connect:callback"), {"code": code})
    assert answer["Location"] == reverse("connect:install")
    assert not Shop.objects.exists()
    text = browser.get(reverse("connect:install")).content.decode()
    assert workspace.name in text
    assert "Second shop" not in text
    assert code not in text
    browser.post(reverse("connect:install"), {"workspace": workspace.slug})
    assert Shop.objects.get().workspace == workspace
    assert browser.get(reverse("connect:install")).status_code == 400


def test_an_install_into_a_workspace_of_others_is_refused(browser: Client, user: User) -> None:
    strangers = factories.workspace()
    browser.get(reverse("connect:callback"), {"code": "x"})
    answer = browser.post(reverse("connect:install"), {"workspace": strangers.slug})
    assert answer.status_code == 400
    assert not Shop.objects.exists()


def test_the_list_says_how_fresh_each_shop_is(browser: Client, workspace: Workspace) -> None:
    factories.shop(workspace, name="Fresh")
    late = factories.shop(workspace, name="Late")
    SyncCursor.objects.filter(shop=late).update(
        complete_until=timezone.now() - timedelta(hours=3), failures=2, last_error="TikTok is ill."
    )
    new = factories.shop(workspace, name="New", cursor=False)
    SyncCursor.objects.create(shop=new, backfill_from=timezone.now(), seen=40, expected=160)
    text = page(browser, workspace)
    assert re.search(r"Complete as of \d s ago", text)
    assert "Complete as of 3 h 0 min ago; TikTok is asked again soon: TikTok is ill" in text
    assert "Read 40 of 160 orders" in text
    assert 'value="25"' in text
    assert "every 2s" in text


def test_a_shop_whose_sign_in_is_lost_is_reconnected_where_it_stands(
    browser: Client, workspace: Workspace
) -> None:
    factories.shop(workspace, name="Fine")
    lost = factories.shop(workspace, name="Lost")
    Authorization.objects.filter(pk=lost.authorization_id).update(state="lost")
    text = page(browser, workspace)
    assert text.count("Read now") == 1
    assert 'Reconnect<span class="visually-hidden"> Lost</span>' in text
    assert 'class="btn" data-dialog="connect"' in text  # the one more urgent is the primary one


def test_the_list_is_fetched_alone_while_it_is_watched(
    browser: Client, workspace: Workspace
) -> None:
    factories.shop(workspace)
    part = page(browser, workspace, **{"HX-Request": "true"})
    assert part.lstrip().startswith("<section")
    assert "every 15s" in part


def test_the_list_costs_the_same_queries_for_one_shop_and_for_many(
    browser: Client, workspace: Workspace, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page(browser, workspace, **{"HX-Request": "true"})
        return len(seen)

    factories.shop(workspace)
    first = queries()
    for _ in range(4):
        factories.shop(workspace)
    assert queries() == first


def test_disconnecting_and_reading_now_are_for_those_who_set_up(
    client: Client, workspace: Workspace
) -> None:
    shop = factories.shop(workspace)
    client.force_login(factories.member(workspace, Role.PACKER))
    for name in ("shops:sync", "shops:disconnect"):
        assert client.post(address(workspace, name, shop_id=shop.pk)).status_code == 403
    client.force_login(factories.member(workspace))
    assert client.post(address(workspace, "shops:sync", shop_id=shop.pk)).status_code == 303
    assert client.post(address(workspace, "shops:disconnect", shop_id=shop.pk)).status_code == 303
    shop.refresh_from_db()
    assert shop.disconnected_at is not None
    assert "Disconnected" in page(client, workspace)


def test_checks_say_what_is_wrong(
    browser: Client, workspace: Workspace, settings: Settings
) -> None:
    settings.TIKTOK_SHOP_APP_KEY = settings.TIKTOK_SHOP_APP_SECRET = ""
    factories.authorization(workspace, scopes=["seller.order.info"])
    Authorization.objects.update(refresh_expires_at=timezone.now() + timedelta(days=3))
    wrong = httpx.MockTransport(
        lambda request: httpx.Response(404, headers={"date": "Mon, 01 Jan 2024 00:00:00 GMT"})
    )
    with use_transport(wrong):
        checks.forget_clock()
        text = browser.get(address(workspace, "shops:checks")).content.decode()
    checks.forget_clock()
    assert "must be set on the server" in text
    assert "fast: TikTok refuses that" in text
    assert "lasts 2 more days" in text
    assert "read warehouses and carriers (seller.logistics)" in text


def test_checks_are_green_for_a_healthy_shop(connected: Connected, client: Client) -> None:
    client.force_login(connected.user)
    checks.forget_clock()
    text = client.get(address(connected.workspace, "shops:checks")).content.decode()
    checks.forget_clock()
    assert "dot--red" not in text
    assert "Everything CreatorFlow needs is granted." in text
    assert "agrees with TikTok" in text or "TikTok could not be asked" in text
