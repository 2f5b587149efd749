"""Correcting a number at TikTok: once, in time, and never by guessing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.access import wreverse
from core.models import AuditEntry
from orders import dispatch, sync, tracking_edit
from orders.label_notes import note_label
from orders.models import Dispatch, TrackingEdit
from tests import factories
from tests.shops.sandboxed import Connected

UPS = "1Z999AA10123456784"
OTHER = "1Z999AA10000000055"
UPDATE = "/fulfillment/*/packages/*/shipping_info/update"


@pytest.fixture
def told(connected: Connected) -> Dispatch:
    number = connected.sandbox.new_order(shipping_type="SELLER", units=1)
    (order,) = sync.read_orders(connected.shop, [number])
    note_label(order.pk, "bought", "ups", UPS)
    made = dispatch.request(order, tracking_number=UPS, carrier="ups")
    assert dispatch.tell_tiktok(dispatch_id=made.pk) == "done"
    return Dispatch.objects.select_related("order__shop__authorization").get(pk=made.pk)


def at_tiktok(told: Dispatch) -> str:
    (order,) = sync.read_orders(told.order.shop, [told.order.tiktok_id])
    return str(order.tracking_number)


def test_one_correction_is_left_for_72_hours_then_none(told: Dispatch) -> None:
    now = timezone.now()
    allowed = tracking_edit.allowance(told, now=now)
    assert (allowed.left, allowed.sentence) == (1, "1 edit left")
    assert allowed.until == told.done_at + timedelta(hours=72)
    late = tracking_edit.allowance(told, now=told.done_at + timedelta(hours=73))
    assert not late.is_open
    assert late.sentence.startswith("The time for a correction is over")


def test_the_corrected_number_is_tiktoks_and_ours_and_the_edit_is_used(told: Dispatch) -> None:
    row = tracking_edit.edit(told, OTHER.lower(), "UPS", user=None)
    assert row.state == "done"
    assert at_tiktok(told) == OTHER
    told.refresh_from_db()
    assert told.tracking_number == OTHER
    allowed = tracking_edit.allowance(told, now=timezone.now())
    assert allowed.sentence.startswith("Edit used")
    with pytest.raises(tracking_edit.CannotEdit, match="Edit used"):
        tracking_edit.edit(told, UPS, "ups", user=None)
    assert AuditEntry.objects.filter(action="dispatch.corrected").count() == 1


def test_more_corrections_are_allowed_where_the_workspace_says_so(told: Dispatch) -> None:
    factories.override(told.order.workspace, key="tracking.edits", value="2")
    assert tracking_edit.allowance(told, now=timezone.now()).sentence == "2 edits left"


@pytest.mark.parametrize(
    ("number", "carrier", "words"),
    [
        (UPS, "ups", "already"),
        ("", "ups", "already"),
        (OTHER, "royal mail", "does not take Royal Mail"),
        ("NOT-A-NUMBER!", "ups", "characters"),
    ],
)
def test_what_tiktok_would_not_take_is_not_asked_or_leaves_the_edit(
    told: Dispatch, number: str, carrier: str, words: str
) -> None:
    with pytest.raises(tracking_edit.CannotEdit, match=words):
        tracking_edit.edit(told, number, carrier, user=None)
    assert at_tiktok(told) == UPS
    assert tracking_edit.allowance(told, now=timezone.now()).left == 1


def test_a_lost_answer_is_settled_by_reading_the_order(
    connected: Connected, told: Dispatch
) -> None:
    connected.sandbox.fault("timeout_after_effect", path=UPDATE, seconds=0.1)
    row = tracking_edit.edit(told, OTHER, "ups", user=None)
    assert row.state == "unknown"
    assert "under way" in tracking_edit.allowance(told, now=timezone.now()).sentence
    connected.sandbox.clear_faults()
    TrackingEdit.objects.update(told_at=timezone.now() - timedelta(minutes=1))
    assert tracking_edit.settle_due() == 1
    told.refresh_from_db()
    assert told.tracking_number == OTHER


def test_a_correction_that_never_arrived_is_refused_in_the_end(
    connected: Connected, told: Dispatch
) -> None:
    row = TrackingEdit.objects.create(
        dispatch=told, was=UPS, was_carrier="ups", tracking_number=OTHER, carrier="ups"
    )
    assert not tracking_edit.resolve(row, now=timezone.now())
    assert tracking_edit.resolve(row, now=timezone.now() + timedelta(minutes=5))
    row.refresh_from_db()
    assert (row.state, row.code) == ("refused", "lost")
    assert tracking_edit.allowance(told, now=timezone.now()).left == 1


def test_a_second_correction_waits_for_the_first(told: Dispatch) -> None:
    TrackingEdit.objects.create(
        dispatch=told, was=UPS, was_carrier="ups", tracking_number=OTHER, carrier="ups"
    )
    with pytest.raises(tracking_edit.CannotEdit, match="under way"):
        tracking_edit.edit(told, OTHER, "ups", user=None)


def test_the_order_page_offers_the_new_labels_number_and_tells_it(
    connected: Connected, told: Dispatch, client: Client
) -> None:
    note_label(told.order_id, "bought", "ups", OTHER)
    client.force_login(connected.user)
    page = wreverse(connected.workspace, "orders:detail", order_id=told.order_id)
    text = client.get(page).content.decode()
    assert "1 edit left" in text
    assert f'value="{OTHER}"' in text
    url = wreverse(connected.workspace, "orders:tracking-edit", order_id=told.order_id)
    answer = client.post(url, {"number": OTHER, "carrier": "UPS"}, follow=True)
    assert f"TikTok has {OTHER} now." in answer.content.decode()
    answer = client.post(url, {"number": UPS, "carrier": "UPS"}, follow=True)
    assert "Edit used" in answer.content.decode()


def test_an_order_that_was_not_told_has_nothing_to_correct(
    connected: Connected, client: Client
) -> None:
    order = factories.order(connected.workspace, shop=connected.shop)
    client.force_login(connected.user)
    url = wreverse(connected.workspace, "orders:tracking-edit", order_id=order.pk)
    assert client.post(url, {"number": OTHER, "carrier": "UPS"}).status_code == 404
