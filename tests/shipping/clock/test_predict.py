"""Predicted scans: a plain estimate with its sample size, and a stated default without one."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orders.querysets import NO_DEADLINE
from shipping.clock.lags import Key, Lags, default_lag
from shipping.clock.predict import Desk, Parcel, Pickups, pickups_of, predict
from shipping.clock.risk import judge
from shops.policy import book
from shops.policy.book import Book
from tests.factories import utc

LA = ZoneInfo("America/Los_Angeles")
MONDAY = utc("2026-11-23 20:00")  # 12:00 in Los Angeles
HOUR = 60


def us(hour: str = "17:00") -> Book:
    like = book.plain("US").rule("handover.time", on=date(2026, 11, 23))
    own = book.own_rule(like, hour, since=None, until=None, reason="", source="your own value")
    return book.with_own("US", [own])


def pickups(hour: str = "17:00") -> Pickups:
    return pickups_of(us(hour), LA, on=date(2026, 11, 23))


def desk(rows: dict[Key, tuple[int, int, int]] | None = None) -> Desk:
    return Desk(Lags(rows or {}), pickups())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LA)


def test_parcels_leave_at_the_next_business_days_hour() -> None:
    assert pickups().after(MONDAY) == at("2026-11-23 17:00")
    assert pickups().after(at("2026-11-23 17:00")) == at("2026-11-24 17:00")
    # Thanksgiving is no business day, the Friday after it is one, the weekend is not
    assert pickups().after(at("2026-11-25 18:00")) == at("2026-11-27 17:00")
    assert pickups().after(at("2026-11-27 18:00")) == at("2026-11-30 17:00")


@pytest.mark.parametrize(("typed", "hour"), [("9:30", 9), ("15:00", 15), ("5pm", 17), ("", 17)])
def test_an_hour_that_cannot_be_read_leaves_the_markets(typed: str, hour: int) -> None:
    assert pickups(typed).hour.hour == hour


def test_a_new_shop_gets_the_stated_default() -> None:
    found = predict(Parcel(NO_DEADLINE, "ups"), desk(), now=MONDAY)
    assert (found.how, found.begins) == ("pickup", at("2026-11-23 17:00"))
    assert found.at == found.begins + default_lag().likely
    assert found.lag.parcels == 0


def test_history_is_asked_from_the_particular_to_the_general() -> None:
    rows: dict[Key, tuple[int, int, int]] = {
        ("ups", 0, True): (37, 3 * HOUR, 22 * HOUR),
        ("ups", None, True): (200, 3 * HOUR, 12 * HOUR),
        ("", None, True): (500, 3 * HOUR, 10 * HOUR),
        ("fedex", 0, True): (9, HOUR, HOUR),  # too few to tell anything
    }
    lags = Lags(rows)
    monday, tuesday = at("2026-11-23 17:00"), at("2026-11-24 17:00")
    said = [
        (lags.best(carrier, day, handed_over=True))
        for carrier, day in (("ups", monday), ("ups", tuesday), ("fedex", monday), ("", monday))
    ]
    assert [lag and lag.words for lag in said] == [
        "of 37 UPS parcels on Mondays",
        "of 200 UPS parcels",
        "of 500 parcels of this shop",
        "of 500 parcels of this shop",
    ]
    assert lags.best("ups", monday, handed_over=False) is None


def test_an_unbought_order_is_counted_from_the_next_handover() -> None:
    rows: dict[Key, tuple[int, int, int]] = {("ups", 0, True): (37, 3 * HOUR, 22 * HOUR)}
    found = predict(Parcel(NO_DEADLINE, "ups"), desk(rows), now=MONDAY)
    assert found.at == at("2026-11-24 15:00")


def test_without_handovers_the_purchase_is_what_counts() -> None:
    rows: dict[Key, tuple[int, int, int]] = {("ups", None, False): (40, 20 * HOUR, 30 * HOUR)}
    unbought = predict(Parcel(NO_DEADLINE, "ups"), desk(rows), now=MONDAY)
    assert (unbought.how, unbought.at) == ("now", MONDAY + timedelta(hours=30))
    bought = Parcel(NO_DEADLINE, "ups", bought_at=MONDAY - timedelta(hours=5))
    assert predict(bought, desk(rows), now=MONDAY).at == MONDAY + timedelta(hours=25)


def test_a_held_order_leaves_after_its_hold() -> None:
    held = Parcel(NO_DEADLINE, not_before=at("2026-11-24 18:00"))
    assert predict(held, desk(), now=MONDAY).begins == at("2026-11-25 17:00")


def test_a_handed_over_parcel_that_should_have_been_scanned_is_expected_anew() -> None:
    parcel = Parcel(NO_DEADLINE, "ups", MONDAY, at("2026-11-20 17:00"))
    found = predict(parcel, desk(), now=MONDAY)
    assert found.how == "overdue"
    assert found.missed == at("2026-11-21 08:00")
    assert found.begins == at("2026-11-23 17:00")


def test_the_sentence_names_handover_scan_share_sample_and_distance() -> None:
    rows: dict[Key, tuple[int, int, int]] = {("ups", 0, True): (37, 3 * HOUR, 22 * HOUR)}
    found = judge(Parcel(at("2026-11-24 12:00"), "ups"), desk(rows), now=MONDAY)
    assert found.risk == "risk"
    assert found.why == (
        "If handed over Mon Nov 23, 17:00: scan expected by Tue Nov 24, 15:00 "
        "(80 % of 37 UPS parcels on Mondays), 3 h after the deadline Tue Nov 24, 12:00."
    )
    assert found.next_at == at("2026-11-23 17:00")


def test_the_default_says_that_it_is_assumed() -> None:
    found = judge(Parcel(at("2026-11-25 23:59"), "ups"), desk(), now=MONDAY)
    assert found.risk == "ok"
    assert "(assumed until 10 parcels are known), 39 h before the deadline." in found.why


@pytest.mark.parametrize(
    ("due", "risk"),
    [
        ("2026-11-24 07:59", "risk"),
        ("2026-11-24 08:00", "ok"),  # 17:00 and the default's 15 hours
        ("2026-11-23 12:00", "late"),
        ("2026-11-23 12:01", "risk"),
    ],
)
def test_an_order_is_at_risk_before_its_deadline_is_over(due: str, risk: str) -> None:
    assert judge(Parcel(at(due), "ups"), desk(), now=MONDAY).risk == risk


def test_what_is_scanned_or_over_needs_no_second_look() -> None:
    scanned = judge(Parcel(MONDAY, scanned_at=MONDAY - timedelta(hours=2)), desk(), now=MONDAY)
    late = judge(Parcel(MONDAY - timedelta(hours=1)), desk(), now=MONDAY)
    assert (scanned.risk, scanned.next_at, late.risk, late.next_at) == (
        "scanned", None, "late", None,
    )  # fmt: skip


def test_the_next_look_is_when_time_alone_may_change_the_verdict() -> None:
    due = at("2026-11-24 20:00")
    rows: dict[Key, tuple[int, int, int]] = {("ups", None, False): (40, 20 * HOUR, 30 * HOUR)}
    now_or_never = judge(Parcel(due, "ups"), desk(rows), now=MONDAY)
    assert (now_or_never.risk, now_or_never.next_at) == ("ok", due - timedelta(hours=30))
    handed = Parcel(due, "ups", MONDAY, MONDAY - timedelta(hours=1))
    assert judge(handed, desk(), now=MONDAY).next_at == MONDAY + timedelta(hours=14)
