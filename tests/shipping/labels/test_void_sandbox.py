"""Voiding against the simulated providers, whose refunds are decided days later: our ledger and
their wallets agree all the way."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from shipping.labels.void import void, voids_due
from shipping.models import Label, LedgerEntry
from tests.sandbox.running import Running
from tests.shipping.labels.at_sandbox import again, an_order, buy
from tests.shipping.labels.at_sandbox import desk as desk
from tests.shipping.labels.at_sandbox import sandbox as sandbox
from tests.shipping.labels.world import World

# Providers' turns are booked by threads of their own, which wait for a transaction of ours.
pytestmark = pytest.mark.django_db(transaction=True)

MONTH = 32 * 86_400.0


def sweep() -> None:
    Label.objects.update(due_at=timezone.now())
    voids_due()


def books(desk: World, sandbox: Running) -> tuple[Decimal, Decimal]:
    """What our ledger and the provider's wallet come to."""
    ours = LedgerEntry.objects.of(desk.workspace).aggregate(sum=Sum("amount"))["sum"]
    wallet: dict[str, Any] = sandbox.state()["wallets"][desk.account.provider]
    return ours, Decimal(wallet["net"])


def test_asking_again_while_the_carrier_thinks_never_brings_the_label_back(
    desk: World, sandbox: Running
) -> None:
    label = buy(an_order(desk))
    assert void(label, desk.user) == "refunding"
    for _ in range(2):
        assert void(again(label), desk.user) == "refunding"
    sweep()
    assert again(label).state == "refunding"
    assert again(label).tell_due_at is None


def test_a_voided_label_is_replaced_at_once_and_its_credit_booked_when_it_comes(
    desk: World, sandbox: Running
) -> None:
    order = an_order(desk)
    first = buy(order)
    assert void(first, desk.user) == "refunding"
    second = buy(order)
    assert second.provider_label_id != first.provider_label_id
    assert second.tracking_number != first.tracking_number
    ours, theirs = books(desk, sandbox)
    assert ours == theirs == second.money.amount + first.money.amount
    sandbox.travel(MONTH)
    sweep()
    assert (again(first).state, again(second).state) == ("voided", "bought")
    ours, theirs = books(desk, sandbox)
    assert ours == theirs == second.money.amount


def test_a_request_whose_answer_was_lost_is_found_by_its_status(
    desk: World, sandbox: Running
) -> None:
    label = buy(an_order(desk))
    sandbox.fault("reset_after_effect", method="POST", path="*refund*", times=1)
    assert void(label, desk.user) == "voiding"
    sweep()
    assert again(label).state == "refunding"


def test_a_label_that_was_scanned_is_paid_and_unused(desk: World, sandbox: Running) -> None:
    label = buy(an_order(desk))
    sandbox.travel(4 * 86_400.0)
    assert void(label, desk.user) == "refunding"
    sandbox.travel(MONTH)
    sweep()
    assert again(label).state == "unused"
    ours, theirs = books(desk, sandbox)
    assert ours == theirs == label.money.amount
