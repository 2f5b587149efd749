"""A shop is read more often for a while after its webhooks fail, and says why."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from core.models import WebhookEvent
from orders import pace, sync
from orders.models import Order, SyncCursor
from shops.freshness import age_of
from shops.models import Shop, WebhookSubscription
from tests import factories
from tests.shops.sandboxed import Connected

LATER = timedelta(minutes=2)


@pytest.fixture
def cursor(db: None) -> SyncCursor:
    """The cursor of a shop whose webhooks reached us lately."""
    shop = factories.shop(factories.workspace())
    webhook(shop, "100", timezone.now() - timedelta(minutes=40), state="done")
    return SyncCursor.objects.select_related("shop").get(shop=shop)


def webhook(shop: Shop, order: str, at: datetime, **fields: object) -> WebhookEvent:
    """A stored event about an order."""
    count = WebhookEvent.objects.count()
    return WebhookEvent.objects.create(
        provider="tiktok",
        event="1",
        dedupe=f"{order}-{count}",
        owner=shop.tiktok_id,
        subject=order,
        body=b"{}",
        received_at=at,
        **fields,
    )


def test_a_change_that_was_announced_is_not_missed(cursor: SyncCursor) -> None:
    now = timezone.now()
    webhook(cursor.shop, "1", now - LATER, state="done")
    assert pace.judge(cursor, [("1", now - LATER)], now=now) == ""
    assert pace.due(cursor, started=now, now=now) == now + pace.EVERY


def test_a_change_that_nobody_announced_hurries_the_shop_for_a_while(cursor: SyncCursor) -> None:
    now = timezone.now()
    assert pace.judge(cursor, [("1", now - LATER), ("2", now - LATER)], now=now) == "missed"
    assert cursor.missed == 2
    assert pace.due(cursor, started=now - LATER, now=now) == now + pace.SOON
    later = now + pace.HURRY
    assert pace.due(cursor, started=later, now=later) == later + pace.EVERY
    stored = SyncCursor.objects.get()
    assert (stored.hurried_because, stored.missed) == ("missed", 2)


def test_an_announcement_of_an_earlier_change_is_none_of_this_one(cursor: SyncCursor) -> None:
    now = timezone.now()
    webhook(cursor.shop, "1", now - timedelta(hours=2), state="done")
    assert pace.judge(cursor, [("1", now - LATER)], now=now) == "missed"


def test_what_was_changed_a_moment_ago_may_still_be_announced(cursor: SyncCursor) -> None:
    now = timezone.now()
    assert pace.judge(cursor, [("1", now - timedelta(seconds=10))], now=now) == ""


def test_a_shop_that_never_had_webhooks_misses_none(db: None) -> None:
    factories.shop(factories.workspace())
    cursor, now = SyncCursor.objects.select_related("shop").get(), timezone.now()
    assert pace.judge(cursor, [("1", now - LATER)], now=now) == ""


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"state": "parked"}, "parked"),
        ({"state": "waiting", "attempts": 3}, "late"),
    ],
    ids=["parked", "tried again and again"],
)
def test_webhooks_that_cannot_be_processed_hurry_the_shop(
    cursor: SyncCursor, fields: dict[str, object], because: str
) -> None:
    now = timezone.now()
    webhook(cursor.shop, "1", now, **fields)
    assert pace.judge(cursor, [], now=now) == because
    assert pace.judge(cursor, [], now=now + pace.HURRY + LATER) == ""


def subscription(cursor: SyncCursor, state: str) -> None:
    WebhookSubscription.objects.update_or_create(
        shop=cursor.shop,
        event_type=pace.ORDER_EVENT,
        defaults={"address": "https://x.example/", "state": state, "checked_at": timezone.now()},
    )


def test_a_subscription_that_fails_hurries_the_shop(cursor: SyncCursor) -> None:
    now = timezone.now()
    subscription(cursor, "failed")
    assert pace.judge(cursor, [], now=now) == "subscription"
    subscription(cursor, "active")
    assert pace.judge(cursor, [], now=now) == ""


def test_a_subscribed_shop_from_which_nothing_comes_is_said_to_be_silent(db: None) -> None:
    factories.shop(factories.workspace())
    cursor, now = SyncCursor.objects.select_related("shop").get(), timezone.now()
    subscription(cursor, "active")
    assert pace.judge(cursor, [], now=now) == ""
    assert pace.judge(cursor, [("1", now - LATER)], now=now) == "silent"


def test_the_shop_page_says_why_in_words(cursor: SyncCursor) -> None:
    now = timezone.now()
    pace.hurry(cursor.shop_id, "missed", now=now)
    shop = Shop.objects.select_related("authorization", "cursor").get()
    said = age_of(shop, now=now).pace
    assert said == "Read every few seconds: changes came without a webhook"
    assert age_of(shop, now=now + pace.HURRY).pace == ""


def test_a_failed_subscription_has_the_shop_read_every_few_seconds(
    live: Connected,
) -> None:
    sync.start_sync(live.shop)
    sync.sync_shop(shop_id=live.shop.pk)
    OrmQ.objects.all().delete()
    subscription(SyncCursor.objects.get(), "failed")
    SyncCursor.objects.update(due_at=timezone.now())
    assert sync.sync_shop(shop_id=live.shop.pk)
    now, cursor = timezone.now(), SyncCursor.objects.get()
    assert now + timedelta(seconds=10) < cursor.due_at < now + timedelta(seconds=20)
    woken = OrmQ.objects.filter(lock__gt=now + timedelta(seconds=10))
    assert [row.task["args"][0] for row in woken] == [sync.sync_shop.path]


def test_a_missed_webhook_is_noticed_by_the_poll_that_finds_the_change(live: Connected) -> None:
    sync.start_sync(live.shop)
    sync.sync_shop(shop_id=live.shop.pk)
    webhook(live.shop, "100", timezone.now() - timedelta(minutes=40), state="done")
    # The change of a minute ago that TikTok shows, and of which we have not heard
    changed = Order.objects.filter(status="AWAITING_SHIPMENT").first()
    assert changed is not None
    live.sandbox.order(changed.tiktok_id, "cancel")
    at = timezone.now() + pace.GRACE + timedelta(seconds=2)
    found: list[tuple[str, datetime]] = [(changed.tiktok_id, timezone.now())]
    cursor = SyncCursor.objects.select_related("shop").get()
    assert pace.judge(cursor, found, now=at) == "missed"
    assert cursor.is_hurried(now=at)


def moved_by(change: Callable[[], object], live: Connected) -> list[str]:
    """The orders that a poll after `change` found new or in another status."""
    from orders.windows import Reading
    from shops.clients import tiktok_client

    change()
    cursor = SyncCursor.objects.select_related("shop__authorization").get()
    SyncCursor.objects.update(claimed_until=timezone.now() + timedelta(minutes=1))
    cursor.refresh_from_db()
    reading = Reading(cursor, tiktok_client(cursor.shop))
    reading._open()
    reading._window()
    return [number for number, _ in reading.moved]


def test_a_poll_reports_new_orders_and_new_statuses_but_no_other_change(live: Connected) -> None:
    sync.start_sync(live.shop)
    sync.sync_shop(shop_id=live.shop.pk)
    one, two = live.sandbox.orders(status="AWAITING_SHIPMENT")[:2]
    new: list[str] = []

    def change() -> None:
        live.sandbox.order(one["id"], "cancel")
        live.sandbox.order(two["id"], "aftersale")
        new.append(live.sandbox.new_order())

    assert sorted(moved_by(change, live)) == sorted([one["id"], *new])
