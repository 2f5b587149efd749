"""Buyers that race or die: one payment, whatever happens between two steps."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from core.states import IllegalMove, LostRace
from shipping.labels import purchase
from shipping.labels.purchase import AccountBusy, AlreadyLabelled, buy_label, prepare
from shipping.labels.values import rate_of, spec_of
from shipping.models import Label, LedgerEntry
from shipping.providers.memory import LOST_AFTER_CHARGE, LOST_BEFORE_CHARGE
from tests.shipping.labels.world import World


class Killed(BaseException):
    """The process ends here."""


def test_killed_before_the_intent_nothing_was_asked_and_it_can_be_bought(world: World) -> None:
    label = world.label()
    assert Label.objects.get(pk=label.pk).state == "ready"
    assert buy_label(label_id=label.pk) == "bought"
    assert len(world.provider.charges) == 1


@pytest.mark.parametrize("when", [LOST_AFTER_CHARGE, LOST_BEFORE_CHARGE])
def test_killed_while_paying_the_label_is_not_bought_again(world: World, when: object) -> None:
    label = world.label()
    purchase.write_intent(label)
    if when is LOST_AFTER_CHARGE:
        world.provider.buy(spec_of(label), rate_of(label), key=str(label.key))
    with pytest.raises(IllegalMove):
        buy_label(label_id=label.pk)
    with pytest.raises(AlreadyLabelled):
        world.label(label.order)
    assert len(world.provider.charges) == (1 if when is LOST_AFTER_CHARGE else 0)


def test_killed_by_a_signal_at_the_wire_the_intent_stays(world: World) -> None:
    label = world.label()

    def killed(call: str) -> None:
        if call == "buy":
            raise Killed

    world.provider._pause = killed
    with pytest.raises(Killed):
        buy_label(label_id=label.pk)
    assert Label.objects.get(pk=label.pk).state == "buying"


@pytest.mark.django_db(transaction=True)
def test_sixteen_buyers_of_one_label_make_one_payment(world: World) -> None:
    label = world.label()
    gate = threading.Barrier(16)

    def buy(_: int) -> str:
        try:
            gate.wait()
            return buy_label(label_id=label.pk)
        except (IllegalMove, LostRace) as lost:
            return type(lost).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(buy, range(16)))
    assert outcomes.count("bought") == 1
    assert len(world.provider.charges) == 1
    assert LedgerEntry.objects.of(world.workspace).count() == 1


@pytest.mark.django_db(transaction=True)
def test_sixteen_buyers_of_one_order_make_one_label_and_one_payment(world: World) -> None:
    order = world.order()
    quotes = world.quotes(order)
    gate = threading.Barrier(16)

    def buy(_: int) -> str:
        try:
            gate.wait()
            return buy_label(label_id=prepare(order, quotes).pk)
        except AlreadyLabelled:
            return "already"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(buy, range(16)))
    assert sorted(set(outcomes)) == ["already", "bought"]
    assert outcomes.count("bought") == len(world.provider.charges) == 1


@pytest.mark.django_db(transaction=True)
def test_no_more_purchases_are_under_way_at_an_account_than_allowed(world: World, settings) -> None:
    settings.PURCHASES_PER_ACCOUNT = 3
    labels = [world.label() for _ in range(8)]
    inside = threading.Semaphore(0)
    leave = threading.Event()

    def hold(call: str) -> None:
        if call == "buy":
            inside.release()
            leave.wait(20)

    world.provider._pause = hold

    def buy(label: Label) -> str:
        try:
            return buy_label(label_id=label.pk)
        except AccountBusy:
            return "busy"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(buy, label) for label in labels]
        for _ in range(3):
            assert inside.acquire(timeout=20)
        turned_away = as_completed(running, timeout=20)
        assert [next(turned_away).result() for _ in range(5)] == ["busy"] * 5
        leave.set()
    assert sorted(one.result() for one in running) == ["bought"] * 3 + ["busy"] * 5


def test_a_dead_buyers_place_at_the_account_is_free_again_after_two_minutes(
    world: World, settings
) -> None:
    settings.PURCHASES_PER_ACCOUNT = 1
    dead, next_one = world.label(), world.label()
    purchase.write_intent(dead)
    with pytest.raises(AccountBusy):
        buy_label(label_id=next_one.pk)
    Label.objects.filter(pk=dead.pk).update(
        intent_at=timezone.now() - timedelta(minutes=2, seconds=1)
    )
    assert buy_label(label_id=next_one.pk) == "bought"
