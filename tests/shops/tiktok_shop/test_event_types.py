"""Every type that TikTok documents has a name here, and so has every name that sellers use."""

import re
from pathlib import Path

import pytest

from core.deliveries import Delivery, Unreadable
from creatorflow.events import WEBHOOKS
from shops.tiktok_shop.event_types import COMMON_NAMES, TYPES
from shops.tiktok_shop.webhooks import identify, name_of
from tests.core.hooks import order_status

# The numbers on the webhook pages of Partner Center; 2 is the old one that 11 and 12 replaced.
DOCUMENTED = {*range(1, 8), *range(11, 26), 27, 33, *range(35, 40), 42, 46, 50, 51, 52, 55, 56, 58}
DOCUMENTED |= {59, *range(62, 69), 71}


def test_each_documented_type_is_named_once_in_words() -> None:
    assert set(TYPES) == DOCUMENTED
    assert len(TYPES) == 46
    names = [one.name for one in TYPES.values()]
    assert len(set(names)) == len(names)
    assert all(name and name[0].isupper() for name in names)


def test_subscriptions_are_asked_for_by_names_that_are_all_different() -> None:
    named = [one.event_type for one in TYPES.values() if one.event_type]
    assert len(set(named)) == len(named) == 17
    assert all(name == name.upper() for name in named)


def test_each_name_in_common_use_stands_for_documented_types() -> None:
    assert set(COMMON_NAMES) == {
        "ORDER_STATUS_CHANGE",
        "ORDER_PAYMENT_CONFIRM",
        "ORDER_REFUND",
        "PRODUCT_CHANGE",
        "PRODUCT_STATUS_CHANGE",
        "REVERSE_ORDER_STATUS_CHANGE",
    }
    for numbers in COMMON_NAMES.values():
        assert numbers
        assert set(numbers) <= DOCUMENTED
        assert all(TYPES[number].use for number in numbers)


def test_an_event_is_named_in_words_or_by_its_number() -> None:
    assert name_of("1") == "Order status"
    assert name_of("4711") == "Type 4711"
    assert name_of("?") == "Type ?"


def about(**fields: object) -> Delivery:
    return identify(order_status(data=fields))


def test_an_event_is_about_its_order_else_its_product() -> None:
    assert about(order_id="5769", product_id="17").subject == "5769"
    assert about(order_ids=["5769", "5770"], package_id="1").subject == "5769"
    package = {"package_id": "1", "order_id_list": ["5769", "5770"]}
    assert about(package_list=[package]).subject == "5769"
    assert about(product_id=1729592969712207008).subject == "1729592969712207008"
    for odd in ({}, {"package_list": [None]}, {"package_list": [{"order_id_list": {}}]}):
        assert about(**odd).subject == ""


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"data": {"order_id": "1"}}', order_status(type=True)]
)
def test_a_body_without_a_type_is_no_event(body: bytes) -> None:
    with pytest.raises(Unreadable, match="^TikTok"):
        identify(body)


def test_the_manual_lists_the_same_types() -> None:
    manual = Path("docs/webhooks.md").read_text()
    for name, numbers in COMMON_NAMES.items():
        row = next(line for line in manual.splitlines() if line.startswith(f"| `{name}` |"))
        told = [int(text) for text in re.findall(r"(?:\| |, )(\d+) [a-z]", row)]
        assert sorted(told) == sorted(numbers)
    rows = [
        line
        for line in manual.splitlines()
        if re.match(r"\| (?:orders,|products|the seller)", line)
    ]
    listed = {int(text) for row in rows for text in re.findall(r"\b\d+\b", row)}
    assert listed == {int(event) for provider, event in WEBHOOKS if provider == "tiktok"}
