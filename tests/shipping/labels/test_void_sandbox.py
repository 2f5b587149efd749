"""Voiding against the simulated providers, whose refunds are decided days later: our ledger and
their wallets agree all the way."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from orders.models import Order
from shipping.labels.purchase import buy_label, prepare
from shipping.labels.void import void, voids_due
from shipping.models import Label, LabelAccount, LedgerEntry
from shipping.plan import plan_order
from shops import wire
from shops.clients import use_transport
from tests.sandbox.running import Running, running
from tests.shipping.labels.world import World, make_world

# Providers' turns are booked by threads of their own, which wait for a transaction of ours.
pytestmark = pytest.mark.django_db(transaction=True)

KEYS = {"easypost": "EZTKsandbox-voids", "shippo": "shippo_test_sandbox_voids"}
MONTH = 32 * 86_400.0


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Running]:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "app", "secret"
    settings.SHIPPO_RATE_PER_SECOND = 1000
    with running(orders=1, seed=7) as started:
        settings.EASYPOST_BASE_URL, settings.SHIPPO_BASE_URL = f"{started.url}/v2", started.url
        yield started
        wire.forget()


@pytest.fixture(params=KEYS)
def desk(request: pytest.FixtureRequest, db: None, sandbox: Running) -> World:
    """A workspace whose one account is at a simulated provider."""
    made = make_world()
    account: LabelAccount = made.account
    account.provider = request.param
    account.hold_key(KEYS[request.param])
    account.save()
    return made


def an_order(desk: World) -> Order:
    with use_transport(desk.tiktok):
        return desk.order()


def buy(order: Order) -> Label:
    quotes = plan_order(order, now=timezone.now())
    assert quotes.failures == []
    label = prepare(order, quotes)
    assert buy_label(label_id=label.pk) == "bought"
    return again(label)


def again(label: Label) -> Label:
    return Label.objects.select_related("account__workspace", "order").get(pk=label.pk)


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
