"""Rules that are live: open orders get what they say before they are quoted, once; a person wins."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.money import Money
from orders import actions
from orders.models import Order
from shipping import wishes
from shipping.models import LabelAccount, ParcelPreset, QuoteSet
from shipping.plan import choose_rate, context_for, plan_order, spec_for
from shipping.providers.base import Signature
from shipping.rules import live
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.rules.conftest import Book, fresh

FEDEX = {"service": {"carrier": "fedex"}}


def plan(order: Order) -> QuoteSet:
    return plan_order(fresh(order), now=timezone.now())


def chosen(order: Order) -> str:
    quotes = plan(order)
    assert quotes.chosen is not None
    return str(quotes.rates[quotes.chosen]["service_name"])


def test_a_rule_narrows_the_choice_and_the_reason_names_it(world: World, book: Book) -> None:
    heavy, light = world.order(units=4), world.order()
    book.live("Heavy to FedEx", FEDEX, {"what": "units", "from": 3, "to": None})
    assert chosen(heavy) == "FedEx 2Day"
    assert chosen(light) == "UPS Ground"
    sentence = plan(heavy).reason["sentence"]
    assert sentence.endswith("By Rule 1 “Heavy to FedEx”.")
    assert fresh(heavy).events.get(kind="rule").text == (
        "Rule 1 “Heavy to FedEx”: take the best of FedEx."
    )
    assert fresh(light).ruled == {}


def test_a_service_that_nobody_offers_is_said_and_the_usual_choice_is_made(
    world: World, book: Book
) -> None:
    order = world.order()
    book.live("By OnTrac", {"service": {"carrier": "ontrac"}})
    quotes = plan(order)
    assert quotes.rates[quotes.chosen or 0]["service_name"] == "UPS Ground"
    assert (
        "Rule 1 “By OnTrac” asks for the best of OnTrac, which is not offered."
        in (quotes.reason["sentence"])
    )
    assert quotes.reason["wish_missed"] is True


def test_a_rule_never_chooses_what_the_law_forbids(world: World, book: Book) -> None:
    order = world.order()
    book.live("USPS", {"service": {"carrier": "usps"}})
    quotes = plan(order)
    assert quotes.chosen is not None
    assert quotes.rates[quotes.chosen]["struck"] is None


def test_the_cheapest_within_so_many_days(world: World, book: Book) -> None:
    order = world.order()
    book.live("Fast", {"service": {"days": 2}})
    assert chosen(order) == "FedEx 2Day"


def test_an_account_is_asked_for(world: World, book: Book) -> None:
    other, _ = world.another_account(price="9.90")
    order = world.order()
    assert plan(order).price != Decimal("9.90")
    book.live("Shippo", {"account": str(other.pk)})
    again = plan(order)
    assert again.rates[again.chosen or 0]["account"] == str(other.pk)
    assert LabelAccount.objects.get(pk=other.pk).state == "active"


def test_a_changed_rule_chooses_anew_among_rates_that_hold_and_asks_nobody(
    world: World, book: Book
) -> None:
    order = world.order()
    plan(order)
    book.live("FedEx", FEDEX)
    assert chosen(order) == "FedEx 2Day"
    assert world.provider.calls["quote"] == 1


def test_a_parcel_of_a_box_weighs_its_items_and_one_of_its_own_what_it_says(
    world: World, book: Book
) -> None:
    big = factories.preset(world.workspace, name="Big", length_mm=400, weight_g=300)
    boxed, own = world.order(), world.order(units=2)
    book.write("Big box", {"parcel": {"box": big.pk}}, {"what": "units", "from": None, "to": 1})
    parcel = {"weight_g": 900, "length_mm": 300, "width_mm": 200, "height_mm": 100}
    book.live("Bulky", {"parcel": parcel})
    spec = spec_for(fresh(boxed), context_for([fresh(boxed)]))
    assert (spec.parcel.length_mm, spec.parcel.weight_g) == (400, 500)
    context = context_for([fresh(own)])
    assert spec_for(fresh(own), context).parcel.weight_g == 900
    assert context.parcels[own.pk].source == "by Rule 2 “Bulky”"


def test_a_persons_parcel_wins_and_a_box_that_is_gone_is_passed_over(
    world: World, book: Book
) -> None:
    gone = factories.preset(world.workspace, name="Gone")
    mine, other = world.order(), world.order()
    sides = {"length_mm": 111, "width_mm": 111, "height_mm": 111}
    actions.set_parcel(mine, weight_g=777, **sides, user=world.user)
    book.live("Gone", {"parcel": {"box": gone.pk}})
    ParcelPreset.objects.filter(pk=gone.pk).delete()
    orders = [fresh(mine), fresh(other)]
    context = context_for(orders)
    assert spec_for(orders[0], context).parcel.weight_g == 777
    assert context.parcels[other.pk].source == "Mailer, weight from the product"


def test_insurance_and_signature_reach_the_shipment(world: World, book: Book) -> None:
    order = world.order()
    book.live("Dear", {"insurance": {"of": "value"}, "signature": "adult"})
    spec = spec_for(fresh(order), context_for([fresh(order)]))
    assert spec.insured == Money.of("30.00", "USD")
    assert spec.signature is Signature.ADULT


def test_tiktoks_labels_are_bought_without_them_and_the_reason_says_so(
    world: World, book: Book
) -> None:
    order = world.order(shipping_type="TIKTOK")
    book.live("Dear", {"signature": "any"})
    spec = spec_for(fresh(order), context_for([fresh(order)]))
    assert spec.signature is Signature.NONE
    assert wishes.extras(fresh(order)) == (None, "any")


def test_a_hold_is_put_on_once_and_whoever_ends_it_ended_it(world: World, book: Book) -> None:
    order = world.order()
    book.live("Look", {"hold": {"reason": "check the address", "hours": None}})
    assert (fresh(order).stage, fresh(order).held_because) == (
        "hold",
        "Rule 1 “Look”: check the address",
    )
    actions.release(world.workspace, [order.pk], user=world.user)
    live.apply_to([fresh(order)])
    assert fresh(order).stage == "ready"


def test_a_hold_ends_with_its_rule_but_a_persons_hold_stays(world: World, book: Book) -> None:
    theirs, mine = world.order(), world.order()
    actions.hold(world.workspace, [mine.pk], because="mine", user=world.user)
    rule = book.live("Look", {"hold": {"reason": "check", "hours": None}})
    assert fresh(theirs).held_because == "Rule 1 “Look”: check"
    assert fresh(mine).held_because == "mine"
    rule.is_on = False
    rule.save()
    book.go_live()
    assert fresh(theirs).stage == "ready"
    assert fresh(mine).held_because == "mine"


def test_a_hold_for_hours_counts_from_the_order_and_is_not_put_on_when_over(
    world: World, book: Book
) -> None:
    order = world.order()  # paid two hours ago
    book.live("Short", {"hold": {"reason": "cool off", "hours": 1}})
    assert fresh(order).held_because == ""
    later = world.order()
    book.live("Long", {"hold": {"reason": "cool off", "hours": 9}})
    assert fresh(later).held_because == ""  # the first rule has decided the hold
    Order.objects.filter(pk=later.pk).update(paid_at=timezone.now(), ruled_at=None, ruled={})
    live.apply_due()
    assert fresh(later).held_until == fresh(later).paid_at + timedelta(hours=1)


def test_tags_are_added_taken_away_with_the_rule_and_not_added_again(
    world: World, book: Book
) -> None:
    one, two = world.order(), world.order()
    actions.tag(world.workspace, [one.pk], "vip", user=world.user)
    rule = book.live("Fragile", {"tags": ["fragile"]})
    assert fresh(one).tags == ["fragile", "vip"]
    actions.untag(world.workspace, [two.pk], "fragile", user=world.user)
    live.apply_due()
    assert fresh(two).tags == []
    assert fresh(two).ruled["off"] == ["fragile"]
    rule.is_on = False
    rule.save()
    book.go_live()
    assert fresh(one).tags == ["vip"]


def test_applying_again_changes_nothing_and_says_nothing(world: World, book: Book) -> None:
    order = world.order()
    book.live("All", FEDEX | {"tags": ["x"], "hold": {"reason": "y", "hours": None}})
    before = Order.objects.values().get(pk=order.pk)
    assert live.apply_to([fresh(order)]) == set()
    assert live.apply_due() == 0
    assert Order.objects.values().get(pk=order.pk) == before
    assert fresh(order).events.filter(kind="rule").count() == 1


def test_a_persons_rate_wins_over_rules_also_when_rates_are_asked_for_anew(
    world: World, book: Book
) -> None:
    order = world.order()
    quotes = plan(order)
    index = next(n for n, r in enumerate(quotes.rates) if r["carrier"] == "ups")
    fedex = next(n for n, r in enumerate(quotes.rates) if r["carrier"] == "fedex")
    now = timezone.now()
    choose_rate(quotes, fedex, by="Jo", user_id=world.user.pk, now=now)
    book.live("UPS", {"service": {"carrier": "ups"}})
    assert index != fedex
    assert chosen(order) == "FedEx 2Day"
    QuoteSet.objects.update(expires_at=now)
    again = plan(order)
    assert again.rates[again.chosen or 0]["service_name"] == "FedEx 2Day"
    assert "By a person's earlier choice." in again.reason["sentence"]


def test_many_orders_take_as_many_queries_as_few(world: World, book: Book) -> None:
    few, many = [world.order() for _ in range(2)], [world.order() for _ in range(9)]
    book.write("All", FEDEX | {"tags": ["x"]})
    from shipping.rules import book as books

    books.go_live(world.workspace, user=world.user)
    counts = []
    for orders in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(live.apply_to(orders)) == len(orders)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16


def test_a_workspace_without_rules_costs_one_query(world: World) -> None:
    orders = [world.order() for _ in range(3)]
    with CaptureQueriesContext(connection) as captured:
        assert live.apply_to(orders) == set()
    assert len(captured) == 1


def test_labelled_and_shipped_orders_are_left_as_they_are(world: World, book: Book) -> None:
    labelled, closed = world.order(), world.order(status="CANCELLED")
    Order.objects.filter(pk=labelled.pk).update(label_state="bought", stage="bought")
    book.live("All", FEDEX | {"tags": ["x"]})
    assert fresh(labelled).ruled == fresh(closed).ruled == {}


def test_an_order_is_decided_anew_when_tiktok_changes_it_or_its_deadline_comes_near(
    world: World, book: Book
) -> None:
    near = {"what": "deadline", "hours": "6"}
    order = world.order()
    book.live("Near", FEDEX, near)
    assert fresh(order).ruled == {}
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now() + timedelta(hours=5))
    live.apply_due()
    assert fresh(order).ruled["set"] == FEDEX
