"""When business days end: weekends, holidays, zones and the clock going back."""

from datetime import UTC, date, datetime

import pytest

from shops.policy import book, days

ON = date(2026, 11, 23)
US = days.calendar_of(book.plain("US"), on=ON)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def end(text: str, business_days: int) -> str:
    return US.after(at(text), business_days).isoformat()


@pytest.mark.parametrize(
    ("placed", "count", "due"),
    [
        # a Monday morning in California
        ("2026-11-16T18:00", 2, "2026-11-18T23:59:59-08:00"),
        # Friday: the weekend does not count
        ("2026-11-20T18:00", 2, "2026-11-24T23:59:59-08:00"),
        # Saturday and Sunday alike
        ("2026-11-21T18:00", 2, "2026-11-24T23:59:59-08:00"),
        ("2026-11-22T18:00", 2, "2026-11-24T23:59:59-08:00"),
        # Thanksgiving (Thursday 26) does not count
        ("2026-11-25T18:00", 2, "2026-11-30T23:59:59-08:00"),
        # 07:59 UTC is still the evening before in California
        ("2026-11-17T07:59", 2, "2026-11-18T23:59:59-08:00"),
        ("2026-11-17T08:00", 2, "2026-11-19T23:59:59-08:00"),
        # summer time ends on 1 November
        ("2026-10-30T18:00", 2, "2026-11-03T23:59:59-08:00"),
    ],
)
def test_an_order_is_due_at_the_end_of_the_second_business_day(
    placed: str, count: int, due: str
) -> None:
    assert end(placed, count) == due


def test_no_days_at_all_means_the_next_day_that_counts() -> None:
    assert end("2026-11-21T18:00", 0) == "2026-11-23T23:59:59-08:00"
    assert end("2026-11-23T18:00", 0) == "2026-11-23T23:59:59-08:00"


def test_holidays_are_the_markets_own() -> None:
    assert not US.counts(date(2026, 7, 3))  # the fourth is a Saturday: observed on Friday
    british = days.calendar_of(book.plain("GB"), on=ON)
    assert british.counts(date(2026, 7, 3))
    assert not british.counts(date(2026, 12, 28))  # Boxing Day is a Saturday


def test_days_between_are_counted_as_days_after_are() -> None:
    placed = at("2026-11-25T18:00")
    assert US.between(placed, US.after(placed, 5)) == 5
    assert US.between(placed, placed) == 0


def test_a_market_without_a_calendar_counts_every_day() -> None:
    nowhere = days.calendar_of(book.plain("XX"), on=ON)
    assert nowhere.after(at("2026-11-20T18:00"), 2) == at("2026-11-22T23:59:59")
