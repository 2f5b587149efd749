"""Deadlines by the dated rules: TikTok's own time first, and each side of every change."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from orders.deadlines import COLLECTION, SCAN, Deadlines, Sold
from orders.models import Order
from orders.querysets import NO_DEADLINE
from orders.redating import redate
from shops.policy import book
from shops.policy.days import Calendar
from tests import factories
from tests.factories import utc

US = Deadlines(book.plain("US"))


def sold(created: str, **fields: Any) -> Sold:
    """A regular order of that moment in Los Angeles."""
    values = {"status": "AWAITING_SHIPMENT", "lane": "own", "order_type": "NORMAL"}
    return Sold(**(values | {"created_at": pacific(created)} | fields))


def pacific(text: str) -> datetime:
    zone: Calendar = US.calendar(date(2026, 1, 1))
    return datetime.fromisoformat(text).replace(tzinfo=zone.zone)


def end_of(day: str) -> datetime:
    return pacific(f"{day} 23:59:59")


def test_tiktoks_own_time_for_the_scan_is_the_deadline() -> None:
    scan, ship = utc("2026-11-25 07:59"), utc("2026-11-24 07:59")
    assert US.due(sold("2026-11-23 10:00", scan_by=scan, ship_by=ship)) == scan


@pytest.mark.parametrize(
    ("ordered", "due"),
    [
        ("2025-10-22 12:00", "2025-10-27"),  # 3 business days
        ("2025-10-23 12:00", "2025-10-27"),  # 2 from here on
        ("2026-01-09 12:00", "2026-01-13"),  # the last Friday with 2
        ("2026-01-11 23:30", "2026-01-13"),
        ("2026-01-12 00:10", "2026-01-16"),  # 4 for two weeks
        ("2026-01-25 12:00", "2026-01-29"),
        ("2026-01-26 12:00", "2026-01-28"),  # 2 again, and counted at the scan
        ("2026-11-23 12:00", "2026-11-25"),
        ("2026-11-24 12:00", "2026-11-27"),  # Thanksgiving lies between
    ],
)
def test_a_regular_order_has_the_business_days_of_its_date(ordered: str, due: str) -> None:
    assert US.due(sold(ordered)) == end_of(due)


@pytest.mark.parametrize(
    ("released", "due"), [("2026-01-23 12:00", "2026-01-26"), ("2026-01-26 12:00", "2026-01-28")]
)
def test_a_pre_order_counts_from_its_closing(released: str, due: str) -> None:
    closes = pacific(released)
    one = sold(released, order_type="PRE_ORDER", release_at=closes)
    assert US.due(one) == end_of(due)


@pytest.mark.parametrize(("day", "event"), [("2026-01-25", COLLECTION), ("2026-01-26", SCAN)])
def test_what_counts_as_dispatched_changed_on_a_day(day: str, event: str) -> None:
    assert US.counts_as(date.fromisoformat(day)) == event


def test_before_scans_counted_tiktoks_ship_by_time_is_the_deadline_afterwards_the_earlier() -> None:
    later = timedelta(days=9)
    old, new = pacific("2026-01-20 12:00"), pacific("2026-02-02 12:00")
    assert US.due(sold("2026-01-20 12:00", ship_by=old + later)) == old + later
    assert US.due(sold("2026-02-02 12:00", ship_by=new + later)) == end_of("2026-02-04")
    assert US.due(sold("2026-02-02 12:00", ship_by=new)) == new


def test_made_to_order_has_longer_but_never_longer_than_tiktok_says() -> None:
    assert US.due(sold("2026-11-02 12:00", order_type="MADE_TO_ORDER")) == end_of("2026-11-23")
    soon = pacific("2026-11-06 23:59")
    assert US.due(sold("2026-11-02 12:00", order_type="MADE_TO_ORDER", ship_by=soon)) == soon


@pytest.mark.parametrize(
    "fields", [{"status": "UNPAID"}, {"status": "CANCELLED"}, {"lane": "fbt"}, {"lane": "none"}]
)
def test_what_is_not_ours_to_ship_has_no_deadline_by_rules(fields: dict[str, str]) -> None:
    assert US.due(sold("2026-11-23 12:00", **fields)) == NO_DEADLINE


def test_a_market_without_rules_has_no_deadline() -> None:
    assert Deadlines(book.plain("XX")).due(sold("2026-11-23 12:00")) == NO_DEADLINE


def test_weeks_begin_on_monday_in_the_markets_zone() -> None:
    begins, ends = US.week_of(date(2026, 11, 25))
    assert (begins, ends) == (pacific("2026-11-23 00:00"), pacific("2026-11-30 00:00"))


@pytest.mark.django_db
def test_an_own_rule_moves_the_deadlines_that_tiktok_does_not_name() -> None:
    desk = factories.workspace()
    day = pacific("2026-11-23 12:00")
    mine = factories.order(desk, created_at=day, due_at=end_of("2026-11-25"))
    named = factories.order(desk, created_at=day, scan_by=day, due_at=day)
    closed = factories.order(desk, created_at=day, due_at=day, stage="closed")
    factories.override(desk)  # one business day instead of two
    other = factories.order(factories.workspace(), created_at=day, due_at=day)
    assert redate(desk.pk) == 1
    due = dict(Order.objects.values_list("pk", "due_at"))
    assert due[mine.pk] == end_of("2026-11-24")
    assert {due[named.pk], due[closed.pk], due[other.pk]} == {day}
    assert redate(desk.pk) == 0
