"""Closing a handover: counted once, with what stayed behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import AuditEntry, User, Workspace
from orders import privacy as orders_privacy
from orders.models import Order
from shipping import privacy
from shipping.handover import counts
from shipping.handover.close import AlreadyClosed, close
from shipping.handover.photos import add
from shipping.models import CloseOut, HandoverPhoto
from tests import factories
from tests.shipping.handover.test_photos import picture

pytestmark = pytest.mark.django_db


def half_done(glow: Workspace) -> CloseOut:
    """Two UPS parcels: one scanned out, one still here; one of USPS beside them."""
    found = factories.close_out(glow)
    account = factories.account(glow)
    gone = factories.label(factories.order(glow), account=account)
    factories.handover_scan(gone, found)
    for carrier in ("ups", "usps"):
        factories.label(factories.order(glow), account=account, carrier=carrier)
    return found


def test_it_counts_what_went_and_what_stayed_behind(glow: Workspace, packer: User) -> None:
    pickup = timezone.now() - timedelta(minutes=20)
    done = close(half_done(glow), pickup_at=pickup, note="  Dock  3 ", user=packer)
    assert (done.parcels, done.left_behind, done.pickup_at) == (1, 1, pickup)
    assert (done.note, done.closed_by) == ("Dock 3", packer)
    assert AuditEntry.objects.filter(action="handover.closed").count() == 1


def test_it_is_closed_once(glow: Workspace, packer: User) -> None:
    found = half_done(glow)
    close(found, pickup_at=None, note="", user=packer)
    with pytest.raises(AlreadyClosed):
        close(found, pickup_at=None, note="", user=packer)


def test_the_lines_show_each_carrier_with_what_is_left_and_what_went(glow: Workspace) -> None:
    half_done(glow)
    found = counts.lines(glow, now=timezone.now())
    assert [(one.carrier_name, one.left, one.handed) for one in found] == [
        ("UPS", 1, 1), ("USPS", 1, 0),
    ]  # fmt: skip


def test_cancelled_and_collected_orders_are_not_waited_for(glow: Workspace) -> None:
    half_done(glow)
    Order.objects.filter(labels__handed_over_at=None).update(status="CANCELLED")
    assert [one.left for one in counts.lines(glow, now=timezone.now())] == [0]
    Order.objects.filter(status="CANCELLED").update(status="IN_TRANSIT")
    assert [one.left for one in counts.lines(glow, now=timezone.now())] == [0]


def test_an_erased_buyers_photos_go_and_the_handover_stays(glow: Workspace, packer: User) -> None:
    found = half_done(glow)
    photo = add(found, picture(), user=packer)
    order = found.scans.get().label.order
    key = photo.file_key
    privacy.erase_orders([order.pk], now=timezone.now())
    photo = HandoverPhoto.objects.get(pk=photo.pk)
    assert (photo.file_key, bool(key)) == ("", True)
    assert found.scans.count() == 1
    assert orders_privacy.GONE
