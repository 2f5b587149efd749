"""Any JSON in the world: parsers answer with a value or with one of our errors."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import OutcomeUnknown, RemoteError
from core.money import Money
from shipping.providers import fields
from shipping.providers.base import Rate
from shipping.providers.easypost import parse as easypost
from shipping.providers.shippo import parse as shippo
from shipping.providers.tiktok_parse import parse_held, parse_packages
from tests.contracts.tape import outcome

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RATE = Rate(
    provider="easypost",
    carrier="usps",
    service="x",
    service_name="x",
    price=Money.of("1.00", "USD"),
    delivery_days=None,
    guaranteed=False,
    expires_at=None,
    provider_ref={"shipment_id": "shp_1", "rate_id": "rate_1", "order_id": "1"},
)
OF_LINES = replace(RATE, provider_ref=RATE.provider_ref | {"lines": "1,2"})
# Names and values the parsers look for come up often, so that the fuzz gets past the first check.
_NAMES = st.sampled_from(
    [
        "id",
        "object_id",
        "rates",
        "messages",
        "postage_label",
        "selected_rate",
        "tracking_code",
        "tracking_number",
        "fees",
        "label_url",
        "label_pdf_url",
        "label_file_type",
        "carrier",
        "service",
        "rate",
        "currency",
        "amount",
        "provider",
        "status",
        "servicelevel",
        "token",
        "name",
        "estimated_days",
        "delivery_days",
        "refund_status",
        "results",
        "next",
        "metadata",
        "error",
        "code",
        "message",
        "errors",
        "field",
        "text",
        "source",
        "type",
        "packages",
        "line_items",
        "package_id",
        "order_line_item_ids",
        "package_status",
        "package_sub_status",
        "shipping_type",
        "object_created",
        "readable",
        "active",
    ]
)
_WORDS = st.sampled_from(
    [
        "shp_1",
        "rate_1",
        "SUCCESS",
        "ERROR",
        "QUEUED",
        "REFUNDED",
        "6.07",
        "USD",
        "USPS",
        "submitted",
        "refunded",
        "usps_priority",
        "1",
        "9400100208303109505657",
        "https://easypost-files.s3.amazonaws.com/a.pdf",
        "RTSING",
        "SELLER",
        "NaN",
        "-1",
        "1e999",
    ]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.decimals() | st.text() | _WORDS
JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_NAMES | st.text(max_size=3), inner)
    ),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(JSON)
def test_no_answer_breaks_a_parser(body: Any) -> None:
    for parse in (
        lambda: easypost.parse_quotes(body, now=NOW),
        lambda: easypost.parse_label(body, RATE),
        lambda: easypost.parse_found(body, RATE),
        lambda: easypost.parse_void(body),
        lambda: easypost.parse_carriers(body),
        lambda: shippo.parse_quotes(body, now=NOW),
        lambda: shippo.parse_label(body, RATE),
        lambda: shippo.parse_found(body, RATE, key="k"),
        lambda: shippo.parse_void(body),
        lambda: shippo.parse_carriers(body),
        lambda: parse_held([body], "1"),
        lambda: parse_held([body], "1", frozenset({"1"})),
        lambda: parse_packages([body], RATE),
        lambda: parse_packages([body], OF_LINES, parse_held([body], "1")),
    ):
        found = outcome(parse)
        assert not isinstance(found, RemoteError) or found.message


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_error_body_breaks_the_readers_of_refusals(body: Any) -> None:
    for read in (easypost.read_refusal, shippo.read_refusal):
        refusal = read(body)
        if refusal is not None:
            assert 0 < len(refusal.message) <= 900
            assert refusal.message.isprintable()


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_a_label_read_from_anything_is_whole(body: Any) -> None:
    whole = {
        "id": "shp_1",
        "tracking_code": "9400100208303109505657",
        "postage_label": {"label_url": "https://files.easypost.com/a.pdf"},
        "selected_rate": {"rate": "6.07", "currency": "USD"},
        "fees": [],
    }
    mixed = whole | body if isinstance(body, dict) else whole
    label = outcome(lambda: easypost.parse_label(mixed, RATE))
    if isinstance(label, RemoteError):
        assert isinstance(label, OutcomeUnknown)
        return
    assert label.tracking_number
    assert label.label_url.startswith("http")
    assert label.cost.amount >= 0


@given(st.binary())
def test_decoding_answers_json_or_a_value_error(content: bytes) -> None:
    try:
        value = fields.decode(content)
    except ValueError:
        return
    assert value is None or isinstance(value, str | int | list | dict | bool | Decimal)
