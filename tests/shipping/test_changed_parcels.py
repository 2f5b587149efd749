"""What changes between choosing parcels, confirming their price and buying: nothing is bought that
is not wanted as it was confirmed."""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.money import Money
from orders import splitting
from orders.models import Order
from orders.splitting import CannotSplit
from orders.staging import restage
from orders.sync import read_orders
from shipping import batch_checks, part_plans
from shipping.labels import purchase
from shipping.models import Label, QuoteSet
from shipping.plan import CannotPlan, context_for, spec_for
from shipping.quoting import quote_due
from tests.shipping.halves import batch_of, cancel_items, fresh, halves, planned, run
from tests.shipping.halves import order as order
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_label_chosen_before_the_order_was_split_is_never_paid(world: World) -> None:
    whole = world.order(sku="serum mirror")
    label = world.label(whole)
    with pytest.raises(CannotSplit, match="has a label"):
        splitting.split(whole, halves(whole), user=world.user)
    # Chosen a moment after the order was spread: by a batch that had read it whole
    Label.objects.filter(pk=label.pk).update(state="dropped")
    splitting.split(whole, halves(whole), user=world.user)
    Label.objects.filter(pk=label.pk).update(state="ready")
    with pytest.raises(purchase.LostRace):
        purchase.buy_label(label_id=label.pk)
    assert world.provider.charges == []


def test_a_label_that_is_being_chosen_while_the_order_is_split_is_never_paid(world: World) -> None:
    whole = world.order(sku="serum mirror")
    quotes = world.quotes(whole)
    chosen, go_on = threading.Event(), threading.Event()

    def choose() -> None:
        with transaction.atomic():
            purchase.prepare(whole, quotes)
            chosen.set()
            go_on.wait(10)
        connection.close()

    thread = threading.Thread(target=choose)
    thread.start()
    assert chosen.wait(10)
    splitting.split(fresh(whole), halves(whole), user=None)
    go_on.set()
    thread.join(10)
    label = Label.objects.get(state="ready")
    with pytest.raises(purchase.LostRace):
        purchase.buy_label(label_id=label.pk)
    assert world.provider.charges == []
    splitting.undo(fresh(whole), user=world.user)  # it is not in the way, either
    assert fresh(whole).parts == []


def test_a_parcel_whose_items_the_buyer_cancelled_is_not_bought(world: World, order: Order) -> None:
    planned(order)
    cancel_items(world, order, 2)
    read_orders(world.shop, [order.tiktok_id])
    batch = batch_of(world, planned(fresh(order)))
    run(batch)
    assert [label.part for label in Label.objects.filter(state="bought")] == [1]
    order = fresh(order)
    assert [one["label"] for one in order.parts] == ["bought", "gone"]
    assert (order.label_state, batch.items.get().state) == ("bought", "done")


def test_items_cancelled_after_the_price_was_confirmed_need_a_new_sheet(
    world: World, order: Order
) -> None:
    batch = batch_of(world, planned(order))
    cancel_items(world, order, 2)
    run(batch)
    item = batch.items.get()
    assert (item.state, item.fix) == ("left_out", "new_sheet")
    assert world.provider.charges == []


def test_a_parcel_whose_rates_never_come_is_left_for_a_new_sheet(
    world: World, order: Order
) -> None:
    order = planned(order)
    batch = batch_of(world, order)
    QuoteSet.objects.filter(part=2).delete()
    assert part_plans.ceiling_left(order, Money.of("20.00", "USD"), batch) is None
    context, ceilings = context_for([order]), batch_checks.confirmed(batch)
    waits = batch_checks.priced(order, context, batch, ceilings)
    over = batch_checks.priced(order, context, batch, ceilings, batch_checks.MOST_WAITS)
    assert isinstance(waits, batch_checks.Verdict)
    assert isinstance(over, batch_checks.Verdict)
    assert (waits.state, over.state, over.fix) == ("waiting", "left_out", "new_sheet")


