"""What EasyPost and Shippo tell: asked anew where money is concerned, noted where a parcel is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.models import WebhookEvent
from creatorflow.events import WEBHOOKS
from shipping import handlers
from shipping.labels.reconcile import reconcile_due
from shipping.labels.void import voids_due
from shipping.models import Label
from tests import factories
from tests.orders.pressing import queued

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBER = "1Z999AA10123456784"
SWEEPS = ["shipping.labels.reconcile.reconcile_due", "shipping.labels.void.voids_due"]


def label(**fields: Any) -> Label:
    return factories.label(factories.order(factories.workspace()), **fields)


def fresh(row: Label) -> Label:
    row.refresh_from_db()
    return row


def easypost(event: str, result: dict[str, Any]) -> WebhookEvent:
    document = {
        "id": "evt_1",
        "object": "Event",
        "description": event,
        "mode": "test",
        "result": result,
    }
    return factories.webhook(event, document, provider="easypost", owner="user_1")


def shippo(event: str, data: Any) -> WebhookEvent:
    document = {"event": event, "test": True, "data": data}
    return factories.webhook(event, document, provider="shippo")


def tracker(status: str, at: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """EasyPost's Tracker with one scan."""
    detail = {"object": "TrackingDetail", "status": status, "datetime": at.isoformat()}
    return {
        "id": "trk_1",
        "object": "Tracker",
        "tracking_code": NUMBER,
        "status": status,
        "tracking_details": [detail],
        "shipment_id": None,
    } | fields


