"""What templates show: numbers, times, sizes, states."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import RequestFactory
from django.utils import timezone

from core.money import Money
from core.templatetags import ui
from tests.factories import utc


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (Decimal("1612.4"), "USD", "$1,612.40"),
        (Decimal("9.99"), "GBP", "9.99 GBP"),
        (Decimal("1200"), "JPY", "1,200 JPY"),
        (Money.of("5", "USD"), "", "$5.00"),
        ("4.5", "USD", "$4.50"),
        (None, "USD", ""),
        ("soon", "USD", "soon"),
    ],
)
def test_money_is_exact_and_names_its_currency(value: object, currency: str, shown: str) -> None:
    assert ui.money(value, currency) == shown


@pytest.mark.parametrize(
    ("grams", "shown"),
    [(0, "0 oz"), (238, "8.4 oz"), (453, "1 lb"), (510, "1 lb 2 oz"), (454, "1 lb"), (None, "")],
)
def test_weights_are_ounces_below_a_pound_and_pounds_above(grams: int | None, shown: str) -> None:
    assert ui.weight(grams) == shown


def test_sizes_are_inches_and_empty_when_a_side_is_unknown() -> None:
    assert ui.size({"length_mm": 152, "width_mm": 102, "height_mm": 51}) == "6×4×2 in"
    assert ui.size({"length_mm": 152, "width_mm": None, "height_mm": 51}) == ""


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-23 12:00:12", "in 12 s"),
        ("2026-11-23 11:59:48", "12 s ago"),
        ("2026-11-23 12:20", "in 20 m"),
        ("2026-11-23 15:20", "in 3 h 20 m"),
        ("2026-11-23 15:00", "in 3 h"),
        ("2026-11-24 23:59", "tomorrow 23:59"),
        ("2026-11-22 14:12", "yesterday 14:12"),
        ("2026-11-27 09:00", "Fri 09:00"),
        ("2026-12-12 09:00", "Dec 12, 09:00"),
        ("2025-03-04 09:05", "Mar 4 2025, 09:05"),
    ],
)
def test_times_are_relative_as_long_as_that_helps(at: str, shown: str) -> None:
    assert ui.relative(utc(at), utc("2026-11-23 12:00")) == shown


def test_a_relative_time_carries_the_absolute_one_for_hover_and_screen_readers() -> None:
    with timezone.override("America/Los_Angeles"):
        html = ui.when(utc("2026-11-23 12:00"))
    assert 'datetime="2026-11-23T12:00:00Z"' in html
    assert html.count("Mon, Nov 23, 2026, 04:00 PST") == 2


def test_no_deadline_is_said_and_no_time_is_nothing() -> None:
    assert "no deadline" in ui.when(utc("2999-01-01 00:00"))
    assert ui.when(None) == ""


def test_a_deadline_is_red_late_or_within_four_hours_amber_within_twelve() -> None:
    now = timezone.now()
    tones = [ui.deadline_tone(now + timedelta(hours=hours)) for hours in (-1, 3, 11, 20)]
    assert tones == ["red", "red", "amber", "grey"]
    assert ui.deadline_tone(utc("2999-01-01 00:00")) == "grey"


def test_a_badge_says_its_state_in_words_colour_and_icon() -> None:
    html = ui.badge("hold")
    assert "On hold" in html
    assert "pill--amber" in html
    assert "#clock-pause" in html


def test_a_state_nobody_knows_is_shown_as_it_is() -> None:
    html = ui.badge("SOMETHING_<NEW>")
    assert "SOMETHING &lt;NEW&gt;" in html
    assert "pill--grey" in html


def test_counts_have_nouns_and_are_capped() -> None:
    assert ui.counted(1, "order") == "1 order"
    assert ui.counted(1204, "order") == "1,204 orders"
    assert ui.counted(2, "box,boxes") == "2 boxes"
    assert ui.capped(1001, 1000) == "1,000+"
    assert ui.capped(1000, 1000) == "1,000"


def test_long_numbers_are_shortened_in_the_middle() -> None:
    assert ui.short_id("576912345678901231") == "5769…231"
    assert ui.short_id("12345") == "12345"


def test_the_query_keeps_what_is_there_and_takes_out_none(rf: RequestFactory) -> None:
    context = {"request": rf.get("/", {"tab": "hold", "q": "a b", "after": "9"})}
    assert ui.query(context, tab="fix", after=None) == "?tab=fix&amp;q=a+b"


def test_durations_read_like_a_clock() -> None:
    shown = [ui.duration(seconds) for seconds in (0, 59, 60, 3600, 12000, 180000, 356400)]
    assert shown == ["0 s", "59 s", "1 m", "1 h", "3 h 20 m", "2 d 2 h", "4 d 3 h"]
