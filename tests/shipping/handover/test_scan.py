"""Scanning parcels out: taken once, and refused loudly whenever something speaks against it."""

import pytest

from core.models import User, Workspace
from orders.models import OrderEvent
from shipping.handover.scan import Answer, Verdict, scan, take_back
from shipping.models import CloseOut, HandoverScan, Label
from tests import factories

pytestmark = pytest.mark.django_db
NUMBER = "1Z999AA10123456784"


def parcel(glow: Workspace, **fields: object) -> Label:
    order = factories.order(glow, **fields.pop("order", {}))  # type: ignore[arg-type,misc]
    return factories.label(order, **fields)


def is_refused(answer: Answer, words: str) -> bool:
    """Stopped with these words, and nothing written."""
    stopped = answer.verdict is Verdict.REFUSED and words in answer.words
    return stopped and not HandoverScan.objects.exists()


def test_a_parcel_is_handed_over_with_who_and_when(glow: Workspace, packer: User) -> None:
    label = parcel(glow)
    answer = scan(glow, " 1z999aa10123456784 ", user=packer)
    assert answer.is_taken
    label.refresh_from_db()
    made = HandoverScan.objects.get()
    assert (made.label_id, made.by, label.handed_over_at) == (label.pk, packer, made.at)
    assert (made.close_out.carrier, made.close_out.closed_at) == ("ups", None)
    event = OrderEvent.objects.get(order=label.order, kind="handover")
    assert (event.text, event.actor) == ("Handed over to UPS, scanned at the door.", packer)


def test_the_second_scan_says_when_and_by_whom_the_first_was(glow: Workspace, packer: User) -> None:
    parcel(glow)
    scan(glow, NUMBER, user=packer)
    answer = scan(glow, NUMBER, user=packer)
    assert answer.verdict is Verdict.TWICE
    assert str(packer) in answer.words
    assert HandoverScan.objects.count() == 1


def test_a_number_of_nobody_is_refused(glow: Workspace) -> None:
    parcel(factories.workspace("Other"))
    assert is_refused(scan(glow, NUMBER, user=None), "No label of this workspace")


@pytest.mark.parametrize("state", ["refunding", "voided", "unused"])
def test_a_label_that_was_given_back_is_refused(glow: Workspace, state: str) -> None:
    parcel(glow, state=state)
    assert is_refused(scan(glow, NUMBER, user=None), "given back")


@pytest.mark.parametrize("state", ["voiding", "unknown", "buying"])
def test_a_label_nobody_may_use_yet_is_refused(glow: Workspace, state: str) -> None:
    parcel(glow, state=state)
    assert is_refused(scan(glow, NUMBER, user=None), "cannot be used")


def test_orders_that_must_not_go_out_are_stopped_at_the_door(glow: Workspace) -> None:
    parcel(glow, order={"status": "CANCELLED"})
    assert is_refused(scan(glow, NUMBER, user=None), "was cancelled")
    parcel(glow, order={"is_cancel_requested": True}, tracking_number="1Z999AA10123456785")
    assert is_refused(scan(glow, "1Z999AA10123456785", user=None), "asked to cancel")


def test_a_parcel_for_another_carrier_is_refused(glow: Workspace) -> None:
    parcel(glow)
    assert is_refused(scan(glow, NUMBER, user=None, carrier="usps"), "goes with UPS")
    assert scan(glow, NUMBER, user=None, carrier="ups").is_taken


def test_of_labels_with_one_number_the_one_in_use_counts(glow: Workspace) -> None:
    parcel(glow, state="voided")
    used = parcel(glow)
    answer = scan(glow, NUMBER, user=None)
    assert answer.label is not None
    assert (answer.is_taken, answer.label.pk) == (True, used.pk)


def test_parcels_of_one_shop_and_carrier_share_the_open_handover(glow: Workspace) -> None:
    parcel(glow)
    parcel(glow, tracking_number="1Z999AA10123456785")
    parcel(glow, tracking_number="9400100208303109505749", carrier="usps")
    for number in (NUMBER, "1Z999AA10123456785", "420787019400100208303109505749"):
        assert scan(glow, number, user=None).is_taken
    assert CloseOut.objects.filter(carrier="ups").get().scans.count() == 2
    assert CloseOut.objects.filter(carrier="usps").get().scans.count() == 1


def test_a_scan_can_be_taken_back_until_its_handover_is_closed(
    glow: Workspace, packer: User
) -> None:
    label = parcel(glow)
    first = scan(glow, NUMBER, user=packer).scan
    assert first is not None
    assert take_back(first, user=packer)
    label.refresh_from_db()
    assert label.handed_over_at is None
    second = scan(glow, NUMBER, user=packer).scan
    assert second is not None
    CloseOut.objects.update(closed_at=second.at)
    assert not take_back(second, user=packer)
    label.refresh_from_db()
    assert label.handed_over_at is not None
