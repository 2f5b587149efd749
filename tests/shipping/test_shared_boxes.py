"""One label for several orders in one box, in both lanes; and labels that TikTok arranges."""

import pytest
from django.utils import timezone

from core.models import Workspace
from orders import box_mates, boxes, dispatch, sync
from orders.models import BoxMate, Dispatch, Order
from shipping import accounts, batch_checks
from shipping.labels import documents, purchase, telling, void
from shipping.labels.values import bought_of, rate_of
from shipping.models import Label, LabelAccount
from shipping.parcels import parcels_for
from shipping.plan import plan_order
from shops.models import Shop
from tests import factories
from tests.sandbox.running import Running
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shops.sandboxed import Connected, bring_about, sandbox

__all__ = ["sandbox", "world"]


@pytest.fixture
def connected(sandbox: Running, transactional_db: None) -> Connected:
    """A connected shop in a database whose commits are real, so that threads see them."""
    return bring_about(sandbox)


@pytest.fixture
def box(world: World) -> list[Order]:
    """Two orders of one buyer in one box; the first leads."""
    orders = [world.order(user_id="buyer-1", units=units) for units in (1, 2)]
    boxes.join(orders[0], orders[1:], package_id="", user=world.user)
    return [Order.objects.select_related("shop").get(pk=order.pk) for order in orders]


def bought(order: Order) -> Label:
    label = purchase.prepare(order, plan_order(order, now=timezone.now()))
    assert purchase.buy_label(label_id=label.pk) == "bought"
    return Label.objects.select_related("order__workspace", "account").get(pk=label.pk)


def test_the_box_weighs_what_all_its_orders_weigh(world: World, box: list[Order]) -> None:
    alone = world.order(units=3)
    found = parcels_for([box[0], alone])
    assert found[box[0].pk].parcel == found[alone.pk].parcel
    assert found[box[0].pk].with_orders == (box[1].tiktok_id,)
    assert found[alone.pk].with_orders == ()


def test_one_own_label_is_bought_and_its_number_told_for_every_order(
    world: World, box: list[Order]
) -> None:
    label = bought(box[0])
    assert Label.objects.count() == 1
    assert {order.stage for order in Order.objects.filter(pk__in=[o.pk for o in box])} == {"bought"}
    telling.tell_many([label])
    told = Dispatch.objects.filter(tracking_number=label.tracking_number)
    assert {one.order_id for one in told} == {order.pk for order in box}