def test_parcels_that_are_others_than_were_confirmed_need_a_new_sheet(
    world: World, order: Order
) -> None:
    order = planned(order)
    batch = batch_of(world, order)
    other = purchase.prepare(order, world.quotes(order))
    assert purchase.buy_label(label_id=other.pk) == "bought"
    planned(fresh(order))
    run(batch)
    item = batch.items.get()
    assert (item.state, item.fix) == ("left_out", "new_sheet")
    assert item.reason == "Its parcels are others than those that were confirmed."
    assert len(world.provider.charges) == 1


def test_nothing_is_bought_for_a_parcel_of_which_nothing_is_left(
    world: World, order: Order
) -> None:
    context = context_for([order])
    order.lines.filter(tiktok_id__in=order.parts[0]["lines"]).update(status="CANCELLED")
    with pytest.raises(CannotPlan, match="Nothing is left"):
        spec_for(order, context)
    order.lines.update(status="")
    Order.objects.filter(pk=order.pk).update(parts=[one | {"label": "gone"} for one in order.parts])
    with pytest.raises(CannotPlan, match="Nothing is left"):
        spec_for(fresh(order), context)


def test_a_later_parcel_without_a_rate_is_asked_for_again(world: World, order: Order) -> None:
    order = planned(order)
    QuoteSet.objects.filter(part=2).update(chosen=None, price=None)
    Order.objects.filter(pk=order.pk).update(rate_problem="Parcel 2 of 2: no rate.")
    restage([order.pk])
    assert fresh(order).blocker == "no_rate"
    quote_due(workspace_id=world.workspace.pk)
    assert fresh(order).blocker == "no_rate"  # asked a moment ago
    QuoteSet.objects.update(at=timezone.now() - timedelta(minutes=11))
    quote_due(workspace_id=world.workspace.pk)
    assert (fresh(order).stage, fresh(order).plan_price) == ("ready", Decimal("16.82"))


def test_a_forgotten_label_of_an_emptied_parcel_is_not_in_the_way(
    world: World, order: Order
) -> None:
    purchase.prepare(order, world.quotes(order))
    with pytest.raises(CannotSplit, match="has a label"):
        splitting.undo(order, user=world.user)
    cancel_items(world, order, 1)
    splitting.undo(order, user=world.user)
    assert fresh(order).parts == []
    with pytest.raises(purchase.LostRace):
        purchase.buy_label(label_id=Label.objects.get().pk)
    assert world.provider.charges == []


def test_a_purchase_waits_for_whoever_is_just_choosing_other_parcels(
    world: World, order: Order
) -> None:
    label = purchase.prepare(order, world.quotes(order))
    lost: list[bool] = []

    def pay() -> None:
        try:
            purchase.buy_label(label_id=label.pk)
        except purchase.LostRace:
            lost.append(True)
        connection.close()

    thread = threading.Thread(target=pay)
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        thread.start()
        until = time.monotonic() + 10
        while not somebody_waits_for_a_lock():
            assert time.monotonic() < until, "the purchase does not wait"
            time.sleep(0.02)
        Order.objects.filter(pk=order.pk).update(split_version=order.split_version + 1)
    thread.join(10)
    assert lost == [True]
    assert world.provider.charges == []


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_dearer_parcel_is_said_in_prices_of_the_order(world: World, order: Order) -> None:
    batch = batch_of(world, planned(order))
    QuoteSet.objects.filter(part=2).update(price=Decimal("9.00"))
    run(batch)
    assert batch.items.get().reason == "The price went up from $16.82 to $17.41."


def test_waits_for_rates_and_other_tries_are_counted_by_themselves(
    world: World, order: Order
) -> None:
    item = batch_of(world, planned(order)).items.get()
    waits = batch_checks.Verdict("waiting", batch_checks.NOT_ALL_PRICED)
    ill = batch_checks.Verdict("waiting", "The provider is ill.")
    item.attempts = 4
    assert (batch_checks.waits_for_rates(item), batch_checks.tries_after(item, waits)) == (0, 1)
    assert str(batch_checks.tries_after(item, ill)) == "F(attempts) + Value(1)"
    item.reason = batch_checks.NOT_ALL_PRICED
    assert (batch_checks.waits_for_rates(item), batch_checks.tries_after(item, ill)) == (4, 1)
    assert str(batch_checks.tries_after(item, waits)) == "F(attempts) + Value(1)"
    assert batch_checks.tries_after(item, batch_checks.Verdict("waiting", "")) == 0
