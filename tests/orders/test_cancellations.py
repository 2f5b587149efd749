"""Buyers who ask to cancel: read, told to people, and answered so that no lost reply is guessed
about."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from core.models import AuditEntry, Notification
from orders import handlers, privacy, sync
from orders.cancellations import answer, read, seller
from orders.models import Cancellation, CancellationAnswer, Order
from shops.clients import use_transport
from shops.models import Authorization
from shops.tiktok_shop.returns import Reason
from tests import factories
from tests.shops.sandboxed import Connected

PACKED = Reason("seller_reject_apply_product_has_been_packed", "Product has been packed")
APPROVE = "/return_refund/*/cancellations/*/approve"
REJECT = "/return_refund/*/cancellations/*/reject"


def asked(shop: Connected, **order: Any) -> Cancellation:
    """A buyer's request as we have read it."""
    number = shop.sandbox.new_order(shipping_type="SELLER", **order)
    shop.sandbox.order(number, "request-cancel")
    sync.read_orders(shop.shop, [number])
    (row,) = read.read_of(shop.shop, [number])
    return row


def approve(shop: Connected, row: Cancellation) -> answer.Outcome:
    return answer.approve(shop.workspace, [row.pk], user=shop.user)


def texts(order: Order, kind: str = "cancel") -> list[str]:
    return list(order.events.filter(kind=kind).order_by("pk").values_list("text", flat=True))


def test_a_request_is_kept_with_tiktoks_deadline_and_told_once(connected: Connected) -> None:
    row = asked(connected)
    assert row.is_waiting
    assert (row.role, row.reason_text) == ("BUYER", "Bought by mistake")
    assert row.answer_by == row.asked_at + timedelta(hours=48)
    assert row.answer_by_source == "tiktok"
    read.poll_shop(shop_id=connected.shop.pk)
    assert Cancellation.objects.filter(order=row.order).count() == 1
    assert texts(row.order) == ["The buyer asks to cancel: Bought by mistake."]
    (told,) = Notification.objects.filter(cause=f"cancellation:{row.tiktok_id}")
    assert row.order.tiktok_id in told.text


def test_approving_cancels_the_order_and_says_who_did_it(connected: Connected) -> None:
    row = asked(connected)
    outcome = approve(connected, row)
    assert (outcome.done, outcome.problems) == (1, [])
    row.refresh_from_db()
    order = Order.objects.get(pk=row.order_id)
    assert (row.status, row.ended_by, order.status) == ("done", "us", "CANCELLED")
    assert order.events.filter(kind="cancel", actor=connected.user).exists()
    assert AuditEntry.objects.get(action="cancellation.approved").actor == connected.user
    assert not Notification.objects.filter(
        cause=f"cancellation:{row.tiktok_id}", seen_at=None
    ).exists()


def test_refusing_with_tiktoks_reason_lets_the_order_go_on(connected: Connected) -> None:
    row = asked(connected)
    assert PACKED in answer.reasons_for(row)
    outcome = answer.reject(
        connected.workspace, [row.pk], PACKED, comment="It leaves today.", user=connected.user
    )
    assert outcome.done == 1
    row.refresh_from_db()
    order = Order.objects.get(pk=row.order_id)
    assert (row.status, row.ended_by) == ("closed", "us")
    assert (order.status, order.is_cancel_requested) == ("AWAITING_SHIPMENT", False)
    assert "The request to cancel was refused: Product has been packed." in texts(order)


def test_a_request_is_answered_once(connected: Connected) -> None:
    row = asked(connected)
    assert approve(connected, row).done == 1
    again = approve(connected, row)
    assert again.done == 0
    assert "does not wait for an answer any more" in again.problems[0]


@pytest.mark.parametrize("kind", ["timeout_after_effect", "reset_after_effect"])
def test_a_lost_reply_is_resolved_by_reading_the_request(connected: Connected, kind: str) -> None:
    row = asked(connected)
    connected.sandbox.fault(kind, path=APPROVE, seconds=0.1, times=1)
    outcome = approve(connected, row)
    assert outcome.done == 1
    assert Order.objects.get(pk=row.order_id).status == "CANCELLED"
    assert CancellationAnswer.objects.get().state == "done"


