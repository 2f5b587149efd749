"""Rules decide from the top: the first that sets a thing wins, a stop ends it, a clash is counted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipping.rules.clashes import Tally, warnings
from shipping.rules.conditions import NAMES, BadRule, OrderFacts, compiled
from shipping.rules.engine import Book, Clash, Rule, rules_from

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
FACTS = OrderFacts(
    pk=1,
    shop=7,
    skus=("GLOW-1", "SERUM-30"),
    products=("glow serum", "serum 30 ml"),
    weight_g=500,
    value=Decimal("40.00"),
    units=3,
    country="US",
    state="HI",
    postal_code="96701",
    lane="own",
    due_at=NOW + timedelta(hours=5),
    is_sample=False,
    tags=frozenset({"vip"}),
    option="standard shipping",
    order_type="NORMAL",
    at=NOW,
)
UPS = {"service": {"carrier": "ups"}}
FEDEX = {"service": {"carrier": "fedex"}}


def rule(number: int, actions: Mapping[str, Any], *items: Mapping[str, Any], **more: Any) -> Rule:
    conditions = {"all": list(items)} if items else {}
    return Rule(number * 10, number, f"R{number}", conditions, actions, **more)


@pytest.mark.parametrize(
    ("item", "facts", "expected"),
    [
        ({"what": "shop", "in": [7, 8]}, {}, True),
        ({"what": "shop", "in": [8]}, {}, False),
        ({"what": "sku", "patterns": ["glow-*"], "how": "any"}, {}, True),
        ({"what": "sku", "patterns": ["GLOW-*"], "how": "every"}, {}, False),
        ({"what": "sku", "patterns": ["GLOW-*", "SERUM-??"], "how": "every"}, {}, True),
        ({"what": "sku", "patterns": ["*"], "how": "every"}, {"skus": ()}, False),
        ({"what": "product", "words": "Serum", "how": "every"}, {}, True),
        ({"what": "product", "words": "glow", "how": "every"}, {}, False),
        ({"what": "weight", "from": 500, "to": None}, {}, True),
        ({"what": "weight", "from": 501, "to": None}, {}, False),
        ({"what": "weight", "from": None, "to": 499}, {}, False),
        ({"what": "weight", "from": 1, "to": 500}, {"weight_g": None}, None),
        ({"what": "value", "from": "40", "to": "40.00"}, {}, True),
        ({"what": "units", "from": 4, "to": None}, {}, False),
        ({"what": "country", "in": ["US"]}, {}, True),
        ({"what": "state", "in": ["AK", "HI"]}, {}, True),
        ({"what": "zip", "starts": ["967"]}, {}, True),
        ({"what": "zip", "starts": ["967"]}, {"postal_code": ""}, None),
        ({"what": "lane", "in": ["platform"]}, {}, False),
        ({"what": "deadline", "hours": "5"}, {}, True),
        ({"what": "deadline", "hours": "4.9"}, {}, False),
        ({"what": "deadline", "hours": "5"}, {"due_at": None}, None),
        ({"what": "sample", "is": True}, {"is_sample": True}, True),
        ({"what": "sample", "is": False}, {}, True),
        ({"what": "tag", "name": "vip"}, {}, True),
        ({"what": "option", "has": "Express"}, {"option": "express, 2 days"}, True),
        ({"what": "speed", "is": "express"}, {"option": "express, 2 days"}, True),
        ({"what": "speed", "is": "standard"}, {}, True),
        ({"what": "order_type", "in": ["PRE_ORDER"]}, {}, False),
    ],
)
def test_each_condition_looks_at_its_fact(
    item: dict[str, Any], facts: dict[str, Any], expected: bool | None
) -> None:
    one = FACTS._replace(**facts)
    assert compiled({"all": [item]})(one) is expected
    assert compiled({"all": [item, {"what": "tag", "name": "vip"}]})(one) is bool(expected)
    # What nobody knows is neither so nor not so.
    assert compiled({"none": [item]})(one) is (expected is False)
    assert compiled({"any": [item, {"what": "tag", "name": "no"}]})(one) is bool(expected)


@pytest.mark.parametrize("what", NAMES)
def test_a_condition_that_says_nothing_is_refused_with_words(what: str) -> None:
    if what in ("sample", "speed"):  # these have no empty form: no answer is one of two
        assert compiled({"all": [{"what": what}]})(FACTS) in (True, False)
        return
    with pytest.raises(BadRule, match=r"^(Say|There)"):
        compiled({"all": [{"what": what}]})


def test_unknown_conditions_and_turned_ranges_are_refused() -> None:
    with pytest.raises(BadRule):
        compiled({"any": [{"what": "moon"}]})
    with pytest.raises(BadRule, match="from more than"):
        compiled({"all": [{"what": "units", "from": 3, "to": 2}]})


def test_groups_are_joined_all_any_and_none() -> None:
    hi = {"what": "state", "in": ["HI"]}
    vip, loud = {"what": "tag", "name": "vip"}, {"what": "tag", "name": "loud"}
    assert compiled({"all": [hi], "any": [vip, loud], "none": [loud]})(FACTS)
    assert not compiled({"all": [hi], "any": [loud]})(FACTS)
    assert not compiled({"all": [hi], "none": [vip]})(FACTS)
    assert compiled({})(FACTS)


def test_the_first_rule_that_sets_a_thing_wins_and_later_ones_fill_what_is_open() -> None:
    book = Book([rule(1, UPS), rule(2, FEDEX | {"signature": "adult"}), rule(3, UPS)])
    found = book.decide(FACTS)
    assert found.set == {"service": {"carrier": "ups"}, "signature": "adult"}
    assert found.by == {"service": 1, "signature": 2}
    assert found.clashes == [Clash("service", 1, 2)]
    assert found.matched == [1, 2, 3]


def test_the_order_of_rules_decides() -> None:
    first, second = rule(1, UPS), rule(2, FEDEX)
    turned = [replace(second, number=1), replace(first, number=2)]
    assert Book([first, second]).decide(FACTS).set["service"] == {"carrier": "ups"}
    assert Book(turned).decide(FACTS).set["service"] == {"carrier": "fedex"}


def test_a_stop_ends_it_for_that_order_only() -> None:
    light = {"what": "weight", "from": None, "to": 600}
    book = Book([rule(1, UPS, light, stop=True), rule(2, {"signature": "any"})])
    assert book.decide(FACTS).set == UPS
    assert book.decide(FACTS).stopped_by == 1
    assert book.decide(FACTS._replace(weight_g=700)).set == {"signature": "any"}


def test_a_tag_that_a_rule_sets_is_there_for_the_rules_below_it_and_not_above() -> None:
    fragile = {"what": "tag", "name": "fragile"}
    tags, then = {"tags": ["fragile"]}, {"insurance": {"of": "value"}}
    below = Book([rule(1, tags), rule(2, then, fragile)]).decide(FACTS)
    assert below.outcome() == {"insurance": {"of": "value"}, "tags": ["fragile"]}
    above = Book([rule(1, then, fragile), rule(2, tags)]).decide(FACTS)
    assert above.outcome() == {"tags": ["fragile"]}
    barred = Book([rule(1, tags), rule(2, then, fragile)]).decide(FACTS, frozenset({"fragile"}))
    assert barred.outcome() == {}


def test_rules_are_numbered_by_their_place_and_say_whether_time_matters() -> None:
    stored = [
        {"id": 5, "name": "A", "conditions": {}, "actions": UPS},
        {"id": 3, "name": "B", "conditions": {"all": [{"what": "deadline", "hours": "6"}]},
         "actions": FEDEX, "stop": True},
    ]  # fmt: skip
    first, second = rules_from(stored)
    assert (first.number, second.number, second.stop) == (1, 2, True)
    assert second.words == "Rule 2 “B”"
    assert Book([first, second]).uses_time
    assert not Book([first]).uses_time


def test_what_can_never_be_reached_or_never_win_is_told_before_any_order() -> None:
    heavy = {"what": "weight", "from": 2000, "to": None}
    hi = {"what": "state", "in": ["HI"]}
    rules = [rule(1, UPS, heavy, stop=True), rule(2, FEDEX, heavy, hi), rule(3, FEDEX, hi)]
    assert [(w.number, w.sentence) for w in warnings(rules)] == [
        (2, "Never reached: Rule 1 “R1” stops every order that this rule looks for.")
    ]
    rules = [rule(1, UPS, heavy), rule(2, FEDEX, heavy, hi), rule(3, UPS, heavy)]
    (only,) = warnings(rules)
    assert only.number == 2
    assert (
        only.sentence == "Rule 1 “R1” sets the service differently for the same orders, and wins."
    )


def test_many_decisions_are_counted_rule_by_rule() -> None:
    rules = [rule(1, UPS), rule(2, FEDEX), rule(3, UPS, {"what": "units", "from": 99, "to": None})]
    book, tally = Book(rules), Tally()
    for _ in range(3):
        tally.add(book.decide(FACTS))
    told = tally.as_json(rules)
    assert [(r["matched"], r["decided"]) for r in told["rules"]] == [(3, 3), (3, 0), (0, 0)]
    assert told["clashes"] == [{"field": "service", "winner": 1, "loser": 2, "orders": 3}]
