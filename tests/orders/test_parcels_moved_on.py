"""Parcels after somebody else shipped, cancelled or gave back what is in one of them."""

from orders import dispatch, parts, splitting, sync
from orders.actions import want_new_label
from orders.label_notes import note_label
from orders.models import Order
from tests.orders.test_splitting import (
    OTHER_UPS,
    UPS,
    by_sku,
    fresh,
    order_of,
    ship_elsewhere,
    tell_all,
)
from tests.shops.sandboxed import Connected


def test_a_parcel_that_is_shipped_in_seller_center_is_not_bought_here(connected: Connected) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    ship_elsewhere(connected, order, by_sku(order)[0])
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert [one["label"] for one in order.parts] == ["elsewhere", ""]
    assert order.part == 2
    ship_elsewhere(connected, order, by_sku(order)[1], OTHER_UPS)
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert order.stage == "shipped"


def test_a_parcel_that_tiktok_ships_by_our_own_word_is_not_taken_for_somebody_elses(
    connected: Connected,
) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    for part, number in ((1, UPS), (2, OTHER_UPS)):
        note_label(order.pk, "bought", "ups", number, part=part)
        dispatch.request(fresh(order), tracking_number=number, carrier="ups", part=part)
    tell_all()
    sync.read_orders(connected.shop, [order.tiktok_id])
    note_label(order.pk, "", "ups", "", part=1)
    assert [one["label"] for one in fresh(order).parts] == ["", "bought"]
    note_label(order.pk, "", "ups", "", part=2)
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert ([one["label"] for one in order.parts], order.stage) == (["", ""], "shipped")
    want_new_label(order, user=connected.user)
    assert [one["label"] for one in fresh(order).parts] == ["", ""]
    assert fresh(order).stage != "shipped"


def test_a_parcel_of_which_nothing_is_left_is_never_told_with_the_others_items(
    connected: Connected,
) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    note_label(order.pk, "bought", "ups", UPS, part=1)
    wanted = dispatch.request(fresh(order), tracking_number=UPS, carrier="ups", part=1)
    order.lines.filter(tiktok_id__in=by_sku(order)[0]).update(status="CANCELLED")
    assert dispatch.tell_tiktok(dispatch_id=wanted.pk) == "withdrawn"
    wanted.refresh_from_db()
    assert fresh(order).blocker != "dispatch_refused"
    assert wanted.reason == "Nothing is left in this parcel: its items were cancelled."
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert order.status == "AWAITING_SHIPMENT"


def test_items_cancelled_while_tiktok_is_asked_leave_no_parcel_in_turn(
    connected: Connected,
) -> None:
    order = order_of(connected)
    first, second = by_sku(order)
    Order.objects.filter(pk=order.pk).update(parts=[])
    order.lines.filter(tiktok_id__in=first).update(status="CANCELLED")
    splitting._keep(order, [parts.entry(first), parts.entry(second)], "Two.", connected.user)
    order = fresh(order)
    assert [one["label"] for one in order.parts] == ["gone", ""]
    assert order.part == 2
