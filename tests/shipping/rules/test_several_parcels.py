"""Rules and orders in several parcels: no parcel is set for them, and the dry run adds up what
each of theirs would cost."""

from decimal import Decimal

from django.utils import timezone

from orders import parts, splitting
from orders.models import Order
from shipping.models import RuleRunRow
from shipping.plan import plan_order
from shipping.rules import live
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.rules.conftest import Book, fresh
from tests.shipping.rules.test_dry_run import FEDEX, run

HEAVY = {"parcel": {"weight_g": 900, "length_mm": 200, "width_mm": 100, "height_mm": 50}}


def divided(world: World, **fields: object) -> Order:
    order = world.order(sku="serum mirror")
    lines = order.lines.order_by("pk").values_list("tiktok_id", flat=True)
    splitting.split(order, [[line] for line in lines], user=world.user)
    Order.objects.filter(pk=order.pk).update(**fields)
    return fresh(order)


def quoted(order: Order, *numbers: int) -> None:
    for number in numbers:
        plan_order(parts.view(order, number), now=timezone.now())


def test_a_rules_parcel_is_for_orders_in_one(world: World, book: Book) -> None:
    whole, order = world.order(), divided(world)
    book.live("Heavy, tagged", HEAVY | {"tags": ["heavy"]})
    assert "parcel" in fresh(whole).ruled["set"]
    found = fresh(order)
    assert "set" not in found.ruled
    assert found.tags == ["heavy"]


def test_an_order_that_is_divided_later_loses_the_rules_parcel_and_gets_it_back(
    world: World, book: Book
) -> None:
    order = world.order(sku="serum mirror")
    book.live("Heavy", HEAVY)
    assert "parcel" in fresh(order).ruled["set"]
    lines = order.lines.order_by("pk").values_list("tiktok_id", flat=True)
    splitting.split(fresh(order), [[line] for line in lines], user=world.user)
    live.apply_due()
    assert "set" not in fresh(order).ruled
    splitting.undo(fresh(order), user=world.user)
    live.apply_due()
    assert "parcel" in fresh(order).ruled["set"]


def test_an_order_with_a_label_for_one_of_its_parcels_is_left_as_it_was(
    world: World, book: Book
) -> None:
    order = divided(world, label_state="part")
    book.live("All to FedEx", FEDEX)
    assert fresh(order).ruled == {}


def test_a_dry_run_adds_up_all_parcels(world: World, book: Book) -> None:
    order = divided(world)
    plan_order(world.order(), now=timezone.now())
    quoted(order, 1, 2)
    book.write("Two SKUs to FedEx", FEDEX, {"what": "units", "from": 2, "to": None})
    run(world)
    row = RuleRunRow.objects.get(order=order)
    assert (row.cost_before, row.cost_after) == (Decimal("16.82"), Decimal("48.40"))
    assert row.after["service"] == "2 parcels: FedEx 2Day"


def test_a_parcel_that_was_not_quoted_leaves_the_sum_open(world: World, book: Book) -> None:
    order = divided(world)
    quoted(order, 1)
    book.write("All to FedEx", FEDEX)
    run(world)
    row = RuleRunRow.objects.get(order=order)
    assert (row.cost_before, row.cost_after) == (None, None)
    assert "for all of its parcels" in row.why


def test_parcels_that_travel_without_us_cost_nothing_here(world: World, book: Book) -> None:
    order = divided(world)
    quoted(order, 1, 2)
    made = parts.noted(order.parts, 1, "elsewhere", "", "")
    Order.objects.filter(pk=order.pk).update(parts=made, part=2)
    book.write("All to FedEx", FEDEX)
    run(world)
    row = RuleRunRow.objects.get(order=order)
    assert (row.cost_before, row.cost_after) == (Decimal("8.41"), Decimal("24.20"))


def test_the_dry_run_changes_a_divided_orders_parcel_no_more_than_the_live_run(
    world: World, book: Book
) -> None:
    order = divided(world)
    book.write("Heavy", HEAVY)
    assert run(world).changed == 0
    book.go_live()
    assert fresh(order).ruled == {}
