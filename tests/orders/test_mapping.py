"""Order documents become rows, whatever TikTok sends."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.mapping import Unmappable, amount, map_order, moment
from orders.querysets import NO_DEADLINE
from tests.orders import documents

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def mapped(**changes: Any) -> dict[str, Any]:
    return map_order(documents.order(**changes), now=NOW).order


def test_an_ordinary_order_is_read_whole() -> None:
    document = documents.order()
    result = map_order(document, now=NOW)
    row = result.order
    assert row["tiktok_id"] == document["id"]
    assert (row["status"], row["lane"], row["currency"]) == ("AWAITING_SHIPMENT", "own", "USD")
    assert row["total"] == Decimal("27.23")
    assert row["paid_at"] == datetime.fromtimestamp(documents.PAID, UTC)
    assert row["due_at"] == row["scan_by"] > row["ship_by"]
    assert row["recipient"] == {
        "name": "José Ortiz",
        "street1": "1 Main St",
        "street2": "Apt 2",
        "city": "Austin",
        "state": "TX",
        "postal_code": "78701",
        "country": "US",
        "phone": "+1 512-555-0101",
        "company": "",
        "email": "",
    }
    assert row["address_state"] == "good"
    assert (row["unit_count"], row["sku_count"]) == (2, 1)
    assert row["pick_key"] == "glow-30|0002"
    assert orjson.loads(row["raw"]) == document
    assert [line["sale_price"] for line in result.lines] == [Decimal("12.00")] * 2


@pytest.mark.parametrize(
    ("shipping", "fulfillment", "kind", "lane"),
    [
        ("SELLER", "FULFILLMENT_BY_SELLER", "NORMAL", "own"),
        ("TIKTOK", "FULFILLMENT_BY_SELLER", "NORMAL", "platform"),
        ("TIKTOK", "FULFILLMENT_BY_TIKTOK", "NORMAL", "fbt"),
        ("SELLER", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA", "NORMAL", "fbt"),
        ("TIKTOK_DIGITAL", "FULFILLMENT_BY_SELLER", "NORMAL", "none"),
        ("SELLER", "", "VIRTUAL_ORDER", "none"),
        ("TELEPORT", "FULFILLMENT_BY_SELLER", "NORMAL", "none"),
    ],
)
def test_the_lane_says_who_makes_the_label(
    shipping: str, fulfillment: str, kind: str, lane: str
) -> None:
    row = mapped(shipping_type=shipping, fulfillment_type=fulfillment, order_type=kind)
    assert row["lane"] == lane


def test_unknown_words_and_fields_are_kept() -> None:
    row = mapped(status="RESTING", shipping_type="TELEPORT", new_field={"a": [1]})
    assert (row["status"], row["shipping_type"]) == ("RESTING", "TELEPORT")
    assert orjson.loads(row["raw"])["new_field"] == {"a": [1]}


@pytest.mark.parametrize(
    ("currency", "kept"), [("ZZZ", "ZZZ"), ("gbp", "GBP"), ("dollar", "XXX"), (None, "XXX")]
)
def test_unknown_currencies_are_kept_and_nonsense_is_no_currency(
    currency: object, kept: str
) -> None:
    lines = [documents.line(currency=currency)]
    row = map_order(
        documents.order(payment={"currency": currency, "total_amount": "5"}, line_items=lines),
        now=NOW,
    )
    assert row.order["currency"] == kept
    assert row.lines[0]["currency"] == kept


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("12.345", "12.34"),
        ("5000", "5000.00"),
        (7, "7.00"),
        ("-1.5", "-1.50"),
        ("NaN", "0.00"),
        ("Infinity", "0.00"),
        ("1e999", "0.00"),
        ("twelve", "0.00"),
        (None, "0.00"),
        (True, "0.00"),
        ({}, "0.00"),
    ],
)
def test_money_is_exact_to_the_cent_and_nonsense_is_nothing(value: object, kept: str) -> None:
    assert str(amount(value)) == kept


@pytest.mark.parametrize("value", [0, -5, None, "soon", True, 10**30, "9" * 40, [], 1.5])
def test_a_time_without_sense_is_no_time(value: object) -> None:
    assert moment(value) is None


def test_times_come_as_seconds_strings_or_milliseconds() -> None:
    expected = datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)
    assert moment(1_795_000_000) == expected
    assert moment("1795000000") == expected
    assert moment(1_795_000_000_000) == expected


def test_an_order_without_times_takes_the_time_it_was_read() -> None:
    row = mapped(create_time=None, update_time="", rts_sla_time=None, tts_sla_time=0)
    assert row["created_at"] == row["updated_at"] == NOW
    assert row["due_at"] == NO_DEADLINE


def test_an_order_without_a_number_cannot_become_a_row() -> None:
    with pytest.raises(Unmappable):
        map_order({"status": "UNPAID"}, now=NOW)


def test_units_are_counted_without_those_that_were_cancelled() -> None:
    lines = [
        documents.line(),
        documents.line(display_status="CANCELLED"),
        documents.line(sku_id="2", seller_sku="AMBER-1"),
    ]
    row = mapped(line_items=lines)
    assert (row["unit_count"], row["sku_count"]) == (2, 2)
    assert row["pick_key"] == "amber-1|0001|glow-30|0001"


def test_the_search_text_holds_what_people_look_for_once_and_in_lower_case() -> None:
    row = mapped(tracking_number="1Z999")
    for word in (row["tiktok_id"], "jose_o", "josé ortiz", "1z999", "glow-30", "glow serum"):
        assert row["search_text"].count(word) == 1


def test_a_masked_name_is_not_searched_for() -> None:
    row = mapped(recipient_address=documents.address(name="J*** O***"))
    assert "***" not in row["search_text"]


def test_characters_the_database_refuses_are_taken_out() -> None:
    row = mapped(buyer_message="hi\x00there")
    assert row["buyer_message"] == "hithere"
    assert "\\u0000" not in row["raw"]


def test_what_a_buyer_types_is_no_escape() -> None:
    words = ["\\u0000", "\\\\u0000", "a\\\x00\x00b"]
    kept = [orjson.loads(mapped(buyer_message=one)["raw"])["buyer_message"] for one in words]
    assert kept == ["\\u0000", "\\\\u0000", "a\\b"]


def test_lines_without_or_with_the_same_number_stay_apart_or_fold() -> None:
    lines = [documents.line(id=None), documents.line(id=""), documents.line(id="7")] * 2
    result = map_order(documents.order(line_items=lines), now=NOW)
    assert [line["tiktok_id"] for line in result.lines] == [
        "line-1",
        "line-2",
        "7",
        "line-4",
        "line-5",
    ]


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**62) | st.text(max_size=20) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
_changes = st.dictionaries(st.sampled_from(sorted(documents.order())), _json, max_size=4)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_changes)
def test_no_document_whatever_is_in_it_breaks_the_mapping(changes: dict[str, Any]) -> None:
    result = map_order({**documents.order(), **changes, "id": "1"}, now=NOW)
    assert result.order["tiktok_id"] == "1"
    assert len(result.order["currency"]) == 3
    assert orjson.loads(result.order["raw"])["id"] == "1"
