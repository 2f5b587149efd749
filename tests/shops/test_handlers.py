"""What TikTok tells about our permission: asked before it is believed, and told to people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from core import audit
from core.errors import NotAuthorized, Unavailable
from core.models import Notification, WebhookEvent
from shops import handlers
from shops.clients import use_transport
from shops.models import Shop
from tests import factories
from tests.orders.pressing import queued
from tests.shops.sandboxed import Connected

pytestmark = pytest.mark.django_db


class Gateway:
    """A TikTok that lists the shops of a token, or answers something else."""

    def __init__(self) -> None:
        self.answer = httpx.Response(500)
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answer

    def lists(self, *shops: Shop) -> None:
        found = [{"id": shop.tiktok_id, "cipher": "c", "name": shop.name} for shop in shops]
        self.answer = httpx.Response(200, json={"code": 0, "data": {"shops": found}})

    def refuses(self, code: int) -> None:
        self.answer = httpx.Response(401, json={"code": code, "message": "No.", "data": None})


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    settings.TIKTOK_SHOP_APP_KEY = settings.TIKTOK_SHOP_APP_SECRET = "x"
    gateway = Gateway()
    with use_transport(httpx.MockTransport(gateway)):
        yield gateway


@pytest.fixture
def shop() -> Shop:
    workspace = factories.workspace()
    factories.member(workspace)
    return factories.shop(workspace)


def removed(shop: Shop, **fields: Any) -> WebhookEvent:
    data = {"message": "The shop is deauthorized from your app by the merchant."}
    document = {"type": 6, "shop_id": shop.tiktok_id, "data": data}
    return factories.webhook("6", document, owner=shop.tiktok_id, **fields)


def ends(shop: Shop, moment: object, **fields: Any) -> WebhookEvent:
    data = {"message": "The authorization is expiring.", "expiration_time": moment}
    document = {"type": 7, "shop_id": shop.tiktok_id, "data": data}
    return factories.webhook("7", document, owner=shop.tiktok_id, **fields)


def state(shop: Shop) -> str:
    shop.refresh_from_db()
    return shop.authorization.state if shop.authorization else "none"


def test_a_removal_that_tiktok_confirms_is_told_in_the_app_and_by_mail(
    gateway: Gateway, shop: Shop
) -> None:
    gateway.refuses(105001)
    row = removed(shop)
    handlers.deauthorized(events=[row, removed(shop)])
    assert state(shop) == "lost"
    told = Notification.objects.get(workspace=shop.workspace)
    assert "removed CreatorFlow" in told.text
    assert told.level == "bad"
    assert queued() == ["core.notifications.mail_owners"]
    assert row.outcome == f"{shop} is no longer connected"
    assert row.workspace_id == shop.workspace_id


def test_a_removal_that_tiktok_does_not_confirm_changes_nothing(
    gateway: Gateway, shop: Shop
) -> None:
    gateway.lists(shop)
    row = removed(shop)
    handlers.deauthorized(events=[row])
    assert state(shop) == "active"
    assert "still lists" in row.outcome
    assert not Notification.objects.exists()


def test_a_token_that_covers_no_shop_any_more_is_over(gateway: Gateway, shop: Shop) -> None:
    gateway.lists()
    handlers.deauthorized(events=[removed(shop)])
    assert state(shop) == "lost"


def test_one_of_several_shops_goes_and_the_others_stay(gateway: Gateway, shop: Shop) -> None:
    other = factories.shop(shop.workspace, authorization=shop.authorization, name="Second")
    gateway.lists(other)
    handlers.deauthorized(events=[removed(shop)])
    assert state(shop) == "none"
    assert shop.disconnected_at is not None
    assert state(other) == "active"
    assert Notification.objects.get().text.startswith(f"{shop} is no longer connected")


def test_while_tiktok_cannot_be_asked_the_event_waits(gateway: Gateway, shop: Shop) -> None:
    row = removed(shop)
    with pytest.raises(Unavailable):
        handlers.deauthorized(events=[row])
    assert state(shop) == "active"
    assert row.outcome == ""


def test_another_refusal_is_no_removal(gateway: Gateway, shop: Shop) -> None:
    gateway.refuses(105005)  # a scope is missing
    with pytest.raises(NotAuthorized):
        handlers.deauthorized(events=[removed(shop)])
    assert state(shop) == "active"


def test_a_removal_of_a_stranger_or_a_lost_shop_asks_nobody(gateway: Gateway, shop: Shop) -> None:
    gateway.refuses(105001)
    handlers.deauthorized(events=[removed(shop)])
    asked = gateway.asked
    again = removed(shop)
    handlers.deauthorized(events=[again])
    assert again.outcome == "no connected shop"
    assert gateway.asked == asked


def test_a_removal_in_the_sandbox_is_believed(connected: Connected) -> None:
    connected.sandbox.tiktok(deauthorize=True)
    handlers.deauthorized(events=[removed(connected.shop)])
    assert state(connected.shop) == "lost"


@pytest.mark.parametrize("as_text", [True, False])
def test_the_announced_end_is_kept_and_told(shop: Shop, as_text: bool) -> None:
    end = (timezone.now() + timedelta(days=13)).replace(microsecond=0)
    unix = int(end.timestamp())
    row = ends(shop, str(unix) if as_text else unix)
    handlers.ending(events=[row])
    shop.refresh_from_db()
    assert shop.authorization is not None
    assert shop.authorization.ends_at == end
    assert row.outcome == f"the permission ends on {end:%Y-%m-%d}"
    assert "ends in" in Notification.objects.get().text


def test_of_two_announcements_the_later_said_one_counts(shop: Shop) -> None:
    now = timezone.now()
    old = ends(shop, int((now + timedelta(days=20)).timestamp()), sent_at=now)
    new = ends(
        shop, int((now + timedelta(days=25)).timestamp()), sent_at=now + timedelta(minutes=1)
    )
    handlers.ending(events=[new, old])
    shop.refresh_from_db()
    assert shop.authorization is not None
    assert shop.authorization.ends_at is not None
    assert shop.authorization.ends_at > now + timedelta(days=24)


def test_an_announcement_from_before_the_last_connection_is_history(shop: Shop) -> None:
    authorization = shop.authorization
    assert authorization is not None
    audit.record(
        shop.workspace_id, "shop.connected", f"authorization:{authorization.pk}", "Connected."
    )
    row = ends(
        shop,
        int((timezone.now() + timedelta(days=3)).timestamp()),
        sent_at=timezone.now() - timedelta(hours=12),
    )
    handlers.ending(events=[row])
    shop.refresh_from_db()
    assert shop.authorization is not None
    assert shop.authorization.ends_at is None
    assert row.outcome == "the seller has authorized again since"


@pytest.mark.parametrize("moment", [None, "soon", {"at": 1}, -5, True])
def test_an_announcement_without_a_day_changes_nothing(shop: Shop, moment: object) -> None:
    row = ends(shop, moment, sent_at=datetime(2036, 1, 1, tzinfo=UTC))
    handlers.ending(events=[row])
    assert row.outcome == "names no end"
    assert not Notification.objects.exists()
