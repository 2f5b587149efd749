"""The page of cancellations: requests with their clock, answers alone and in bulk, and what becomes
of labels."""

import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from core.models import Role, Workspace
from orders import sync
from orders.cancellations import read
from orders.models import Cancellation, Order
from shipping.labels.auto_void import is_automatic
from shipping.models import Label
from tests import factories
from tests.orders.conftest import connected as connected
from tests.orders.conftest import sandbox as sandbox
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shops.sandboxed import Connected

pytestmark = pytest.mark.django_db


def asked(shop: Connected) -> Cancellation:
    number = shop.sandbox.new_order(shipping_type="SELLER")
    shop.sandbox.order(number, "request-cancel")
    sync.read_orders(shop.shop, [number])
    (row,) = read.read_of(shop.shop, [number])
    return row


def at(shop: Connected) -> Desk:
    from django.test import Client

    client = Client()
    client.force_login(shop.user)
    return Desk(client, shop.workspace)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("waiting", "Nobody asks to cancel"),
        ("ended", "No request has ended yet"),
        ("labels", "No label was bought for an order that was cancelled"),
        ("address", "Every label carries its order's address"),
        ("nonsense", "Nobody asks to cancel"),
    ],
)
def test_empty_lists_say_what_they_are_for(owner: Desk, name: str, words: str) -> None:
    assert words in text_of(owner.get("cancellations", f"?list={name}"))


def test_a_request_shows_its_clock_its_reason_and_its_label(glow: Workspace, owner: Desk) -> None:
    plain = factories.cancellation(factories.order(glow))
    labelled = factories.cancellation(factories.order(glow, label_state="bought"))
    factories.cancellation(factories.order(glow, label_state="bought", lane="platform"))
    text = text_of(owner.get("cancellations"))
    assert "No longer needed" in text
    assert "in 1 d" in text or "in 36 h" in text or "Answer by" in text
    assert "approving voids it by itself" in text
    assert "TikTok takes it back with the order" in text
    assert "No label yet." in text
    html = owner.get("cancellations").content.decode()
    assert f'value="{plain.pk}"' in html
    assert f'value="{labelled.pk}"' in html


def test_a_packer_sees_requests_and_cannot_answer_them(glow: Workspace) -> None:
    row = factories.cancellation(factories.order(glow))
    packer = desk_of(glow, Role.PACKER)
    html = packer.get("cancellations").content.decode()
    assert "No longer needed" in html
    assert 'name="cancellation"' not in html
    sent = {"cancellation": [row.pk]}
    assert packer.post("cancellations-approve", sent).status_code == 403


def test_ended_requests_say_how(glow: Workspace, owner: Desk) -> None:
    factories.cancellation(factories.order(glow), status="closed", ended_by="shipping")
    factories.cancellation(factories.order(glow), status="done", ended_by="time")
    text = text_of(owner.get("cancellations", "?list=ended"))
    assert "Refused by itself: the order was shipped" in text
    assert "Approved by itself: nobody answered in time" in text


