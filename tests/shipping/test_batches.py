"""A batch buys what the sheet promised: at most once each, whatever dies, and every row ends with
its reason."""

import threading
import time

import pytest
from django.db import connection, connections
from django.utils import timezone

from core.errors import NotAuthorized, Rejected, Unavailable
from core.models import AuditEntry, Batch
from orders.models import Dispatch, Order
from shipping import batches
from shipping.batches import cancel, resume_stalled, retry_failed, run_batch, start
from shipping.labels.reconcile import reconcile_due
from shipping.models import Label, LedgerEntry, PrintFile
from shipping.providers.memory import LOST_AFTER_CHARGE, Offer
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The process ends here."""


def batch_of(world: World, *orders: Order) -> Batch:
    return start(world.workspace, Order.objects.filter(pk__in=[o.pk for o in orders]), world.user)


def run(batch: Batch) -> None:
    run_batch(batch_id=batch.pk)
    batch.refresh_from_db()


def states(batch: Batch) -> list[str]:
    return list(batch.items.order_by("position").values_list("state", flat=True))


def test_every_order_ends_with_label_document_ledger_line_and_word_to_tiktok(world: World) -> None:
    orders = [world.order() for _ in range(25)]
    batch = batch_of(world, *orders)
    run(batch)
    assert (batch.state, set(states(batch))) == ("done", {"done"})
    labels = Label.objects.filter(batch=batch)
    assert labels.filter(state="bought").exclude(file_key="").count() == 25
    assert len(world.provider.charges) == LedgerEntry.objects.of(world.workspace).count() == 25
    assert Dispatch.objects.filter(order__in=orders).count() == 25
    (file,) = PrintFile.objects.filter(batch=batch)
    assert (file.label_count, file.page_count, file.left_out) == (25, 25, [])


def test_the_audit_names_carrier_and_service_and_who_started_the_batch(world: World) -> None:
    world.provider.offers = (Offer("ups", "Ground", "Ground Saver", "8.41", 3),)
    fine, lost = world.order(), world.order()
    run(batch_of(world, fine))
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    run(batch_of(world, lost))
    Label.objects.filter(state="unknown").update(due_at=timezone.now())
    reconcile_due()
    entries = AuditEntry.objects.filter(workspace=world.workspace, action="label.bought")
    assert {(entry.summary, entry.actor) for entry in entries} == {
        ("Label bought: UPS Ground Saver, $8.41", world.user)
    }
    assert {entry.subject for entry in entries} == {f"order:{fine.pk}", f"order:{lost.pk}"}


def test_orders_are_read_again_from_tiktok_fifty_at_a_time(world: World) -> None:
    orders = [world.order() for _ in range(60)]
    world.tiktok.asked.clear()
    run(batch_of(world, *orders))
    assert sorted(len(ids) for ids in world.tiktok.asked) == [10, 50]


def test_an_order_that_changed_since_drops_out_with_its_reason(world: World) -> None:
    kept, cancelled, asked, gone = (world.order() for _ in range(4))
    batch = batch_of(world, kept, cancelled, asked, gone)
    world.change(cancelled, status="CANCELLED")
    world.change(asked, is_buyer_request_cancel=True, cancel_reason="Too late")
    del world.tiktok.documents[gone.tiktok_id]
    run(batch)
    reasons = {item.subject_id: (item.state, item.reason, item.fix) for item in batch.items.all()}
    assert reasons[kept.pk] == ("done", "", "")
    assert reasons[cancelled.pk] == ("left_out", "The order is cancelled.", "cancelled")
    assert reasons[asked.pk][0] == "left_out"
    assert "asked to cancel (Too late)" in reasons[asked.pk][1]
    assert reasons[gone.pk][:2] == ("left_out", "TikTok no longer has this order.")
    assert len(world.provider.charges) == 1


def test_an_order_cancelled_while_it_waits_for_its_turn_is_not_bought(
    world: World, settings
) -> None:
    settings.RECHECK_SECONDS = 0
    order = world.order()
    batch = batch_of(world, order)

    def cancelled_meanwhile(call: str) -> None:
        if call == "quote":
            world.change(order, status="CANCELLED")

    world.provider._pause = cancelled_meanwhile
    run(batch)
    assert states(batch) == ["left_out"]
    assert world.provider.charges == []
    assert Label.objects.get(order=order).state == "dropped"


def test_as_many_purchases_as_allowed_are_under_way_and_never_more(world: World, settings) -> None:
    settings.PURCHASES_PER_ACCOUNT = 4
    orders = [world.order() for _ in range(24)]
    lock, now, most = threading.Lock(), [0], [0]

    def count(call: str) -> None:
        if call == "buy":
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.05)
            with lock:
                now[0] -= 1

    world.provider._pause = count
    run(batch_of(world, *orders))
    assert most[0] == 4
    assert len(world.provider.charges) == 24


def test_a_lost_answer_ends_as_unknown_and_retrying_never_touches_it(world: World) -> None:
    orders = [world.order() for _ in range(3)]
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    batch = batch_of(world, *orders)
    run(batch)
    assert sorted(states(batch)) == ["done", "done", "unknown"]
    assert retry_failed(batch, world.user) == 0
    run(batch)
    assert len(world.provider.charges) == 3
    Label.objects.filter(state="unknown").update(due_at=timezone.now())
    reconcile_due()
    assert states(batch) == ["done"] * 3
    assert len(world.provider.charges) == LedgerEntry.objects.of(world.workspace).count() == 3


def test_a_refused_purchase_fails_its_row_and_retry_buys_only_that(world: World) -> None:
    orders = [world.order() for _ in range(3)]
    world.provider.fail("buy", Rejected("Balance too low.", provider="x"))
    batch = batch_of(world, *orders)
    run(batch)
    assert sorted(states(batch)) == ["done", "done", "failed"]
    assert batch.items.get(state="failed").reason == "Balance too low."
    assert retry_failed(batch, world.user) == 1
    run(batch)
    assert states(batch) == ["done"] * 3
    assert len(world.provider.charges) == 3


def test_a_provider_that_is_down_for_a_moment_is_asked_again_by_the_same_run(world: World) -> None:
    order = world.order()
    world.provider.fail("buy", Unavailable("Down.", provider="x", retry_after=0.2), times=2)
    batch = batch_of(world, order)
    run(batch)
    assert states(batch) == ["done"]
    assert world.provider.calls["buy"] == 3
    assert len(world.provider.charges) == 1


def test_a_provider_that_stays_down_fails_its_rows_in_words(world: World) -> None:
    order = world.order()
    world.provider.fail("buy", Unavailable("Down.", provider="x", retry_after=0.05), times=50)
    batch = batch_of(world, order)
    run(batch)
    item = batch.items.get()
    assert (item.state, item.reason, item.fix) == ("failed", "Down.", "retry")
    assert not Label.objects.filter(order=order, state="ready").exists()


def test_a_dead_key_pauses_its_account_and_the_others_are_bought_elsewhere(world: World) -> None:
    other, provider = world.another_account(price="9.99")
    orders = [world.order() for _ in range(12)]
    world.provider.fail("buy", NotAuthorized("Revoked.", provider="x"), times=99)
    batch = batch_of(world, *orders)
    run(batch)
    world.account.refresh_from_db()
    assert world.account.state == "paused"
    assert world.provider.charges == []
    assert set(states(batch)) <= {"done", "failed"}
    assert len(provider.charges) == states(batch).count("done")
    retry_failed(batch, world.user)
    run(batch)
    assert states(batch) == ["done"] * 12
    assert len(provider.charges) == 12


def test_without_any_account_left_the_rows_say_so(world: World) -> None:
    orders = [world.order() for _ in range(2)]
    batch = batch_of(world, *orders)
    type(world.account).objects.filter(pk=world.account.pk).update(state="paused")
    run(batch)
    assert "label account" in batch.items.first().reason
    assert world.provider.calls["buy"] == 0


def test_a_stopped_batch_buys_nothing_more(world: World) -> None:
    orders = [world.order() for _ in range(30)]
    batch = batch_of(world, *orders)
    left = cancel(batch, world.user)
    run(batch)
    assert left == 30
    assert batch.state == "cancelled"
    assert set(states(batch)) == {"left_out"}
    assert world.provider.calls["buy"] == 0
    assert retry_failed(batch, world.user) == 30
    run(batch)
    assert len(world.provider.charges) == 30


def test_two_runners_share_a_batch_without_buying_twice(world: World) -> None:
    orders = [world.order() for _ in range(30)]
    batch = batch_of(world, *orders)
    world.provider._pause = lambda call: time.sleep(0.01)

    def runner() -> None:
        try:
            run_batch(batch_id=batch.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=runner) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch.refresh_from_db()
    assert (batch.state, set(states(batch))) == ("done", {"done"})
    assert len(world.provider.charges) == 30


def test_two_batches_with_the_same_order_buy_it_once(world: World) -> None:
    order = world.order()
    first, second = batch_of(world, order), batch_of(world, order)
    run(first)
    run(second)
    assert (states(first), states(second)) == (["done"], ["left_out"])
    assert second.items.get().reason == "It has a label already."
    assert len(world.provider.charges) == 1


def test_a_running_batch_with_a_living_runner_is_left_alone(world: World) -> None:
    batch = batch_of(world, world.order())
    Batch.objects.filter(pk=batch.pk).update(runner_seen_at=timezone.now())
    assert resume_stalled() == 0


def connections_open() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_threads_of_a_runner_leave_no_connection_behind(world: World) -> None:
    before = connections_open()
    run(batch_of(world, *[world.order() for _ in range(12)]))
    deadline = time.monotonic() + 5
    while connections_open() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert connections_open() <= before


def test_starting_and_stopping_is_on_the_record(world: World) -> None:
    batch = batch_of(world, world.order())
    cancel(batch, world.user)
    entries = AuditEntry.objects.filter(subject=f"batch:{batch.pk}").order_by("pk")
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("batch.started", world.user),
        ("batch.cancelled", world.user),
    ]


def test_nothing_is_started_when_nothing_can_be_bought(world: World) -> None:
    order = world.order(status="CANCELLED")
    with pytest.raises(batches.NothingToBuy):
        batch_of(world, order)
    assert not Batch.objects.filter(workspace=world.workspace).exists()
