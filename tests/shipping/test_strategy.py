"""Whose label an order gets, in words."""

from typing import Any

import pytest
from django.utils import timezone

from shipping.strategies import strategy_of
from shipping.strategy import Facts, decide
from tests import factories

STRUCK = {"sentence": "USPS is not allowed."}


def rate(carrier: str, price: str, struck: object = None) -> dict[str, Any]:
    return {
        "carrier": carrier,
        "service_name": "Ground",
        "price": price,
        "currency": "USD",
        "struck": struck,
    }


def test_orders_that_tiktok_fulfils_are_only_shown() -> None:
    found = decide(Facts("fbt"))
    assert found.title == "Fulfilled by TikTok"
    assert "only shown here" in found.sentence


def test_tiktoks_label_is_explained_by_shipping_type_price_and_what_it_is_spared() -> None:
    facts = Facts("platform", "TIKTOK", ("otdr", "vtr"), rates=[rate("ups", "5.20")])
    found = decide(facts)
    assert found.title == "TikTok's label"
    assert "“Shipped via TikTok”" in found.reasons[0]
    assert found.reasons[1] == "The cheapest allowed is UPS Ground $5.20."
    assert found.reasons[2] == "It does not count for on-time delivery and valid tracking."


def test_where_nothing_is_spared_all_metrics_count() -> None:
    assert decide(Facts("platform")).reasons[-1] == "All metrics count."


def test_an_own_label_says_what_the_rules_forbid_and_what_that_costs() -> None:
    rates = [rate("usps", "4.00", STRUCK), rate("ups", "6.50"), rate("fedex", "7.00")]
    found = decide(Facts("own", "SELLER", rates=rates))
    assert "The market's rules forbid USPS here." in found.reasons
    assert "Without the rules USPS Ground $4.00 would save $2.50." in found.sentence
    assert found.reasons[-1].endswith("count.")


def test_a_carrier_forbidden_in_one_service_only_is_not_called_forbidden() -> None:
    rates = [rate("ups", "4.00", STRUCK), rate("ups", "6.50")]
    assert "forbid" not in decide(Facts("own", rates=rates)).sentence


@pytest.mark.parametrize("lane", ["none", "", "new"])
def test_nothing_to_ship_is_said(lane: str) -> None:
    assert decide(Facts(lane)).title == "Nothing to ship"


def test_the_markets_own_sentence_about_exemptions_is_used(db: None) -> None:
    place = factories.workspace()
    order = factories.order(place, lane="platform", shipping_type="TIKTOK")
    found = strategy_of(order, None, now=timezone.now())
    assert "handed over within 2 business days" in found.sentence
    abroad = factories.shop(place, region="TH")
    order = factories.order(place, shop=abroad, lane="platform")
    assert strategy_of(order, None, now=timezone.now()).reasons[-1] == "All metrics count."
