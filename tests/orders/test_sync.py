"""Reading a shop's orders: complete, in order, once each, whatever breaks on the way."""

import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from core import breaker
from orders import pace, sync, windows
from orders.models import Line, Order, OrderEvent, SyncCursor
from shops.catalog.models import Sku
from shops.clients import API_CIRCUIT, circuit_of, use_transport
from tests.shops.sandboxed import Connected


def due(live: Connected) -> SyncCursor:
    """The shop's cursor, made due now."""
    SyncCursor.objects.filter(shop=live.shop).update(due_at=timezone.now())
    return SyncCursor.objects.get(shop=live.shop)


def started(live: Connected) -> SyncCursor:
    return sync.start_sync(live.shop)


class Wire(httpx.BaseTransport):
    """The real wire with a word before each order search: `meddle` may answer, or raise."""

    def __init__(self, meddle: Callable[[int, httpx.Request], httpx.Response | None]) -> None:
        self.inner = httpx.HTTPTransport()
        self.meddle, self.searches = meddle, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/orders/search"):
            self.searches += 1
            answer = self.meddle(self.searches, request)
            if answer is not None:
                return answer
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


def killed_at(search: int) -> Wire:
    """A wire on which the process dies at its nth order search."""

    def meddle(count: int, request: httpx.Request) -> None:
        if count == search:
            raise KeyboardInterrupt

    return Wire(meddle)


def test_a_back_fill_reads_every_order_with_its_lines_and_says_it_is_complete(
    live: Connected,
) -> None:
    started(live)
    before = timezone.now()
    assert sync.sync_shop(shop_id=live.shop.pk)
    theirs = live.sandbox.orders()
    ours = Order.objects.filter(shop=live.shop)
    assert set(ours.values_list("tiktok_id", flat=True)) == {order["id"] for order in theirs}
    assert Line.objects.count() == sum(len(order["lines"]) for order in theirs)
    cursor = SyncCursor.objects.get(shop=live.shop)
    assert cursor.backfilled_at is not None
    assert cursor.complete_until is not None
    assert cursor.complete_until >= before - timedelta(seconds=5)
    assert cursor.claimed_until is None
    assert cursor.due_at <= timezone.now() + timedelta(seconds=60)
    assert cursor.expected == cursor.seen
    assert Sku.objects.filter(shop=live.shop).exists()


def test_a_second_run_reads_only_what_changed_and_notes_it_on_the_timeline(live: Connected) -> None:
    started(live)
    sync.sync_shop(shop_id=live.shop.pk)
    order = Order.objects.filter(status="AWAITING_SHIPMENT", is_cancel_requested=False).first()
    assert order is not None
    live.sandbox.order(order.tiktok_id, "request-cancel")
    new = live.sandbox.new_order()
    due(live)
    sync.sync_shop(shop_id=live.shop.pk)
    order.refresh_from_db()
    assert order.is_cancel_requested
    assert (order.stage, order.blocker) == ("fix", "cancel_requested")
    assert OrderEvent.objects.get(order=order, kind="sync").text == "The buyer asked to cancel."
    assert Order.objects.filter(tiktok_id=new).exists()


def test_reading_the_same_twice_changes_nothing(live: Connected) -> None:
    started(live)
    sync.sync_shop(shop_id=live.shop.pk)
    before = list(Order.objects.order_by("pk").values("pk", "tiktok_id", "status", "stage"))
    lines = list(Line.objects.order_by("pk").values_list("pk", flat=True))
    SyncCursor.objects.update(complete_until=None, backfilled_at=None, due_at=timezone.now())
    sync.sync_shop(shop_id=live.shop.pk)
    assert list(Order.objects.order_by("pk").values("pk", "tiktok_id", "status", "stage")) == before
    assert list(Line.objects.order_by("pk").values_list("pk", flat=True)) == lines
    assert not OrderEvent.objects.exists()


@pytest.mark.parametrize("at", [1, 3, 4])
def test_a_run_killed_mid_window_is_repeated_from_the_windows_beginning(
    live: Connected, at: int
) -> None:
    started(live)
    with use_transport(killed_at(at)), pytest.raises(KeyboardInterrupt):
        sync.sync_shop(shop_id=live.shop.pk)
    broken = due(live)
    assert broken.complete_until is None
    window = (broken.window_from, broken.window_to)
    assert sync.sync_shop(shop_id=live.shop.pk)
    assert Order.objects.count() == len(live.sandbox.orders())
    done = SyncCursor.objects.get(shop=live.shop)
    assert done.complete_until is not None
    if window[1] is not None:
        assert done.complete_until >= window[1]


def test_a_process_that_died_without_a_word_loses_its_claim_after_a_while(live: Connected) -> None:
    started(live)
    SyncCursor.objects.update(claimed_until=timezone.now() + timedelta(seconds=30))
    assert not sync.sync_shop(shop_id=live.shop.pk)
    SyncCursor.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert sync.sync_shop(shop_id=live.shop.pk)
    assert Order.objects.count() == len(live.sandbox.orders())


def test_a_refused_page_token_restarts_its_window(live: Connected) -> None:
    started(live)
    refused: list[str] = []

    def meddle(count: int, request: httpx.Request) -> httpx.Response | None:
        is_window = b"update_time_ge" in request.content
        if not is_window or refused or not request.url.params.get("page_token"):
            return None
        refused.append(str(request.url))
        return httpx.Response(400, json={"code": 36009004, "message": "page_token is invalid"})

    with use_transport(Wire(meddle)):
        assert sync.sync_shop(shop_id=live.shop.pk)
    assert refused
    assert Order.objects.count() == len(live.sandbox.orders())
    assert SyncCursor.objects.get().last_error == ""


