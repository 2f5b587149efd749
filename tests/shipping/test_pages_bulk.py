"""The parcel, or the service, of many orders from the queue's bulk bar: what it touches, what not
and why, and taking it back."""

import html
import re
from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone

from core.models import AuditEntry, Role
from orders.models import Order
from orders.plan_notes import note_plans
from shipping.models import BulkChange, Label, ParcelPreset, QuoteSet
from shipping.plan import context_for
from shipping.providers.memory import Offer
from shipping.quoting import note_for
from shops.catalog.models import Sku
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

MAILER = {"weight_g": 200, "length_mm": 200, "width_mm": 150, "height_mm": 60}


def sent(orders: list[Order]) -> dict[str, list[int]]:
    return {"order": [order.pk for order in orders]}


def confirmed(desk: Desk, kind: str, orders: list[Order], **chosen: object) -> HttpResponse:
    """Open the sheet for these orders and press its button."""
    page = desk.post(f"bulk-{kind}", sent(orders), part=True).content.decode()
    found = re.search(r'name="sheet" value="([^"]*)"', page)
    assert found
    data = {"sheet": html.unescape(found[1]), **chosen}
    return desk.post(f"bulk-{kind}-set", data, part=True)


def undone(desk: Desk) -> str:
    change = BulkChange.objects.latest("at")
    return desk.told(desk.post("bulk-undo", change_id=change.pk))[-1]


def parcel(order: Order) -> dict[str, int]:
    return Order.objects.values_list("parcel", flat=True).get(pk=order.pk)


def plan(order: Order) -> str:
    return Order.objects.values_list("plan_name", flat=True).get(pk=order.pk)


def mailer(world: World) -> ParcelPreset:
    return ParcelPreset.objects.get(workspace=world.workspace)


def quote(*orders: Order) -> None:
    """Ask for their rates, as the worker does."""
    rows = list(Order.objects.filter(pk__in=[order.pk for order in orders]))
    context, now = context_for(rows), timezone.now()
    notes = {order.pk: note_for(order, now, context) for order in rows}
    note_plans({pk: note for pk, note in notes.items() if note})


def priced(world: World, count: int = 2) -> list[Order]:
    """Orders whose rates have been asked for and noted: UPS Ground $8.41, FedEx 2Day $24.20."""
    orders = [world.order() for _ in range(count)]
    quote(*orders)
    assert [plan(order) for order in orders] == ["UPS Ground"] * count
    return orders


# Parcel -----------------------------------------------------------------------------------------


def test_the_sheet_says_how_many_parcels_it_sets_and_why_not_the_others(
    desk: Desk, world: World
) -> None:
    free, closed = [world.order() for _ in range(2)], world.order(status="CANCELLED")
    labelled = world.order()
    factories.label(labelled, account=world.account)
    words = text_of(desk.post("bulk-parcel", sent([*free, closed, labelled]), part=True))
    assert "Set the parcel of 2 orders" in words
    assert "Left out: 2 orders" in words
    assert "1 The order is cancelled." in words
    assert "1 It has a label already." in words
    assert "Mailer" in words


def test_a_box_is_set_with_each_orders_own_weight_and_prices_are_asked_for_anew(
    desk: Desk, world: World
) -> None:
    one, two = world.order(), world.order(units=2)
    quote(one, two)
    answer = confirmed(desk, "parcel", [one, two], box=mailer(world).pk)
    assert "Parcel of 2 orders set to Mailer." in desk.told(answer)[-1]
    assert parcel(one) == MAILER
    assert parcel(two) == MAILER | {"weight_g": 400}
    assert plan(one) == ""
    quote(two)
    newest = QuoteSet.objects.filter(order=two).latest("at")
    assert newest.spec["parcel"]["weight_g"] == 400
    entry = AuditEntry.objects.get(action="order.parcel")
    assert entry.summary == "Parcel set to Mailer. (2 orders)"
    assert one.events.get(kind="parcel").text == "Parcel set to Mailer."


def test_an_entered_weight_and_size_are_the_same_for_all(desk: Desk, world: World) -> None:
    orders = [world.order(), world.order(units=3)]
    typed = {"box": "", "length": "9", "width": "7", "height": "4", "pounds": "1", "ounces": "2"}
    confirmed(desk, "parcel", orders, **typed)
    assert parcel(orders[0]) == parcel(orders[1])
    assert parcel(orders[0]) == {
        "weight_g": 510, "length_mm": 229, "width_mm": 178, "height_mm": 102
    }  # fmt: skip


def test_orders_whose_weight_nobody_knows_are_named_and_left_out(desk: Desk, world: World) -> None:
    known, unknown = world.order(), world.order(sku="mirror")
    Sku.objects.filter(shop=world.shop, seller_sku="MIRROR").update(weight_g=None)
    page = desk.post("bulk-parcel", sent([known, unknown]), part=True)
    assert "1 order would be left out then: The weight of an item is not known." in text_of(page)
    answer = confirmed(desk, "parcel", [known, unknown], box=mailer(world).pk)
    assert "1 order left out: The weight of an item is not known." in desk.told(answer)[-1]
    assert parcel(known) == MAILER
    assert parcel(unknown) == {}


def test_setting_parcels_is_undone_where_nobody_touched_them_since(
    desk: Desk, world: World
) -> None:
    first, second, third = (world.order() for _ in range(3))
    own = MAILER | {"weight_g": 999}
    Order.objects.filter(pk=second.pk).update(parcel=own)
    confirmed(desk, "parcel", [first, second, third], box=mailer(world).pk)
    Order.objects.filter(pk=third.pk).update(parcel=MAILER | {"weight_g": 1})
    assert undone(desk).startswith("Parcel of 2 orders set back. 1 order changed since")
    assert parcel(first) == {}
    assert parcel(second) == own
    assert parcel(third)["weight_g"] == 1
    assert undone(desk) == "That was undone already, or is too long ago to be undone."


