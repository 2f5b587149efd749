"""Cancellations on the wire: what is sent, what is read, and what no answer may be taken for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.errors import OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shops.tiktok_shop.returns import (
    Reason,
    already_decided,
    approve_cancellation,
    cancel_order,
    read_cancellation,
    reject_cancellation,
    reject_reasons,
    search_cancellations,
)
from tests.shops.tiktok_shop.wire import Wire, ok

SEARCH = "/return_refund/202602/cancellations/search"


def shown(**fields: Any) -> dict[str, Any]:
    """A cancellation with the documented names."""
    return {
        "cancel_id": "4035",
        "order_id": "5769",
        "cancel_type": "BUYER_CANCEL",
        "cancel_status": "CANCELLATION_REQUEST_PENDING",
        "role": "BUYER",
        "cancel_reason": "ecom_order_to_ship_canceled_reason_no_longer_needed",
        "cancel_reason_text": "No longer needed",
        "create_time": 1_795_000_000,
        "update_time": 1_795_000_060,
        "refund_amount": {"currency": "USD", "refund_total": "24.50"},
        "seller_next_action_response": [
            {"action": "SELLER_RESPOND_CANCEL", "deadline": 1_795_172_800}
        ],
        "cancel_line_items": [{"order_line_item_id": "l1"}, {"order_line_item_id": "l2"}],
    } | fields


def test_pending_requests_are_searched_page_by_page() -> None:
    wire = Wire(
        ok({"cancellations": [shown()], "next_page_token": "more", "total_count": 2}),
        ok({"cancellations": [shown(cancel_id="4036")], "next_page_token": ""}),
    )
    pages = list(search_cancellations(wire.client(), pending_only=True))
    assert [one.id for page in pages for one in page] == ["4035", "4036"]
    assert wire.asked == ("POST", SEARCH)
    assert wire.body() == {"cancel_status": ["CANCELLATION_REQUEST_PENDING"]}


def test_a_request_is_read_with_its_deadline_and_what_the_buyer_gets() -> None:
    found = read_cancellation(shown())
    assert (found.state, found.kind, found.role) == ("pending", "BUYER_CANCEL", "BUYER")
    assert found.answer_by == datetime.fromtimestamp(1_795_172_800, UTC)
    assert found.refund == Money(Decimal("24.50"), "USD")
    assert found.line_ids == ("l1", "l2")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("CANCELLATION_REQUEST_SUCCESS", "approved"),
        ("CANCELLATION_REQUEST_COMPLETE", "done"),
        ("CANCELLATION_REQUEST_CANCEL", "closed"),
        ("CANCELLATION_REQUEST_CANCELLED", "closed"),
        ("CANCELLATION_REQUEST_NOVEL", ""),
    ],
)
def test_both_spellings_are_known_and_others_kept(word: str, state: str) -> None:
    found = read_cancellation(shown(cancel_status=word))
    assert (found.state, found.word) == (state, word)


@pytest.mark.parametrize("missing", ["cancel_id", "order_id"])
def test_a_request_without_a_name_is_unreadable(missing: str) -> None:
    with pytest.raises(Unavailable):
        read_cancellation(shown(**{missing: None}))


def test_what_is_left_out_or_damaged_is_not_guessed() -> None:
    found = read_cancellation(
        {
            "cancel_id": "1",
            "order_id": "2",
            "refund_amount": {"refund_total": "NaN", "currency": "USD"},
            "seller_next_action_response": [None, {"deadline": "soon"}],
        }
    )
    assert (found.refund, found.answer_by, found.asked_at, found.state) == (None, None, None, "")


def test_approving_and_refusing_carry_their_key() -> None:
    wire = Wire(ok({}))
    approve_cancellation(wire.client(), cancel_id="4035", key="k-1")
    assert wire.asked == ("POST", "/return_refund/202309/cancellations/4035/approve")
    assert wire.last.url.params["idempotency_key"] == "k-1"
    reject_cancellation(wire.client(), cancel_id="4035", reason="packed", comment="Hm", key="k-2")
    assert wire.asked == ("POST", "/return_refund/202309/cancellations/4035/reject")
    assert wire.body() == {"reject_reason": "packed", "comment": "Hm"}


def test_reasons_are_named_by_tiktok() -> None:
    wire = Wire(ok({"reasons": [{"name": "packed", "text": "Product has been packed"}, {}]}))
    reasons = reject_reasons(wire.client(), cancel_id="4035")
    assert reasons == [Reason("packed", "Product has been packed")]
    assert wire.last.url.params["return_or_cancel_id"] == "4035"


def test_a_seller_cancels_the_whole_order() -> None:
    wire = Wire(ok({"cancel_id": "4040", "cancel_status": "CANCELLATION_REQUEST_SUCCESS"}))
    assert cancel_order(wire.client(), order_id="5769", reason="out_of_stock") == "4040"
    assert wire.asked == ("POST", "/return_refund/202602/cancellations")
    assert wire.body() == {"order_id": "5769", "cancel_reason": "out_of_stock"}


@pytest.mark.parametrize(
    ("code", "decided"), [("25011012", True), ("25020010", True), ("25001014", False)]
)
def test_a_request_that_somebody_else_decided_is_told_apart(code: str, decided: bool) -> None:
    error = Rejected("No.", provider="TikTok Shop", code=code)
    assert already_decided(error) is decided


def test_trouble_while_answering_leaves_the_outcome_open() -> None:
    import httpx

    trouble = httpx.Response(200, json={"code": 25020008, "message": "internal", "data": None})
    with pytest.raises(OutcomeUnknown):
        approve_cancellation(Wire(trouble).client(), cancel_id="4035", key="k")


def test_more_than_fifty_orders_are_refused_before_asking() -> None:
    with pytest.raises(ValueError, match="50"):
        next(search_cancellations(Wire(ok({})).client(), order_ids=["1"] * 51))
