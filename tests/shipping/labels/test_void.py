"""The money of a label is asked back; the credit is booked when the provider grants it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, Unavailable
from core.models import AuditEntry, Notification
from core.states import IllegalMove, LostRace
from shipping.labels import telling
from shipping.labels.ledger import balance
from shipping.labels.purchase import buy_label
from shipping.labels.values import bought_of
from shipping.labels.void import record_again, void, voids_due
from shipping.models import Label, LedgerEntry
from shipping.providers.base import VoidOutcome, VoidResult
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
    assert void(label, world.user) == "refunding"
    assert [str(sum_) for sum_ in balance(LedgerEntry.objects.of(world.workspace))] == ["$8.41"]


def later(label: Label, **by: float) -> Label:
    """The label as the sweep finds it after a while."""
    ago = timezone.now() - timedelta(**by)
    Label.objects.filter(pk=label.pk).update(due_at=ago, void_at=ago)
    voids_due()
    label.refresh_from_db()
    return label


def test_an_accepted_request_frees_the_order_and_asking_again_changes_nothing(
    world: World,
) -> None:
    label = bought(world)
    void(label, world.user)
    another = world.label(label.order)
    assert buy_label(label_id=another.pk) == "bought"
    assert void(label, world.user) == "refunding"
    label.refresh_from_db()
    assert label.tell_due_at is None
    assert world.provider.calls["void"] == 1
    label.order.refresh_from_db()
    assert label.order.label_state == "bought"


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("Down.", provider="x"),
        Rejected("No.", provider="x"),
        NotAuthorized("Revoked.", provider="x"),
        OutcomeUnknown("No answer.", provider="x"),
        ValueError("nonsense"),
    ],
)
def test_no_error_of_a_repeated_question_brings_a_label_back(
    world: World, error: Exception
) -> None:
    label, lost = bought(world), bought(world)
    void(label, world.user)
    world.provider.fail("void", OutcomeUnknown("No answer.", provider="x"))
    void(lost, world.user)
    world.provider.fail("refund_status", error, times=2)
    assert void(label, world.user) == "refunding"
    assert void(lost, world.user) == "voiding"
    world.provider.fail("void", error)
    assert later(lost, hours=1).state == "voiding"
    assert lost.tell_due_at is None


def test_the_sweep_books_the_credit_and_leaves_the_new_label_alone(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    another = world.label(label.order)
    buy_label(label_id=another.pk)
    assert voids_due() == 0
    assert later(label, hours=1).state == "refunding"
    assert label.due_at > timezone.now()
    world.provider.void_outcome = VoidOutcome.REFUNDED
    assert later(label, hours=1).state == "voided"
    assert voids_due() == 0
    entries = LedgerEntry.objects.of(world.workspace)
    assert [str(sum_) for sum_ in balance(entries)] == ["$8.41"]
    label.order.refresh_from_db()
    assert label.order.label_state == "bought"


def test_a_refund_refused_later_is_paid_and_unused_and_never_a_second_live_label(
    world: World,
) -> None:
    label = bought(world)
    void(label, world.user)
    another = world.label(label.order)
    buy_label(label_id=another.pk)
    world.provider.void_outcome = VoidOutcome.REFUSED
    assert later(label, days=1).state == "unused"
    assert Label.objects.live().get(order=label.order) == another
    entries = LedgerEntry.objects.of(world.workspace)
    assert [str(sum_) for sum_ in balance(entries)] == ["$16.82"]
    assert "is not given back" in Notification.objects.get(level="bad").text
    assert AuditEntry.objects.filter(action="label.refund_refused").count() == 1


def test_a_request_that_got_lost_is_made_again_by_the_sweep(world: World) -> None:
    label = bought(world)
    world.provider.fail("void", OutcomeUnknown("No answer.", provider="x"))
    assert void(label, world.user) == "voiding"
    assert later(label, minutes=2).state == "refunding"


def test_a_lost_request_that_is_refused_later_leaves_the_label_in_use_and_says_so(
    world: World,
) -> None:
    label = bought(world)
    world.provider.fail("void", OutcomeUnknown("No answer.", provider="x"))
    void(label, world.user)
    world.provider.void_outcome = VoidOutcome.REFUSED
    assert later(label, minutes=1).state == "voiding"
    assert later(label, minutes=10).state == "bought"
    assert "in use again" in Notification.objects.get(level="bad").text


def test_a_label_taken_back_on_the_providers_own_pages_is_not_put_into_use(world: World) -> None:
    label = bought(world)
    world.provider.void(bought_of(label))
    assert void(label, world.user) == "refunding"


def test_two_sweeps_ask_once_each_and_book_once(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    stale = Label.objects.get(pk=label.pk)
    world.provider.void_outcome = VoidOutcome.REFUNDED
    assert later(label, hours=1).state == "voided"
    with pytest.raises(LostRace):
        record_again(stale, VoidResult(VoidOutcome.REFUNDED))
    assert LedgerEntry.objects.filter(kind="refund").count() == 1


def test_a_label_whose_key_is_gone_waits_and_the_next_one_is_asked_about(world: World) -> None:
    first, second = bought(world), bought(world)
    void(first, world.user)
    void(second, world.user)
    gone, _ = world.another_account()
    type(gone).objects.filter(pk=gone.pk).update(key_sealed="")
    Label.objects.filter(pk=first.pk).update(account=gone)
    world.provider.void_outcome = VoidOutcome.REFUNDED
    Label.objects.update(due_at=timezone.now())
    assert voids_due() == 2
    assert set(Label.objects.values_list("state", flat=True)) == {"refunding", "voided"}


def test_a_bought_or_refused_label_uses_up_its_quotes(world: World) -> None:
    order = world.order()
    world.provider.fail("buy", Rejected("No.", provider="x"))
    first = world.label(order)
    assert buy_label(label_id=first.pk) == "refused"
    second = world.label(order)
    assert buy_label(label_id=second.pk) == "bought"
    void(Label.objects.get(pk=second.pk), world.user)
    third = world.label(order)
    shipments = {label.provider_ref["shipment_id"] for label in (first, second, third)}
    assert len(shipments) == 3


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
