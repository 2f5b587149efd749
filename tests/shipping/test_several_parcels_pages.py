"""Pages behind the purchase, for orders in several parcels: each label is named and stands for
itself."""

from datetime import timedelta

from django.utils import timezone

from orders.models import Order
from orders.sync import read_orders
from shipping import readdressed
from shipping.handover import counts, idle
from shipping.handover.scan import scan, take_back
from shipping.labels.purchase import buy_label
from shipping.models import Label
from shipping.money_due import HEAD, table
from shipping.views.cancellations import words_for
from tests import factories
from tests.shipping.desks import Desk, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import ADDRESS, World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spread import bought, spread

ELSEWHERE = {**ADDRESS, "address_line1": "9 Oak Ave", "address_detail": "9 Oak Ave"}


def two(world: World, **fields: object) -> tuple[Order, list[Label]]:
    """An order with a label for each of its two parcels, in no provider's books."""
    order = spread(world.order(units=2))
    return order, [bought(order, n, account=world.account, **fields) for n in (1, 2)]


def test_handing_over_one_parcel_leaves_the_other_to_be_handed_over(
    desk: Desk, world: World
) -> None:
    order, (first, second) = two(world)
    answer = scan(world.workspace, first.tracking_number, user=world.user)
    assert answer.is_taken
    left = counts.waiting(world.workspace, now=timezone.now())
    assert list(left) == [second]
    assert order.events.filter(kind="handover").get().text.startswith("Parcel 1 of 2: handed")
    again = scan(world.workspace, first.tracking_number, user=world.user)
    assert f"Order {order.tiktok_id}, parcel 1 of 2 was handed over already" in again.words
    page = text_of(desk.get("handover"))
    assert "1 parcel still here" in page
    assert "UPS Ground · parcel 1 of 2" in page
    assert answer.scan is not None
    assert take_back(answer.scan, user=world.user)
    assert order.events.filter(text__startswith="Parcel 1 of 2 not handed over after").exists()
    assert left.all().count() == 2


def test_a_close_out_names_the_parcels_that_went_and_those_still_here(
    desk: Desk, world: World
) -> None:
    _, (first, _second) = two(world)
    answer = scan(world.workspace, first.tracking_number, user=world.user)
    assert answer.scan is not None
    text = text_of(desk.get("handover-close-out", close_out_id=answer.scan.close_out_id))
    assert "1 parcel handed over" in text
    assert text.index("parcel 2 of 2") < text.index("parcel 1 of 2")


def test_lists_of_parcels_name_the_one_a_label_is_for(desk: Desk, world: World) -> None:
    two(world)
    text = text_of(desk.get("tracking"))
    assert "UPS Ground · parcel 1 of 2" in text
    assert "UPS Ground · parcel 2 of 2" in text
    alone = factories.label(world.order(), account=world.account)
    assert alone.parcel_name == ""


def test_idle_labels_are_listed_one_by_one_without_the_parcel_that_went(
    desk: Desk, world: World
) -> None:
    _, (first, second) = two(world, settled_at=timezone.now() - timedelta(days=10))
    Label.objects.filter(pk=first.pk).update(handed_over_at=timezone.now())
    assert [one.label for one in idle.idle_labels(world.workspace, now=timezone.now())] == [second]
    assert "parcel 2 of 2" in text_of(desk.get("handover-idle"))


def test_the_ledger_of_money_back_names_the_parcel_on_the_page_and_in_its_file(
    desk: Desk, world: World
) -> None:
    _, (first, _second) = two(world)
    row = factories.money_back(first)
    assert "UPS Ground · parcel 1 of 2" in text_of(desk.get("money", "?list=pending"))
    _, cells = table(type(row).objects.all())
    assert dict(zip(HEAD, cells, strict=True))[HEAD[2]] == "UPS Ground · parcel 1 of 2"