def test_the_page_costs_the_same_for_two_requests_and_for_thirty(
    glow: Workspace, owner: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    owner.get("cancellations")
    for count in (2, 28):
        for _ in range(count):
            factories.cancellation(factories.order(glow))
        with django_assert_max_num_queries(14):
            text = text_of(owner.get("cancellations"))
    assert text.count("No longer needed") == 30


def test_requests_of_others_cannot_be_answered(glow: Workspace, owner: Desk) -> None:
    theirs = factories.cancellation(factories.order(factories.workspace("Other")))
    response = owner.post("cancellations-approve", {"cancellation": [theirs.pk]})
    assert response.status_code == 303
    theirs.refresh_from_db()
    assert theirs.is_waiting
    response = owner.get("cancellations-refuse", f"?cancellation={theirs.pk}")
    assert "None of these requests waits" in owner.told(response)[-1]


def test_nothing_selected_is_said(owner: Desk) -> None:
    response = owner.post("cancellations-approve", {"cancellation": ["x", "9" * 30]})
    assert "No request was selected" in owner.told(response)[-1]


def test_approving_from_the_orders_page_goes_back_there(connected: Connected) -> None:
    row, desk = asked(connected), at(connected)
    panel = desk.get("order-panel", part=True, order_id=row.order_id).content.decode()
    assert "The buyer asks to cancel" in panel
    sent: dict[str, Any] = {"cancellation": [row.pk], "order": row.order_id}
    response = desk.post("cancellations-approve", sent)
    assert response["Location"].endswith(f"/orders/{row.order_id}/")
    assert desk.told(response) == ["1 request approved."]
    assert Order.objects.get(pk=row.order_id).status == "CANCELLED"
    panel = desk.get("order-panel", part=True, order_id=row.order_id).content.decode()
    assert "Answered here" in panel


def test_refusing_offers_tiktoks_reasons_first(connected: Connected) -> None:
    row, desk = asked(connected), at(connected)
    form = text_of(desk.get("cancellations-refuse", f"?cancellation={row.pk}"))
    assert "Product has been packed" in form
    assert "Refuse 1 request" in form
    sent: dict[str, Any] = {"cancellation": [row.pk]}
    nothing = desk.post("cancellations-refuse", sent | {"reason": "nonsense"})
    assert nothing.status_code == 422
    sent |= {"reason": "seller_reject_apply_product_has_been_packed", "comment": "On its way"}
    response = desk.post("cancellations-refuse", sent)
    assert desk.told(response) == ["1 request refused."]
    assert not Order.objects.get(pk=row.order_id).is_cancel_requested


def test_reasons_that_cannot_be_read_are_an_error_in_words(connected: Connected) -> None:
    row, desk = asked(connected), at(connected)
    path = "/return_refund/202309/reject_reasons"
    connected.sandbox.fault("status", path=path, status=503, times=9)
    response = desk.get("cancellations-refuse", f"?cancellation={row.pk}")
    assert "TikTok's reasons could not be read" in desk.told(response)[-1]


def test_reasons_that_cannot_be_read_leave_the_selection_as_it_was(connected: Connected) -> None:
    rows, desk = [asked(connected) for _ in range(3)], at(connected)
    path = "/return_refund/202309/reject_reasons"
    connected.sandbox.fault("status", path=path, status=503, times=9)
    sent: dict[str, Any] = {"cancellation": [row.pk for row in rows[:2]]}
    part = desk.post("cancellations-refuse", sent, part=True)
    assert part.status_code == 204
    assert "HX-Redirect" not in part
    assert "The selection is kept" in part["HX-Trigger"]
    whole = desk.post("cancellations-refuse", sent)
    assert "The selection is kept" in desk.told(whole)[-1]
    html = desk.client.get(whole["Location"]).content.decode()
    ticked = re.findall(r'value="(\d+)" data-pick checked', html)
    assert sorted(map(int, ticked)) == sorted(row.pk for row in rows[:2])
    assert all(row.is_waiting for row in Cancellation.objects.all())


def test_a_seller_cancels_an_order_from_its_page(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="SELLER")
    (order,) = sync.read_orders(connected.shop, [number])
    desk = at(connected)
    form = text_of(desk.get("call-off", order_id=order.pk))
    assert "Out of stock (counts as your fault)" in form
    assert desk.post("call-off", {"reason": "x"}, order_id=order.pk).status_code == 422
    reason = {"reason": "seller_cancel_reason_out_of_stock"}
    response = desk.post("call-off", reason, order_id=order.pk)
    assert desk.told(response) == ["The order is cancelled on TikTok."]
    response = desk.get("call-off", order_id=order.pk)
    assert "cannot be cancelled from here" in desk.told(response)[-1]


def test_the_workspace_chooses_whether_labels_are_voided_by_themselves(
    glow: Workspace, owner: Desk
) -> None:
    assert "voided by themselves" in text_of(owner.get("cancellations"))
    owner.post("cancellations-automatic", {"wanted": "no"})
    assert not is_automatic(glow.pk)
    assert "kept until somebody voids them" in text_of(owner.get("cancellations"))
    owner.post("cancellations-automatic", {"wanted": "yes"})
    assert is_automatic(glow.pk)


def test_labels_of_cancelled_orders_are_listed_with_what_became_of_them(
    glow: Workspace, owner: Desk
) -> None:
    def label(**fields: Any) -> Label:
        return factories.label(factories.order(glow), **fields)

    factories.money_back(label(state="refunding"), why="cancelled")
    factories.money_back(label(), why="cancelled", outcome="left", left_because="scanned")
    factories.money_back(label(), why="cancelled", outcome="in_use", note="Too late.")
    text = text_of(owner.get("cancellations", "?list=labels"))
    assert "Voided, credit pending" in text
    assert "A carrier has scanned it" in text
    assert "Could not be given back: Too late." in text
