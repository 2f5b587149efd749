"""A workspace's own list of carriers reaches the gate: when quotes are made, and when they are used."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.models import Workspace
from orders.models import Order
from shipping.models import QuoteSet
from shipping.policy import gate
from shipping.providers.memory import Offer
from shipping.quoting import rules_changed
from shops.policy.book import with_own
from shops.policy.ours import books_for
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

DAY = timedelta(days=1)


def refuse(workspace: Workspace, *carriers: str, **fields: Any) -> None:
    factories.override(workspace, key="carriers.own", value=list(carriers), **fields)


def with_usps(world: World) -> World:
    """Somebody offers USPS as well, the cheapest, which TikTok forbids on own labels."""
    usps = Offer("usps", "GA", "Ground Advantage", "5.00")
    world.provider.offers = (*world.provider.offers, usps)
    return world


def struck(quotes: QuoteSet) -> set[str]:
    return {rate["carrier"] for rate in quotes.rates if rate["struck"]}


def test_quotes_strike_out_what_the_workspace_refuses(world: World) -> None:
    refuse(world.workspace, "usps", "ups")
    quotes = with_usps(world).quotes(world.order())
    assert struck(quotes) == {"usps", "ups"}


def test_a_workspace_may_lift_its_markets_ban(world: World) -> None:
    assert struck(with_usps(world).quotes(world.order())) == {"usps"}
    refuse(world.workspace)
    assert struck(world.quotes(world.order())) == set()


def test_a_choice_that_the_rules_no_longer_allow_is_not_bought(world: World) -> None:
    order = world.order()
    first = world.quotes(order)
    assert first.rates[first.chosen or 0]["carrier"] == "ups"
    refuse(world.workspace, "usps", "ups")
    second = world.quotes(order)
    assert second != first
    assert second.chosen is None or second.rates[second.chosen]["carrier"] != "ups"


def test_another_workspaces_rules_are_not_ours(world: World) -> None:
    refuse(factories.workspace(), "ups")
    assert "ups" not in struck(world.quotes(world.order()))


@pytest.mark.parametrize(("days", "allowed"), [(-1, True), (0, True), (1, False)])
def test_an_own_value_counts_on_its_days_and_the_markets_on_the_others(
    days: int, allowed: bool, db: None
) -> None:
    today = date(2026, 11, 23)
    desk = factories.workspace()
    refuse(desk, since=today + days * DAY)
    rules = gate.rules_of(books_for(desk.pk, ["US"])["US"])
    facts = {"market": "US", "lane": "own", "seller_type": "LOCAL", "on": today}
    assert (gate.strike("usps", among=rules, **facts) is None) == allowed


def test_without_own_values_the_gate_is_the_markets() -> None:
    assert {rule.id for rule in gate.rules_of(with_own("US", []))} == {
        rule.id for rule in gate.rules() if rule.market == "US"
    }


def test_quotes_are_made_anew_when_a_carrier_rule_changes(world: World) -> None:
    order = world.order()
    quotes = world.quotes(order)
    rules_changed(workspace_id=world.workspace.pk, key="metric.ldr.target")
    quotes.refresh_from_db()
    assert quotes.expires_at > timezone.now()
    rules_changed(workspace_id=world.workspace.pk, key="carriers.own")
    quotes.refresh_from_db()
    assert quotes.expires_at <= timezone.now()
    assert Order.objects.filter(pk=order.pk).exists()
