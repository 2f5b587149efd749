"""Why this rate: what was cheaper and not taken, what came next, and the same choice made again."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from core.models import Role
from orders.models import Order
from shipping import bulk_services, replays
from shipping.labels.purchase import buy_label
from shipping.models import QuoteSet
from shipping.plan import choose_rate
from shipping.providers.memory import Offer
from shipping.why import Why, explain
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db

OFFERS = (
    Offer("usps", "GroundAdvantage", "USPS Ground Advantage", "6.07", 3),  # forbidden on this lane
    Offer("ups", "Ground", "UPS Ground", "8.41", 4),
    Offer("ups", "Saver", "UPS Ground Saver", "7.10", 30),
    Offer("lso", "Eco", "Lone Star Overnight Eco", "6.50", None),
    Offer("fedex", "2DAY", "FedEx 2Day", "24.20", 2),
)


def quoted(world: World, offers: tuple[Offer, ...] = OFFERS, **changes: Any) -> QuoteSet:
    world.provider.offers = offers
    order = world.order(**changes)
    soon = timezone.now() + timedelta(days=9)
    Order.objects.filter(pk=order.pk).update(deliver_by=soon)
    return world.quotes(Order.objects.select_related("shop").get(pk=order.pk))


def verdicts(found: Why) -> dict[str, str]:
    return {row.service: row.code for row in found.rows}


def test_each_rate_has_its_reason_and_the_cheapest_stands_first(world: World) -> None:
    found = explain(quoted(world))
    assert list(verdicts(found).items()) == [
        ("USPS Ground Advantage", "policy"),
        ("Lone Star Overnight Eco", "late"),
        ("UPS Ground Saver", "late"),
        ("UPS Ground", ""),
        ("FedEx 2Day", "dearer"),
    ]
    assert found.summary == "3 were cheaper: 2 too late, 1 not allowed."
    words = {row.service: row.words for row in found.rows}
    assert words["Lone Star Overnight Eco"].startswith("It promises no day")
    assert words["UPS Ground Saver"].startswith("It would arrive on ")
    assert words["FedEx 2Day"] == "It costs $15.79 more."


def test_a_forbidden_rate_names_its_rule_since_when_and_where_it_is_written(world: World) -> None:
    row = explain(quoted(world)).rows[0]
    assert "Since Jan 1, 2026." in row.words
    assert row.source.startswith("https://")


def test_the_runner_up_is_what_would_be_chosen_next_with_its_difference(world: World) -> None:
    found = explain(quoted(world))
    assert found.runner_up
    assert (found.runner_up.service, str(found.extra)) == ("FedEx 2Day", "$15.79")


def test_a_persons_choice_says_who_and_what_would_have_been_taken(world: World) -> None:
    quotes = quoted(world)
    dear = next(n for n, rate in enumerate(quotes.rates) if rate["service"] == "2DAY")
    again = choose_rate(quotes, dear, by="Jo", user_id=world.user.pk, now=timezone.now())
    found = explain(again)
    assert found.by == "Jo"
    assert found.instead
    assert found.instead.service == "UPS Ground"
    assert verdicts(found)["UPS Ground"] == "person"
    assert verdicts(found)["USPS Ground Advantage"] == "policy"


def test_where_none_arrives_in_time_the_fastest_is_explained(world: World) -> None:
    quotes = quoted(world, delivery_option_name="Express Shipping", offers=(OFFERS[1], OFFERS[2]))
    found = explain(quotes)
    assert verdicts(found) == {"UPS Ground": "", "UPS Ground Saver": "slower"}


def test_a_rule_that_asks_for_a_carrier_is_named(world: World) -> None:
    quotes = quoted(world)
    wish = {"service": {"carrier": "fedex"}, "by": "Rule 3 “Glass”"}
    stored = quotes.reason | {"need": quotes.reason["need"] | {"wish": wish}}
    fedex = next(n for n, rate in enumerate(quotes.rates) if rate["service"] == "2DAY")
    quotes.reason, quotes.chosen = stored, fedex
    found = explain(quotes)
    assert found.by == "Rule 3 “Glass”"
    assert verdicts(found)["UPS Ground"] == "rule"
    assert found.instead
    assert found.instead.service == "UPS Ground"


def test_quotes_without_stored_facts_are_shown_by_price(world: World) -> None:
    quotes = quoted(world)
    quotes.reason = {}
    found = explain(quotes)
    assert found.runner_up is None
    assert verdicts(found)["UPS Ground Saver"] == "tie"


# -- Made again ------------------------------------------------------------------------------------
def test_every_stored_choice_comes_out_the_same(world: World) -> None:
    plain = quoted(world)
    quoted(world, offers=())
    quoted(world, delivery_option_name="Express Shipping")
    choose_rate(plain, 4, by="Jo", user_id=world.user.pk, now=timezone.now())
    bulk_services.choose_for(
        world.workspace, [plain.order_id], "cheapest", user=world.user, now=timezone.now()
    )
    found = replays.replay(QuoteSet.objects.all())
    assert found.different == []
    assert found.total == QuoteSet.objects.count()
    assert found.same >= 3
    out = StringIO()
    call_command("replay_choices", stdout=out)
    assert f"{found.total} choices: {found.same} come out the same" in out.getvalue()
    assert "0 differ." in out.getvalue()
    assert replays.replay_recent() == 0


def test_a_choice_that_differs_is_named_and_the_command_fails(world: World) -> None:
    quotes = quoted(world)
    dear = next(n for n, rate in enumerate(quotes.rates) if rate["service"] == "2DAY")
    QuoteSet.objects.update(chosen=dear, price="24.20")
    with pytest.raises(CommandError, match=f"give another choice: {quotes.pk}"):
        call_command("replay_choices", days=1, workspace=world.workspace.slug, stdout=StringIO())
    assert replays.replay_recent() == 1


def test_a_price_that_is_not_the_chosen_rates_differs(world: World) -> None:
    quotes = quoted(world)
    QuoteSet.objects.update(price="1.00")
    assert replays.replay(QuoteSet.objects.all()).different == [quotes.pk]


# -- The page --------------------------------------------------------------------------------------
def test_the_page_compares_all_rates(desk: Desk, world: World) -> None:
    quotes = quoted(world)
    words = text_of(desk.get("why", order_id=quotes.order_id))
    for part in (
        "UPS Ground",
        "3 were cheaper: 2 too late, 1 not allowed.",
        "FedEx 2Day $24.20, $15.79 more",
        "5 rates, cheapest first",
        "+$15.79",
    ):
        assert part in words


def test_a_bought_label_shows_the_rates_it_was_bought_from(desk: Desk, world: World) -> None:
    label = world.label()
    buy_label(label_id=label.pk)
    factories.quotes(label.order, spec=label.spec)  # newer ones do not explain it
    words = text_of(desk.get("why", order_id=label.order_id))
    assert "bought from these rates" in words
    assert "UPS Ground $8.41" in words
    assert "Why this rate" in text_of(desk.get("order-panel", order_id=label.order_id))


def test_the_panel_says_what_was_cheaper_and_leads_there(desk: Desk, world: World) -> None:
    quotes = quoted(world)
    page = desk.get("order-panel", order_id=quotes.order_id)
    assert "3 were cheaper: 2 too late, 1 not allowed." in text_of(page)
    assert f"/orders/{quotes.order_id}/why/?quotes={quotes.pk}" in page.content.decode()


def test_an_order_without_rates_says_so(desk: Desk, world: World) -> None:
    assert "No rates yet" in text_of(desk.get("why", order_id=world.order().pk))


def test_quotes_of_another_order_are_not_shown(desk: Desk, world: World) -> None:
    quotes, other = quoted(world), quoted(world)
    for wanted in (str(other.pk), "x", "9" * 30):
        response = desk.get("why", f"?quotes={wanted}", order_id=quotes.order_id)
        assert response.status_code == 404


def test_a_viewer_may_look_with_a_few_queries(
    world: World,
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    quotes = quoted(world)
    viewer = desk_of(world.workspace, Role.VIEWER)
    with django_assert_max_num_queries(8):
        assert viewer.get("why", part=True, order_id=quotes.order_id).status_code == 200
