"""An order in several parcels: each is weighed, priced, bought and told by itself, and never
twice."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.models import Batch
from core.money import Money
from orders import splitting
from orders.models import Dispatch, Order
from orders.plan_notes import note_plans
from orders.splitting import CannotSplit
from shipping import batches, part_plans
from shipping.labels import purchase, void
from shipping.labels.reconcile import reconcile_due
from shipping.models import Label, LedgerEntry, QuoteSet
from shipping.parcels import parcels_for
from shipping.plan import context_for
from shipping.plan_notes import note_for
from shipping.providers.memory import LOST_AFTER_CHARGE
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db(transaction=True)


def halves(order: Order) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for line in order.lines.order_by("pk"):
        groups.setdefault(line.sku_id, []).append(line.tiktok_id)
    return list(groups.values())


def fresh(order: Order) -> Order:
    return Order.objects.select_related("shop").get(pk=order.pk)


@pytest.fixture
def order(world: World) -> Order:
    """Two SKUs, three units of each, in two parcels."""
    made = world.order(sku="serum mirror", units=3)
    splitting.split(made, halves(made), user=world.user)
    return fresh(made)


def planned(order: Order) -> Order:
    note = note_for(order, timezone.now(), context_for([order]))
    assert note is not None
    note_plans({order.pk: note})
    return fresh(order)


def run(batch: Batch) -> None:
    batches.run_batch(batch_id=batch.pk)
    batch.refresh_from_db()


def batch_of(world: World, order: Order) -> Batch:
    return batches.start(world.workspace, Order.objects.filter(pk=order.pk), world.user)


def test_each_parcel_weighs_what_is_in_it(world: World, order: Order) -> None:
    whole = parcels_for([world.order(sku="serum mirror", units=3)])
    part = parcels_for([order])
    (all_of_it,), (half,) = whole.values(), part.values()
    assert all_of_it.parcel is not None
    assert half.parcel is not None
    assert (all_of_it.parcel.weight_g, half.parcel.weight_g) == (1200, 600)


def test_the_order_shows_the_price_of_all_its_parcels(order: Order) -> None:
    order = planned(order)
    assert order.plan_price == Decimal("16.82")
    assert order.plan_name == "2 parcels: UPS Ground"
    assert sorted(QuoteSet.objects.values_list("part", flat=True)) == [1, 2]


def test_the_sheet_counts_labels_and_confirms_one_price_for_the_order(
    world: World, order: Order
) -> None:
    planned(order)
    offer = batches.sheet(world.workspace, Order.objects.all())
    assert (offer.count, offer.order_ids) == (2, [order.pk])
    assert part_plans.labels_for([order.pk, world.order().pk]) == 3
    assert offer.prices == {order.pk: Money.of("16.82", "USD")}
    assert [str(total) for total in offer.totals] == ["$16.82"]


def test_a_batch_buys_every_parcel_and_tells_each(world: World, order: Order) -> None:
    planned(order)
    batch = batch_of(world, order)
    run(batch)
    labels = list(Label.objects.order_by("part"))
    assert [(label.part, label.state) for label in labels] == [(1, "bought"), (2, "bought")]
    assert len(world.provider.charges) == LedgerEntry.objects.count() == 2
    order = fresh(order)
    assert (order.label_state, order.stage) == ("bought", "bought")
    assert [one["tracking"] for one in order.parts] == [one.tracking_number for one in labels]
    told = Dispatch.objects.order_by("part").values_list("part", "tracking_number")
    assert list(told) == [(one.part, one.tracking_number) for one in labels]
    assert (batch.state, batch.items.get().state) == ("done", "done")
    run(batch)
    assert len(world.provider.charges) == 2


def test_a_batch_whose_runner_died_between_two_parcels_buys_the_other_one_only(
    world: World, order: Order
) -> None:
    planned(order)
    batch = batch_of(world, order)
    item = batch.items.get()
    label = purchase.prepare(order, world.quotes(order), batch)
    assert purchase.buy_label(label_id=label.pk) == "bought"
    batch.items.filter(pk=item.pk).update(state="working", claimed_until=timezone.now())
    run(batch)
    assert len(world.provider.charges) == 2
    assert batch.items.get().state == "done"
    assert fresh(order).label_state == "bought"


def test_an_unknown_purchase_of_one_parcel_stops_the_order_and_is_settled_by_itself(
    world: World, order: Order
) -> None:
    planned(order)
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    batch = batch_of(world, order)
    run(batch)
    assert batch.items.get().state == "unknown"
    assert (fresh(order).label_state, fresh(order).blocker) == ("unknown", "label_unknown")
    Label.objects.filter(state="unknown").update(due_at=timezone.now())
    reconcile_due()
    assert (fresh(order).label_state, fresh(order).part) == ("part", 2)
    item = batch.items.get()
    assert (item.state, item.fix) == ("failed", "retry")
    assert item.reason == "Bought, but not all of it: parcel 2 still needs a label."
    planned(fresh(order))
    assert batches.retry_failed(batch, world.user) == 1
    run(batch)
    assert batch.items.get().state == "done"
    assert len(world.provider.charges) == 2
    assert fresh(order).label_state == "bought"


def test_parcels_that_together_cost_more_than_was_confirmed_are_not_bought(
    world: World, order: Order
) -> None:
    planned(order)
    orders = Order.objects.filter(pk=order.pk)
    prices = {order.pk: Money.of("16.81", "USD")}
    batch = batches.start(world.workspace, orders, world.user, prices=prices)
    run(batch)
    item = batch.items.get()
    assert (item.state, item.fix) == ("left_out", "new_sheet")
    assert world.provider.charges == []


def test_what_is_left_for_a_parcel_is_what_was_shown_less_the_others(
    world: World, order: Order
) -> None:
    order = planned(order)
    batch = batch_of(world, order)
    shown = Money.of("20.00", "USD")
    assert part_plans.ceiling_left(order, shown, batch) == Money.of("11.59", "USD")
    label = purchase.prepare(order, world.quotes(order), batch)
    purchase.buy_label(label_id=label.pk)
    assert part_plans.ceiling_left(fresh(order), shown, batch) == Money.of("11.59", "USD")
    QuoteSet.objects.filter(part=2).delete()
    assert part_plans.ceiling_left(order, shown, batch) is None


def test_a_parcel_has_one_label_at_a_time(world: World, order: Order) -> None:
    label = purchase.prepare(order, world.quotes(order))
    with pytest.raises(purchase.AlreadyLabelled):
        purchase.prepare(order, world.quotes(order))
    assert purchase.buy_label(label_id=label.pk) == "bought"
    with pytest.raises(purchase.AlreadyLabelled):
        purchase.prepare(order, world.quotes(order))


def test_quotes_of_one_parcel_do_not_buy_another(world: World, order: Order) -> None:
    quotes = world.quotes(order)
    purchase.buy_label(label_id=purchase.prepare(order, quotes).pk)
    with pytest.raises(ValueError, match="are not those of"):
        purchase.prepare(fresh(order), quotes)


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


def test_voiding_one_parcels_label_frees_that_parcel_only(world: World, order: Order) -> None:
    planned(order)
    run(batch_of(world, order))
    first, second = Label.objects.select_related("order__shop", "account", "workspace").order_by(
        "part"
    )
    assert void.void(first, world.user) in ("voided", "refunding")
    order = fresh(order)
    assert (order.label_state, order.part, order.stage) == ("part", 1, "ready")
    states = dict(Dispatch.objects.values_list("part", "state"))
    assert (states[1], states[2]) == ("withdrawn", "due")
    run(batch_of(world, planned(order)))
    assert fresh(order).label_state == "bought"
    second.refresh_from_db()
    assert second.state == "bought"
    assert Label.objects.filter(part=1, state="bought").count() == 1


def test_a_parcel_whose_items_the_buyer_cancelled_is_not_bought(world: World, order: Order) -> None:
    planned(order)
    document = world.tiktok.documents[order.tiktok_id]
    gone = order.parts[1]["lines"]
    lines = [
        line | ({"display_status": "CANCELLED"} if line["id"] in gone else {})
        for line in document["line_items"]
    ]
    world.change(order, line_items=lines)
    batch = batch_of(world, order)
    run(batch)
    assert [label.part for label in Label.objects.filter(state="bought")] == [1]
    order = fresh(order)
    assert [one["label"] for one in order.parts] == ["bought", "gone"]
    assert (order.label_state, batch.items.get().state) == ("bought", "done")