def test_open_orders_are_read_before_the_windows(live: Connected) -> None:
    started(live)
    # The early pages ask for two statuses; the third search is the first window's.
    with use_transport(killed_at(4)), pytest.raises(KeyboardInterrupt):
        sync.sync_shop(shop_id=live.shop.pk)
    waiting = live.sandbox.orders(status="AWAITING_SHIPMENT")
    assert Order.objects.filter(status="AWAITING_SHIPMENT").count() >= min(len(waiting), 100)


def test_trouble_at_tiktok_is_noted_and_tried_again_later(live: Connected) -> None:
    started(live)
    live.sandbox.fault("status", path="/order/*/orders/search", status=503, times=20)
    assert sync.sync_shop(shop_id=live.shop.pk)
    first = SyncCursor.objects.get()
    assert first.failures == 1
    assert first.last_error
    assert first.due_at > timezone.now() + timedelta(seconds=30)
    due(live)
    sync.sync_shop(shop_id=live.shop.pk)  # the shop's circuit opens and says when it makes sense
    second = SyncCursor.objects.get()
    assert second.failures == 2
    assert second.due_at > timezone.now() + timedelta(seconds=5)
    live.sandbox.clear_faults()
    for circuit in (circuit_of(live.shop.pk), API_CIRCUIT):
        breaker.try_now(circuit)
    due(live)
    sync.sync_shop(shop_id=live.shop.pk)
    assert SyncCursor.objects.get().failures == 0
    assert Order.objects.count() == len(live.sandbox.orders())


def test_a_seller_who_removed_us_is_not_asked_again_and_people_are_told(live: Connected) -> None:
    started(live)
    live.sandbox.control("POST", "tiktok", {"deauthorize": True})
    sync.sync_shop(shop_id=live.shop.pk)
    live.shop.refresh_from_db()
    assert live.shop.authorization is not None
    assert live.shop.authorization.state == "lost"
    SyncCursor.objects.update(due_at=timezone.now())
    assert sync.sync_due_shops() == 0
    assert live.workspace.notification_set.filter(level="bad").count() == 1


def test_a_window_with_too_many_orders_is_narrowed(
    live: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(live)
    monkeypatch.setattr(windows, "WINDOW_MOST", 40)
    assert sync.sync_shop(shop_id=live.shop.pk)
    cursor = SyncCursor.objects.get()
    assert cursor.backfilled_at is not None
    assert cursor.expected is not None
    assert Order.objects.count() == len(live.sandbox.orders())


def test_a_run_ends_between_windows_when_its_time_is_over(
    live: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(live)
    monkeypatch.setattr(sync, "RUN", timedelta(0))
    assert sync.sync_shop(shop_id=live.shop.pk)
    cursor = SyncCursor.objects.get()
    assert cursor.backfilled_at is None
    assert cursor.due_at <= timezone.now()


def test_a_shop_is_due_again_by_when_its_reading_began_however_long_that_took(
    live: Connected,
) -> None:
    started(live)
    sync.sync_shop(shop_id=live.shop.pk)
    due(live)
    began = timezone.now()
    with use_transport(Wire(lambda count, request: time.sleep(1.5))):
        sync.sync_shop(shop_id=live.shop.pk)
    took = timezone.now() - began
    again = SyncCursor.objects.get().due_at - began
    assert took > timedelta(seconds=1.5)
    assert pace.EVERY <= again < pace.EVERY + timedelta(seconds=1)
    assert again < timedelta(minutes=1)  # so that no sweep passes it by


def test_a_connected_shop_without_a_cursor_is_found_by_the_sweep(live: Connected) -> None:
    assert not SyncCursor.objects.exists()
    assert sync.sync_due_shops() == 1
    assert SyncCursor.objects.get().shop == live.shop


def test_an_answer_without_sense_leaves_the_cursor_where_it_was(live: Connected) -> None:
    started(live)
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(200, text="<html>"))):
        sync.sync_shop(shop_id=live.shop.pk)
    cursor = SyncCursor.objects.get()
    assert cursor.complete_until is None
    assert "could not be read" in cursor.last_error


def test_disconnecting_mid_run_stops_the_run(live: Connected) -> None:
    from shops import connect

    cursor = started(live)
    SyncCursor.objects.update(claimed_until=timezone.now() + timedelta(seconds=60))
    cursor.refresh_from_db()
    connect.disconnect(live.shop, live.user)
    reading = windows.Reading(cursor, None)  # type: ignore[arg-type]
    with pytest.raises(windows.Lost):
        reading._save()
    assert not Order.objects.exists()


def test_orders_read_by_number_are_fresh_rows(connected: Connected) -> None:
    ids = [order["id"] for order in connected.sandbox.orders(status="AWAITING_SHIPMENT")][:60]
    found = sync.read_orders(connected.shop, [*ids, "1", ids[0]])
    assert [order.tiktok_id for order in found] == ids
    assert all(timezone.now() - order.synced_at < timedelta(seconds=20) for order in found)
    connected.sandbox.order(ids[0], "cancel")
    (again,) = sync.read_orders(connected.shop, [ids[0]])
    assert (again.status, again.stage) == ("CANCELLED", "closed")
