"""A label is paid at most once, whatever crashes, repeats or races; and what was paid is on
record."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, Unavailable
from core.models import AuditEntry, Notification
from core.money import Money
from core.states import IllegalMove
from orders.models import OrderEvent
from shipping import accounts
from shipping.labels import purchase
from shipping.labels.purchase import (
    AccountPaused,
    AlreadyLabelled,
    buy_label,
    prepare,
    settle,
)
from shipping.labels.values import rate_of, spec_of
from shipping.models import Label, LedgerEntry
from shipping.providers.base import Unsupported
from shipping.providers.memory import LOST_AFTER_CHARGE
from tests.shipping.labels.world import World


class Killed(BaseException):
    """The process ends here."""


def ledger_of(world: World) -> list[tuple[str, str, str]]:
    rows = LedgerEntry.objects.of(world.workspace).order_by("pk")
    return [(row.kind, str(row.amount), row.reference) for row in rows]


def test_a_bought_label_has_its_ledger_line_its_audit_entry_and_is_on_its_order(
    world: World,
) -> None:
    label = world.label()
    assert buy_label(label_id=label.pk) == "bought"
    label.refresh_from_db()
    (charge,) = world.provider.charges
    assert (label.provider_label_id, label.tracking_number) == (
        charge.label.provider_label_id,
        charge.label.tracking_number,
    )
    assert ledger_of(world) == [("charge", "8.41", charge.label.provider_label_id)]
    label.order.refresh_from_db()
    assert (label.order.label_state, label.order.label_tracking) == (
        "bought",
        label.tracking_number,
    )
    assert label.order.stage == "bought"
    assert OrderEvent.objects.filter(order=label.order, kind="label").count() == 1
    entry = AuditEntry.objects.get(workspace=world.workspace, action="label.bought")
    assert "UPS Ground, $8.41" in entry.summary


@pytest.mark.django_db(transaction=True)
def test_a_purchase_in_hand_is_one_statement_for_the_intent_and_three_to_settle(
    world: World,
) -> None:
    known = Label.objects.select_related("account", "order", "batch")
    warm, label = (known.get(pk=world.label().pk) for _ in range(2))
    assert purchase.buy(warm) == "bought"  # from here on this thread knows its place there
    with CaptureQueriesContext(connection) as asked:
        assert purchase.buy(label) == "bought"
    assert [query["sql"].split()[0] for query in asked] == [
        "UPDATE",
        *("BEGIN", "UPDATE", "WITH", "WITH", "COMMIT"),
    ]


def test_the_document_and_the_word_to_tiktok_are_due_from_the_moment_of_settlement(
    world: World,
) -> None:
    label = world.label()
    buy_label(label_id=label.pk)
    label.refresh_from_db()
    assert label.document_due_at is not None
    assert label.tell_due_at is not None


def test_the_provider_gets_our_name_for_the_purchase(world: World) -> None:
    label = world.label()
    buy_label(label_id=label.pk)
    assert world.provider.charges[0].key == str(label.key)


def test_a_second_label_for_an_order_is_refused_with_words(world: World) -> None:
    order = world.order()
    world.label(order)
    with pytest.raises(AlreadyLabelled, match="has a label already"):
        world.label(order)


def test_the_database_itself_refuses_a_second_label(world: World) -> None:
    label = world.label()
    twin = Label.objects.get(pk=label.pk)
    twin.pk, twin.key, twin._state.adding = None, None, True
    twin.key = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_nothing_is_prepared_when_no_rate_was_chosen(world: World) -> None:
    order = world.order()
    quotes = world.quotes(order)
    quotes.chosen = None
    quotes.reason = {"sentence": "Every rate is forbidden."}
    with pytest.raises(purchase.CannotBuy, match="Every rate is forbidden"):
        prepare(order, quotes)


def test_a_lost_answer_leaves_the_label_unknown_and_it_is_never_paid_again(world: World) -> None:
    label = world.label()
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    assert buy_label(label_id=label.pk) == "unknown"
    with pytest.raises(IllegalMove):
        buy_label(label_id=label.pk)
    label.refresh_from_db()
    assert world.provider.calls["buy"] == 1
    assert "not known" in label.reason
    label.order.refresh_from_db()
    assert (label.order.stage, label.order.blocker) == ("fix", "label_unknown")
    with pytest.raises(AlreadyLabelled):
        world.label(label.order)


@pytest.mark.parametrize(
    "error", [ValueError("nonsense"), KeyError("id"), OutcomeUnknown("?", provider="x")]
)
def test_what_nobody_understands_counts_as_unknown(world: World, error: Exception) -> None:
    label = world.label()
    world.provider.fail("buy", error)
    assert buy_label(label_id=label.pk) == "unknown"
    assert ledger_of(world) == []


def test_a_refusal_is_kept_in_words_and_the_order_can_be_bought_anew(world: World) -> None:
    label = world.label()
    world.provider.fail("buy", Rejected("Postage balance too low.", provider="x", code="BALANCE"))
    assert buy_label(label_id=label.pk) == "refused"
    label.refresh_from_db()
    assert (label.reason, label.code) == ("Postage balance too low.", "BALANCE")
    assert buy_label(label_id=world.label(label.order).pk) == "bought"


def test_unavailable_puts_the_label_back_with_the_pause_the_provider_wants(world: World) -> None:
    label = world.label()
    world.provider.fail("buy", Unavailable("Down.", provider="x", retry_after=90))
    assert buy_label(label_id=label.pk) == "ready"
    label.refresh_from_db()
    assert timedelta(seconds=80) < label.due_at - timezone.now() < timedelta(seconds=91)
    assert buy_label(label_id=label.pk) == "bought"
    assert len(world.provider.charges) == 1


def test_a_refused_key_pauses_that_account_only_and_is_told_once(world: World) -> None:
    other, _ = world.another_account(price="9.99")
    first, second = world.label(), world.label()
    refused = NotAuthorized("The key was revoked.", provider="x")
    world.provider.fail("buy", refused)
    assert buy_label(label_id=first.pk) == "refused"
    with pytest.raises(AccountPaused):
        buy_label(label_id=second.pk)
    second.refresh_from_db()
    assert second.state == "ready"
    world.account.refresh_from_db()
    other.refresh_from_db()
    assert (world.account.state, other.state) == ("paused", "active")
    assert Notification.objects.filter(workspace=world.workspace).count() == 1
    assert world.provider.calls["buy"] == 1


def test_a_wish_the_adapter_has_no_way_to_fulfil_is_a_refusal(world: World) -> None:
    label = world.label()
    world.provider.fail("buy", Unsupported("no recipient"))
    assert buy_label(label_id=label.pk) == "refused"


def test_a_key_that_cannot_be_read_costs_nothing(world: World) -> None:
    label = world.label()
    type(world.account).objects.filter(pk=world.account.pk).update(key_sealed="test:tampered")
    with pytest.raises(AccountPaused, match="enter it again"):
        buy_label(label_id=label.pk)
    assert Label.objects.get(pk=label.pk).state == "ready"


def test_a_price_that_differs_from_the_quote_is_booked_as_charged_and_shown(world: World) -> None:
    label = world.label()
    provider = accounts.provider_for(label.account)
    purchase.write_intent(label)
    bought = provider.buy(spec_of(label), rate_of(label), key=str(label.key))
    assert settle(label, replace(bought, cost=Money.of("9.05", "USD")))
    label.refresh_from_db()
    assert (str(label.price), str(label.cost)) == ("8.41", "9.05")
    assert label.extra["quoted"] == {"amount": "8.41", "currency": "USD"}
    assert ledger_of(world)[0][1] == "9.05"
    summary = AuditEntry.objects.get(action="label.bought").summary
    assert "$9.05 (quoted 8.41 USD)" in summary


def test_settling_twice_books_once(world: World) -> None:
    label = world.label()
    twin = Label.objects.get(pk=label.pk)
    purchase.write_intent(label)
    twin.refresh_from_db()
    bought = world.provider.buy(spec_of(label), rate_of(label), key=str(label.key))
    assert settle(label, bought)
    assert not settle(twin, bought)
    assert twin.state == "bought"
    assert len(ledger_of(world)) == 1


def test_a_buyer_that_answers_after_it_was_given_up_still_settles(world: World) -> None:
    label = world.label()
    purchase.write_intent(label)
    bought = world.provider.buy(spec_of(label), rate_of(label), key=str(label.key))
    Label.objects.filter(pk=label.pk).update(intent_at=timezone.now() - timedelta(hours=1))
    from shipping.labels.reconcile import adopt_orphans

    assert adopt_orphans(timezone.now()) == 1
    assert settle(label, bought)
    assert Label.objects.get(pk=label.pk).state == "bought"


def test_a_buyer_that_slept_does_not_send_its_purchase_any_more(world: World) -> None:
    label = world.label()
    purchase.write_intent(label)
    label.intent_at = timezone.now() - timedelta(minutes=4)
    outcome = purchase.pay(label, world.provider)
    assert isinstance(outcome, Unavailable)
    assert world.provider.calls["buy"] == 0


def test_money_taken_for_a_label_that_was_written_off_is_booked_and_told(world: World) -> None:
    label = world.label()
    purchase.write_intent(label)
    bought = world.provider.buy(spec_of(label), rate_of(label), key=str(label.key))
    Label.objects.filter(pk=label.pk).update(state="refused")
    assert not settle(label, bought)
    assert [kind for kind, _, _ in ledger_of(world)] == ["charge"]
    assert "to get the money back" in Notification.objects.get(workspace=world.workspace).text


def test_a_provider_label_that_another_purchase_holds_needs_a_person(world: World) -> None:
    first, second = world.label(), world.label()
    buy_label(label_id=first.pk)
    bought = world.provider.charges[0].label
    purchase.write_intent(second)
    assert not settle(second, bought)
    second.refresh_from_db()
    assert second.state == "unknown"
    assert second.needs_person_since is not None
    assert len(ledger_of(world)) == 1


@pytest.mark.parametrize("change", ["update", "delete", "save", "remove"])
def test_the_ledger_can_only_grow(world: World, change: str) -> None:
    buy_label(label_id=world.label().pk)
    entry = LedgerEntry.objects.get(workspace=world.workspace)
    entry.amount = 0
    with pytest.raises(TypeError):
        {
            "update": lambda: LedgerEntry.objects.filter(pk=entry.pk).update(amount=0),
            "delete": LedgerEntry.objects.all().delete,
            "save": entry.save,
            "remove": entry.delete,
        }[change]()
    assert ledger_of(world)[0][1] == "8.41"


@pytest.mark.parametrize("words", ["UPDATE {} SET amount = 0", "DELETE FROM {}"])
def test_the_database_itself_keeps_the_ledger(world: World, words: str) -> None:
    buy_label(label_id=world.label().pk)
    statement = words.format(LedgerEntry._meta.db_table)
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert ledger_of(world)[0][1] == "8.41"
