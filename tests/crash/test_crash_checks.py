"""What the crash harness finds in the inbox and the timelines: it must not overlook what it is for."""

import hashlib
from pathlib import Path

import pytest
from django.utils import timezone

from bench.crash_checks import Findings, _events
from core.models import WebhookEvent
from orders.models import Order, OrderEvent
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def thanked(tmp_path: Path) -> Path:
    """The sandbox's list of webhooks that were answered well: the one in the inbox."""
    row = factories.webhook("1", {"order": 1}, state="done")
    path = tmp_path / "thanked"
    path.write_text(hashlib.sha256(bytes(row.body)).hexdigest() + "\n")
    return path


@pytest.fixture
def order() -> Order:
    return factories.order(factories.workspace())


def tells(order: Order, event: WebhookEvent) -> None:
    OrderEvent.objects.create(
        order=order, at=timezone.now(), kind="webhook", text="Told.", detail={"webhook": event.pk}
    )


def found(thanked: Path) -> Findings:
    findings = Findings()
    _events(thanked, findings)
    return findings


def test_what_is_here_once_and_told_once_is_right(thanked: Path, order: Order) -> None:
    event = WebhookEvent.objects.get()
    tells(order, event)
    tells(factories.order(order.workspace), event)
    assert not any(found(thanked).counts().values())


def test_an_event_that_was_thanked_for_and_is_not_here_is_lost(thanked: Path) -> None:
    WebhookEvent.objects.all().delete()
    assert found(thanked).counts()["lost_events"] == 1


def test_an_event_that_an_order_tells_twice_has_a_double_effect(
    thanked: Path, order: Order
) -> None:
    for _ in range(2):
        tells(order, WebhookEvent.objects.get())
    findings = found(thanked)
    assert findings.counts()["double_effects"] == 1
    assert f"order {order.tiktok_id} tells event" in findings.words()[0]
