"""What a person may do with one label, and the order's shipping panel."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.errors import Unavailable
from core.models import Role
from orders.models import Order
from shipping.labels import purchase
from shipping.models import Label, LedgerEntry, QuoteSet
from shipping.providers.memory import LOST_AFTER_CHARGE, LOST_BEFORE_CHARGE, Offer
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

PARCEL = {"pounds": "1", "ounces": "2", "length": "9", "width": "7", "height": "4"}


def bought(world: World) -> Label:
    label = world.label()
    purchase.buy_label(label_id=label.pk)
    label.refresh_from_db()
    return label


def unknown(world: World, *, charged: bool = True, person: bool = False) -> Label:
    world.provider.fail("buy", LOST_AFTER_CHARGE if charged else LOST_BEFORE_CHARGE)
    label = bought(world)
    assert label.state == "unknown"
    if person:
        Label.objects.filter(pk=label.pk).update(needs_person_since=timezone.now())
    return label


def panel(desk: Desk, order: Order | int) -> str:
    pk = order if isinstance(order, int) else order.pk
    return text_of(desk.get("order-panel", part=True, order_id=pk))


def test_a_file_is_fetched_again(desk: Desk, world: World) -> None:
    label = bought(world)
    world.provider.fail("document", Unavailable("Still being made.", provider="EasyPost"))
    response = desk.post("label-fetch", label_id=label.pk)
    assert "Still being made." in desk.told(response)[-1]
    response = desk.post("label-fetch", label_id=label.pk)
    assert desk.told(response)[-1] == "The label's file is here."
    label.refresh_from_db()
    assert label.file_key


def test_asking_the_provider_settles_a_lost_answer(desk: Desk, world: World) -> None:
    label = unknown(world)
    assert "Whether it was paid is not known" in panel(desk, label.order_id)
    response = desk.post("label-ask", label_id=label.pk)
    assert "It was paid" in desk.told(response)[-1]


def test_asking_too_early_says_that_it_is_still_not_known(desk: Desk, world: World) -> None:
    label = unknown(world, charged=False)
    response = desk.post("label-ask", label_id=label.pk)
    assert "Still not known" in desk.told(response)[-1]
    Label.objects.update(intent_at=timezone.now() - timedelta(hours=1))
    response = desk.post("label-ask", label_id=label.pk)
    assert "It was not paid" in desk.told(response)[-1]


def test_a_person_settles_what_only_a_person_can(desk: Desk, world: World) -> None:
    label = unknown(world, charged=False, person=True)
    data = {"provider_label_id": "shp_1", "tracking_number": "1Z999AA10123456784", "cost": "8.00"}
    desk.post("label-resolve", data, label_id=label.pk)
    label.refresh_from_db()
    assert (label.state, label.cost) == ("bought", Decimal("8.00"))
    assert LedgerEntry.objects.get().amount == Decimal("8.00")


def test_a_person_may_say_that_there_is_no_label(desk: Desk, world: World) -> None:
    label = unknown(world, charged=False, person=True)
    response = desk.post("label-resolve", {"outcome": "not_bought"}, label_id=label.pk)
    assert "can be bought again" in desk.told(response)[-1]
    label.refresh_from_db()
    assert label.state == "refused"


def test_half_an_answer_comes_back_and_settles_nothing(desk: Desk, world: World) -> None:
    label = unknown(world, person=True)
    response = desk.post("label-resolve", {"cost": "x"}, label_id=label.pk, part=True)
    assert response.status_code == 422
    label.refresh_from_db()
    assert label.state == "unknown"


def test_a_person_does_not_overrule_a_provider_that_can_still_be_asked(
    desk: Desk, world: World
) -> None:
    label = unknown(world)
    response = desk.post("label-resolve", {"outcome": "not_bought"}, label_id=label.pk)
    assert "can still tell" in desk.told(response)[-1]


def test_the_panel_shows_parcel_rates_choice_and_what_is_forbidden(
    desk: Desk, world: World
) -> None:
    world.provider.offers = (
        *world.provider.offers,
        Offer("usps", "GA", "Ground Advantage", "5.00"),
    )
    order = world.order()
    world.quotes(order)
    words = panel(desk, order)
    for part in (
        "7.1 oz · 7.9×5.9×2.4 in · Mailer, weight from the product",
        "UPS Ground $8.41: cheapest that arrives in time.",
        "USPS Ground Advantage TikTok refuses USPS labels",
        "Since Jan 1, 2026.",
        "Buy this label · $8.41",
    ):
        assert part in words


def test_the_panel_names_accounts_that_did_not_answer(desk: Desk, world: World) -> None:
    world.another_account()
    world.provider.fail("quote", Unavailable("EasyPost is down.", provider="EasyPost"))
    order = world.order()
    world.quotes(order)
    assert "Easypost: EasyPost is down." in panel(desk, order)


def test_the_panel_of_a_bought_label_shows_money_and_number(desk: Desk, world: World) -> None:
    label = bought(world)
    words = panel(desk, label.order_id)
    assert "UPS Ground Bought $8.41" in words
    assert label.tracking_number in words
    assert "Charged" in words
    assert "Save and ask for rates" not in words


def test_the_panel_is_also_a_page(desk: Desk, world: World) -> None:
    response = desk.get("order-panel", order_id=world.order().pk)
    assert "<html" in response.content.decode()


def test_a_parcel_is_saved_and_priced_at_once(desk: Desk, world: World) -> None:
    order = world.order()
    response = desk.post("order-parcel", PARCEL, order_id=order.pk, part=True)
    assert "1 lb 2 oz · 9×7×4 in · entered for this order" in text_of(response)
    order.refresh_from_db()
    assert order.parcel == {"weight_g": 510, "length_mm": 229, "width_mm": 178, "height_mm": 102}
    assert order.plan_price == Decimal("8.41")
    assert desk.post("order-parcel", PARCEL, order_id=order.pk).status_code == 303


def test_a_parcel_goes_back_to_what_the_skus_say(desk: Desk, world: World) -> None:
    order = world.order()
    desk.post("order-parcel", PARCEL, order_id=order.pk)
    response = desk.post("order-parcel", {"computed": "1"}, order_id=order.pk, part=True)
    assert "weight from the product" in text_of(response)
    order.refresh_from_db()
    assert order.parcel == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pounds": "", "ounces": "0"}, "weighs more than nothing"),
        ({"pounds": "22046"}, "less than or equal to 150"),
        ({"length": "0"}, "greater than or equal to 0.1"),
        ({"height": ""}, "required"),
        ({"pounds": "150", "ounces": "2400"}, "cannot be right"),
    ],
)
def test_a_parcel_that_cannot_be_comes_back_with_words(
    desk: Desk, world: World, change: dict[str, str], words: str
) -> None:
    order = world.order()
    response = desk.post("order-parcel", PARCEL | change, order_id=order.pk, part=True)
    assert response.status_code == 422
    assert words in text_of(response)
    order.refresh_from_db()
    assert order.parcel == {}


def test_rates_are_asked_for_again_on_demand(desk: Desk, world: World) -> None:
    order = world.order()
    world.quotes(order)
    desk.post("requote", order_id=order.pk, part=True)
    assert world.provider.calls["quote"] == 2


def test_a_labelled_order_is_not_quoted_again(desk: Desk, world: World) -> None:
    label = bought(world)
    asked = world.provider.calls["quote"]
    desk.post("requote", order_id=label.order_id)
    assert world.provider.calls["quote"] == asked


def test_another_rate_is_chosen_by_a_person_and_shown_as_theirs(desk: Desk, world: World) -> None:
    order = world.order()
    quotes = world.quotes(order)
    index = next(i for i, rate in enumerate(quotes.rates) if rate["carrier"] == "fedex")
    data = {"quotes": quotes.pk, "rate": index}
    words = text_of(desk.post("choose-rate", data, order_id=order.pk, part=True))
    assert "FedEx 2Day $24.20: chosen by" in words
    assert "Buy this label · $24.20" in words
    order.refresh_from_db()
    assert (order.plan_name, order.plan_price) == ("FedEx 2Day", Decimal("24.20"))


@pytest.mark.parametrize("rate", ["99", "", "-1", "x"])
def test_a_rate_that_is_not_there_cannot_be_chosen(desk: Desk, world: World, rate: str) -> None:
    order = world.order()
    quotes = world.quotes(order)
    response = desk.post(
        "choose-rate", {"quotes": quotes.pk, "rate": rate}, order_id=order.pk, part=True
    )
    assert response.status_code == 422
    assert QuoteSet.objects.count() == 1


def test_quotes_of_another_order_are_not_chosen_from(desk: Desk, world: World) -> None:
    order, other = world.order(), world.order()
    data = {"quotes": world.quotes(other).pk, "rate": "0"}
    assert desk.post("choose-rate", data, order_id=order.pk).status_code == 404


def test_roles_end_where_their_rights_end(desk: Desk, world: World) -> None:
    label = bought(world)
    packer = desk_of(world.workspace, Role.PACKER)
    viewer = desk_of(world.workspace, Role.VIEWER)
    assert packer.post("label-void", label_id=label.pk).status_code == 403
    assert packer.post("label-fetch", label_id=label.pk).status_code == 303
    assert viewer.post("order-parcel", PARCEL, order_id=label.order_id).status_code == 403
    assert "Void" in panel(desk, label.order_id)
    assert "Void" not in panel(viewer, label.order_id)


def test_labels_of_another_workspace_are_not_there(desk: Desk, db: None) -> None:
    label = factories.label(factories.order(factories.workspace()))
    for name in ("label-void", "label-fetch", "label-ask", "label-resolve"):
        assert desk.post(name, label_id=label.pk).status_code == 404
