"""Requests to cancel in the sandbox: real state, TikTok's refusals, repeats by idempotency key."""

from typing import Any

import pytest

from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import Caller

SEARCH = "/return_refund/202602/cancellations/search"
ONE = "/return_refund/202309/cancellations"
CANCEL = "/return_refund/202602/cancellations"
PACKED = "seller_reject_apply_product_has_been_packed"
MINE = "seller_cancel_reason_out_of_stock"


@pytest.fixture
def tiktok(sandbox: Running) -> Caller:
    return Caller(sandbox)


def asked(tiktok: Caller, **order: Any) -> tuple[str, dict[str, Any]]:
    """An order whose buyer asks to cancel, and the request."""
    number = tiktok.sandbox.new_order(shipping_type="SELLER", **order)
    tiktok.sandbox.order(number, "request-cancel")
    return number, found(tiktok, order_ids=[number])[0]


def found(tiktok: Caller, **body: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tiktok.ok("POST", SEARCH, {"page_size": "50"}, body)[
        "cancellations"
    ]
    return rows


def test_a_buyers_request_waits_with_a_deadline_until_it_is_answered(tiktok: Caller) -> None:
    number, request = asked(tiktok)
    assert request["order_id"] == number
    assert (request["cancel_type"], request["role"]) == ("BUYER_CANCEL", "BUYER")
    assert request["cancel_status"] == "CANCELLATION_REQUEST_PENDING"
    deadline = request["seller_next_action_response"][0]["deadline"]
    assert deadline - request["create_time"] == 48 * 3600
    waiting = found(tiktok, cancel_status=["CANCELLATION_REQUEST_PENDING"])
    assert request["cancel_id"] in [one["cancel_id"] for one in waiting]


def test_approving_cancels_the_order_and_the_same_key_does_it_once(tiktok: Caller) -> None:
    number, request = asked(tiktok)
    path = f"{ONE}/{request['cancel_id']}/approve"
    tiktok.ok("POST", path, {"idempotency_key": "k1"})
    assert tiktok.order(number)["status"] == "CANCELLED"
    tiktok.ok("POST", path, {"idempotency_key": "k1"})
    assert tiktok.refused("POST", path, {"idempotency_key": "k2"}) == 25011012
    assert found(tiktok, order_ids=[number])[0]["cancel_status"].endswith("COMPLETE")


def test_a_refused_request_leaves_the_order_open(tiktok: Caller) -> None:
    number, request = asked(tiktok)
    names = tiktok.ok(
        "GET", "/return_refund/202309/reject_reasons", {"return_or_cancel_id": request["cancel_id"]}
    )
    assert PACKED in [reason["name"] for reason in names["reasons"]]
    path = f"{ONE}/{request['cancel_id']}/reject"
    assert tiktok.refused("POST", path, body={"reject_reason": "nonsense"}) == 25001014
    tiktok.ok("POST", path, body={"reject_reason": PACKED, "comment": "On its way."})
    shown = tiktok.order(number)
    assert (shown["status"], shown["is_buyer_request_cancel"]) == ("AWAITING_SHIPMENT", False)
    assert tiktok.refused("POST", path, body={"reject_reason": PACKED}) == 25011011
    assert tiktok.refused("POST", f"{ONE}/{request['cancel_id']}/approve") == 25020009


def test_nobody_answering_for_two_days_is_agreeing(tiktok: Caller) -> None:
    number, _ = asked(tiktok)
    tiktok.sandbox.travel(47 * 3600)
    assert tiktok.order(number)["status"] == "AWAITING_SHIPMENT"
    tiktok.sandbox.travel(2 * 3600)
    shown = tiktok.order(number)
    assert (shown["status"], shown["cancellation_initiator"]) == ("CANCELLED", "SYSTEM")


def test_shipping_the_order_refuses_the_request_by_itself(tiktok: Caller) -> None:
    number, request = asked(tiktok)
    answer = tiktok.mark(number, "1Z12345E0205271688", tiktok.carrier("UPS"))
    assert answer["code"] == 0
    (shown,) = found(tiktok, cancel_ids=[request["cancel_id"]])
    assert shown["cancel_status"] == "CANCELLATION_REQUEST_CANCEL"


def test_a_seller_cancels_with_a_reason_that_fits_the_state(tiktok: Caller) -> None:
    number = tiktok.sandbox.new_order(shipping_type="SELLER")
    body = {"order_id": number, "cancel_reason": "seller_cancel_unpaid_reason_out_of_stock"}
    assert tiktok.refused("POST", CANCEL, body=body) == 25001021
    tiktok.ok("POST", CANCEL, body={"order_id": number, "cancel_reason": MINE})
    assert tiktok.order(number)["status"] == "CANCELLED"
    again = {"order_id": number, "cancel_reason": MINE}
    assert tiktok.refused("POST", CANCEL, body=again) == 25001051
    (record,) = found(tiktok, order_ids=[number])
    assert (record["cancel_type"], record["cancel_reason"]) == ("CANCEL", MINE)


def test_a_withdrawn_request_is_closed_and_another_one_gets_its_own_number(tiktok: Caller) -> None:
    number, first = asked(tiktok)
    tiktok.sandbox.order(number, "withdraw-cancel")
    tiktok.sandbox.order(number, "request-cancel")
    states = {one["cancel_id"]: one["cancel_status"] for one in found(tiktok, order_ids=[number])}
    assert len(states) == 2
    assert states[first["cancel_id"]] == "CANCELLATION_REQUEST_CANCEL"


def test_long_lists_come_in_pages(tiktok: Caller) -> None:
    numbers = {asked(tiktok)[0] for _ in range(3)}
    first = tiktok.ok("POST", SEARCH, {"page_size": "2"}, {"order_ids": sorted(numbers)})
    query = {"page_size": "2", "page_token": first["next_page_token"]}
    rest = tiktok.ok("POST", SEARCH, query, {"order_ids": sorted(numbers)})
    both = [*first["cancellations"], *rest["cancellations"]]
    assert {one["order_id"] for one in both} == numbers
    assert (first["total_count"], rest["next_page_token"]) == (3, "")