def track(status: str, at: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Shippo's Track with one scan."""
    last = {"status": status, "status_date": at.isoformat(), "substatus": {"code": "other"}}
    return {"carrier": "ups", "tracking_number": NUMBER, "tracking_status": last} | fields


def timeline(row: Label) -> list[str]:
    events = row.order.events.filter(kind="tracking").order_by("pk")
    return list(events.values_list("text", flat=True))


def test_a_scan_is_kept_on_the_label_and_told_in_the_orders_timeline() -> None:
    mine = label(provider_label_id="shp_1")
    row = easypost("tracker.updated", tracker("in_transit", shipment_id="shp_1"))
    handlers.tracked(events=[row])
    kept = fresh(mine)
    assert (kept.tracking_status, kept.tracking_at) == ("in_transit", NOON)
    assert kept.first_scan_at == NOON
    assert timeline(mine) == ["UPS: on its way."]
    assert mine.order.events.get(kind="tracking").detail["webhook"] == row.pk
    assert (row.outcome, row.workspace_id) == ("on its way", mine.workspace_id)


def test_shippos_tracks_are_kept_in_the_same_words() -> None:
    mine = label(provider="shippo", provider_label_id="tx1")
    handlers.tracked(events=[shippo("track_updated", track("DELIVERED", transaction="tx1"))])
    assert fresh(mine).tracking_status == "delivered"
    assert timeline(mine) == ["UPS: delivered."]


def test_reordered_and_repeated_scans_change_nothing() -> None:
    mine = label()
    later, earlier = NOON, NOON - timedelta(hours=9)
    rows = [
        easypost("tracker.updated", tracker("out_for_delivery", later)),
        easypost("tracker.updated", tracker("in_transit", earlier)),
        easypost("tracker.updated", tracker("out_for_delivery", later)),
    ]
    for row in rows:
        handlers.tracked(events=[row])
    kept = fresh(mine)
    assert (kept.tracking_status, kept.tracking_at) == ("out_for_delivery", later)
    assert kept.first_scan_at == earlier  # an old event still knows when it began
    assert timeline(mine) == ["UPS: out for delivery."]
    assert rows[1].outcome == "on its way: known already"


def test_a_made_label_is_no_scan() -> None:
    mine = label()
    handlers.tracked(events=[easypost("tracker.created", tracker("unknown"))])
    assert timeline(mine) == []
    handlers.tracked(events=[easypost("tracker.updated", tracker("pre_transit"))])
    assert fresh(mine).tracking_status == "pre_transit"
    assert fresh(mine).first_scan_at is None


def test_a_number_that_was_used_before_is_told_apart_by_its_purchase() -> None:
    old, new = label(provider_label_id="shp_old"), label(provider_label_id="shp_new")
    row = easypost("tracker.updated", tracker("in_transit", shipment_id="shp_new"))
    handlers.tracked(events=[row])
    assert fresh(new).tracking_status == "in_transit"
    assert fresh(old).tracking_status == ""


@pytest.mark.parametrize("number", ["1Z0000000000000000", "", None, {"a": 1}])
def test_tracking_of_strangers_parcels_is_done_with(number: object) -> None:
    mine = label()
    row = easypost("tracker.updated", tracker("delivered", tracking_code=number))
    handlers.tracked(events=[row])
    assert row.outcome == "no label here"
    assert fresh(mine).tracking_status == ""


def test_an_unknown_label_is_asked_about_at_once_and_the_payload_is_not_believed() -> None:
    mine = label(
        provider="shippo",
        state="unknown",
        provider_label_id="",
        provider_ref={"shipment_id": "s", "rate_id": "rate1"},
        due_at=timezone.now() + timedelta(minutes=20),
    )
    row = shippo(
        "transaction_created",
        {"object_id": "tx9", "rate": "rate1", "status": "SUCCESS", "tracking_number": "1ZFORGED"},
    )
    handlers.transaction_changed(events=[row])
    kept = fresh(mine)
    assert (kept.state, kept.tracking_number) == ("unknown", NUMBER)
    assert kept.due_at <= timezone.now()
    assert sorted(queued()) == SWEEPS
    assert (row.outcome, row.workspace_id) == ("asked at once", mine.workspace_id)
    assert {path.rpartition(".")[2] for path in SWEEPS} == {
        reconcile_due.path.rpartition(".")[2],
        voids_due.path.rpartition(".")[2],
    }


def test_a_rate_may_be_told_as_an_object() -> None:
    label(provider="shippo", state="unknown", provider_label_id="", provider_ref={"rate_id": "r2"})
    row = shippo("transaction_updated", {"object_id": "tx", "rate": {"object_id": "r2"}})
    handlers.transaction_changed(events=[row])
    assert row.outcome == "asked at once"


def test_a_label_that_is_being_bought_is_left_to_its_buyer() -> None:
    mine = label(provider="shippo", state="buying", provider_ref={"rate_id": "r3"}, due_at=NOON)
    row = shippo("transaction_created", {"object_id": "tx", "rate": "r3"})
    handlers.transaction_changed(events=[row])
    assert row.outcome == "its buyer has the answer"
    assert fresh(mine).due_at == NOON
    assert not queued()


def test_a_changed_transaction_has_its_refund_asked_about() -> None:
    later = timezone.now() + timedelta(hours=5)
    mine = label(provider="shippo", state="refunding", provider_label_id="tx4", due_at=later)
    row = shippo("transaction_updated", {"object_id": "tx4", "status": "REFUNDED", "rate": "x"})
    handlers.transaction_changed(events=[row])
    assert fresh(mine).state == "refunding"  # until Shippo itself says so
    assert fresh(mine).due_at < later
    assert row.outcome == "asked at once"


def test_a_granted_refund_of_easyposts_has_the_void_asked_about() -> None:
    later = timezone.now() + timedelta(hours=5)
    mine = label(state="refunding", provider_label_id="shp_7", due_at=later)
    refund = {"id": "rfnd_1", "object": "Refund", "shipment_id": "shp_7", "status": "refunded"}
    row = easypost("refund.successful", refund)
    handlers.refund_granted(events=[row])
    assert fresh(mine).due_at < later
    assert sorted(queued()) == SWEEPS


@pytest.mark.parametrize(
    "data", [{}, None, [], "tx", {"object_id": 7}, {"rate": {"object_id": []}}]
)
def test_money_nobody_waits_for_is_done_with(data: Any) -> None:
    label(provider="shippo", provider_label_id="tx5")  # bought and settled
    row = shippo("transaction_updated", data)
    handlers.transaction_changed(events=[row])
    assert row.outcome == "no label waits for it"
    assert not queued()


def test_batches_and_scan_forms_are_kept_without_a_handler() -> None:
    handled = {event for provider, event in WEBHOOKS if provider != "tiktok"}
    assert not {"batch.updated", "scan_form.created", "batch_purchased"} & handled
