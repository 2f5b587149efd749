"""Addresses: read from TikTok's levels, masked, missing, or not deliverable."""

from typing import Any

import pytest

from orders import addresses
from orders.recipients import map_recipient
from tests.orders import documents


@pytest.mark.parametrize("value", [None, {}, [], "nowhere", {"region_code": "US"}])
def test_no_address_is_none(value: object) -> None:
    assert map_recipient(value) == ({}, "none")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "J*** O***"},
        {"address_line1": "1*** M***"},
        {"city": "A***"},
        {"postal_code": "***"},
    ],
)
def test_an_address_with_a_struck_out_part_is_masked(changes: dict[str, Any]) -> None:
    assert map_recipient(documents.address(**changes))[1] == "masked"


def test_a_struck_out_phone_alone_is_left_away() -> None:
    address, state = map_recipient(documents.address(phone_number="(+1)213-***-1234"))
    assert (address["phone"], state) == ("", "good")


@pytest.mark.parametrize(
    ("iso", "state", "code"),
    [("TX", "", "TX"), ("US-TX", "x", "TX"), ("VAN", "Texas", "TX"), ("", "TEXAS", "TX")],
)
def test_the_state_comes_from_its_code_or_its_name(iso: str, state: str, code: str) -> None:
    assert map_recipient(documents.address(iso=iso, state=state))[0]["state"] == code


def test_without_the_city_level_the_next_best_name_is_the_city() -> None:
    levels = [("L1", "Texas", "TX"), ("L2", "Travis", "")]
    address, _ = map_recipient(documents.address(levels=levels, post_town="Austin"))
    assert address["city"] == "Austin"
    address, _ = map_recipient(documents.address(levels=levels))
    assert address["city"] == "Travis"


def test_a_british_address_has_its_post_town() -> None:
    levels = [("L0", "United Kingdom", "GB"), ("L1", "England", ""), ("L2", "Kent", "")]
    address, state = map_recipient(
        documents.address(
            region_code="GB", levels=levels, post_town="Dover", postal_code="CT16 1AA"
        )
    )
    assert (address["city"], address["state"], address["country"]) == ("Dover", "England", "GB")
    assert state == "good"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address_line1": " "}, "no street"),
        ({"postal_code": ""}, "no ZIP"),
        ({"postal_code": "7870"}, "not a ZIP"),
        ({"postal_code": "99950"}, "not in TX"),
        ({"iso": "", "state": "Narnia"}, "not a state"),
        ({"name": "", "first_name": "", "last_name": ""}, "no name"),
    ],
)
def test_what_no_carrier_would_deliver_to_is_bad_and_says_why(
    changes: dict[str, Any], words: str
) -> None:
    address, state = map_recipient(documents.address(**changes))
    assert state == "bad"
    assert words in addresses.problem(address)


@pytest.mark.parametrize(
    ("state", "postal"), [("TX", "88510"), ("CT", "06390"), ("NY", "06390"), ("AK", "99950")]
)
def test_zip_codes_at_the_edge_of_a_state_are_its_own(state: str, postal: str) -> None:
    address = {
        "name": "A",
        "street1": "1 B",
        "city": "C",
        "country": "US",
        "state": state,
        "postal_code": postal,
    }
    assert addresses.problem(address) == ""