def test_all_matching_sets_the_parcel_of_orders_beyond_the_page(desk: Desk, world: World) -> None:
    orders = [world.order() for _ in range(3)]
    answer = desk.post(
        "bulk-parcel-set", {"all": "1", "filter": "tab=ready", "box": mailer(world).pk}
    )
    assert "Parcel of 3 orders set to Mailer." in desk.told(answer)[-1]
    assert all(parcel(order) == MAILER for order in orders)


def test_a_size_with_a_side_missing_is_said_and_sets_nothing(desk: Desk, world: World) -> None:
    order = world.order()
    answer = confirmed(desk, "parcel", [order], box="", length="9", width="7")
    assert answer.status_code == 422
    assert "Choose a box, or enter all three sides." in text_of(answer)
    assert parcel(order) == {}
    assert "No order is selected." in answer_text(desk.post("bulk-parcel", part=True))


def answer_text(answer: HttpResponse) -> str:
    return answer.get("HX-Trigger", "")


# Service ----------------------------------------------------------------------------------------


def test_the_sheet_lists_services_with_what_they_come_to(desk: Desk, world: World) -> None:
    orders = priced(world)
    fresh, held = world.order(), world.order(status="ON_HOLD")
    words = text_of(desk.post("bulk-service", sent([*orders, fresh, held]), part=True))
    assert "Choose the service of 2 orders" in words
    assert "Cheapest that arrives in time all 2 orders $16.82" in words
    assert "FedEx 2Day all 2 orders $48.40" in words
    assert "1 Its rates are on their way." in words
    assert "1 The buyer may still cancel" in words


def test_a_service_is_chosen_for_all_that_have_it_and_undone(desk: Desk, world: World) -> None:
    orders = priced(world)
    answer = confirmed(desk, "service", orders, service="FedEx 2Day")
    assert "Service of 2 orders chosen anew." in desk.told(answer)[-1]
    assert [plan(order) for order in orders] == ["FedEx 2Day"] * 2
    newest = QuoteSet.objects.filter(order=orders[0]).latest("at")
    assert newest.reason["chosen_by"]
    assert AuditEntry.objects.get(action="order.service").detail["count"] == 2
    assert not Label.objects.exists()
    assert undone(desk) == "Service of 2 orders set back."
    assert [plan(order) for order in orders] == ["UPS Ground"] * 2


def test_orders_without_the_service_and_those_that_have_it_are_left_out(
    desk: Desk, world: World
) -> None:
    (first,) = priced(world, 1)
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", "8.41", 3),)
    (second,) = priced(world, 1)
    confirmed(desk, "service", [first, second], service="FedEx 2Day")
    assert (plan(first), plan(second)) == ("FedEx 2Day", "UPS Ground")
    answer = confirmed(desk, "service", [first, second], service="FedEx 2Day")
    told = desk.told(answer)[-1]
    assert "1 order left out: It is chosen already." in told
    assert "1 order left out: This service was not offered, or is not allowed." in told


def test_best_goes_back_to_what_would_have_been_chosen(desk: Desk, world: World) -> None:
    orders = priced(world)
    confirmed(desk, "service", orders, service="FedEx 2Day")
    confirmed(desk, "service", orders, service="best")
    newest = QuoteSet.objects.filter(order=orders[0]).latest("at")
    assert plan(orders[0]) == "UPS Ground"
    assert "chosen_by" not in newest.reason
    assert newest.reason["sentence"].startswith("UPS Ground $8.41: cheapest")


def test_a_choice_is_not_undone_once_the_order_was_bought(desk: Desk, world: World) -> None:
    first, second = priced(world)
    confirmed(desk, "service", [first, second], service="FedEx 2Day")
    factories.label(first, account=world.account)
    assert undone(desk).startswith("Service of 1 order set back. 1 order changed since")
    assert plan(second) == "UPS Ground"
    assert plan(first) == "FedEx 2Day"


def test_no_service_named_is_asked_for(desk: Desk, world: World) -> None:
    answer = confirmed(desk, "service", priced(world, 1))
    assert answer.status_code == 422
    assert "Choose a service first." in text_of(answer)


def test_a_packer_sets_parcels_but_chooses_no_service(world: World) -> None:
    packer = desk_of(world.workspace, Role.PACKER)
    order = world.order()
    assert packer.post("bulk-parcel", sent([order]), part=True).status_code == 200
    assert packer.post("bulk-service", sent([order]), part=True).status_code == 403
    owner = desk_of(world.workspace)
    quote(order)
    confirmed(owner, "service", [order], service="FedEx 2Day")
    change = BulkChange.objects.get()
    told = packer.told(packer.post("bulk-undo", change_id=change.pk))[-1]
    assert told == "Your role does not choose services."
    assert plan(order) == "FedEx 2Day"


def test_what_was_done_the_day_before_yesterday_cannot_be_undone(desk: Desk, world: World) -> None:
    order = world.order()
    confirmed(desk, "parcel", [order], box=mailer(world).pk)
    BulkChange.objects.update(at=timezone.now() - timedelta(days=2))
    assert "too long ago" in undone(desk)
    assert parcel(order) == MAILER
    confirmed(desk, "parcel", [world.order()], box=mailer(world).pk)
    assert BulkChange.objects.count() == 1
