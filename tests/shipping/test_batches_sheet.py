"""The sheet says before a cent is spent what will be bought, for how much, and what stays out and
why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core.money import Money
from orders.models import Order
from shipping.batches import sheet
from shipping.labels.purchase import buy_label
from shipping.models import Label, QuoteSet
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world


def all_of(world: World) -> "object":
    return Order.objects.of(world.workspace)


def test_count_total_lanes_carriers_and_the_latest_delivery(world: World) -> None:
    for _ in range(3):
        world.quotes(world.order())
    found = sheet(world.workspace, all_of(world))
    assert (found.count, found.unpriced, found.left_out) == (3, 0, [])
    assert found.totals == [Money.of("25.23", "USD")]
    assert [(share.name, share.count, share.totals) for share in found.carriers] == [
        ("UPS", 3, (Money.of("25.23", "USD"),))
    ]
    assert [share.name for share in found.lanes] == ["Own label"]
    assert found.latest_delivery is not None
    assert found.average == Money.of("8.41", "USD")


def test_orders_come_in_pick_order(world: World) -> None:
    mirror, pair, serum = world.order(sku="mirror"), world.order(units=2), world.order()
    found = sheet(world.workspace, all_of(world))
    assert found.order_ids[0] == mirror.pk
    assert set(found.order_ids[1:]) == {serum.pk, pair.pk}
    assert found.order_ids == [
        order.pk
        for order in sorted([mirror, pair, serum], key=lambda o: (o.pick_key, o.unit_count))
    ]


def test_what_cannot_be_bought_is_left_out_by_reason_with_its_fix(world: World) -> None:
    fine = world.order()
    held = [world.order(status="ON_HOLD") for _ in range(2)]
    asked = world.order(is_buyer_request_cancel=True)
    found = sheet(world.workspace, all_of(world))
    assert found.order_ids == [fine.pk]
    by_code = {group.code: group for group in found.left_out}
    assert set(by_code["on_hold"].order_ids) == {order.pk for order in held}
    assert by_code["cancel_requested"].order_ids == (asked.pk,)
    assert by_code["cancel_requested"].action == "ship_despite_cancel"
    assert "holds the order" in by_code["on_hold"].sentence
    assert found.left_out_count == 3


def test_an_order_that_has_a_label_is_left_out(world: World) -> None:
    order = world.order()
    label = world.label(order)
    Label.objects.filter(pk=label.pk).update(state="buying")
    found = sheet(world.workspace, all_of(world))
    assert found.count == 0
    assert found.left_out[0].sentence == "It has a label already."


def test_an_order_without_a_lawful_rate_is_left_out_with_the_reason(world: World) -> None:
    quotes = world.quotes(world.order())
    QuoteSet.objects.filter(pk=quotes.pk).update(
        chosen=None, reason={"sentence": "Every rate is forbidden."}
    )
    found = sheet(world.workspace, all_of(world))
    assert found.count == 0
    assert (found.left_out[0].code, found.left_out[0].sentence) == (
        "no_rate",
        "Every rate is forbidden.",
    )


def test_orders_without_a_valid_price_are_counted_and_priced_when_bought(world: World) -> None:
    old = world.quotes(world.order())
    QuoteSet.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    world.order()
    found = sheet(world.workspace, all_of(world))
    assert (found.count, found.unpriced, found.totals, found.average) == (2, 2, [], None)


def test_the_average_is_held_against_the_last_seven_days(world: World) -> None:
    buy_label(label_id=world.label().pk)
    ancient = world.label()
    buy_label(label_id=ancient.pk)
    Label.objects.exclude(pk=ancient.pk).update(cost="8.00")
    Label.objects.filter(pk=ancient.pk).update(
        cost="99.00", settled_at=timezone.now() - timedelta(days=8)
    )
    world.quotes(world.order())
    found = sheet(world.workspace, all_of(world))
    assert found.average_before == Money.of("8.00", "USD")
    assert found.change_percent == 5


def test_orders_of_another_workspace_are_not_looked_at(world: World) -> None:
    from tests.shipping.labels.world import make_world

    mine = world.order()
    other = make_world()
    assert sheet(other.workspace, Order.objects.filter(pk=mine.pk)).selected == 0


def test_ten_thousand_selected_orders_are_an_answer_not_an_error(world: World, settings) -> None:
    settings.BATCH_LIMIT = 1000
    world.order()
    names = [field.column for field in Order._meta.concrete_fields if not field.primary_key]
    values = ["'copy-' || n" if name == "tiktok_id" else f'o."{name}"' for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO orders_order ({columns}) SELECT {', '.join(values)}"  # noqa: S608 - our own names
            " FROM orders_order o, generate_series(1, 9999) n"
        )
    found = sheet(world.workspace, all_of(world))
    assert (found.selected, found.count, found.over_limit) == (10_000, 1000, 9000)
    assert found.limit_sentence == (
        "A batch holds 1,000 orders: these are the first 1,000 in pick order, 9,000 more stay in "
        "the queue for the next batch."
    )


@pytest.mark.parametrize("count", [3, 30])
def test_the_sheet_costs_the_same_few_queries_for_any_selection(
    world: World, count: int, django_assert_max_num_queries
) -> None:
    for _ in range(count):
        world.quotes(world.order())
    with django_assert_max_num_queries(6):
        assert sheet(world.workspace, all_of(world)).count == count
