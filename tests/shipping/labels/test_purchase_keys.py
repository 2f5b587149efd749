"""A purchase goes out with the key its account has at the moment of the intent, or not at all."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from shipping import accounts
from shipping.labels import purchase
from shipping.labels.purchase import AccountPaused, KeyReplaced
from shipping.models import Label, LabelAccount
from shipping.providers.memory import Memory
from tests.shipping.labels.world import PROVIDERS, World

NEW = "key-of-today"


@pytest.fixture
def successor(world: World) -> Memory:
    """What stands behind the new key: the same account, so that it would sell the same rates."""
    made = Memory("easypost", offers=world.provider.offers)
    made.file = world.provider.file
    PROVIDERS[NEW] = made
    return made


def in_hand(world: World) -> Label:
    """A ready label with its account, as a buyer holds them."""
    return Label.objects.select_related("account", "order").get(pk=world.label().pk)


def paid(world: World, successor: Memory) -> tuple[int, int]:
    """Payments with the old key, and with the new one."""
    return len(world.provider.charges), len(successor.charges)


def test_a_key_replaced_since_the_account_was_read_is_not_paid_with(
    world: World, successor: Memory
) -> None:
    label = in_hand(world)
    accounts.replace_key(world.account, NEW, user=world.user)
    assert purchase.buy(label) == "bought"
    assert paid(world, successor) == (0, 1)


def test_an_intent_is_not_written_for_a_key_that_is_no_longer_the_accounts(
    world: World, successor: Memory
) -> None:
    label = in_hand(world)
    accounts.replace_key(world.account, NEW, user=world.user)
    with pytest.raises(KeyReplaced):
        purchase.write_intent(label)
    assert Label.objects.get(pk=label.pk).state == "ready"
    assert label.account.key == NEW
    purchase.write_intent(label)
    assert Label.objects.get(pk=label.pk).state == "buying"


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_an_account_put_out_of_use_since_it_was_read_pays_nothing(world: World, state: str) -> None:
    warm, label = in_hand(world), in_hand(world)
    assert purchase.buy(warm) == "bought"  # from here on this thread knows its place there
    LabelAccount.objects.update(state=state, paused_because="Its key was refused.")
    with pytest.raises(AccountPaused, match=f"is {state}. Its key was refused."):
        purchase.buy(label)
    assert Label.objects.get(pk=label.pk).state == "ready"
    assert len(world.provider.charges) == 1


@pytest.mark.django_db(transaction=True)
def test_an_intent_waits_for_a_key_that_is_being_replaced_and_pays_with_the_new_one(
    world: World, successor: Memory
) -> None:
    label = in_hand(world)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            accounts.replace_key(world.account, NEW, user=world.user)
            buying = bought_by(pool, label)
            with pytest.raises(TimeoutError):
                buying.result(timeout=0.5)
            assert Label.objects.get(pk=label.pk).state == "ready"
        assert buying.result(timeout=20) == "bought"
    assert paid(world, successor) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_a_key_is_not_replaced_by_one_of_perhaps_another_account_once_a_purchase_has_begun(
    world: World, successor: Memory
) -> None:
    label = in_hand(world)
    inside, leave = threading.Event(), threading.Event()

    def hold(call: str) -> None:
        if call == "buy":
            inside.set()
            leave.wait(20)

    world.provider._pause = hold
    with ThreadPoolExecutor(1) as pool:
        buying = bought_by(pool, label)
        assert inside.wait(20)
        with pytest.raises(accounts.BadKey, match="may have been paid with the old key"):
            accounts.replace_key(world.account, NEW, user=world.user)
        leave.set()
        assert buying.result(timeout=20) == "bought"
    assert paid(world, successor) == (1, 0)


def bought_by(pool: ThreadPoolExecutor, label: Label) -> Future[str]:
    """The label's state, once a thread of the pool has bought it."""

    def buy() -> str:
        try:
            return purchase.buy(label)
        finally:
            connections.close_all()

    return pool.submit(buy)
