# Longer than 300 lines: one box, from its offer to what is left when it is taken apart.
"""Orders of one buyer in one box: offered, weighed, joined, taken apart."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.access import wreverse
from core.models import Role
from orders import actions, box_mates, boxes, combining, dispatch, sync
from orders.label_notes import note_label
from orders.models import BoxMate, CombineGroup, Order
from shops.models import Shop
from tests import factories
from tests.shops.sandboxed import Connected

UPS = "1Z999AA10123456784"


@pytest.fixture
def pair(connected: Connected) -> list[Order]:
    """Two orders of one buyer that wait for their labels."""
    return orders_of_one(connected)


def orders_of_one(shop: Connected, count: int = 2, lane: str = "SELLER") -> list[Order]:
    first = shop.sandbox.new_order(shipping_type=lane, units=1, fresh=True)
    others = [
        shop.sandbox.new_order(shipping_type=lane, units=1, same_as=first, fresh=True)
        for _ in range(count - 1)
    ]
    found = sync.read_orders(shop.shop, [first, *others])
    Order.objects.filter(pk__in=[order.pk for order in found]).update(stage="ready", blocker="")
    return list(Order.objects.filter(pk__in=[order.pk for order in found]).order_by("due_at", "pk"))


def group_of(pair: list[Order]) -> CombineGroup:
    return CombineGroup.objects.get(order_ids__contains=[pair[0].tiktok_id])


def priced(order: Order, price: str, weight: int = 200) -> None:
    Order.objects.filter(pk=order.pk).update(
        plan_price=Decimal(price), plan_currency="USD", plan_parcel={"weight_g": weight}
    )


def test_what_tiktok_offers_is_kept_and_forgotten_when_it_is_gone(
    connected: Connected, pair: list[Order]
) -> None:
    assert combining.look_due() >= 1
    group = group_of(pair)
    assert (group.state, len(group.order_ids)) == ("offered", 2)
    connected.sandbox.order(pair[0].tiktok_id, "cancel")
    combining.look_due()
    group.refresh_from_db()
    assert group.state == "gone"


def offer_of(connected: Connected, pair: list[Order]) -> combining.Offer:
    combining.look_due()
    group = group_of(pair)
    found = combining.offers(connected.workspace, now=timezone.now())
    return next(offer for offer in found if offer.group == group)


def test_the_saving_is_labels_apart_less_one_box(connected: Connected, pair: list[Order]) -> None:
    priced(pair[0], "6.00")
    priced(pair[1], "5.00")
    offer = offer_of(connected, pair)
    assert str(offer.apart) == "$11.00"
    assert str(offer.together) == "$6.00"
    assert str(offer.saving) == "$5.00"
    assert "dearest of its single labels" in offer.basis


def test_one_box_costs_what_parcels_of_its_weight_were_priced_at(
    connected: Connected, pair: list[Order]
) -> None:
    for order in pair:
        priced(order, "6.00")
    for price in ("8.00", "8.50", "9.00"):
        priced(factories.order(connected.workspace, shop=connected.shop), price, weight=400)
    offer = offer_of(connected, pair)
    assert str(offer.together) == "$8.50"
    assert str(offer.saving) == "$3.50"
    assert "the middle of 3 quotes" in offer.basis


def test_without_prices_no_saving_is_claimed(connected: Connected, pair: list[Order]) -> None:
    offer = offer_of(connected, pair)
    assert offer.saving is None
    assert offer.basis == "Not all of these orders have a price yet."


def test_waiting_is_told_against_the_deadline(connected: Connected, pair: list[Order]) -> None:
    now = timezone.now()
    Order.objects.filter(pk__in=[o.pk for o in pair]).update(
        created_at=now - timedelta(hours=1), due_at=now + timedelta(hours=20)
    )
    offer = offer_of(connected, pair)
    assert offer.window_ends == now + timedelta(hours=5)
    assert offer.due_at == now + timedelta(hours=20)


def joined(connected: Connected, pair: list[Order]) -> Order:
    combining.look_due()
    return combining.join(group_of(pair), user=connected.user)


def test_joined_orders_wait_for_the_label_of_the_first(
    connected: Connected, pair: list[Order]
) -> None:
    lead = joined(connected, pair)
    (mate,) = box_mates.mates_of([lead.pk])[lead.pk]
    assert mate.held_because == f"Travels in the box of order {lead.tiktok_id}"
    assert mate.stage == "hold"
    assert group_of(pair).state == "combined"
    note_label(lead.pk, "bought", "ups", UPS)
    mate.refresh_from_db()
    assert (mate.stage, mate.label_tracking) == ("bought", UPS)
    note_label(lead.pk, "", "ups", "")
    mate.refresh_from_db()
    assert (mate.stage, mate.label_state) == ("hold", "")


def test_an_order_taken_out_is_bought_by_itself_again(
    connected: Connected, pair: list[Order]
) -> None:
    lead = joined(connected, pair)
    (mate,) = box_mates.mates_of([lead.pk])[lead.pk]
    assert combining.leave(mate, user=connected.user)
    mate.refresh_from_db()
    assert mate.held_because == ""
    assert not BoxMate.objects.exists()
    assert not combining.leave(mate, user=connected.user)


def test_releasing_an_order_takes_it_out_of_its_box(
    connected: Connected, pair: list[Order]
) -> None:
    lead = joined(connected, pair)
    (mate,) = box_mates.mates_of([lead.pk])[lead.pk]
    actions.release(connected.workspace, [mate.pk], user=connected.user)
    assert box_mates.mates_of([lead.pk]) == {}


def test_an_order_stays_in_its_box_once_the_label_is_bought(
    connected: Connected, pair: list[Order]
) -> None:
    lead = joined(connected, pair)
    (mate,) = box_mates.mates_of([lead.pk])[lead.pk]
    note_label(lead.pk, "bought", "ups", UPS)
    mate.refresh_from_db()
    with pytest.raises(combining.CannotCombine, match="void it first"):
        combining.leave(mate, user=connected.user)


def test_withdrawing_a_boxs_number_takes_it_back_for_every_order(
    connected: Connected, pair: list[Order]
) -> None:
    lead = joined(connected, pair)
    for order in box_mates.together(lead):
        dispatch.request(order, tracking_number=UPS, carrier="ups")
    assert dispatch.withdraw(lead)
    assert {order.dispatches.get().state for order in pair} == {"withdrawn"}


def test_what_changed_since_tiktoks_offer_is_not_joined(
    connected: Connected, pair: list[Order]
) -> None:
    combining.look_due()
    connected.sandbox.order(pair[1].tiktok_id, "request-cancel")
    with pytest.raises(combining.CannotCombine, match="asked to cancel"):
        combining.join(group_of(pair), user=connected.user)
    assert not BoxMate.objects.exists()


def held(order: Order) -> None:
    order.stage = "hold"


def elsewhere(order: Order) -> None:
    order.recipient = {**order.recipient, "street1": "2 Other St"}


def anothers(order: Order) -> None:
    order.buyer_id = "another"


@pytest.mark.parametrize(
    ("change", "words"),
    [(held, "held back"), (elsewhere, "another address"), (anothers, "another buyer")],
)
def test_orders_that_do_not_belong_in_one_box_say_why(
    db: None, change: Callable[[Order], None], words: str
) -> None:
    place = factories.workspace()
    lead, other = (factories.order(place, buyer_id="b") for _ in range(2))
    assert boxes.why_not(lead, [other], most=20) == ""
    change(other)
    assert words in boxes.why_not(lead, [other], most=20)
    assert "at most 1" in boxes.why_not(lead, [other], most=1)


@pytest.fixture
def abroad(connected: Connected) -> Connected:
    Shop.objects.filter(pk=connected.shop.pk).update(region="TH")
    connected.shop.refresh_from_db()
    return connected


def test_where_packages_come_first_tiktok_combines_and_uncombines_them(abroad: Connected) -> None:
    three = orders_of_one(abroad, 3, "TIKTOK")
    abroad.sandbox.tiktok(shop_region="TH")
    lead = joined(abroad, three)
    package_id = BoxMate.objects.values_list("package_id", flat=True).distinct().get()
    shown = abroad.sandbox.orders(id=lead.tiktok_id)[0]
    assert shown["packages"] == [package_id]
    first, second = box_mates.mates_of([lead.pk])[lead.pk]
    combining.leave(first, user=abroad.user)
    assert abroad.sandbox.orders(id=first.tiktok_id)[0]["packages"] != [package_id]
    assert abroad.sandbox.orders(id=second.tiktok_id)[0]["packages"] == [package_id]


def test_a_lost_answer_to_combining_is_found_out_by_reading_the_package(
    abroad: Connected,
) -> None:
    pair = orders_of_one(abroad, 2, "TIKTOK")
    abroad.sandbox.tiktok(shop_region="TH")
    combining.look_due()
    path = "/fulfillment/*/packages/combine"
    abroad.sandbox.fault("timeout_after_effect", path=path, seconds=0.1, times=1)
    lead = combining.join(group_of(pair), user=abroad.user)
    assert BoxMate.objects.get(lead=lead).package_id


def a_pair_abroad(abroad: Connected) -> list[Order]:
    pair = orders_of_one(abroad, 2, "TIKTOK")
    abroad.sandbox.tiktok(shop_region="TH")
    combining.look_due()
    return pair


def lost(abroad: Connected, path: str, then: str) -> None:
    """The next such call arrives and its answer does not; nor can `then` be read."""
    abroad.sandbox.fault("reset_after_effect", method="POST", path=path, times=1)
    abroad.sandbox.fault("status", method="GET", path=then, status=503, times=-1)


def test_orders_tiktok_combined_unheard_are_in_one_box_at_the_next_try(abroad: Connected) -> None:
    pair = a_pair_abroad(abroad)
    group = group_of(pair)
    lead, _ = sorted(pair, key=lambda order: (order.due_at, order.tiktok_id))
    lost(abroad, "/fulfillment/*/packages/combine", then="/fulfillment/*/packages/*")
    with pytest.raises(combining.CannotCombine, match="is not known yet"):
        combining.join(group, user=abroad.user)
    assert not BoxMate.objects.exists()
    abroad.sandbox.clear_faults()
    assert combining.join(group, user=abroad.user) == lead
    package_id = BoxMate.objects.get(lead=lead).package_id
    assert abroad.sandbox.orders(id=lead.tiktok_id)[0]["packages"] == [package_id]


def test_an_order_tiktok_took_out_unheard_has_a_box_of_its_own_at_the_next_try(
    abroad: Connected,
) -> None:
    pair = a_pair_abroad(abroad)
    lead = combining.join(group_of(pair), user=abroad.user)
    (mate,) = box_mates.mates_of([lead.pk])[lead.pk]
    lost(abroad, "/fulfillment/*/packages/*/uncombine", then="/order/*/orders")
    with pytest.raises(combining.CannotCombine, match="is not known yet"):
        combining.leave(mate, user=abroad.user)
    assert BoxMate.objects.exists()
    abroad.sandbox.clear_faults()
    assert combining.leave(mate, user=abroad.user)
    assert not BoxMate.objects.exists()


def test_the_adviser_page_shows_the_saving_and_combines(
    connected: Connected,
    pair: list[Order],
    client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(connected.user)
    url = wreverse(connected.workspace, "orders:combine")
    assert "Nothing to combine" in client.get(url).content.decode()
    for order in pair:
        priced(order, "6.00")
    client.post(wreverse(connected.workspace, "orders:combine-look"))
    with django_assert_max_num_queries(18):
        text = client.get(url).content.decode()
    assert "$6.00" in text
    group = group_of(pair)
    client.post(wreverse(connected.workspace, "orders:combine-join", group_id=group.pk))
    assert BoxMate.objects.count() == 1
    order = BoxMate.objects.get().order
    page = wreverse(connected.workspace, "orders:detail", order_id=order.pk)
    assert "travels in the box of order" in client.get(page).content.decode()
    client.post(wreverse(connected.workspace, "orders:box-leave", order_id=order.pk))
    assert not BoxMate.objects.exists()


def test_where_tiktok_does_not_answer_only_that_is_said(
    connected: Connected, client: Client
) -> None:
    client.force_login(connected.user)
    path = "/fulfillment/*/combinable_packages/search"
    connected.sandbox.fault("status", path=path, status=503, times=9)
    response = client.post(wreverse(connected.workspace, "orders:combine-look"), follow=True)
    told = [str(message) for message in response.context["messages"]]
    assert len(told) == 1
    assert told[0].startswith(f"{connected.shop.name}: ")


def test_a_viewer_sees_the_page_without_its_buttons(connected: Connected, client: Client) -> None:
    client.force_login(factories.member(connected.workspace, Role.VIEWER))
    text = client.get(wreverse(connected.workspace, "orders:combine")).content.decode()
    assert "Ask TikTok now" not in text
