"""A refund that nobody decides about is told once, and no more once it is decided."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from core.models import Notification
from shipping.labels.purchase import buy_label
from shipping.labels.void import void, voids_due
from shipping.models import Label, MoneyBack
from shipping.providers.base import VoidOutcome
from tests.shipping.labels.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(world: World, *, days: int) -> Label:
    """A bought label whose money was asked back so long ago."""
    label = world.label()
    buy_label(label_id=label.pk)
    label.refresh_from_db()
    world.provider.void_outcome = VoidOutcome.REQUESTED
    assert void(label, world.user) == "refunding"
    by = timedelta(days=days)
    row = MoneyBack.objects.get(label=label)
    assert row.expected_at is not None
    moved = {"asked_at": row.asked_at - by, "expected_at": row.expected_at - by}
    MoneyBack.objects.filter(label=label).update(**moved)
    return label


def asked(label: Label) -> None:
    """The sweep asks about it now."""
    Label.objects.filter(pk=label.pk).update(due_at=timezone.now())
    assert voids_due() == 1


def told(label: Label) -> list[str]:
    rows = Notification.objects.filter(cause=f"label:{label.pk}:undecided")
    return list(rows.values_list("text", flat=True))


def test_money_that_should_have_come_is_told_once_even_when_that_was_seen(world: World) -> None:
    label = waiting(world, days=16)
    asked(label)
    (text,) = told(label)
    assert "has not decided whether $8.41 comes back" in text
    assert label.order.tiktok_id in text
    Notification.objects.update(seen_at=timezone.now())
    asked(label)
    assert len(told(label)) == 1


def test_before_that_nobody_is_told(world: World) -> None:
    label = waiting(world, days=13)
    asked(label)
    assert told(label) == []
    assert mail.outbox == []


def test_a_decision_takes_the_words_away(world: World) -> None:
    label = waiting(world, days=16)
    asked(label)
    world.provider.void_outcome = VoidOutcome.REFUNDED
    asked(label)
    assert Notification.objects.get(cause=f"label:{label.pk}:undecided").seen_at