class Silent(httpx.BaseTransport):
    """The real wire, on which one call never arrives and is never answered."""

    def __init__(self) -> None:
        self.inner, self.keys = httpx.HTTPTransport(), list[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/approve"):
            self.keys.append(request.url.params["idempotency_key"])
            if len(self.keys) == 1:
                raise httpx.ReadTimeout("nothing came", request=request)
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


def test_a_call_that_never_arrived_is_sent_again_with_the_same_key(connected: Connected) -> None:
    row = asked(connected)
    wire = Silent()
    with use_transport(wire):
        assert approve(connected, row).under_way == 1
        (made,) = CancellationAnswer.objects.all()
        assert made.state == "unknown"
        ago = timezone.now() - timedelta(minutes=10)
        for _ in range(2):
            CancellationAnswer.objects.filter(pk=made.pk).update(due_at=ago, told_at=ago)
            answer.answers_due()
    made.refresh_from_db()
    assert made.state == "done"
    assert wire.keys == [str(made.key)] * 2
    assert Order.objects.get(pk=row.order_id).status == "CANCELLED"


def test_tiktoks_refusal_is_shown_and_the_request_may_be_answered_anew(
    connected: Connected,
) -> None:
    row = asked(connected)
    nonsense = Reason("nonsense", "Nonsense")
    refused = answer.reject(
        connected.workspace, [row.pk], nonsense, comment="", user=connected.user
    )
    assert "does not take this reason" in refused.problems[0]
    assert approve(connected, row).done == 1


def test_a_request_decided_on_tiktok_meanwhile_is_not_counted_as_ours(
    connected: Connected,
) -> None:
    row = asked(connected)
    connected.sandbox.order(row.order.tiktok_id, "withdraw-cancel")
    outcome = approve(connected, row)
    assert outcome.done == 0
    assert "was closed before the answer arrived" in outcome.problems[0]
    row.refresh_from_db()
    assert row.status == "closed"


def test_the_poll_learns_what_became_of_requests_without_a_webhook(connected: Connected) -> None:
    withdrawn, expired = asked(connected), asked(connected)
    connected.sandbox.order(withdrawn.order.tiktok_id, "withdraw-cancel")
    connected.sandbox.order(expired.order.tiktok_id, "cancel", who="SYSTEM")
    Cancellation.objects.filter(pk=expired.pk).update(answer_by=timezone.now())
    assert read.poll_shop(shop_id=connected.shop.pk) >= 2
    withdrawn.refresh_from_db()
    expired.refresh_from_db()
    assert (withdrawn.status, withdrawn.ended_by) == ("closed", "buyer")
    assert (expired.status, expired.ended_by) == ("done", "time")
    told = Notification.objects.get(cause=f"cancellation:{expired.tiktok_id}:ended")
    assert "approved by itself: nobody answered in time" in told.text


def test_people_learn_that_shipping_refused_a_request_by_itself(connected: Connected) -> None:
    row = asked(connected)
    order = row.order
    connected.sandbox.order(order.tiktok_id, "withdraw-cancel")
    now = timezone.now()
    Order.objects.filter(pk=order.pk).update(status="AWAITING_COLLECTION", rts_at=now)
    (row,) = read.read_of(connected.shop, [order.tiktok_id])
    assert row.ended_by == "shipping"
    told = Notification.objects.get(cause=f"cancellation:{row.tiktok_id}:ended")
    assert "refused by itself: the order was shipped" in told.text


def test_an_older_copy_never_wins(connected: Connected) -> None:
    row = asked(connected)
    before = next(iter(read.search_cancellations(read.tiktok_client(connected.shop))))
    old = [one for one in before if one.id == row.tiktok_id]
    approve(connected, row)
    Cancellation.objects.filter(pk=row.pk).update(updated_at=timezone.now())
    read.note(connected.shop, old)
    row.refresh_from_db()
    assert row.status == "done"


def test_a_shop_connected_without_that_permission_is_left_alone(connected: Connected) -> None:
    Authorization.objects.update(scopes=["seller.order.info"])
    connected.shop.refresh_from_db()
    assert not read.may_read(connected.shop)
    assert read.poll_shop(shop_id=connected.shop.pk) == 0


def test_where_tiktok_names_no_deadline_the_dated_rules_do(connected: Connected) -> None:
    row = asked(connected)
    factories.override(connected.workspace, key="cancel.auto_approve_after", value="3")
    (page,) = read.search_cancellations(
        read.tiktok_client(connected.shop), cancel_ids=[row.tiktok_id]
    )
    read.note(connected.shop, [replace(page[0], answer_by=None)])
    row.refresh_from_db()
    assert row.answer_by == row.asked_at + timedelta(hours=3)
    assert row.answer_by_source == "policy"


def test_a_seller_calls_an_order_off_for_a_reason_of_its_state(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="SELLER")
    (order,) = sync.read_orders(connected.shop, [number])
    names = [reason.name for reason in seller.reasons_for(order)]
    assert seller.OUT_OF_STOCK in names
    with pytest.raises(seller.CannotCancel, match="one of TikTok's reasons"):
        seller.cancel(order, "nonsense", user=connected.user)
    done = seller.cancel(order, seller.OUT_OF_STOCK, user=connected.user)
    assert done.status == "CANCELLED"
    assert "Cancelled by the seller: Out of stock." in texts(done)
    assert seller.reasons_for(done) == ()


def test_a_lost_reply_to_the_sellers_own_cancellation_is_looked_up(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="SELLER")
    (order,) = sync.read_orders(connected.shop, [number])
    path = "/return_refund/202602/cancellations"
    connected.sandbox.fault("timeout_after_effect", path=path, seconds=0.1, times=1)
    done = seller.cancel(order, seller.WRONG_PRICE, user=connected.user)
    assert done.status == "CANCELLED"


def test_an_order_that_is_on_its_way_is_not_called_off(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="SELLER")
    (order,) = sync.read_orders(connected.shop, [number])
    connected.sandbox.order(number, "status", status="IN_TRANSIT")
    with pytest.raises(seller.CannotCancel, match="on its way"):
        seller.cancel(order, seller.OUT_OF_STOCK, user=connected.user)


def test_a_webhook_about_a_cancellation_reads_the_request(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="SELLER")
    connected.sandbox.order(number, "request-cancel")
    data = {"order_id": number, "cancel_status": "CANCELLATION_REQUEST_PENDING"}
    event = factories.webhook("11", {"type": 11, "data": data}, owner=connected.shop.tiktok_id)
    handlers.read_told(events=[event])
    assert event.outcome == f"read order {number}"
    assert Cancellation.objects.get(order__tiktok_id=number).is_waiting


def test_an_event_is_done_though_its_request_cannot_be_read_now(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="SELLER")
    connected.sandbox.order(number, "request-cancel")
    path = "/return_refund/202602/cancellations/search"
    connected.sandbox.fault("status", path=path, status=503, times=5)
    event = factories.webhook(
        "11", {"type": 11, "data": {"order_id": number}}, owner=connected.shop.tiktok_id
    )
    handlers.read_told(events=[event])
    assert event.outcome == f"read order {number}"
    connected.sandbox.clear_faults()
    read.poll_shop(shop_id=connected.shop.pk)
    assert Cancellation.objects.get(order__tiktok_id=number).is_waiting


def test_erasing_a_buyer_strikes_the_words_written_to_them(connected: Connected) -> None:
    row = asked(connected)
    words = "Dear Jo, it left today."
    answer.reject(connected.workspace, [row.pk], PACKED, comment=words, user=connected.user)
    handed_out = privacy.export(Order.objects.get(pk=row.order_id))
    assert [one["comment"] for one in handed_out["answers"]] == [words]
    privacy.erase([row.order_id], now=timezone.now())
    assert CancellationAnswer.objects.get(cancellation=row).comment == privacy.GONE
