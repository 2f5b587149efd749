"""Which carriers the rules of a market forbid, on both sides of every date."""

from datetime import date, timedelta

import pytest

from shipping.policy.gate import CarrierRule, Strike, rules, strike

EVERYBODY = "us-usps-only-through-tiktok"
CROSS_BORDER = "us-usps-only-through-tiktok-cross-border"
ONE_DAY = timedelta(days=1)


def on(day: str, *, seller: str = "LOCAL", carrier: str = "usps", lane: str = "own") -> str:
    """The id of the rule that strikes a US order's rate on that day, or ""."""
    found = strike(carrier, market="US", lane=lane, seller_type=seller, on=date.fromisoformat(day))
    return found.rule if found else ""


def test_usps_is_allowed_for_local_sellers_on_the_last_day_before_the_rule() -> None:
    assert on("2025-12-31") == ""


def test_usps_is_forbidden_for_everybody_from_the_first_day_of_the_rule() -> None:
    assert on("2026-01-01") == EVERYBODY
    assert on("2026-01-01", seller="CROSS_BORDER") == EVERYBODY


def test_cross_border_sellers_came_earlier_and_not_a_day_too_early() -> None:
    assert on("2025-10-26", seller="CROSS_BORDER") == ""
    assert on("2025-10-27", seller="CROSS_BORDER") == CROSS_BORDER
    assert on("2025-10-27", seller="LOCAL") == ""


def test_the_cross_border_rule_hands_over_without_a_gap() -> None:
    assert on("2025-12-31", seller="CROSS_BORDER") == CROSS_BORDER
    assert on("2026-01-01", seller="CROSS_BORDER") == EVERYBODY


@pytest.mark.parametrize("carrier", ["ups", "fedex", "ontrac", "dhl_ecommerce"])
def test_other_carriers_are_not_touched(carrier: str) -> None:
    assert on("2026-06-01", carrier=carrier) == ""


def test_tiktoks_own_lane_may_carry_usps() -> None:
    assert on("2026-06-01", lane="platform") == ""


def test_other_markets_have_no_such_rule() -> None:
    assert strike("usps", market="GB", lane="own", seller_type="LOCAL", on=date(2026, 6, 1)) is None


def test_a_strike_tells_the_rule_its_first_day_and_where_it_is_written() -> None:
    found = strike("usps", market="US", lane="own", seller_type="LOCAL", on=date(2026, 6, 1))
    assert found is not None
    assert found.since == "2026-01-01"
    assert found.source.startswith("https://")
    assert found.sentence.endswith(".")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_holds_on_its_days_and_on_no_other(rule: CarrierRule) -> None:
    assert not rule.holds(rule.since - ONE_DAY)
    assert rule.holds(rule.since)
    if rule.until:
        assert rule.holds(rule.until)
        assert not rule.holds(rule.until + ONE_DAY)
    else:
        assert rule.holds(rule.since + 3650 * ONE_DAY)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_is_fit_to_be_shown(rule: CarrierRule) -> None:
    assert rule.source
    assert rule.carriers
    assert rule.until is None or rule.since <= rule.until


def test_the_first_rule_in_force_is_the_one_that_is_told() -> None:
    def rule(name: str) -> CarrierRule:
        return CarrierRule(
            name, "US", "own", (), ("ups",), date(2026, 1, 1), None, f"{name}.", "somewhere"
        )

    found = strike(
        "ups",
        market="US",
        lane="own",
        seller_type="",
        on=date(2026, 2, 1),
        among=[rule("first"), rule("second")],
    )
    assert found == Strike("first", "first.", "2026-01-01", "somewhere")
