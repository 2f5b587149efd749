"""EasyPost's and Shippo's words for where a parcel is, in one vocabulary."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shipping.tracking.normalize import WORDS, from_easypost, from_shippo, is_scanned
from shipping.tracking.parse import easypost_scan, moment, shippo_scan


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("unknown", "unknown"),
        ("pre_transit", "pre_transit"),
        ("in_transit", "in_transit"),
        ("out_for_delivery", "out_for_delivery"),
        ("available_for_pickup", "available_for_pickup"),
        ("delivered", "delivered"),
        ("return_to_sender", "return_to_sender"),
        ("failure", "failure"),
        ("cancelled", "cancelled"),
        ("error", "unknown"),
        ("DELIVERED", "delivered"),
        ("teleported", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
    ],
)
def test_every_status_of_easyposts_has_its_word(status: object, expected: str) -> None:
    assert from_easypost(status) == expected
    assert expected in WORDS


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("UNKNOWN", "", "unknown"),
        ("PRE_TRANSIT", "information_received", "pre_transit"),
        ("TRANSIT", "package_accepted", "in_transit"),
        ("TRANSIT", "out_for_delivery", "out_for_delivery"),
        ("TRANSIT", "pickup_available", "available_for_pickup"),
        ("DELIVERED", "delivered", "delivered"),
        ("RETURNED", "return_to_sender", "return_to_sender"),
        ("FAILURE", "package_lost", "failure"),
        ("failure", None, "failure"),
        ("LOST_IN_SPACE", "", "unknown"),
    ],
)
def test_every_status_of_shippos_has_its_word(status: str, code: object, expected: str) -> None:
    assert from_shippo(status, code) == expected


def test_only_the_carriers_own_scans_count_as_scanned() -> None:
    scanned = {word for word in WORDS if is_scanned(word)}
    assert scanned == set(WORDS) - {"unknown", "pre_transit", "cancelled"}


def test_a_tracker_is_read_at_its_newest_and_first_scan() -> None:
    tracker = {
        "status": "in_transit",
        "updated_at": "2026-11-20T20:00:00Z",
        "tracking_details": [
            {"status": "in_transit", "datetime": "2026-11-19T08:00:00Z"},
            {"status": "pre_transit", "datetime": "2026-11-18T08:00:00Z"},
            {"status": "in_transit", "datetime": "2026-11-20T08:00:00Z"},
        ],
    }
    scan = easypost_scan(tracker)
    assert scan.status == "in_transit"
    assert scan.at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert scan.first == datetime(2026, 11, 19, 8, tzinfo=UTC)
    bare = easypost_scan({"status": "pre_transit", "updated_at": "2026-11-18T08:00:00Z"})
    assert (bare.at, bare.first) == (datetime(2026, 11, 18, 8, tzinfo=UTC), None)


def test_a_track_is_read_with_its_substatus_and_zone() -> None:
    accepted = {"status": "TRANSIT", "status_date": "2026-11-19T02:00:00-06:00", "substatus": None}
    last = {
        "status": "TRANSIT",
        "status_date": "2026-11-21T14:00:00.000Z",
        "substatus": {"code": "out_for_delivery"},
    }
    scan = shippo_scan({"tracking_status": last, "tracking_history": [accepted, last]})
    assert scan.status == "out_for_delivery"
    assert scan.at == datetime(2026, 11, 21, 14, tzinfo=UTC)
    assert scan.first == datetime(2026, 11, 19, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"tracking_status": None, "tracking_history": None, "tracking_details": None},
        {"tracking_status": "TRANSIT", "tracking_history": ["x"], "tracking_details": [1]},
        {"tracking_status": {"status": [], "substatus": "x", "status_date": 5}, "status": {}},
    ],
)
def test_nonsense_is_unknown_and_never_an_error(document: dict[str, Any]) -> None:
    for scan in (easypost_scan(document), shippo_scan(document)):
        assert (scan.status, scan.at, scan.first) == ("unknown", None, None)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-20T08:00:00", "0001-01-01T00:00:00Z"])
def test_a_moment_without_zone_or_sense_is_none(text: str) -> None:
    assert moment(text) is None
