"""Money due back: written with the label's own state, expected by dated rules, and equal to the
ledger."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.errors import Unavailable
from core.money import Money
from core.states import IllegalMove
from shipping import money_due
from shipping.labels import settling
from shipping.labels.purchase import buy_label
from shipping.labels.void import void, voids_due
from shipping.labels.voids import void_many, words_of
from shipping.models import Label, MoneyBack
from shipping.providers.base import VoidOutcome
from tests import factories
from tests.shipping.labels.world import World


def bought(world: World) -> Label:
    label = world.label()
    buy_label(label_id=label.pk)
    parts = ("account__workspace", "order__shop", "workspace")
    return Label.objects.select_related(*parts).get(pk=label.pk)


def row_of(label: Label) -> MoneyBack:
    return MoneyBack.objects.get(label=label)


def sums(world: World) -> dict[str, str]:
    ago = timezone.now() - timedelta(days=90)
    (found,) = money_due.totals(world.workspace, since=ago)
    assert found.ties
    parts = ("charged", "kept", "credited", "refused", "pending")
    return {name: str(getattr(found, name).amount) for name in parts}


def decided(world: World, label: Label, outcome: VoidOutcome) -> None:
    """The provider has decided, and the sweep asks."""
    world.provider.void_outcome = outcome
    Label.objects.filter(pk=label.pk).update(due_at=timezone.now())
    voids_due()
    label.refresh_from_db()


def test_a_void_is_expected_by_the_rules_of_its_provider_and_carrier(world: World) -> None:
    label = bought(world)
    factories.override(world.workspace, market="*", key=f"credit_days.{label.provider}", value="9")
    void(label, world.user)
    row = row_of(label)
    assert (row.outcome, row.charged, row.why) == ("pending", Decimal("8.41"), "person")
    assert row.expected_at is not None
    assert (row.expected_at - row.asked_at).days in (9, 15)
    assert row.window_until is not None
    assert row.window_until > timezone.now() + timedelta(days=20)


def test_the_sums_tie_out_with_the_ledger_at_every_step(world: World) -> None:
    kept, credited, refused = bought(world), bought(world), bought(world)
    assert sums(world)["kept"] == "25.23"
    void(credited, world.user)
    void(refused, world.user)
    assert sums(world) == {
        "charged": "25.23", "kept": "8.41", "credited": "0", "refused": "0", "pending": "16.82"
    }  # fmt: skip
    decided(world, refused, VoidOutcome.REFUSED)
    decided(world, credited, VoidOutcome.REFUNDED)
    assert sums(world) == {
        "charged": "25.23", "kept": "8.41", "credited": "8.41", "refused": "8.41", "pending": "0"
    }  # fmt: skip
    assert [row_of(one).outcome for one in (credited, refused)] == ["credited", "refused"]
    assert not MoneyBack.objects.filter(label=kept).exists()


def test_an_answer_that_was_not_taken_back_is_no_money_due(world: World) -> None:
    label = bought(world)
    world.provider.fail("void", Unavailable("Down.", provider="x"))
    assert void(label, world.user) == "bought"
    row = row_of(label)
    assert (row.outcome, row.tries) == ("in_use", 1)
    assert row.retry_at is not None
    assert sums(world)["pending"] == "0"
    assert void(label, world.user) == "refunding"
    assert row_of(label).outcome == "pending"


def test_less_than_was_paid_may_come_back_and_both_are_kept(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    words = settling.settle(row_of(label), Money.of("8.00", "USD"), "Statement", user=world.user)
    assert words == "$8.00 booked as given back."
    label.refresh_from_db()
    row = row_of(label)
    assert (label.state, row.charged, row.credited) == ("voided", Decimal("8.41"), Decimal("8.00"))
    assert sums(world) == {
        "charged": "8.41", "kept": "0", "credited": "8.00", "refused": "0.41", "pending": "0"
    }  # fmt: skip


def test_a_credit_is_corrected_by_an_entry_of_its_own(world: World) -> None:
    label = bought(world)
    world.provider.void_outcome = VoidOutcome.REFUNDED
    void(label, world.user)
    for amount in ("7.41", "8.41", "8.01"):
        settling.settle(row_of(label), Money.of(amount, "USD"), "", user=world.user)
    assert row_of(label).credited == Decimal("8.01")
    assert (sums(world)["credited"], sums(world)["refused"]) == ("8.01", "0.40")


def test_a_person_may_say_that_nothing_will_come(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    settling.settle(row_of(label), None, "Support says no.", user=world.user)
    label.refresh_from_db()
    assert (label.state, row_of(label).outcome) == ("unused", "refused")
    assert sums(world)["refused"] == "8.41"
    with pytest.raises(IllegalMove):
        settling.settle(row_of(label), None, "", user=world.user)


def test_late_money_is_counted_for_the_home_page(world: World) -> None:
    first, second = bought(world), bought(world)
    void(first, world.user)
    void(second, world.user)
    ago = timezone.now() - timedelta(days=1)
    MoneyBack.objects.filter(label=first).update(expected_at=ago)
    due = money_due.due(world.workspace, now=timezone.now())
    assert ([str(one) for one in due.sums], due.labels, due.late) == (["$16.82"], 2, 1)
    assert row_of(first).is_overdue
    assert not row_of(second).is_overdue


@pytest.mark.django_db(transaction=True)
def test_several_labels_are_given_back_at_once_and_the_others_named(world: World) -> None:
    labels = [bought(world) for _ in range(3)]
    world.provider.fail("void", Unavailable("Down.", provider="x"), times=1)
    found = void_many([label.pk for label in labels], world.user, why="unused")
    assert (len(found.asked), len(found.refused)) == (2, 1)
    assert [str(money) for money in found.money] == ["$16.82"]
    assert words_of(found) == "2 labels voided, $16.82 asked back. 1 label not voided: Down."


def test_a_spreadsheet_has_every_row(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    head, line = money_due.table(MoneyBack.objects.of(world.workspace))
    assert len(head) == len(line)
    row = dict(zip(head, line, strict=True))
    assert (row["Order"], row["Charged"]) == (label.order.tiktok_id, "8.41")
    assert (row["Credited"], row["Outcome"]) == ("", "pending")
