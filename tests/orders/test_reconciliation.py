"""Every order of the last 30 days is compared with TikTok's list, counted and put right."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from django.utils import timezone

from core.models import Notification
from orders import comparison, reconciliation, sync
from orders.models import Gap, Order, Reconciliation, SyncCursor
from shops import connect
from shops.clients import use_transport
from tests.orders.wires import Doctored, Document
from tests.shops.sandboxed import Connected, connect_shop

LONG_AGO = timedelta(days=1)


@pytest.fixture
def read(live: Connected) -> Connected:
    """A shop that has been read up to now, and whose claim to be complete is beyond doubt."""
    live.sandbox.travel(-3600)  # its orders are an hour old when they are compared
    sync.start_sync(live.shop)
    assert sync.sync_shop(shop_id=live.shop.pk)
    live.sandbox.travel(3600)
    return live


def compare(live: Connected, because: str = "asked") -> Reconciliation:
    """Compare all orders now."""
    reading_is_not_due()
    row = reconciliation.want(live.shop, because, now=timezone.now())
    assert reconciliation.reconcile(reconciliation_id=row.pk)
    row.refresh_from_db()
    return row


def reading_is_not_due() -> None:
    SyncCursor.objects.update(due_at=timezone.now() + timedelta(minutes=5))


def recent() -> list[Order]:
    """Orders here that TikTok's list of the last 30 days holds, oldest first."""
    since = timezone.now() - timedelta(days=29)
    until = timezone.now() - timedelta(hours=2)
    return list(Order.objects.filter(created_at__gt=since, updated_at__lt=until).order_by("pk"))


def test_orders_that_are_all_right_are_counted_and_left_alone(read: Connected) -> None:
    row = compare(read)
    listed = [
        order
        for order in read.sandbox.orders()
        if order["created"] >= row.window_from.timestamp()
        and order["created"] < row.window_to.timestamp()
    ]
    assert row.state == "done"
    assert row.counted_there == row.counted_here == len(listed)
    assert (row.missing, row.different, row.repaired) == (0, 0, 0)
    assert row.accuracy == 100
    assert row.finished_at is not None
    assert not Notification.objects.filter(cause__endswith="accuracy").exists()


def test_missing_and_outdated_orders_are_counted_repaired_and_told(read: Connected) -> None:
    lost, old, odd = recent()[:3]
    numbers = {order.tiktok_id for order in (lost, old, odd)}
    before = {order.tiktok_id: (order.status, order.updated_at) for order in recent()}
    lost.delete()
    Order.objects.filter(pk=old.pk).update(updated_at=old.updated_at - LONG_AGO, status="UNPAID")
    Order.objects.filter(pk=odd.pk).update(status="UNPAID")
    row = compare(read)
    assert (row.missing, row.different, row.repaired) == (1, 2, 3)
    assert row.counted_here == row.counted_there
    share = Decimal(100) * (row.counted_there - 3) / row.counted_there
    assert 0 <= share - row.accuracy < Decimal("0.001")
    now_here = Order.objects.filter(tiktok_id__in=numbers)
    assert {o.tiktok_id: (o.status, o.updated_at) for o in now_here} == {
        number: before[number] for number in numbers
    }
    notice = Notification.objects.get(cause=f"shop:{read.shop.pk}:accuracy")
    assert "3 of" in notice.text
    again = compare(read)
    assert again.accuracy == 100
    notice.refresh_from_db()
    assert notice.seen_at is not None


def test_what_is_newer_here_than_in_the_list_is_right(read: Connected) -> None:
    order = recent()[0]
    Order.objects.filter(pk=order.pk).update(updated_at=timezone.now(), status="CANCELLED")
    row = compare(read)
    assert (row.missing, row.different, row.repaired) == (0, 0, 0)
    order.refresh_from_db()
    assert order.status == "CANCELLED"


def test_what_changed_since_the_shop_was_read_is_repaired_but_not_wrong(read: Connected) -> None:
    fresh = read.sandbox.new_order()
    row = compare(read)
    assert row.accuracy == 100
    assert row.repaired <= 1
    assert (row.missing, row.different) == (0, 0)
    SyncCursor.objects.update(due_at=timezone.now())
    sync.sync_shop(shop_id=read.shop.pk)
    assert Order.objects.filter(tiktok_id=fresh).exists()


def test_a_comparison_waits_until_the_shop_is_read_up_to_the_present(live: Connected) -> None:
    sync.start_sync(live.shop)
    row = reconciliation.want(live.shop, "asked", now=timezone.now())
    assert not reconciliation.reconcile(reconciliation_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.counted_there) == ("open", 0)
    assert row.due_at > timezone.now()


