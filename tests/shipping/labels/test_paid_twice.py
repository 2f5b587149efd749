"""A provider answers with a label that another purchase holds: a person is told once, and asked
about seldom."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Notification
from shipping.labels import purchase
from shipping.labels.purchase import buy_label, settle
from shipping.labels.reconcile import reconcile_due
from shipping.models import Label, LedgerEntry
from shipping.providers.base import BoughtLabel
from tests.shipping.labels.world import World


@pytest.fixture
def taken(world: World) -> tuple[Label, BoughtLabel]:
    """A label under way, and another purchase's label as the answer to it."""
    first, second = world.label(), world.label()
    buy_label(label_id=first.pk)
    bought = world.provider.charges[0].label
    purchase.write_intent(second)
    return second, bought


def test_a_label_of_another_purchase_blocks_its_order_and_is_told(
    world: World, taken: tuple[Label, BoughtLabel]
) -> None:
    label, bought = taken
    assert not settle(label, bought)
    label.refresh_from_db()
    assert (label.state, label.code) == ("unknown", "label_taken")
    assert "belongs to another purchase" in label.reason
    assert label.due_at > timezone.now() + timedelta(hours=5)
    label.order.refresh_from_db()
    assert label.order.label_state == "unknown"
    assert label.order.stage != "ready"
    told = Notification.objects.get(workspace=world.workspace)
    assert label.order.tiktok_id in told.text


def test_a_label_of_another_purchase_is_not_asked_about_every_minute(
    world: World, taken: tuple[Label, BoughtLabel]
) -> None:
    label, bought = taken
    world.provider.find = lambda rate, key: bought  # type: ignore[method-assign]
    Label.objects.filter(pk=label.pk).update(state="unknown", due_at=timezone.now())
    assert reconcile_due() == 1
    assert reconcile_due() == 0
    Label.objects.filter(pk=label.pk).update(due_at=timezone.now())
    assert reconcile_due() == 1
    label.refresh_from_db()
    assert label.state == "unknown"
    assert label.due_at > timezone.now() + timedelta(hours=5)
    assert Notification.objects.filter(workspace=world.workspace).count() == 1
    assert LedgerEntry.objects.of(world.workspace).count() == 1