def test_what_approving_a_request_does_is_said_of_all_labels(desk: Desk, world: World) -> None:
    order, (first, _second) = two(world)
    assert words_for(order, True) == (
        "Its labels are bought: approving voids them by itself, unless scanned before."
    )
    factories.money_back(first, why="cancelled", outcome="left", left_because="off")
    assert "parcel 1 of 2" in text_of(desk.get("cancellations", "?list=labels"))
    half = spread(world.order(units=2))
    bought(half, 1, account=world.account)
    assert words_for(half, True).startswith("Its label is bought: approving voids it by itself")


def both(world: World) -> Order:
    """An order whose two parcels' labels were bought for the address of then."""
    order = spread(world.order(units=2))
    for _ in range(2):
        buy_label(label_id=world.label(Order.objects.select_related("shop").get(pk=order.pk)).pk)
    return Order.objects.select_related("shop").get(pk=order.pk)


def moved(world: World, order: Order) -> Order:
    world.change(order, recipient_address=ELSEWHERE, has_updated_recipient_address=True)
    read_orders(world.shop, [order.tiktok_id])
    return Order.objects.select_related("shop").get(pk=order.pk)


def test_every_label_with_the_old_address_is_listed_with_its_parcel(
    desk: Desk, world: World
) -> None:
    order = moved(world, both(world))
    assert [one.label.part for one in readdressed.orders_of(world.workspace)] == [1, 2]
    text = text_of(desk.get("cancellations", "?list=address"))
    assert "parcel 1 of 2" in text
    assert "parcel 2 of 2" in text
    assert order.label_state == "bought"


def test_each_label_is_given_back_and_bought_again_and_the_page_counts_them(
    desk: Desk, world: World
) -> None:
    order = moved(world, both(world))
    for place in (1, 2):
        text = text_of(desk.get("readdress", order_id=order.pk))
        assert f"label {place} of 2, for parcel {place} of 2" in text
        assert "Void it and get new rates" in text
        desk.post("readdress-next", order_id=order.pk)
        text = text_of(desk.get("readdress", order_id=order.pk))
        assert f"label {place} of 2" in text
        assert "Buy this label · $8.41" in text
        order = Order.objects.select_related("shop").get(pk=order.pk)
        assert (order.part, order.stage) == (place, "ready")
        buy_label(label_id=world.label(order).pk)
    text = text_of(desk.get("readdress", order_id=order.pk))
    assert "Parcel 1 of 2: UPS Ground" in text
    assert "Parcel 2 of 2: UPS Ground" in text
    live = order.labels.filter(state="bought").order_by("part")
    assert [(one.part, one.spec["recipient"]["street1"]) for one in live] == [
        (1, "9 Oak Ave"),
        (2, "9 Oak Ave"),
    ]
    assert readdressed.orders_of(world.workspace) == []


def test_the_number_of_each_parcel_is_given_to_tiktok_by_itself(desk: Desk, world: World) -> None:
    order = moved(world, both(world))
    old = [one.tracking_number for one in order.labels.order_by("part")]
    rows = [
        order.dispatches.create(
            part=n, state="done", done_at=timezone.now(), tracking_number=number, carrier="ups"
        )
        for n, number in enumerate(old, 1)
    ]
    for _ in range(2):
        desk.post("readdress-next", order_id=order.pk)
        buy_label(label_id=world.label(Order.objects.select_related("shop").get(pk=order.pk)).pk)
    html = desk.get("readdress", order_id=order.pk).content.decode()
    for row in rows:
        assert f'name="dispatch" value="{row.pk}"' in html
        assert f"TikTok still has {row.tracking_number}" in html


def test_a_parcel_on_its_way_does_not_keep_the_other_from_a_new_label(
    desk: Desk, world: World
) -> None:
    order = moved(world, both(world))
    Label.objects.filter(order=order, part=1).update(first_scan_at=timezone.now())
    text = text_of(desk.get("readdress", order_id=order.pk))
    assert "label 1 of 2, for parcel 2 of 2" in text
    assert "Void it and get new rates" in text
