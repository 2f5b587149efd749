"""An order in several parcels: each is weighed, priced, bought and told by itself, and never
twice."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from core.money import Money
from orders.models import Dispatch, Order
from shipping import batches, part_plans
from shipping.labels import purchase, void
from shipping.labels.reconcile import reconcile_due
from shipping.models import Label, LedgerEntry, QuoteSet
from shipping.parcels import parcels_for
from shipping.plan import context_for, spec_for
from shipping.providers.memory import LOST_AFTER_CHARGE
from shipping.spec import spec_from_json, spec_hash, spec_to_json
from tests.shipping.halves import batch_of, fresh, planned, run
from tests.shipping.halves import order as order
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_tiktoks_label_names_the_parts_of_the_bundles_in_its_parcel(order: Order) -> None:
    context = context_for([order])
    lines = [order.lines.get(tiktok_id=one["lines"][0]) for one in order.parts]
    for number, line in enumerate(lines):
        line.sub_items = [{"id": f"{number}1"}, {"id": "8", "display_status": "CANCELLED"}]
        line.save()
    assert spec_for(order, context).tiktok_bundles == ()
    order.lane = "platform"
    spec = spec_for(order, context)
    assert spec.tiktok_bundles == ((lines[0].tiktok_id, "01"),)
    again = spec_from_json(spec_to_json(spec))
    assert (again, spec_hash(again)) == (spec, spec_hash(spec))
    assert spec_hash(spec) != spec_hash(replace(spec, tiktok_bundles=()))


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
    assert batch.options["parcels"] == {str(order.pk): [1, 2]}
    assert part_plans.ceiling_left(order, shown, batch) == Money.of("11.59", "USD")
    label = purchase.prepare(order, world.quotes(order), batch)
    purchase.buy_label(label_id=label.pk)
    assert part_plans.ceiling_left(fresh(order), shown, batch) == Money.of("11.59", "USD")


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
