"""Connecting a shop: the way out, the way back, and everything that may be wrong with it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from core.models import AuditEntry, Notification, Role, User, Workspace
from shops import connect, tokens
from shops.clients import use_transport
from shops.models import Authorization, ConnectAttempt, Shop
from tests import factories
from tests.sandbox.running import Running
from tests.shops.sandboxed import come_back, connect_shop, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return factories.workspace()


@pytest.fixture
def user(workspace: Workspace) -> User:
    return factories.member(workspace)


def refused(query: dict[str, str], user: User) -> connect.ConnectError:
    """The words for a way back that connects nothing."""
    shops = Shop.objects.count()
    with pytest.raises(connect.ConnectError) as error:
        connect.complete(query, user)
    assert Shop.objects.count() == shops
    return error.value


def queued() -> list[str]:
    """The jobs that wait in the queue."""
    from django_q.models import OrmQ

    return [str(row.task["args"][0]) for row in OrmQ.objects.all()]


def test_a_seller_is_sent_to_the_host_of_the_market(
    settings: Settings, workspace: Workspace, user: User
) -> None:
    settings.TIKTOK_SHOP_APP_KEY = settings.TIKTOK_SHOP_APP_SECRET = "x"
    settings.TIKTOK_SHOP_SERVICE_ID = "77"
    us, other = (connect.begin(workspace, user, region) for region in ("US", ""))
    assert us.startswith("https://services.us.tiktokshop.com/open/authorize?service_id=77&state=")
    assert other.startswith("https://services.tiktokshop.com/open/authorize?")
    assert state_of(us) != state_of(other)


def test_without_keys_nobody_is_sent_anywhere(
    settings: Settings, workspace: Workspace, user: User
) -> None:
    settings.TIKTOK_SHOP_APP_SECRET = ""
    with pytest.raises(connect.ConnectError, match="TIKTOK_SHOP_APP_SECRET"):
        connect.begin(workspace, user, "US")


def test_a_granted_shop_is_connected_and_its_orders_begin_to_be_read(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    shop = connect_shop(sandbox, workspace, user)
    assert (shop.workspace, shop.disconnected_at) == (workspace, None)
    assert shop.cipher
    authorization = Authorization.objects.get()
    assert authorization.state == "active"
    assert authorization.access_expires_at > timezone.now() + timedelta(days=6)
    entry = AuditEntry.objects.get(action="shop.connected")
    assert (entry.actor, entry.workspace) == (user, workspace)
    assert {"orders.sync.begin", "shops.logistics.read_warehouses"} <= set(queued())


def test_connecting_again_updates_and_revives(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    shop = connect_shop(sandbox, workspace, user)
    authorization = Authorization.objects.get()
    tokens.mark_lost(authorization, "gone")
    assert connect_shop(sandbox, workspace, user) == shop
    assert Shop.objects.count() == Authorization.objects.count() == 1
    authorization.refresh_from_db()
    assert (authorization.state, authorization.lost_because) == ("active", "")
    assert not Notification.objects.filter(seen_at=None).exists()


def test_a_shop_of_another_workspace_is_refused_and_nothing_is_saved(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    elsewhere = factories.workspace("Rivals")
    connect_shop(sandbox, elsewhere, factories.member(elsewhere))
    before = Authorization.objects.get().access_token_sealed
    error = refused(come_back(sandbox, workspace, user), user)
    assert "another workspace" in error.text
    assert "Rivals" not in error.text
    assert Authorization.objects.get().access_token_sealed == before
    assert not AuditEntry.objects.filter(workspace=workspace).exists()


def test_a_shop_that_was_let_go_may_be_connected_elsewhere(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    elsewhere = factories.workspace()
    first = connect_shop(sandbox, elsewhere, factories.member(elsewhere))
    connect.disconnect(first, user)
    assert connect_shop(sandbox, workspace, user).workspace == workspace


def test_a_seller_who_says_no_is_told_that_nothing_changed(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    state = state_of(connect.begin(workspace, user, "US"))
    query = {"code": "null", "error": "auth_denied", "state": state}
    assert "nothing was changed" in refused(query, user).text
    assert "used already" in refused(query, user).text


def test_forged_replayed_late_and_borrowed_ways_back_connect_nothing(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    good = come_back(sandbox, workspace, user)
    assert "not opened from here" in refused(good | {"state": "forged"}, user).text
    assert "somebody else" in refused(good, factories.member(workspace)).text
    ConnectAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert "more than an hour" in refused(good, user).text
    assert "used already" in refused(good, user).text


def test_who_lost_the_right_meanwhile_connects_nothing(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    good = come_back(sandbox, workspace, user)
    user.memberships.update(role=Role.PACKER)
    assert "may not" in refused(good, user).text


def test_an_expired_code_says_start_again(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    good = come_back(sandbox, workspace, user)
    sandbox.control("POST", "tiktok", {"expire_codes": True})
    error = refused(good, user)
    assert "expired or was used" in error.text
    assert error.again


@pytest.mark.parametrize(
    ("kind", "words"), [(1, "a creator"), (3, "a partner"), (9, "not a seller")]
)
def test_only_sellers_connect_shops(
    sandbox: Running, workspace: Workspace, user: User, kind: int, words: str
) -> None:
    assert words in refused(come_back(sandbox, workspace, user, user_type=kind), user).text


def test_missing_permissions_are_named_and_the_shop_is_connected_all_the_same(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    scopes = ["seller.authorization.info", "seller.order.info", "seller.logistics"]
    done = connect.complete(come_back(sandbox, workspace, user, scopes=scopes), user)
    assert isinstance(done, connect.Connected)
    assert {scope.name for scope in done.missing} == {
        "seller.fulfillment.basic",
        "seller.fulfillment.package.write",
        "seller.product.basic",
        "seller.return_refund.basic",
    }
    assert all(scope.purpose for scope in done.missing)


def test_without_the_permission_to_see_shops_nothing_can_be_connected(
    sandbox: Running, workspace: Workspace, user: User
) -> None:
    query = come_back(sandbox, workspace, user, scopes=["seller.order.info"])
    assert "seller.authorization.info" in refused(query, user).text


def test_an_install_without_state_waits_for_a_person(sandbox: Running, user: User) -> None:
    code = sandbox.control("POST", "tiktok/code", {})["code"]
    waiting = connect.complete({"code": code, "shop_region": "US"}, user)
    assert waiting == connect.InstallWaiting(code, "US")
    assert not Shop.objects.exists()
    assert "without an answer" in refused({}, user).text


def _answers(shops: list[dict[str, Any]], open_id: str = "o1") -> httpx.MockTransport:
    """A TikTok that grants whatever is asked for, to an account with these shops."""
    end = int(timezone.now().timestamp()) + 86400
    grant = {
        "access_token": f"a-{open_id}",
        "access_token_expire_in": end,
        "refresh_token": "r",
        "refresh_token_expire_in": end,
        "open_id": open_id,
        "seller_name": "Glow",
        "user_type": 0,
    }

    def handle(request: httpx.Request) -> httpx.Response:
        data = {"shops": shops} if request.url.path.endswith("/shops") else grant
        return httpx.Response(200, json={"code": 0, "data": data})

    return httpx.MockTransport(handle)


def shop_entry(number: str) -> dict[str, Any]:
    return {"id": number, "name": f"Shop {number}", "region": "US", "cipher": f"c{number}"}


def test_one_seller_may_bring_several_shops_and_a_workspace_have_several_sellers(
    workspace: Workspace, user: User
) -> None:
    now = timezone.now()
    with use_transport(_answers([shop_entry("1"), shop_entry("2")])):
        connect.connect(workspace, user, "code", now=now)
    with use_transport(_answers([shop_entry("3")], open_id="o2")):
        connect.connect(workspace, user, "code", now=now)
    assert Shop.objects.of(workspace).connected().count() == 3
    assert Authorization.objects.count() == 2


def test_a_shop_the_seller_no_longer_has_is_let_go(workspace: Workspace, user: User) -> None:
    now = timezone.now()
    with use_transport(_answers([shop_entry("1"), shop_entry("2")])):
        connect.connect(workspace, user, "code", now=now)
    with use_transport(_answers([shop_entry("2")])):
        connect.connect(workspace, user, "code", now=now)
    assert [shop.tiktok_id for shop in Shop.objects.connected()] == ["2"]


def test_an_account_without_shops_is_told_so(workspace: Workspace, user: User) -> None:
    with use_transport(_answers([])), pytest.raises(connect.ConnectError, match="no shop"):
        connect.connect(workspace, user, "code", now=timezone.now())


def test_sellers_without_an_open_id_do_not_become_one(workspace: Workspace, user: User) -> None:
    for number in ("1", "2"):
        with use_transport(_answers([shop_entry(number)], open_id="")):
            connect.connect(workspace, user, "code", now=timezone.now())
    assert Authorization.objects.count() == 2


def test_disconnecting_erases_tokens_that_serve_no_other_shop(
    workspace: Workspace, user: User
) -> None:
    with use_transport(_answers([shop_entry("1"), shop_entry("2")])):
        done = connect.connect(workspace, user, "code", now=timezone.now())
    connect.disconnect(done.shops[0], user)
    assert Authorization.objects.count() == 1
    connect.disconnect(done.shops[1], user)
    connect.disconnect(done.shops[1], user)
    assert not Authorization.objects.exists()
    assert AuditEntry.objects.filter(action="shop.disconnected", actor=user).count() == 2
