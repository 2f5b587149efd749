"""What may not have been read is noticed, noted and read again."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from django.utils import timezone

from orders import gaps, sync
from orders.models import Gap, Order, Reconciliation, SyncCursor
from shops.clients import use_transport
from shops.freshness import age_of
from shops.models import Shop
from tests import factories
from tests.orders import documents
from tests.orders.wires import Doctored, Document
from tests.shops.sandboxed import Connected


@pytest.fixture
def read(live: Connected) -> Connected:
    """A shop that has been read up to now."""
    sync.start_sync(live.shop)
    assert sync.sync_shop(shop_id=live.shop.pk)
    return live


def poll(live: Connected) -> SyncCursor:
    """Read the shop once more."""
    SyncCursor.objects.update(due_at=timezone.now())
    assert sync.sync_shop(shop_id=live.shop.pk)
    cursor = SyncCursor.objects.get()
    assert cursor.last_error == ""
    return cursor


def words(live: Connected) -> str:
    shop = Shop.objects.select_related("authorization", "cursor").get(pk=live.shop.pk)
    return age_of(shop, now=timezone.now()).words


def test_an_order_that_a_list_passed_over_is_read_by_a_second_look(live: Connected) -> None:
    sync.start_sync(live.shop)
    hidden: list[str] = []

    def hide(data: Document, asked: Document) -> None:
        if "update_time_ge" in asked and not hidden:
            hidden.append(data["orders"].pop(3)["id"])

    with use_transport(Doctored(hide)):
        assert sync.sync_shop(shop_id=live.shop.pk)
    assert Order.objects.filter(tiktok_id=hidden[0]).exists()
    gap = Gap.objects.get()
    assert (gap.kind, gap.tries) == ("count", 1)
    assert gap.closed_at is not None
    assert gap.words == "TikTok counted 120 orders and listed 119"
    assert SyncCursor.objects.get().open_gaps == 0


def test_counts_that_never_add_up_are_said_and_left_to_the_reconciliation(read: Connected) -> None:
    def exaggerate(data: Document, asked: Document) -> None:
        if "update_time_ge" in asked:
            data["total_count"] = len(data["orders"]) + 2

    with use_transport(Doctored(exaggerate)):
        for _ in range(gaps.TRIES + 2):
            SyncCursor.objects.update(complete_until=timezone.now() - timedelta(seconds=1))
            cursor = poll(read)
    assert cursor.open_gaps >= 1
    assert Gap.objects.order_by("pk")[0].tries == gaps.TRIES
    assert "read again" in words(read)
    gaps.settle(read.shop, before=timezone.now(), now=timezone.now())
    assert "read again" not in words(read)


def test_a_gap_is_noted_once_while_it_is_open(read: Connected) -> None:
    now = timezone.now()
    one, two = (gaps.note(read.shop, "jump", now, now, now=now) for _ in range(2))
    assert one == two


def test_a_run_that_died_is_noted_until_its_window_was_read_again(live: Connected) -> None:
    cursor, now = sync.start_sync(live.shop), timezone.now()
    SyncCursor.objects.update(
        window_from=cursor.backfill_from, window_to=now, claimed_until=now - timedelta(seconds=1)
    )
    assert sync.sync_shop(shop_id=live.shop.pk)
    gap = Gap.objects.get()
    assert (gap.kind, gap.since, gap.until) == ("died", cursor.backfill_from, now)
    assert gap.closed_at is not None
    assert Order.objects.count() == len(live.sandbox.orders())


def test_windows_that_do_not_touch_are_joined(read: Connected) -> None:
    changed = read.sandbox.orders(status="AWAITING_SHIPMENT")[0]["id"]
    read.sandbox.order(changed, "cancel")
    now = timezone.now()
    SyncCursor.objects.update(
        complete_until=now - timedelta(hours=1),
        window_from=now + timedelta(seconds=5),
        window_to=now + timedelta(seconds=10),
    )
    cursor = poll(read)
    assert Gap.objects.get(kind="jump").closed_at is not None
    assert Order.objects.get(tiktok_id=changed).status == "CANCELLED"
    assert cursor.complete_until is not None
    assert cursor.complete_until >= now


def test_a_cursor_from_the_future_is_taken_back_and_what_it_passed_over_is_read(
    read: Connected,
) -> None:
    changed = read.sandbox.orders(status="AWAITING_SHIPMENT")[0]["id"]
    read.sandbox.order(changed, "cancel")
    read.sandbox.travel(3 * 3600)
    read.sandbox.travel(-3 * 3600)
    SyncCursor.objects.update(complete_until=timezone.now() + timedelta(hours=2))
    cursor = poll(read)
    gap = Gap.objects.get(kind="clock")
    assert gap.until - gap.since > timedelta(hours=25)
    assert gap.closed_at is not None
    assert Order.objects.get(tiktok_id=changed).status == "CANCELLED"
    assert cursor.complete_until is not None
    assert cursor.complete_until <= timezone.now()


class AnHourBehind(httpx.BaseTransport):
    """A TikTok whose time is an hour behind this machine's, which is to say: our clock is fast."""

    def __init__(self) -> None:
        self.orders: list[Document] = []

    @property
    def now(self) -> float:
        return time.time() - 3600

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if int(request.url.params["timestamp"]) > self.now + 30:
            body = {"code": 36009004, "message": "timestamp is invalid", "data": None}
            date = format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True)
            return httpx.Response(400, json=body, headers={"Date": date})
        asked = json.loads(request.content)
        since, until = asked.get("update_time_ge", 0), asked.get("update_time_lt", 1e12)
        found = [order for order in self.orders if since <= order["update_time"] < until]
        data = {"orders": found, "next_page_token": "", "total_count": len(found)}
        return httpx.Response(200, json={"code": 0, "message": "", "data": data})


def test_a_clock_that_runs_ahead_of_tiktoks_passes_nothing_over(transactional_db: None) -> None:
    shop = factories.shop(factories.workspace())
    SyncCursor.objects.update(complete_until=timezone.now() - timedelta(hours=2))
    wire = AnHourBehind()
    with use_transport(wire):
        assert sync.sync_shop(shop_id=shop.pk)
        cursor = SyncCursor.objects.get()
        assert cursor.complete_until is not None
        assert cursor.complete_until.timestamp() < wire.now + 2
        wire.orders.append(documents.order(update_time=int(wire.now)))
        SyncCursor.objects.update(due_at=timezone.now())
        assert sync.sync_shop(shop_id=shop.pk)
    assert Order.objects.get().tiktok_id == wire.orders[0]["id"]


def test_fewer_orders_here_than_tiktok_counts_call_for_a_reconciliation(read: Connected) -> None:
    SyncCursor.objects.update(counted_at=None)
    Order.objects.filter(created_at__gt=timezone.now() - timedelta(days=20)).first().delete()  # type: ignore[union-attr]
    poll(read)
    assert Gap.objects.get().kind == "drift"
    assert Reconciliation.objects.get().because == "drift"


def test_tiktok_is_asked_to_count_once_an_hour(read: Connected) -> None:
    asked: list[Document] = []

    def note(data: Document, body: Document) -> None:
        if "create_time_ge" in body:
            asked.append(body)

    SyncCursor.objects.update(counted_at=None)
    with use_transport(Doctored(note)):
        poll(read)
        poll(read)
    assert len(asked) == 1
    assert not Gap.objects.exists()
