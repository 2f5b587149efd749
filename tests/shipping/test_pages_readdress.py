"""An address that changed after the purchase: shown, and one flow to another label, never two in
use."""

import pytest
from django.utils import timezone

from core.errors import OutcomeUnknown
from orders import actions, dispatch
from orders.models import Order
from orders.sync import read_orders
from shipping import readdressed
from shipping.labels.purchase import buy_label
from shipping.models import Label
from shipping.providers.base import VoidOutcome
from tests.shipping.desks import Desk, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import ADDRESS, World
from tests.shipping.labels.worlds import world as world

ELSEWHERE = {**ADDRESS, "address_line1": "9 Oak Ave", "address_detail": "9 Oak Ave"}


def bought(world: World) -> Label:
    label = world.label()
    buy_label(label_id=label.pk)
    return Label.objects.select_related("order").get(pk=label.pk)


def moved(world: World, label: Label) -> Order:
    """The buyer changes the address on TikTok, and we read it."""
    world.change(label.order, recipient_address=ELSEWHERE, has_updated_recipient_address=True)
    read_orders(world.shop, [label.order.tiktok_id])
    return Order.objects.get(pk=label.order_id)


def page(desk: Desk, order: Order) -> str:
    return text_of(desk.get("readdress", order_id=order.pk))


def test_a_label_with_another_address_is_listed_and_warned_about(desk: Desk, world: World) -> None:
    same, other = bought(world), bought(world)
    order = moved(world, other)
    (found,) = readdressed.orders_of(world.workspace)
    assert found.order.pk == order.pk
    assert "1 Main St" in found.printed
    assert "9 Oak Ave" in found.wanted
    assert "9 Oak Ave" in text_of(desk.get("cancellations", "?list=address"))
    assert "address changed" in text_of(desk.get("order-panel", part=True, order_id=order.pk))
    panel = desk.get("order-panel", part=True, order_id=same.order_id)
    assert "address changed" not in text_of(panel)


def test_a_persons_correction_after_the_purchase_counts_as_well(desk: Desk, world: World) -> None:
    label = bought(world)
    fixed = dict(label.order.address) | {"street1": "3 Elm St"}
    actions.fix_address(label.order, fixed, user=world.user)
    assert [one.order.pk for one in readdressed.orders_of(world.workspace)] == [label.order_id]
    assert "3 Elm St" in page(desk, label.order)


def test_void_new_rates_and_buy_are_one_flow(desk: Desk, world: World) -> None:
    label = bought(world)
    order = moved(world, label)
    assert "Void it and get new rates" in page(desk, order)
    response = desk.post("readdress-next", order_id=order.pk)
    assert response["Location"].endswith(f"/orders/{order.pk}/new-label/")
    label.refresh_from_db()
    order.refresh_from_db()
    assert (label.state, label.money_back.why) == ("refunding", "address")
    assert (order.stage, order.plan_price) == ("ready", label.price)
    text = page(desk, order)
    assert "Buy this label · $8.41" in text
    buy_label(label_id=world.label(order).pk)
    assert "carries the new address" in page(desk, order)
    assert Label.objects.live().filter(order=order).count() == 1
    assert readdressed.orders_of(world.workspace) == []


def test_nothing_is_bought_while_the_void_is_in_the_dark(desk: Desk, world: World) -> None:
    label = bought(world)
    order = moved(world, label)
    world.provider.fail("void", OutcomeUnknown("No answer.", provider="x"))
    desk.post("readdress-next", order_id=order.pk)
    text = page(desk, order)
    assert "is being found out" in text
    assert "Buy this label" not in text
    html = desk.get("readdress", order_id=order.pk).content.decode()
    assert 'hx-trigger="every 5s"' in html
    desk.post("readdress-next", order_id=order.pk)
    order.refresh_from_db()
    assert not order.relabel


def test_a_refused_void_keeps_the_label_and_says_so(desk: Desk, world: World) -> None:
    label = bought(world)
    order = moved(world, label)
    world.provider.void_outcome = VoidOutcome.REFUSED
    response = desk.post("readdress-next", order_id=order.pk)
    assert "was not taken back" in desk.told(response)[-1]
    label.refresh_from_db()
    assert label.state == "bought"


def test_an_order_that_tiktok_calls_shipped_is_bought_again_and_the_number_named(
    desk: Desk, world: World
) -> None:
    label = bought(world)
    order = moved(world, label)
    dispatch.request(order, tracking_number=label.tracking_number, carrier=label.carrier)
    order.dispatches.update(state="done", done_at=timezone.now())
    world.change(order, status="AWAITING_COLLECTION", tracking_number=label.tracking_number)
    read_orders(world.shop, [order.tiktok_id])
    order.refresh_from_db()
    assert "It takes one change of it" in page(desk, order)
    desk.post("readdress-next", order_id=order.pk)
    order.refresh_from_db()
    assert (order.status, order.stage, order.relabel) == ("AWAITING_COLLECTION", "ready", True)
    buy_label(label_id=world.label(order).pk)
    order.refresh_from_db()
    assert order.stage == "bought"
    new = order.labels.get(state="bought")
    html = desk.get("readdress", order_id=order.pk).content.decode()
    assert f"TikTok still has {label.tracking_number}" in html
    assert "Give TikTok the new number" in html
    assert f'name="number" value="{new.tracking_number}"' in html


@pytest.mark.parametrize("column", [{"first_scan_at": timezone.now()}])
def test_a_parcel_on_its_way_is_not_voided(
    desk: Desk, world: World, column: dict[str, object]
) -> None:
    label = bought(world)
    order = moved(world, label)
    Label.objects.filter(pk=label.pk).update(**column)
    assert "ask the carrier to redirect the parcel" in page(desk, order)
    desk.post("readdress-next", order_id=order.pk)
    label.refresh_from_db()
    assert label.state == "bought"


def test_an_order_whose_label_is_right_has_nothing_to_exchange(desk: Desk, world: World) -> None:
    label = bought(world)
    assert "There is nothing to exchange" in page(desk, label.order)
