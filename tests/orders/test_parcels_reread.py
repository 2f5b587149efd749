"""Orders in several parcels are read, compared and put right like all others, and stay in their
parcels."""

import pytest

from orders import dispatch, splitting, sweep, sync
from orders.models import Dispatch, Order
from shops.models import Shop
from tests.orders.test_reconciliation import LONG_AGO, compare
from tests.orders.test_reconciliation import read as read
from tests.orders.test_splitting import OTHER_UPS, UPS, by_sku, fresh, order_of
from tests.shops.sandboxed import Connected


@pytest.fixture
def half(read: Connected) -> Order:
    """TikTok knows the first of two parcels as shipped."""
    order = order_of(read)
    splitting.split(order, by_sku(order), user=read.user)
    made = dispatch.request(fresh(order), tracking_number=UPS, carrier="ups", part=1)
    assert dispatch.tell_tiktok(dispatch_id=made.pk) == "done"
    (order,) = sync.read_orders(read.shop, [order.tiktok_id])
    assert order.status == "PARTIALLY_SHIPPING"
    return fresh(order)


def test_a_partly_shipped_order_that_is_outdated_here_is_repaired_and_keeps_its_parcels(
    read: Connected, half: Order
) -> None:
    Order.objects.filter(pk=half.pk).update(
        updated_at=half.updated_at - LONG_AGO, status="AWAITING_SHIPMENT"
    )
    assert compare(read).repaired == 1
    found = fresh(half)
    assert (found.status, found.parts, found.part) == (half.status, half.parts, half.part)
    assert (found.label_state, found.blocker) == (half.label_state, half.blocker)
    assert found.blocker != "part_shipped"


def test_a_partly_shipped_order_that_is_right_is_left_alone(read: Connected, half: Order) -> None:
    row = compare(read)
    assert (row.missing, row.different, row.repaired) == (0, 0, 0)
    assert row.counted_there == row.counted_here
    assert fresh(half).parts == half.parts


def test_parcels_that_are_told_in_one_sweep_have_their_order_read_once(read: Connected) -> None:
    order = order_of(read)
    splitting.split(order, by_sku(order), user=read.user)
    for part, number in ((1, UPS), (2, OTHER_UPS)):
        dispatch.request(fresh(order), tracking_number=number, carrier="ups", part=part)
    assert dispatch.dispatch_due() == 2
    assert set(Dispatch.objects.values_list("state", flat=True)) == {"done"}
    assert fresh(order).status == "AWAITING_COLLECTION"
    asked: list[list[str]] = []

    def note(_: Shop, numbers: list[str]) -> list[Order]:
        asked.append(numbers)
        return []

    sweep.by_shop(list(Dispatch.objects.values_list("pk", flat=True)), note)
    assert asked == [[order.tiktok_id]]
