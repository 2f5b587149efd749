"""A buyer who is erased is erased from what carriers told as well."""

from typing import Any

import pytest
from django.utils import timezone

from core.models import WebhookEvent
from shipping.models import Label, TrackingEvent
from shipping.privacy import erase_orders, export_buyer
from tests import factories

pytestmark = pytest.mark.django_db
NUMBER = "1Z999AA10123456784"


def label(**order: Any) -> Label:
    """A delivered label whose carrier named the one who took it."""
    made = factories.label(
        factories.order(factories.workspace(), **order),
        tracking_status="delivered",
        handled_at=timezone.now(),
        handled_note="Jo Ortiz called",
    )
    TrackingEvent.objects.create(
        label=made,
        at=timezone.now(),
        status="delivered",
        text="Left with J ORTIZ",
        place="AUSTIN TX 78701",
        source="easypost",
        dedupe="1",
        raw={"message": "Left with J ORTIZ"},
    )
    return made


def test_names_and_places_go_and_the_status_stays() -> None:
    mine, other = label(), label()
    told = {"result": {"tracking_code": NUMBER}}
    factories.webhook("tracker.updated", told, provider="easypost", subject=NUMBER, state="done")
    erase_orders([mine.order_id], now=timezone.now())
    event = mine.tracking_events.get()
    assert (event.text, event.place, event.raw, event.status) == ("", "", {}, "delivered")
    assert mine.next_poll_at is not None
    assert Label.objects.get(pk=mine.pk).next_poll_at is None
    assert "Ortiz" not in Label.objects.get(pk=mine.pk).handled_note
    assert bytes(WebhookEvent.objects.get().body) == b""
    assert other.tracking_events.get().text == "Left with J ORTIZ"


def test_a_buyers_export_holds_what_carriers_told() -> None:
    mine = label(buyer_nickname="jo.o", recipient={"name": "Jo Ortiz", "email": "jo@example.com"})
    found = export_buyer(mine.workspace, mine.order.tiktok_id, user=None)
    (order,) = found["orders"]
    (row,) = order["labels"]
    assert row["tracking"][0]["text"] == "Left with J ORTIZ"
    assert "pk" not in row
