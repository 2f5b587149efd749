"""What became of a lost purchase is asked, never bought again; at last a person says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from core import batches
from core.errors import NotAuthorized, OutcomeUnknown, Rejected, Unavailable
from core.models import AuditEntry, BatchItem, Notification
from core.money import Money
from shipping.labels import purchase
from shipping.labels.purchase import CannotBuy, buy_label
from shipping.labels.reconcile import (
    ask_now,
    reconcile_due,
    resolve_as_bought,
    resolve_as_not_bought,
)
from shipping.labels.values import rate_of, spec_of
from shipping.models import Label, LedgerEntry
from shipping.providers.base import Unsupported
from shipping.providers.memory import LOST_AFTER_CHARGE, LOST_BEFORE_CHARGE
from tests.shipping.labels.world import World


def lost(world: World, how: object = LOST_AFTER_CHARGE) -> Label:
    """A label whose purchase was sent and never answered."""
    label = world.label()
    world.provider.fail("buy", how)
    buy_label(label_id=label.pk)
    return Label.objects.get(pk=label.pk)


def age(label: Label, **by: float) -> None:
    """Let time pass for the label."""
    Label.objects.filter(pk=label.pk).update(
        intent_at=timezone.now() - timedelta(**by), due_at=timezone.now()
    )


def test_a_label_the_provider_has_is_settled_with_everything_a_purchase_has(world: World) -> None:
    label = lost(world)
    age(label, seconds=25)
    assert reconcile_due() == 1
    label.refresh_from_db()
    assert label.state == "bought"
    assert label.file_key
    assert label.order.dispatches.count() == 1
    assert LedgerEntry.objects.get(label=label).amount == label.cost
    assert world.provider.calls["buy"] == 1
    label.order.refresh_from_db()
    assert label.order.stage == "bought"


def test_an_unknown_label_is_left_alone_until_it_is_due(world: World) -> None:
    label = lost(world)
    assert reconcile_due() == 0
    assert label.due_at > timezone.now()
    assert world.provider.calls["find"] == 0


def test_no_label_is_only_believed_once_the_request_cannot_arrive_any_more(world: World) -> None:
    label = lost(world, LOST_BEFORE_CHARGE)
    age(label, minutes=1)
    reconcile_due()
    label.refresh_from_db()
    assert label.state == "unknown"
    age(label, minutes=6)
    reconcile_due()
    label.refresh_from_db()
    assert (label.state, label.code) == ("refused", "not_bought")
    assert buy_label(label_id=world.label(label.order).pk) == "bought"
    assert len(world.provider.charges) == 1


def test_a_purchase_whose_buyer_died_is_found_after_five_minutes(world: World) -> None:
    label = world.label()
    purchase.write_intent(label)
    world.provider.buy(
        spec_of(label), rate_of(label), key=str(label.key)
    )  # and then the power went
    age(label, minutes=4)
    assert reconcile_due() == 0
    assert Label.objects.get(pk=label.pk).state == "buying"
    age(label, minutes=6)
    assert reconcile_due() == 1
    assert Label.objects.get(pk=label.pk).state == "bought"
    assert len(world.provider.charges) == 1


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("Still queued.", provider="x"),
        Unavailable("Down.", provider="x"),
        Rejected("Strange.", provider="x"),
        ValueError("nonsense"),
    ],
)
def test_while_the_provider_cannot_say_it_is_asked_again_with_growing_pauses(
    world: World, error: Exception
) -> None:
    label = lost(world)
    pauses = []
    for _ in range(3):
        world.provider.fail("find", error)
        Label.objects.filter(pk=label.pk).update(due_at=timezone.now())
        reconcile_due()
        label.refresh_from_db()
        pauses.append(label.due_at - timezone.now())
    assert label.state == "unknown"
    assert pauses == sorted(pauses)
    assert pauses[-1] > timedelta(minutes=2)
    assert label.needs_person_since is None


def test_a_key_that_died_pauses_the_account_and_the_label_stays_unknown(world: World) -> None:
    label = lost(world)
    world.provider.fail("find", NotAuthorized("Revoked.", provider="x"))
    assert ask_now(label_id=label.pk) == "unknown"
    world.account.refresh_from_db()
    assert world.account.state == "paused"


def test_after_a_day_a_person_is_asked_once(world: World) -> None:
    label = lost(world)
    for _ in range(3):
        world.provider.fail("find", OutcomeUnknown("Still queued.", provider="x"))
        age(label, hours=25)
        reconcile_due()
    label.refresh_from_db()
    assert label.state == "unknown"
    assert label.needs_person_since is not None
    assert Notification.objects.filter(workspace=world.workspace).count() == 1


def test_a_provider_that_cannot_be_asked_needs_a_person_at_once(world: World) -> None:
    label = lost(world)
    world.provider.fail("find", Unsupported("no such question"))
    ask_now(label_id=label.pk)
    label.refresh_from_db()
    assert (label.state, label.needs_person_since is None) == ("unknown", False)


def waiting_for_a_person(world: World) -> Label:
    label = lost(world)
    world.provider.fail("find", Unsupported("no such question"))
    ask_now(label_id=label.pk)
    return Label.objects.get(pk=label.pk)


def test_a_person_can_say_that_it_was_bought_and_signs_for_it(world: World) -> None:
    label = waiting_for_a_person(world)
    resolve_as_bought(
        label,
        tracking_number=" MEMORY00000001 ",
        provider_label_id="label1",
        cost=Money.of("8.41", "USD"),
        user=world.user,
    )
    label.refresh_from_db()
    assert (label.state, label.tracking_number) == ("bought", "MEMORY00000001")
    assert label.file_key
    assert AuditEntry.objects.get(action="label.bought").actor == world.user
    assert not Notification.objects.filter(workspace=world.workspace, seen_at=None).exists()


def test_a_person_can_say_that_it_was_not_bought(world: World) -> None:
    label = waiting_for_a_person(world)
    resolve_as_not_bought(label, user=world.user)
    label.refresh_from_db()
    assert label.state == "refused"
    assert AuditEntry.objects.get(action="label.not_bought").actor == world.user
    label.order.refresh_from_db()
    assert label.order.stage == "ready"


def test_a_person_cannot_decide_while_the_provider_still_can(world: World) -> None:
    label = lost(world)
    with pytest.raises(CannotBuy):
        resolve_as_not_bought(label, user=world.user)
    assert Label.objects.get(pk=label.pk).state == "unknown"


def test_a_second_paid_label_is_booked_and_the_owners_are_told_to_void_it(world: World) -> None:
    label = lost(world)
    first = world.provider.charges[0]
    twin = replace(first.label, provider_label_id="label2", tracking_number="MEMORY2")
    world.provider.charges.append(replace(first, label=twin))
    ask_now(label_id=label.pk)
    references = LedgerEntry.objects.filter(label=label).order_by("pk")
    assert [row.reference for row in references] == ["label1", "label2"]
    assert "Void label2" in Notification.objects.get(workspace=world.workspace).text
    assert AuditEntry.objects.filter(action="label.duplicate_found").count() == 1


@pytest.mark.parametrize(
    ("how", "outcome"), [(LOST_AFTER_CHARGE, "done"), (LOST_BEFORE_CHARGE, "failed")]
)
def test_the_row_of_the_batch_is_closed_with_the_label(
    world: World, how: object, outcome: str
) -> None:
    label = lost(world, how)
    batch = batches.start(world.workspace, "labels", [label.order_id], user=None, options={})
    BatchItem.objects.filter(batch=batch).update(state="unknown")
    Label.objects.filter(pk=label.pk).update(batch=batch)
    age(label, minutes=6)
    reconcile_due()
    item = BatchItem.objects.get(batch=batch)
    assert item.state == outcome
    assert item.fix == ("retry" if outcome == "failed" else "")


@pytest.mark.parametrize(
    ("how", "outcome"), [(LOST_AFTER_CHARGE, "done"), (LOST_BEFORE_CHARGE, "failed")]
)
def test_a_row_noted_as_unknown_just_after_its_label_was_settled_is_closed_by_the_next_sweep(
    world: World, how: object, outcome: str
) -> None:
    label = lost(world, how)
    batch = batches.start(world.workspace, "labels", [label.order_id], user=None, options={})
    Label.objects.filter(pk=label.pk).update(batch=batch)
    age(label, minutes=6)
    reconcile_due()
    BatchItem.objects.filter(batch=batch).update(state="unknown")
    reconcile_due()
    assert BatchItem.objects.get(batch=batch).state == outcome


def test_a_row_whose_label_is_still_unknown_stays_unknown(world: World) -> None:
    label = lost(world)
    batch = batches.start(world.workspace, "labels", [label.order_id], user=None, options={})
    BatchItem.objects.filter(batch=batch).update(state="unknown")
    reconcile_due()
    assert BatchItem.objects.get(batch=batch).state == "unknown"


def test_two_reconcilers_ask_about_a_label_once(world: World) -> None:
    from shipping.labels.reconcile import _claim

    label = lost(world)
    age(label, seconds=25)
    mine, yours = Label.objects.get(pk=label.pk), Label.objects.get(pk=label.pk)
    now = timezone.now()
    assert _claim(mine, now)
    assert not _claim(yours, now)
