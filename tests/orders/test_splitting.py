"""Spreading an order over several parcels: who is asked, what is refused, what is kept."""

import pytest
from django.utils import timezone

from core.models import AuditEntry
from orders import dispatch, packages, splitting, sync
from orders.label_notes import note_label
from orders.models import Dispatch, Order
from orders.splitting import CannotSplit
from shops.clients import tiktok_client
from shops.models import Shop
from shops.tiktok_shop.fulfillment import Line as ShippedLine
from shops.tiktok_shop.fulfillment import mark_package_shipped
from tests import factories
from tests.shops.sandboxed import Connected

UPS = "1Z999AA10123456784"
OTHER_UPS = "1Z999AA10123456793"
UPS_ID = "7117859084333745966"  # at the sandbox


def order_of(shop: Connected, *, lane: str = "SELLER", units: int = 2, skus: int = 2) -> Order:
    number = shop.sandbox.new_order(shipping_type=lane, units=units, skus=skus, fresh=True)
    (order,) = sync.read_orders(shop.shop, [number])
    return order


def by_sku(order: Order) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for line in order.lines.order_by("pk"):
        groups.setdefault(line.sku_id, []).append(line.tiktok_id)
    return list(groups.values())


def ship_elsewhere(shop: Connected, order: Order, lines: list[str], number: str = UPS) -> None:
    """Somebody ships these lines without us."""
    mark_package_shipped(
        tiktok_client(shop.shop),
        order_id=order.tiktok_id,
        tracking_number=number,
        shipping_provider_id=UPS_ID,
        lines=[ShippedLine(line) for line in lines],
    )


def tell_all() -> None:
    for one in Dispatch.objects.filter(state="due"):
        dispatch.tell_tiktok(dispatch_id=one.pk)


def fresh(order: Order) -> Order:
    return Order.objects.select_related("shop").get(pk=order.pk)


def test_an_order_is_spread_over_two_parcels_and_put_together_again(connected: Connected) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    order = fresh(order)
    assert [one["lines"] for one in order.parts] == by_sku(order)
    assert (order.part, order.split_version, order.label_state) == (1, 1, "")
    assert order.events.filter(kind="parcel", text="It travels in 2 parcels.").exists()
    entry = AuditEntry.objects.get(action="order.parcels")
    assert (entry.actor, entry.subject) == (connected.user, f"order:{order.pk}")
    splitting.undo(order, user=connected.user)
    order = fresh(order)
    assert (order.parts, order.part, order.split_version) == ([], 0, 2)


def test_parcels_that_do_not_hold_every_item_once_are_refused(connected: Connected) -> None:
    order = order_of(connected)
    first, second = by_sku(order)
    for groups in (
        [first],
        [first, []],
        [first, first],
        [first, second, second],
        [[*first], ["x"]],
    ):
        with pytest.raises(CannotSplit):
            splitting.split(order, groups, user=connected.user)
    assert fresh(order).parts == []


def test_with_own_labels_a_products_units_stay_in_one_parcel(connected: Connected) -> None:
    order = order_of(connected, units=2, skus=1)
    lines = [line.tiktok_id for line in order.lines.order_by("pk")]
    with pytest.raises(CannotSplit, match="all units of a product in one parcel"):
        splitting.split(order, [lines[:1], lines[1:]], user=connected.user)
    platform = order_of(connected, lane="TIKTOK", units=2, skus=1)
    lines = [line.tiktok_id for line in platform.lines.order_by("pk")]
    splitting.split(platform, [lines[:1], lines[1:]], user=connected.user)
    assert len(fresh(platform).parts) == 2


def test_what_tiktok_does_not_let_be_split_stays_whole_and_its_reason_is_told(
    connected: Connected,
) -> None:
    order = order_of(connected)
    connected.sandbox.order(order.tiktok_id, "cancel")
    with pytest.raises(CannotSplit, match="not let this order be split"):
        splitting.split(order, by_sku(order), user=connected.user)
    assert fresh(order).parts == []


def test_an_order_with_a_label_is_not_spread_over_parcels(connected: Connected) -> None:
    order = order_of(connected)
    label = factories.label(order, state="ready")
    with pytest.raises(CannotSplit, match="has a label"):
        splitting.split(order, by_sku(order), user=connected.user)
    label.delete()
    splitting.split(order, by_sku(order), user=connected.user)
    factories.label(fresh(order), state="bought", part=1)
    with pytest.raises(CannotSplit, match="has a label|shipped already"):
        splitting.undo(fresh(order), user=connected.user)


def test_each_parcel_is_told_with_its_own_number_and_lines(connected: Connected) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    for part, number in ((1, UPS), (2, OTHER_UPS)):
        note_label(order.pk, "bought", "ups", number, part=part)
        dispatch.request(fresh(order), tracking_number=number, carrier="ups", part=part)
    assert fresh(order).label_state == "bought"
    tell_all()
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert list(Dispatch.objects.order_by("part").values_list("state", flat=True)) == ["done"] * 2
    assert order.status == "AWAITING_COLLECTION"
    numbers = {
        line.tiktok_id: line.tracking_number for line in order.lines.all() if line.tracking_number
    }
    assert numbers == {
        line: number
        for group, number in zip(by_sku(order), (UPS, OTHER_UPS), strict=True)
        for line in group
    }


