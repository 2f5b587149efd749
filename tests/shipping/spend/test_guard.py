"""The spend guard on the confirmation sheet: what is left out for its price, and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.models import Batch
from orders.models import Order
from shipping.batch_sheet import Sheet, sheet
from shipping.batches import NothingToBuy, start
from shipping.models import QuoteSet, SpendLimits
from shipping.spend import changes
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spend.money import costs, limits, past, quoted

pytestmark = pytest.mark.django_db


def sheet_of(world: World, *orders: Order) -> Sheet:
    return sheet(world.workspace, Order.objects.filter(pk__in=[order.pk for order in orders]))


def reasons(found: Sheet) -> list[tuple[str, int]]:
    return [(group.code, group.count) for group in found.left_out]


def test_a_tenfold_rate_spike_blocks_the_batch(world: World) -> None:
    past(world, 12)
    costs(world, "84.10")
    orders = [quoted(world) for _ in range(6)]
    found = sheet_of(world, *orders)
    assert found.order_ids == []
    assert reasons(found) == [("price_jump", 6)]
    group = found.left_out[0]
    assert group.sentence == (
        "It costs $84.10, 10.0 times as much as usual: 12 labels of the last 30 days "
        "(UPS Ground, 4 to 8 oz, to ZIP 7…) cost $8.41."
    )
    assert (group.button, group.url_name) == ("See the limits", "shipping:spending")
    with pytest.raises(NothingToBuy):
        start(world.workspace, Order.objects.filter(pk__in=[o.pk for o in orders]), world.user)
    assert not Batch.objects.exists()


def test_one_order_far_above_the_usual_is_left_out_and_the_others_are_not(world: World) -> None:
    past(world, 12)
    fine = [quoted(world) for _ in range(2)]
    costs(world, "30.00")
    QuoteSet.objects.filter(order__in=fine).update(expires_at=timezone.now() + timedelta(hours=1))
    dear = quoted(world)
    found = sheet_of(world, *fine, dear)
    assert sorted(found.order_ids) == sorted(order.pk for order in fine)
    assert reasons(found) == [("price_jump", 1)]
    assert found.left_out[0].order_ids == (dear.pk,)


def test_a_rise_of_all_prices_stops_the_batch_although_no_order_stands_out(world: World) -> None:
    past(world, 12)
    costs(world, "14.00")  # +66 %: each order is below its own alarm
    found = sheet_of(world, *(quoted(world) for _ in range(5)))
    assert reasons(found) == [("price_jump", 5)]
    assert found.left_out[0].sentence == (
        "Prices have jumped by 66 %: 5 labels come to $70.00, and such parcels cost $42.05 in the "
        "last 30 days."
    )
    few = sheet_of(world, *(quoted(world) for _ in range(4)))
    assert few.count == 4
    assert few.spending[0].change == 66


def test_a_new_shop_without_a_past_is_not_stopped(world: World) -> None:
    found = sheet_of(world, quoted(world))
    assert (found.count, found.left_out) == (1, [])
    assert found.spending[0].change is None
    assert found.spending[0].watches


def test_a_person_lets_unusual_prices_pass_until_midnight(world: World) -> None:
    past(world, 12)
    costs(world, "84.10")
    order = quoted(world)
    now = timezone.now()
    until = changes.let_pass(world.workspace, "USD", user=world.user, now=now)
    assert sheet_of(world, order).count == 1
    assert sheet_of(world, order).spending[0].passing
    later = sheet(world.workspace, Order.objects.filter(pk=order.pk), now=until)
    assert later.count == 1  # its rates have run out: asked for anew, and then looked at
    SpendLimits.objects.update(jump_allowed_until=now - timedelta(minutes=1))
    assert sheet_of(world, order).count == 0


def test_without_the_alarm_any_price_passes(world: World) -> None:
    past(world, 12)
    costs(world, "84.10")
    limits(world)
    assert sheet_of(world, quoted(world)).count == 1


def test_the_daily_cap_is_filled_with_the_nearest_deadlines(world: World) -> None:
    orders = [quoted(world) for _ in range(3)]
    for hours, order in zip((30, 10, 20), orders, strict=True):
        Order.objects.filter(pk=order.pk).update(due_at=timezone.now() + timedelta(hours=hours))
    limits(world, daily_cap=Decimal("20.00"))
    found = sheet_of(world, *orders)
    assert set(found.order_ids) == {orders[1].pk, orders[2].pk}
    assert reasons(found) == [("daily_cap", 1)]
    assert found.left_out[0].sentence == (
        "The daily cap of $20.00 leaves no room for it: $0.00 is spent or being spent today, and "
        "nearer deadlines take $16.82."
    )
    state = found.spending[0]
    shown = (str(state.limits.cap), str(state.spent), str(state.after))
    assert shown == ("$20.00", "$0.00", "$16.82")


def test_a_label_above_the_ceiling_is_left_out(world: World) -> None:
    limits(world, label_ceiling=Decimal("8.40"))
    found = sheet_of(world, quoted(world))
    assert reasons(found) == [("label_ceiling", 1)]
    limits_row = SpendLimits.objects.get()
    limits_row.label_ceiling = Decimal("8.41")
    limits_row.save()
    assert sheet_of(world, quoted(world)).count == 1


def test_above_the_limit_of_one_person_the_sheet_asks_for_a_second(world: World) -> None:
    limits(world, approve_above=Decimal("16.82"))
    two = [quoted(world) for _ in range(2)]
    assert not sheet_of(world, *two).needs_second
    three = sheet_of(world, *two, quoted(world))
    assert three.needs_second
    assert three.count == 3


def test_the_guard_costs_the_same_few_queries_for_any_selection(
    world: World,
    django_assert_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    past(world, 12)
    limits(world, daily_cap=Decimal("9000.00"), jump_percent=200)
    orders = [quoted(world) for _ in range(20)]
    with django_assert_num_queries(7):
        assert sheet_of(world, *orders).count == 20