def test_the_shops_own_reading_comes_first(read: Connected) -> None:
    row = reconciliation.want(read.shop, "asked", now=timezone.now())
    SyncCursor.objects.update(due_at=timezone.now())
    assert not reconciliation.reconcile(reconciliation_id=row.pk)
    assert sync.sync_shop(shop_id=read.shop.pk)
    Reconciliation.objects.update(due_at=timezone.now())
    assert reconciliation.reconcile(reconciliation_id=row.pk)


def test_a_broken_comparison_goes_on_where_it_was(read: Connected) -> None:
    total = compare(read).counted_there
    row = reconciliation.want(read.shop, "asked", now=timezone.now())
    calls = 0

    def die(data: Document, asked: Document) -> None:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt

    with use_transport(Doctored(die)), pytest.raises(KeyboardInterrupt):
        reconciliation.reconcile(reconciliation_id=row.pk)
    row.refresh_from_db()
    assert row.window_from + timedelta(days=10) < row.place < row.window_to
    Reconciliation.objects.update(due_at=timezone.now())
    assert reconciliation.reconcile(reconciliation_id=row.pk)
    row.refresh_from_db()
    assert row.counted_there == row.counted_here == total


def test_two_workers_make_one_comparison(read: Connected) -> None:
    row = reconciliation.want(read.shop, "asked", now=timezone.now())
    Reconciliation.objects.update(claimed_until=timezone.now() + timedelta(minutes=1))
    assert not reconciliation.reconcile(reconciliation_id=row.pk)
    assert reconciliation.want(read.shop, "daily", now=timezone.now()) == row
    Reconciliation.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert reconciliation.reconcile(reconciliation_id=row.pk)


def test_a_stretch_with_many_orders_is_compared_in_parts(
    read: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compare(read).counted_there
    monkeypatch.setattr(comparison, "STRETCH_MOST", 3)
    row = compare(read)
    assert row.counted_there == row.counted_here == whole
    assert row.accuracy == 100


def test_trouble_at_tiktok_postpones_a_comparison(read: Connected) -> None:
    reading_is_not_due()
    row = reconciliation.want(read.shop, "asked", now=timezone.now())
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(503, text="busy"))):
        assert not reconciliation.reconcile(reconciliation_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.failures) == ("open", 1)
    assert row.last_error
    assert row.due_at > timezone.now()


def test_every_shop_is_compared_once_a_day(read: Connected) -> None:
    assert reconciliation.reconcile_due() == 0  # its back-fill has only just ended
    SyncCursor.objects.update(backfilled_at=timezone.now() - timedelta(days=2))
    assert reconciliation.reconcile_due() == 1
    row = Reconciliation.objects.get()
    assert row.because == "daily"
    reading_is_not_due()
    assert reconciliation.reconcile(reconciliation_id=row.pk)
    assert reconciliation.reconcile_due() == 0
    Reconciliation.objects.update(finished_at=timezone.now() - timedelta(hours=25))
    assert reconciliation.reconcile_due() == 1


def test_a_comparison_settles_the_gaps_that_were_found_before_it(read: Connected) -> None:
    now = timezone.now()
    Gap.objects.create(shop=read.shop, kind="drift", words="", since=now, until=now, found_at=now)
    compare(read, "drift")
    assert Gap.objects.get().closed_at is not None


def test_a_shop_connected_again_is_read_from_where_it_was_left_and_compared(
    read: Connected,
) -> None:
    left = timezone.now() - timedelta(hours=5)
    SyncCursor.objects.update(complete_until=left)
    connect.disconnect(read.shop, read.user)
    open_orders = read.sandbox.orders(status="AWAITING_SHIPMENT")
    changed = [order["id"] for order in open_orders[:5]]
    for number in changed:
        read.sandbox.order(number, "cancel")
    new = [read.sandbox.new_order() for _ in range(3)]
    shop = connect_shop(read.sandbox, read.workspace, read.user)
    assert shop == read.shop
    asked: list[Document] = []

    def note(data: Document, body: Document) -> None:
        asked.append(body)

    with use_transport(Doctored(note)):
        sync.begin(shop_id=shop.pk)
        assert sync.sync_shop(shop_id=shop.pk)
    windows = [body["update_time_ge"] for body in asked if "update_time_ge" in body]
    assert min(windows) <= left.timestamp() - 299
    assert min(windows) > (left - timedelta(hours=1)).timestamp()
    here = Order.objects.filter(tiktok_id__in=[*changed, *new])
    assert {order.tiktok_id for order in here} == {*changed, *new}
    assert set(here.filter(tiktok_id__in=changed).values_list("status", flat=True)) == {"CANCELLED"}
    row = Reconciliation.objects.get()
    assert row.because == "reconnected"
    reading_is_not_due()
    assert reconciliation.reconcile(reconciliation_id=row.pk)
    row.refresh_from_db()
    assert (row.missing, row.different) == (0, 0)
