"""What would be bought for an order, and why: kept, reused while it holds, and replayable."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.errors import NotAuthorized, Unavailable
from shipping.choice import need_for, replayed
from shipping.models import ParcelPreset, QuoteSet, ShipFrom
from shipping.plan import (
    MARGIN,
    CannotPlan,
    choose_rate,
    context_for,
    plan_order,
)
from shipping.providers.memory import Offer
from shops.catalog.models import Sku
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world


def test_the_cheapest_rate_is_chosen_and_can_be_replayed(world: World) -> None:
    quotes = world.quotes(world.order())
    assert quotes.chosen is not None
    assert (quotes.price, quotes.currency) == (Decimal("8.41"), "USD")
    assert quotes.reason["sentence"].startswith("UPS Ground $8.41: cheapest")
    assert replayed(quotes)


def test_equal_orders_reuse_quotes_that_hold(world: World) -> None:
    order = world.order()
    assert world.quotes(order) == world.quotes(order)
    assert world.provider.calls["quote"] == 1


def test_quotes_that_run_out_soon_are_asked_for_anew(world: World) -> None:
    order = world.order()
    first = world.quotes(order)
    inside = plan_order(order, now=first.expires_at - MARGIN - timedelta(seconds=1))
    assert inside == first
    assert plan_order(order, now=first.expires_at - MARGIN) != first


def test_another_parcel_wants_other_quotes(world: World) -> None:
    order = world.order()
    first = world.quotes(order)
    order.parcel = {"weight_g": 900, "length_mm": 300, "width_mm": 200, "height_mm": 100}
    order.save()
    second = world.quotes(order)
    assert second != first
    assert second.spec["parcel"]["weight_g"] == 900


def test_an_account_more_wants_other_quotes(world: World) -> None:
    order = world.order()
    world.quotes(order)
    world.another_account(price="7.00")
    assert world.quotes(order).price == Decimal("7.00")


def test_nothing_to_choose_is_never_reused(world: World) -> None:
    order = world.order()
    world.provider.fail("quote", Unavailable("EasyPost is down.", provider="EasyPost"))
    first = world.quotes(order)
    assert first.chosen is None
    assert first.failures[0]["message"] == "EasyPost is down."
    assert first.expires_at < timezone.now() + timedelta(minutes=30)
    assert world.quotes(order).chosen is not None


def test_usps_outside_tiktok_is_struck_out_with_rule_date_and_source(world: World) -> None:
    world.provider.offers = (
        *world.provider.offers,
        Offer("usps", "GA", "Ground Advantage", "5.00"),
    )
    quotes = world.quotes(world.order())
    (usps,) = [rate for rate in quotes.rates if rate["carrier"] == "usps"]
    assert usps["struck"]["since"] == "2026-01-01"
    assert usps["struck"]["rule"] == "us-usps-only-through-tiktok"
    assert quotes.price == Decimal("8.41")
    assert "USPS Ground Advantage $5.00 is not allowed" in quotes.reason["sentence"]


def test_a_dead_key_pauses_its_account_and_the_others_rates_stay(world: World) -> None:
    world.another_account(price="9.00")
    world.provider.fail("quote", NotAuthorized("The key was refused.", provider="EasyPost"))
    assert world.quotes(world.order()).price == Decimal("9.00")
    world.account.refresh_from_db()
    assert world.account.state == "paused"


def test_an_account_whose_key_cannot_be_read_is_a_failure_of_that_account(world: World) -> None:
    world.another_account(price="9.00")
    world.account.key_sealed = "gone.AAAA"
    world.account.save()
    quotes = world.quotes(world.order())
    assert quotes.price == Decimal("9.00")
    assert "enter it again" in quotes.failures[0]["message"]


@pytest.mark.parametrize(
    ("takes_away", "code", "words"),
    [
        (lambda w: ShipFrom.objects.all().delete(), "no_ship_from", "ship-from address"),
        (lambda w: w.account.delete(), "no_account", "add Shippo or EasyPost"),
        (lambda w: Sku.objects.update(weight_g=None), "no_weight", "weight of an item"),
        (
            lambda w: (ParcelPreset.objects.all().delete(), Sku.objects.update(length_mm=None)),
            "no_parcel",
            "No parcel is set up",
        ),
        (lambda w: Sku.objects.update(weight_g=10_000_000), "bad_parcel", "cannot be right"),
    ],
    ids=["ship-from", "account", "weight", "box", "ten tons"],
)
def test_what_is_missing_is_named(world: World, takes_away, code: str, words: str) -> None:  # type: ignore[no-untyped-def]
    order = world.order()
    takes_away(world)
    with pytest.raises(CannotPlan, match=words) as problem:
        world.quotes(order)
    assert problem.value.code == code


def test_an_order_without_a_street_cannot_be_rated(world: World) -> None:
    order = world.order()
    order.recipient = {}
    with pytest.raises(CannotPlan, match="address"):
        world.quotes(order)


def test_a_platform_order_asks_only_its_own_shops_account(world: World) -> None:
    order = world.order()
    order.lane = "platform"
    with pytest.raises(CannotPlan, match="TikTok Shipping is not available"):
        world.quotes(order)


def test_quotes_do_not_outlive_the_day_in_the_workspaces_time_zone(world: World) -> None:
    order, zone = world.order(), ZoneInfo("America/Los_Angeles")
    noon = datetime(2026, 11, 24, 12, tzinfo=zone)
    world.provider._now = lambda: noon
    quotes = plan_order(order, now=noon)
    assert quotes.expires_at == datetime(2026, 11, 25, 0, tzinfo=zone)


def test_days_to_the_deadline_are_counted_in_the_workspaces_time_zone(world: World) -> None:
    order, zone = world.order(), ZoneInfo("America/Los_Angeles")
    order.deliver_by = datetime(2026, 11, 28, 5, tzinfo=ZoneInfo("UTC"))
    order.delivery_option_name = "Express Shipping"
    need = need_for(order, zone, datetime(2026, 11, 24, 3, tzinfo=ZoneInfo("UTC")))
    assert (need["today"], need["deliver_by"], need["express"]) == (
        "2026-11-23",
        "2026-11-27",
        True,
    )


def test_the_context_of_many_orders_costs_as_much_as_of_one(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    orders = [world.order() for _ in range(12)]
    with django_assert_max_num_queries(10):
        assert context_for(orders).parcels


def test_a_person_may_choose_another_rate_and_planning_keeps_to_it(world: World) -> None:
    order = world.order()
    quotes = world.quotes(order)
    dearer = next(i for i, rate in enumerate(quotes.rates) if rate["carrier"] == "fedex")
    chosen = choose_rate(quotes, dearer, by="Ana", user_id=1, now=timezone.now())
    assert chosen.reason["sentence"] == "FedEx 2Day $24.20: chosen by Ana."
    assert world.quotes(order) == chosen
    assert replayed(chosen)


def test_a_forbidden_unknown_or_expired_rate_cannot_be_chosen(world: World) -> None:
    struck = {"rule": "r", "sentence": "Forbidden.", "since": "2026-01-01", "source": "s"}
    rate = world.quotes(world.order()).rates[0]
    quotes = factories.quotes(world.order(), rates=[rate | {"struck": struck}, rate])
    now = timezone.now()

    def refused(index: int, at: datetime) -> str:
        with pytest.raises(CannotPlan) as problem:
            choose_rate(quotes, index, by="Ana", user_id=1, now=at)
        return problem.value.sentence

    before = QuoteSet.objects.count()
    assert refused(0, now) == "Forbidden."
    assert refused(2, now) == refused(-1, now) == "This rate is no longer offered."
    assert refused(1, quotes.expires_at) == "These rates have run out. Ask for new ones."
    assert QuoteSet.objects.count() == before


def test_a_context_without_memory_asks_again(world: World) -> None:
    order = world.order()
    first = world.quotes(order)
    again = plan_order(order, now=timezone.now(), context=replace(context_for([order]), latest={}))
    assert again != first
