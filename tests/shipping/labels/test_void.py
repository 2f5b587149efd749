"""The money of a label is asked back; the credit is booked when the provider grants it."""

import pytest

from core.errors import NotAuthorized, OutcomeUnknown, Unavailable
from core.models import AuditEntry
from core.states import IllegalMove
from shipping.labels import telling
from shipping.labels.ledger import balance
from shipping.labels.purchase import buy_label
from shipping.labels.void import void
from shipping.models import Label, LedgerEntry
from shipping.providers.base import VoidOutcome
from tests.shipping.labels.world import World


def bought(world: World) -> Label:
    label = world.label()
    buy_label(label_id=label.pk)
    return Label.objects.select_related("account__workspace", "order").get(pk=label.pk)


def test_a_granted_void_is_booked_and_the_order_can_be_bought_again(world: World) -> None:
    label = bought(world)
    world.provider.void_outcome = VoidOutcome.REFUNDED
    assert void(label, world.user) == "voided"
    entries = LedgerEntry.objects.of(world.workspace)
    assert [(e.kind, str(e.amount)) for e in entries.order_by("pk")] == [
        ("charge", "8.41"),
        ("refund", "-8.41"),
    ]
    assert [str(sum_) for sum_ in balance(entries)] == ["$0.00"]
    assert buy_label(label_id=world.label(label.order).pk) == "bought"
    assert AuditEntry.objects.get(action="label.void_requested").actor == world.user


def test_while_the_provider_decides_no_credit_is_counted(world: World) -> None:
    label = bought(world)
    assert void(label, world.user) == "voiding"
    assert [str(sum_) for sum_ in balance(LedgerEntry.objects.of(world.workspace))] == ["$8.41"]


def test_a_label_being_voided_is_not_told_to_tiktok(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    assert not telling.tell(Label.objects.get(pk=label.pk))
    assert label.order.dispatches.count() == 0


def test_a_void_takes_back_what_tiktok_was_not_told_yet(world: World) -> None:
    label = bought(world)
    telling.tell(label)
    void(label, world.user)
    assert label.order.dispatches.get().state == "withdrawn"


@pytest.mark.parametrize(
    "error", [Unavailable("Down.", provider="x"), NotAuthorized("Revoked.", provider="x")]
)
def test_what_was_certainly_not_asked_leaves_the_label_in_use(
    world: World, error: Exception
) -> None:
    label = bought(world)
    world.provider.fail("void", error)
    assert void(label, world.user) == "bought"
    label.refresh_from_db()
    assert label.reason == str(error)
    assert label.tell_due_at is not None


def test_a_refusal_is_shown_and_the_label_stays_ours(world: World) -> None:
    label = bought(world)
    world.provider.void_outcome = VoidOutcome.REFUSED
    assert void(label, world.user) == "bought"
    label.refresh_from_db()
    assert "does not take this label back" in label.reason


def test_a_lost_answer_leaves_the_credit_pending_and_can_be_asked_again(world: World) -> None:
    label = bought(world)
    world.provider.fail("void", OutcomeUnknown("No answer.", provider="x"))
    assert void(label, world.user) == "voiding"
    world.provider.void_outcome = VoidOutcome.REFUNDED
    assert void(label, world.user) == "voided"
    assert LedgerEntry.objects.filter(label=label, kind="refund").count() == 1


def test_a_label_that_was_not_bought_cannot_be_voided(world: World) -> None:
    label = world.label()
    with pytest.raises(IllegalMove):
        void(label, world.user)
    assert world.provider.calls["void"] == 0
