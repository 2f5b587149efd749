"""The worker of a batch dies, at any step: another finishes it, and charges equal labels."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Batch, BatchItem
from orders.models import Order
from shipping.batches import resume_stalled, retry_failed, run_batch, start
from shipping.labels import purchase, void
from shipping.labels.reconcile import reconcile_due
from shipping.labels.values import rate_of, spec_of
from shipping.models import Label, LedgerEntry
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


def dies_when(world: World, call: str, at: int) -> None:
    """The runner's process ends at the `at`-th call of that kind."""
    lock, seen = threading.Lock(), [0]

    def pause(name: str) -> None:
        if name != call:
            return
        with lock:
            seen[0] += 1
            if seen[0] == at:
                raise Killed

    world.provider._pause = pause


def revive(world: World, batch: Batch) -> None:
    """A later worker takes over, and what is unsettled has grown old enough to be asked about."""
    world.provider._pause = lambda call: None
    Batch.objects.filter(pk=batch.pk).update(runner_seen_at=timezone.now() - timedelta(minutes=1))
    assert resume_stalled() == 1
    run(batch)
    Label.objects.filter(state__in=["buying", "unknown"]).update(
        intent_at=timezone.now() - timedelta(minutes=6), due_at=timezone.now()
    )
    reconcile_due()


@pytest.mark.parametrize("call", ["quote", "buy", "document"])
def test_after_a_worker_died_another_finishes_and_charges_equal_labels(
    world: World, call: str
) -> None:
    orders = [world.order() for _ in range(12)]
    batch = batch_of(world, *orders)
    dies_when(world, call, at=5)
    with pytest.raises(Killed):
        run_batch(batch_id=batch.pk)
    revive(world, batch)
    retry_failed(batch, world.user)
    run(batch)
    batch.refresh_from_db()
    assert set(states(batch)) == {"done"}
    bought = Label.objects.filter(batch=batch, state="bought")
    assert bought.count() == len(world.provider.charges) == 12
    assert LedgerEntry.objects.of(world.workspace).count() == 12
    keys = {charge.key for charge in world.provider.charges}
    assert keys == {str(key) for key in bought.values_list("key", flat=True)}


def test_a_purchase_that_was_under_way_when_the_worker_died_is_never_bought_again(
    world: World,
) -> None:
    order = world.order()
    batch = batch_of(world, order)
    label = purchase.prepare(order, world.quotes(order), batch)
    purchase.write_intent(label)
    world.provider.buy(spec_of(label), rate_of(label), key=str(label.key))
    BatchItem.objects.filter(batch=batch).update(
        state="working", claimed_until=timezone.now() - timedelta(seconds=1)
    )
    run(batch)
    assert states(batch) == ["unknown"]
    assert len(world.provider.charges) == 1
    revive_label(label)
    assert states(batch) == ["done"]
    assert len(world.provider.charges) == 1


def revive_label(label: Label) -> None:
    Label.objects.filter(pk=label.pk).update(intent_at=timezone.now() - timedelta(minutes=6))
    reconcile_due()


def test_a_label_left_ready_by_a_dead_worker_is_prepared_anew(world: World) -> None:
    order = world.order()
    batch = batch_of(world, order)
    old = purchase.prepare(order, world.quotes(order), batch)
    run(batch)
    assert states(batch) == ["done"]
    assert Label.objects.get(pk=old.pk).state == "dropped"
    assert len(world.provider.charges) == 1


def test_a_label_given_back_while_its_row_was_left_open_is_not_bought_again(world: World) -> None:
    order = world.order()
    batch = batch_of(world, order)
    run(batch)
    label = Label.objects.get()
    void.void(label, user=world.user)
    # Its worker had died between the purchase and the row's end, as far as the batch knows
    BatchItem.objects.update(state="working", claimed_until=timezone.now() - timedelta(seconds=1))
    Batch.objects.update(state="running")
    Order.objects.update(stage="ready", label_state="")
    run(batch)
    assert states(batch) == ["done"]
    assert len(world.provider.charges) == 1
