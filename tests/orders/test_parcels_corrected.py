"""Correcting a number at TikTok where the order travels in several parcels: each has its own."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.access import wreverse
from orders import dispatch, splitting, sync, tracking_edit
from orders.models import Dispatch, Order, TrackingEdit
from tests.orders.test_splitting import OTHER_UPS, UPS, by_sku, fresh, order_of
from tests.shops.sandboxed import Connected

THIRD = "1Z999AA10000000055"
UPDATE = "/fulfillment/*/packages/*/shipping_info/update"


@pytest.fixture
def both(connected: Connected) -> list[Dispatch]:
    """Two parcels of one order, each told with a number of its own."""
    order = order_of(connected)
    splitting.split(order, by_sku(order), user=connected.user)
    order = fresh(order)
    for part, number in ((1, UPS), (2, OTHER_UPS)):
        made = dispatch.request(order, tracking_number=number, carrier="ups", part=part)
        assert dispatch.tell_tiktok(dispatch_id=made.pk) == "done"
    rows = Dispatch.objects.select_related("order__shop__authorization").order_by("part")
    return list(rows)


def shown(order: Order) -> set[tuple[int, str]]:
    """Parcel and number as TikTok shows them for the order's lines."""
    parts = {line: n for n, one in enumerate(order.parts, 1) for line in one["lines"]}
    lines = order.lines.values_list("tiktok_id", "tracking_number")
    return {(parts[line], number) for line, number in lines}


def reread(connected: Connected, order: Order) -> Order:
    return sync.read_orders(connected.shop, [order.tiktok_id])[0]


def test_a_correction_changes_its_own_parcel_only(
    connected: Connected, both: list[Dispatch]
) -> None:
    assert tracking_edit.edit(both[1], THIRD, "ups", user=None).state == "done"
    order = reread(connected, both[0].order)
    assert shown(order) == {(1, UPS), (2, THIRD)}
    assert tracking_edit.allowance(both[0], now=timezone.now()).left == 1
    assert tracking_edit.allowance(both[1], now=timezone.now()).left == 0


def test_one_number_does_not_stand_on_two_parcels(both: list[Dispatch]) -> None:
    with pytest.raises(tracking_edit.CannotEdit, match="the number of parcel 1"):
        tracking_edit.edit(both[1], UPS, "ups", user=None)


def test_a_lost_correction_is_looked_for_in_its_own_parcel(
    connected: Connected, both: list[Dispatch]
) -> None:
    # the other parcel shows a number like the one that was on its way
    row = TrackingEdit.objects.create(
        dispatch=both[1], was=OTHER_UPS, was_carrier="ups", tracking_number=UPS, carrier="ups"
    )
    assert not tracking_edit.resolve(row, now=timezone.now())
    assert tracking_edit.resolve(row, now=timezone.now() + timedelta(minutes=5))
    row.refresh_from_db()
    assert (row.state, row.code) == ("refused", "lost")


def test_a_lost_answer_about_a_parcel_is_settled_by_reading_its_lines(
    connected: Connected, both: list[Dispatch]
) -> None:
    connected.sandbox.fault("timeout_after_effect", path=UPDATE, seconds=0.1)
    assert tracking_edit.edit(both[0], THIRD, "ups", user=None).state == "unknown"
    connected.sandbox.clear_faults()
    TrackingEdit.objects.update(told_at=timezone.now() - timedelta(minutes=1))
    assert tracking_edit.settle_due() == 1
    both[0].refresh_from_db()
    assert both[0].tracking_number == THIRD


def test_a_parcel_whose_package_was_not_told_is_found_by_its_lines(
    connected: Connected, both: list[Dispatch]
) -> None:
    reread(connected, both[0].order)
    Dispatch.objects.update(package_id="")
    both[1].refresh_from_db()
    assert tracking_edit.edit(both[1], THIRD, "ups", user=None).state == "done"
    assert shown(reread(connected, both[0].order)) == {(1, UPS), (2, THIRD)}


def test_without_any_package_tiktok_is_not_asked_about_the_whole_order(
    both: list[Dispatch],
) -> None:
    both[1].order.lines.update(package_id="")
    both[1].package_id = ""
    with pytest.raises(tracking_edit.CannotEdit, match="read them first"):
        tracking_edit.edit(both[1], THIRD, "ups", user=None)


def test_the_page_says_of_which_parcel(
    connected: Connected, both: list[Dispatch], client: Client
) -> None:
    client.force_login(connected.user)
    url = wreverse(connected.workspace, "orders:tracking-edit", order_id=both[0].order_id)
    given = {"number": THIRD, "carrier": "UPS"}
    answer = client.post(url, given, follow=True)
    assert "Say which parcel" in answer.content.decode()
    assert client.post(url, given | {"dispatch": "0"}).status_code == 404
    assert client.post(url, given | {"dispatch": "x"}).status_code == 404
    answer = client.post(url, given | {"dispatch": str(both[1].pk)}, follow=True)
    assert f"TikTok has {THIRD} now." in answer.content.decode()
    both[1].refresh_from_db()
    assert both[1].tracking_number == THIRD