def test_voiding_the_boxs_label_frees_every_order_of_its_number(
    world: World, box: list[Order]
) -> None:
    label = bought(box[0])
    assert telling.tell(label)
    void.void(label, world.user)
    mate = Order.objects.get(pk=box[1].pk)
    assert (mate.label_state, mate.stage) == ("", "hold")
    assert set(Dispatch.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_an_order_that_changed_leaves_the_box_before_money_moves(
    world: World, box: list[Order]
) -> None:
    world.change(box[1], status="CANCELLED")
    fresh, verdicts = batch_checks.reread([box[0]])
    assert fresh == {}
    assert box[1].tiktok_id in verdicts[box[0].pk].reason
    assert not BoxMate.objects.exists()
    fresh, verdicts = batch_checks.reread([box[0]])
    assert verdicts == {}
    assert parcels_for(fresh.values())[box[0].pk].with_orders == ()


def test_an_unchanged_box_is_bought(world: World, box: list[Order]) -> None:
    fresh, verdicts = batch_checks.reread([box[0]])
    assert set(fresh) == {box[0].pk}
    assert verdicts == {}


def platform_orders(shop: Connected, count: int) -> list[Order]:
    first = shop.sandbox.new_order(shipping_type="TIKTOK", units=1)
    others = [
        shop.sandbox.new_order(shipping_type="TIKTOK", units=1, same_as=first)
        for _ in range(count - 1)
    ]
    orders = sync.read_orders(shop.shop, [first, *others])
    for order in orders:
        order.parcel = {"weight_g": 300, "length_mm": 200, "width_mm": 150, "height_mm": 50}
        order.stage, order.blocker = "ready", ""
        order.save()
    return orders


def tiktok_account(workspace: Workspace) -> LabelAccount:
    accounts.ensure_tiktok_accounts(workspace)
    return LabelAccount.objects.get(workspace=workspace, provider="tiktok")


def test_tiktoks_label_is_bought_once_for_all_orders_of_the_box(connected: Connected) -> None:
    tiktok_account(connected.workspace)
    orders = platform_orders(connected, 3)
    boxes.join(orders[0], orders[1:], package_id="", user=connected.user)
    lead = Order.objects.select_related("shop").get(pk=orders[0].pk)
    label = bought(lead)
    shown = [connected.sandbox.orders(id=order.tiktok_id)[0] for order in orders]
    assert {one["status"] for one in shown} == {"AWAITING_COLLECTION"}
    assert {tuple(one["packages"]) for one in shown} == {(label.provider_label_id,)}
    assert len(connected.sandbox.ledger()["tiktok"]) == 1
    assert len(box_mates.together(lead)) == 3


def test_a_package_that_only_waits_is_no_label(connected: Connected) -> None:
    account = tiktok_account(connected.workspace)
    orders = platform_orders(connected, 2)
    quotes = plan_order(orders[0], now=timezone.now())
    label = purchase.prepare(orders[0], quotes)
    connected.sandbox.tiktok(shop_region="TH")
    assert connected.sandbox.orders(id=orders[0].tiktok_id)[0]["packages"]
    provider = accounts.provider_for(account)
    assert provider.find(rate_of(label), key=str(label.key)) is None


@pytest.fixture
def abroad(connected: Connected) -> Connected:
    """A shop whose packages TikTok arranges."""
    Shop.objects.filter(pk=connected.shop.pk).update(region="TH")
    connected.shop.refresh_from_db()
    tiktok_account(connected.workspace)
    return connected


def test_where_tiktok_arranges_its_label_is_made_without_a_price_and_printed(
    abroad: Connected,
) -> None:
    (order,) = platform_orders(abroad, 1)
    abroad.sandbox.tiktok(shop_region="TH", document_delay=0)
    quotes = plan_order(order, now=timezone.now())
    names = [rate["service_name"] for rate in quotes.rates]
    assert names[0] == "TikTok Shipping, drop-off"
    assert names[1].startswith("TikTok Shipping, pickup 2")
    assert {rate["price"] for rate in quotes.rates} == {"0"}
    assert "not known here" in quotes.reason["messages"][0]
    label = bought(order)
    assert documents.fetch(label)
    assert label.tracking_number.startswith("TTVE")
    assert label.file_key


def test_a_lost_answer_to_arranging_is_found_by_the_package(abroad: Connected) -> None:
    (order,) = platform_orders(abroad, 1)
    abroad.sandbox.tiktok(shop_region="TH", document_delay=0)
    label = purchase.prepare(order, plan_order(order, now=timezone.now()))
    path = "/fulfillment/*/packages/*/ship"
    abroad.sandbox.fault("timeout_after_effect", path=path, seconds=0.1, times=1)
    assert purchase.buy_label(label_id=label.pk) == "unknown"
    label = Label.objects.select_related("account__shop__authorization").get(pk=label.pk)
    found = accounts.provider_for(label.account).find(rate_of(label), key=str(label.key))
    assert found is not None
    assert found.provider_label_id == label.provider_ref["package_id"]
    label.provider_label_id = found.provider_label_id
    assert bought_of(label).provider_label_id == found.provider_label_id


def test_an_order_told_by_itself_is_told_alone(world: World) -> None:
    order = world.order()
    label = factories.label(order, tell_due_at=timezone.now())
    telling.tell(label)
    assert dispatch.known_number(order) == ""
    assert order.dispatches.get().tracking_number == label.tracking_number
