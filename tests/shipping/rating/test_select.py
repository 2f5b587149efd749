"""Which rate is bought, and what is said about it: law, then deadline, then price."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from shipping.rating.select import (
    Candidate,
    Choice,
    Need,
    business_days_after,
    choose,
    meets,
    need_of,
)

MONDAY = date(2026, 11, 23)
NEED = Need("USD", MONDAY)


def rate(name: str, price: str, days: int | None = 3, struck: str = "") -> Candidate:
    return Candidate(name, Decimal(price), "USD", days, guaranteed=False, struck=struck)


SAVER = rate("UPS Ground Saver", "4.98", 5)
GROUND = rate("UPS Ground", "8.41", 3)
AIR = rate("FedEx 2Day", "14.20", 2)
USPS = rate("USPS Ground Advantage", "4.10", 3, struck="TikTok refuses USPS labels.")


def name_of(choice: Choice, rates: list[Candidate]) -> str:
    return "" if choice.index is None else rates[choice.index].name


def test_without_a_deadline_the_cheapest_is_chosen() -> None:
    rates = [AIR, GROUND, SAVER]
    choice = choose(rates, NEED)
    assert name_of(choice, rates) == "UPS Ground Saver"
    assert "cheapest that arrives in time" in choice.reason["sentence"]


def test_a_forbidden_rate_is_never_chosen_however_cheap() -> None:
    rates = [USPS, SAVER]
    choice = choose(rates, NEED)
    assert name_of(choice, rates) == "UPS Ground Saver"
    assert "USPS Ground Advantage $4.10 is not allowed" in choice.reason["sentence"]
    assert choice.reason["struck"] == [
        {"name": USPS.name, "price": "4.10", "rule": USPS.struck},
    ]


def test_a_forbidden_rate_that_would_have_cost_more_is_not_worth_a_word() -> None:
    choice = choose([replace(USPS, price=Decimal("9.99")), SAVER], NEED)
    assert "not allowed" not in choice.reason["sentence"]


def test_the_cheapest_that_meets_the_deadline_wins_over_a_cheaper_late_one() -> None:
    rates = [SAVER, GROUND, AIR]
    choice = choose(rates, replace(NEED, deliver_by=date(2026, 11, 27)))
    assert name_of(choice, rates) == "UPS Ground"
    assert choice.reason["in_time"] is True
    assert "UPS Ground Saver $4.98 would be late" in choice.reason["sentence"]


def test_when_none_arrives_in_time_the_fastest_is_chosen_and_the_reason_says_so() -> None:
    rates = [SAVER, GROUND, AIR]
    choice = choose(rates, replace(NEED, deliver_by=MONDAY))
    assert name_of(choice, rates) == "FedEx 2Day"
    assert choice.reason["in_time"] is False
    assert "none arrives in time" in choice.reason["sentence"]


def test_a_service_that_promises_nothing_is_no_answer_to_a_deadline() -> None:
    promise_nothing = rate("Cheap Mail", "1.00", None)
    rates = [promise_nothing, GROUND]
    chosen = choose(rates, replace(NEED, deliver_by=date(2026, 12, 24)))
    assert name_of(chosen, rates) == "UPS Ground"
    assert name_of(choose(rates, NEED), rates) == "Cheap Mail"


def test_express_orders_want_three_days_at_most() -> None:
    express = replace(NEED, express=True)
    assert meets(GROUND, express)
    assert not meets(SAVER, express)
    assert not meets(rate("Cheap Mail", "1.00", None), express)


def test_equal_prices_go_to_the_faster_then_to_the_guaranteed() -> None:
    slow, fast = rate("Slow", "5.00", 4), rate("Fast", "5.00", 2)
    sure = replace(fast, name="Zure", guaranteed=True)
    assert choose([slow, fast], NEED).index == 1
    assert choose([fast, sure], NEED).index == 1


def test_the_runner_up_and_the_difference_are_told() -> None:
    reason = choose([GROUND, SAVER], NEED).reason
    assert reason["runner_up"] == {"name": "UPS Ground", "price": "8.41"}
    assert reason["difference"] == "3.43"
    assert "Next: UPS Ground $8.41." in reason["sentence"]


def test_no_rate_at_all_is_a_sentence() -> None:
    choice = choose([], NEED)
    assert choice.index is None
    assert choice.reason["sentence"] == "No account offered a rate."


def test_only_forbidden_rates_are_a_sentence_with_the_rule() -> None:
    choice = choose([USPS], NEED)
    assert choice.index is None
    assert choice.reason["sentence"] == "Every rate is forbidden. TikTok refuses USPS labels."


def test_rates_in_another_currency_are_never_compared_with_ours() -> None:
    pounds = replace(SAVER, currency="GBP", price=Decimal("0.01"))
    assert choose([pounds, GROUND], NEED).index == 1
    assert choose([pounds], NEED).reason["sentence"] == "No rate is in USD."
    struck_pounds = replace(pounds, struck="Forbidden.")
    assert "not allowed" not in choose([struck_pounds, GROUND], NEED).reason["sentence"]


@pytest.mark.parametrize(
    ("days", "arrives"),
    [(0, "2026-11-23"), (4, "2026-11-27"), (5, "2026-11-30"), (10, "2026-12-07")],
)
def test_days_are_working_days(days: int, arrives: str) -> None:
    assert business_days_after(MONDAY, days) == date.fromisoformat(arrives)


def test_a_parcel_given_away_on_saturday_counts_from_monday() -> None:
    assert business_days_after(date(2026, 11, 28), 1) == date(2026, 11, 30)


def test_stored_facts_give_the_need_again() -> None:
    now = datetime(2026, 11, 25, 3, tzinfo=UTC)
    facts = {"currency": "USD", "today": "2026-11-23", "deliver_by": "2026-11-27", "express": True}
    assert need_of(facts, now=now) == Need("USD", MONDAY, date(2026, 11, 27), express=True)
    assert need_of({"currency": "USD"}, now=now) == Need("USD", date(2026, 11, 25))


def test_among_equals_the_preferred_provider_is_chosen() -> None:
    first, second = replace(GROUND, rank=1), replace(GROUND, name="A cheap name", rank=2)
    assert choose([second, first], NEED).index == 1
    assert choose([replace(second, days=2), first], NEED).index == 0  # a day earlier is not equal
    assert choose([replace(second, price=Decimal("8.40")), first], NEED).index == 0