def test_a_lost_answer_about_one_parcel_is_settled_by_its_own_lines(connected: Connected) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    path = "/fulfillment/*/orders/*/packages"
    connected.sandbox.fault("timeout_after_effect", path=path, seconds=0.1, times=1)
    first = dispatch.request(fresh(order), tracking_number=UPS, carrier="ups", part=1)
    assert dispatch.tell_tiktok(dispatch_id=first.pk) == "unknown"
    second = dispatch.request(fresh(order), tracking_number=OTHER_UPS, carrier="ups", part=2)
    assert dispatch.tell_tiktok(dispatch_id=second.pk) == "done"
    assert dispatch.tell_tiktok(dispatch_id=first.pk) == "done"
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.package_id != second.package_id


def test_the_rest_of_a_partly_shipped_order_is_shipped_from_here(connected: Connected) -> None:
    order = order_of(connected)
    first, second = by_sku(order)
    ship_elsewhere(connected, order, first)
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert (order.status, order.blocker) == ("PARTIALLY_SHIPPING", "part_shipped")
    splitting.adopt(order, user=connected.user)
    order = fresh(order)
    assert [one["label"] for one in order.parts] == ["elsewhere", ""]
    assert (order.part, order.parts[1]["lines"]) == (2, second)
    assert order.blocker != "part_shipped"
    dispatch.request(order, tracking_number=OTHER_UPS, carrier="ups", part=2)
    tell_all()
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert order.status == "AWAITING_COLLECTION"


def test_an_order_that_tiktok_shows_whole_has_nothing_to_take_over(connected: Connected) -> None:
    order = order_of(connected)
    with pytest.raises(CannotSplit, match="one parcel"):
        splitting.adopt(order, user=connected.user)


@pytest.fixture
def abroad(connected: Connected) -> Connected:
    """A shop in a market where TikTok keeps a package for each parcel."""
    connected.sandbox.tiktok(shop_region="TH")
    Shop.objects.filter(pk=connected.shop.pk).update(region="TH")
    connected.shop.refresh_from_db()
    return connected


def test_abroad_tiktok_splits_the_order_and_each_parcel_is_its_package(abroad: Connected) -> None:
    order = order_of(abroad, lane="TIKTOK")
    splitting.split(order, by_sku(order), user=abroad.user)
    order = fresh(order)
    shown = {row.tiktok_id: row.line_ids for row in packages.read_order(order, now=timezone.now())}
    assert {one["package"]: one["lines"] for one in order.parts} == shown
    with pytest.raises(CannotSplit, match="no call that puts a split order together"):
        splitting.undo(order, user=abroad.user)


def test_a_split_whose_answer_was_lost_is_found_and_not_asked_for_again(abroad: Connected) -> None:
    order = order_of(abroad, lane="TIKTOK")
    abroad.sandbox.fault(
        "timeout_after_effect", path="/fulfillment/*/orders/*/split", seconds=0.1, times=1
    )
    splitting.split(order, by_sku(order), user=abroad.user)
    order = fresh(order)
    shown = {row.tiktok_id for row in packages.read_order(order, now=timezone.now())}
    assert {one["package"] for one in order.parts} == shown
    assert len(shown) == 2


def test_what_was_split_in_seller_center_is_taken_over(abroad: Connected) -> None:
    order = order_of(abroad, lane="TIKTOK")
    groups = by_sku(order)
    splitting.split(order, groups, user=abroad.user)
    Order.objects.filter(pk=order.pk).update(parts=[], part=0)  # as if it had been done there
    splitting.adopt(fresh(order), user=abroad.user)
    assert [one["lines"] for one in fresh(order).parts] == groups


def test_labels_of_parcels_noted_one_after_the_other_move_the_order_along(
    connected: Connected,
) -> None:
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    note_label(order.pk, "bought", "ups", UPS, part=1)
    order = fresh(order)
    assert (order.label_state, order.part) == ("part", 2)
    assert order.stage != "bought"
    note_label(order.pk, "unknown", "ups", "", part=2)
    order = fresh(order)
    assert (order.label_state, order.stage, order.blocker) == ("unknown", "fix", "label_unknown")
    note_label(order.pk, "bought", "ups", OTHER_UPS, part=2)
    assert (fresh(order).label_state, fresh(order).stage) == ("bought", "bought")
    note_label(order.pk, "", "ups", "", part=1)
    order = fresh(order)
    assert (order.label_state, order.part) == ("part", 1)
    assert order.stage != "bought"
    texts = list(order.events.filter(kind="label").order_by("pk").values_list("text", flat=True))
    assert texts[0] == f"Parcel 1 of 2: Label bought: UPS {UPS}."


def test_packages_put_together_in_seller_center_are_one_parcel_again(abroad: Connected) -> None:
    order = order_of(abroad, lane="TIKTOK")
    splitting.split(order, by_sku(order), user=abroad.user)
    order = fresh(order)
    with pytest.raises(CannotSplit, match="no call that puts"):
        splitting.undo(order, user=abroad.user)
    abroad.sandbox.order(order.tiktok_id, "together")
    splitting.undo(order, user=abroad.user)
    assert fresh(order).parts == []
