"""Parcels followed from purchase to the buyer's door, against the simulated providers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shipping.models import Label
from shipping.tracking.poll import poll_due
from tests.sandbox.running import Running
from tests.shipping.labels.at_sandbox import an_order, buy
from tests.shipping.labels.at_sandbox import desk as desk
from tests.shipping.labels.at_sandbox import sandbox as sandbox
from tests.shipping.labels.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def told(label: Label) -> Label:
    """The label after a sweep that finds it due."""
    now = timezone.now()
    Label.objects.filter(pk=label.pk).update(next_poll_at=now, settled_at=now - timedelta(hours=3))
    assert poll_due() == 1
    return Label.objects.get(pk=label.pk)


def test_a_parcel_is_followed_to_the_door(desk: World, sandbox: Running) -> None:
    label = buy(an_order(desk))
    sandbox.travel(60)
    made = told(label)
    assert (made.tracking_status, made.first_scan_at) == ("pre_transit", None)
    assert made.tracker_ref
    sandbox.control("POST", "parcels", {"number": label.tracking_number})
    moving = told(label)
    assert moving.tracking_status == "in_transit"
    assert moving.first_scan_at is not None
    for _ in range(6):
        sandbox.control("POST", "parcels", {"number": label.tracking_number})
    done = told(label)
    assert (done.tracking_status, done.next_poll_at) == ("delivered", None)
    assert done.first_scan_at == moving.first_scan_at
    assert done.delivered_at is not None
    events = list(done.tracking_events.order_by("at", "pk").values_list("status", flat=True))
    assert events[0] == "pre_transit"
    assert events[-1] == "delivered"
    assert len(events) == len(set(done.tracking_events.values_list("dedupe", flat=True))) == 7


def test_a_parcel_that_comes_back_is_known_to(desk: World, sandbox: Running) -> None:
    label = buy(an_order(desk))
    act = {"number": label.tracking_number, "do": "returned"}
    sandbox.control("POST", "parcels", act)
    sandbox.travel(20 * 86_400.0)
    back = told(label)
    assert (back.tracking_status, back.delivered_at) == ("return_to_sender", None)
