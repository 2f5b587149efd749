import hashlib
import json
from datetime import UTC, datetime

import pytest

from shops.tiktok_shop.webhooks import (
    INVENTORY_CHANGED,
    ORDER_STATUS,
    MalformedEvent,
    parse,
    verify,
)

# Published with key abcdef and secret 123 in TikTok's webhook configuration guide.
BODY = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
    b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
    b'"order_status":"UNPAID","update_time":1718305585}}'
)
HEADER = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


def test_the_published_delivery_is_genuine() -> None:
    assert verify(BODY, HEADER, "abcdef", "123")


@pytest.mark.parametrize(
    ("body", "header", "key", "secret"),
    [
        (BODY + b" ", HEADER, "abcdef", "123"),
        (BODY, HEADER[:-1] + "6", "abcdef", "123"),
        (BODY, HEADER.upper(), "abcdef", "123"),
        (BODY, "", "abcdef", "123"),
        (BODY, "é", "abcdef", "123"),
        (BODY, HEADER, "abcdeg", "123"),
        (BODY, HEADER, "abcdef", "124"),
        (BODY, HEADER, "abcdef", ""),
    ],
)
def test_anything_else_is_forged(body: bytes, header: str, key: str, secret: str) -> None:
    assert not verify(body, header, key, secret)


def test_an_unset_secret_signs_nothing() -> None:
    empty = hashlib.sha256(b"").hexdigest()
    assert not verify(b"", empty, "", "")


def test_an_event_is_read_whole() -> None:
    event = parse(BODY)
    assert event.type == ORDER_STATUS
    assert event.id == "7380066284010030890"
    assert event.shop_id == event.owner_id == "7495540735365777507"
    assert event.timestamp == datetime(2024, 6, 13, 19, 6, 25, tzinfo=UTC)
    assert event.data["order_id"] == "576653688135258178"


def test_without_an_id_the_body_is_its_own_name() -> None:
    body = b'{"type": 3, "shop_id": "1", "timestamp": 1644412885, "data": {"order_id": "2"}}'
    assert parse(body).id == hashlib.sha256(body).hexdigest()


def test_a_sellers_event_has_an_owner_and_no_shop() -> None:
    event = parse(b'{"type": 21, "seller_open_id": "abc", "timestamp": 1, "data": {}}')
    assert (event.shop_id, event.owner_id) == ("", "abc")
    creator = parse(b'{"type": 20, "creator_open_id": "xyz", "data": {}}')
    assert (creator.owner_id, creator.timestamp) == ("xyz", None)


def test_a_flat_inventory_change_is_known_by_its_shape() -> None:
    flat = {
        "event_id": "d7813cae",
        "seller_id": "749",
        "quantity_snapshot_after_change": {"total_quantity": 7},
    }
    event = parse(json.dumps(flat).encode())
    assert (event.type, event.id, event.owner_id) == (INVENTORY_CHANGED, "d7813cae", "749")
    assert event.data["quantity_snapshot_after_change"] == {"total_quantity": 7}


def test_unknown_types_and_odd_fields_are_kept() -> None:
    event = parse(b'{"type": 999, "shop_id": 12, "timestamp": "1718305585000", "data": {"a": [1]}}')
    assert (event.type, event.shop_id, event.data) == (999, "12", {"a": [1]})
    assert event.timestamp == datetime(2024, 6, 13, 19, 6, 25, tzinfo=UTC)
    assert parse(b'{"type": "7", "data": {}, "timestamp": 99999999999999999}').type == 7
    assert parse(b'{"type": null}').type == 0


def test_a_product_id_told_as_a_number_keeps_all_its_digits() -> None:
    event = parse(b'{"type": 5, "data": {"product_id": 1729592969712207008}}')
    assert event.data["product_id"] == 1729592969712207008


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"1", b"\xff\xfe"])
def test_a_body_that_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        parse(body)
