"""Histories of EasyPost, Shippo and TikTok as events: sorted, each once, in one vocabulary."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipping.tracking.normalize import after, from_tiktok
from shipping.tracking.parse import easypost_scan, milliseconds, shippo_scan, tiktok_scan

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def detail(status: str, at: datetime, message: str = "", **place: Any) -> dict[str, Any]:
    where = {"city": None, "state": None, "zip": None, **place}
    return {
        "status": status, "datetime": at.isoformat(), "message": message,
        "tracking_location": where,
    }  # fmt: skip


def entry(description: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {"description": description, "update_time_millis": int(at.timestamp() * 1000), **more}


def test_easyposts_details_become_events_oldest_first() -> None:
    accepted = detail("in_transit", NOON, "Accepted", city="AUSTIN", state="TX", zip="78701")
    made = detail("pre_transit", NOON - HOUR, "Label made")
    scan = easypost_scan(
        {"id": "trk_9", "status": "in_transit", "tracking_details": [accepted, made, accepted]}
    )
    assert [event.status for event in scan.events] == ["pre_transit", "in_transit"]
    assert (scan.events[1].text, scan.events[1].place) == ("Accepted", "AUSTIN TX 78701")
    assert scan.events[1].raw == accepted
    assert (scan.status, scan.at, scan.first, scan.ref) == ("in_transit", NOON, NOON, "trk_9")


def test_shippos_last_status_is_mostly_in_its_history_and_counts_once() -> None:
    last = {"status": "TRANSIT", "status_date": NOON.isoformat(), "status_details": "Accepted"}
    scan = shippo_scan(
        {
            "carrier": "usps",
            "tracking_number": "94001",
            "tracking_status": last,
            "tracking_history": [dict(last)],
        }
    )
    assert len(scan.events) == 1
    assert (scan.status, scan.first, scan.ref) == ("in_transit", NOON, "usps/94001")


def test_tiktoks_times_are_milliseconds() -> None:
    scan = tiktok_scan({"tracking": [entry("Your package was delivered!\n", NOON)]})
    assert (scan.status, scan.at) == ("delivered", NOON)
    assert scan.events[0].text == "Your package was delivered!"
    assert milliseconds(1694685539000) == datetime(2023, 9, 14, 9, 58, 59, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, True, "", "x", -5, 10**18, 3, [], 1.5])
def test_what_is_no_time_of_tiktoks_is_none(value: object) -> None:
    assert milliseconds(value) is None


def test_of_tiktoks_newer_tracking_only_the_named_parcel_counts() -> None:
    mine = {"newest_tracking_no": "A1", "track_list": [entry("Out for delivery", NOON)]}
    other = {"newest_tracking_no": "B2", "track_list": [entry("Delivered", NOON)]}
    told = {"logistics_details": [other, mine]}
    assert tiktok_scan(told, "A1").status == "out_for_delivery"
    assert tiktok_scan(told, "C3").events == ()
    unnamed = {"logistics_details": [{"track_list": [entry("Out for delivery", NOON)]}]}
    assert tiktok_scan(unnamed, "A1").status == "out_for_delivery"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Your package was delivered!", "delivered"),
        ("Package will be delivered by Friday", "in_transit"),
        ("Delivery attempt failed, the recipient was not at home", "in_transit"),
        ("Out for delivery", "out_for_delivery"),
        ("Your package is ready for pickup", "available_for_pickup"),
        ("The package is being returned to the seller", "return_to_sender"),
        ("Picked up by the carrier", "in_transit"),
        ("Arrived at sorting hub", "in_transit"),
        ("Shipping label created", "pre_transit"),
        ("The seller is preparing the package", "pre_transit"),
        ("The package was lost", "failure"),
        ("Shipment cancelled", "cancelled"),
        ("Happy holidays", "unknown"),
        ("", "unknown"),
    ],
)
def test_tiktoks_sentences_have_their_words(words: str, expected: str) -> None:
    assert from_tiktok(None, words) == expected


def test_tiktoks_code_for_delivered_needs_no_sentence_and_names_count_like_sentences() -> None:
    assert from_tiktok(30901, "") == "delivered"
    assert from_tiktok(1, "OUT_FOR_DELIVERY", "") == "out_for_delivery"


def test_a_sentence_nobody_understands_is_no_scan_and_changes_nothing() -> None:
    scan = tiktok_scan(
        {"tracking": [entry("Picked up by the carrier", NOON), entry("Hello", NOON + HOUR)]}
    )
    assert (scan.status, scan.at, scan.first) == ("in_transit", NOON + HOUR, NOON)
    assert tiktok_scan({"tracking": [entry("Hello", NOON)]}).first is None


def test_what_is_delivered_on_its_way_back_did_not_reach_the_buyer() -> None:
    details = [
        detail("in_transit", NOON),
        detail("return_to_sender", NOON + HOUR),
        detail("delivered", NOON + 2 * HOUR),
    ]
    assert easypost_scan({"status": "delivered", "tracking_details": details}).status == (
        "return_to_sender"
    )
    assert after("return_to_sender", "failure") == "failure"
    assert after("in_transit", "unknown") == "in_transit"


@pytest.mark.parametrize("read", [easypost_scan, shippo_scan, tiktok_scan])
@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"tracking_details": "x", "tracking_history": 3, "tracking": None},
        {"tracking_details": [1, {}], "tracking_status": [], "tracking": [{}, "x"]},
        {"logistics_details": [{"track_list": [{"update_time_millis": "x"}]}, 7]},
    ],
)
def test_what_is_not_as_documented_says_nothing(read: Any, strange: dict[str, Any]) -> None:
    scan = read(strange)
    assert (scan.status, scan.events, scan.first) == ("unknown", (), None)
