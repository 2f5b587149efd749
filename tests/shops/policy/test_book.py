"""A market's dated rules: each answer changes on its day, and says where it is written."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from shops.policy import book
from shops.policy.book import NoRule, Rule

ONE_DAY = timedelta(days=1)
TODAY = date(2026, 11, 23)
EVERY_RULE = [rule for pack in book.packs().values() for rule in pack]


def us(key: str, on: str) -> object:
    return book.plain("US").rule(key, on=date.fromisoformat(on)).value


@pytest.mark.parametrize(
    ("key", "last_day", "before", "after"),
    [
        ("ship_by.regular", "2025-10-22", 3, 2),
        ("ship_by.regular", "2026-01-11", 2, 4),
        ("ship_by.regular", "2026-01-25", 4, 2),
        ("dispatch.counts_as", "2026-01-25", "collection", "scan"),
        ("ship_by.preorder", "2026-01-25", 1, 2),
        ("dim.usps.divisor", "2026-07-11", 166, 139),
        ("dim.ups.round_up_inches", "2025-08-17", False, True),
    ],
)
def test_a_rule_changes_on_its_day_and_not_before(
    key: str, last_day: str, before: object, after: object
) -> None:
    next_day = (date.fromisoformat(last_day) + ONE_DAY).isoformat()
    assert us(key, last_day) == before
    assert us(key, next_day) == after


def test_before_a_rule_begins_there_is_none() -> None:
    with pytest.raises(NoRule):
        us("replacement.answer_business_days", "2026-05-31")
    assert us("replacement.answer_business_days", "2026-06-01") == 1


def test_a_rule_for_some_sellers_counts_for_them_before_the_common_one() -> None:
    us_book = book.plain("US")
    day = date(2025, 11, 1)
    assert us_book.rule("carriers.own", on=day, seller_type="CROSS_BORDER").value == ["usps"]
    with pytest.raises(NoRule):
        us_book.rule("carriers.own", on=day, seller_type="LOCAL")


def test_what_holds_everywhere_holds_in_a_market_without_a_pack() -> None:
    assert book.plain("XX").number("void_window.easypost.usps", on=TODAY) == 30
    with pytest.raises(NoRule):
        book.plain("XX").rule("hold.minutes", on=TODAY)


def test_a_default_stands_in_where_a_market_has_no_rule() -> None:
    assert book.plain("XX").number("metric.ldr.target", on=TODAY, default=4) == 4


def test_a_workspaces_own_value_wins_and_only_on_its_days() -> None:
    like = book.plain("US").rule("ship_by.regular", on=TODAY)
    mine = book.own_rule(
        like, Decimal(1), since=TODAY, until=TODAY, reason="Black Friday", source="your own value"
    )
    own = book.with_own("US", [mine])
    assert own.rule("ship_by.regular", on=TODAY).value == 1
    assert own.rule("ship_by.regular", on=TODAY).overridden
    assert own.rule("ship_by.regular", on=TODAY - ONE_DAY).value == 2
    assert own.rule("ship_by.regular", on=TODAY + ONE_DAY).value == 2
    assert book.plain("US").rule("ship_by.regular", on=TODAY).value == 2


def test_what_changes_next_is_told_soonest_first() -> None:
    changes = book.plain("US").changes_after(date(2026, 1, 1))
    days = [day for day, _ in changes]
    assert days == sorted(days)
    assert date(2026, 1, 12) in days
    assert all(day > date(2026, 1, 1) for day in days)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: f"{rule.market}-{rule.key}")
def test_every_rule_says_where_it_is_written_and_how_sure_that_is(rule: Rule) -> None:
    assert rule.source.startswith(("https://", "http://"))
    assert rule.confidence.split()[0] in ("high", "medium", "low")
    assert rule.words.endswith(".")
    assert rule.unit
    assert rule.since is None or rule.until is None or rule.since <= rule.until


def test_no_two_rules_of_a_market_hold_on_the_same_day_for_the_same_facts() -> None:
    for market, rules in book.packs().items():
        for one in rules:
            for other in rules:
                if one is other or one.key != other.key or one.when != other.when:
                    continue
                apart = (one.until or date.max) < (other.since or date.min) or (
                    other.until or date.max
                ) < (one.since or date.min)
                assert apart, (market, one.key)


@pytest.mark.parametrize(
    ("region", "market"), [("US", "US"), ("GB", "GB"), ("FR", "EU"), ("TH", "SEA"), ("JP", "JP")]
)
def test_a_shops_region_names_its_market(region: str, market: str) -> None:
    assert book.market_of(region) == market
