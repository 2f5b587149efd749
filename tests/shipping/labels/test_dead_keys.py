"""A key that stops working is told once and puts its own account out of use, whatever call learns
it; no other account is touched."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import NotAuthorized
from core.models import Notification
from shipping.labels.documents import fetch
from shipping.labels.purchase import AccountPaused, buy_label
from shipping.labels.reconcile import reconcile_due
from shipping.labels.void import void, voids_due
from shipping.models import Label
from shipping.plan import CannotPlan, plan_order
from tests.shipping.labels.world import World

REVOKED = NotAuthorized("The key was revoked.", provider="x")


def bought(world: World) -> Label:
    label = world.label()
    assert buy_label(label_id=label.pk) == "bought"
    return again(label)


def again(label: Label) -> Label:
    return Label.objects.select_related("account__workspace", "order").get(pk=label.pk)


def asks_for_rates(world: World) -> None:
    """Another account still answers, so the order is planned all the same."""
    order = world.order()
    world.provider.fail("quote", REVOKED)
    plan_order(order, now=timezone.now())


def buys(world: World) -> None:
    label = world.label()
    world.provider.fail("buy", REVOKED)
    buy_label(label_id=label.pk)


def takes_back(world: World) -> None:
    label = bought(world)
    world.provider.fail("void", REVOKED)
    void(label, world.user)


def asks_what_became_of_a_void(world: World) -> None:
    label = bought(world)
    void(label, world.user)
    world.provider.fail("refund_status", REVOKED)
    Label.objects.update(due_at=timezone.now() - timedelta(hours=1))
    voids_due()


def asks_what_became_of_a_purchase(world: World) -> None:
    label = world.label()
    Label.objects.filter(pk=label.pk).update(
        state="unknown", intent_at=timezone.now() - timedelta(hours=1), due_at=timezone.now()
    )
    world.provider.fail("find", REVOKED)
    reconcile_due()


def fetches_the_file(world: World) -> None:
    label = bought(world)
    world.provider.fail("document", REVOKED)
    assert not fetch(label)


@pytest.mark.parametrize(
    "learn",
    [
        asks_for_rates,
        buys,
        takes_back,
        asks_what_became_of_a_void,
        asks_what_became_of_a_purchase,
        fetches_the_file,
    ],
    ids=["rates", "buy", "void", "void again", "unknown purchase", "document"],
)
def test_every_call_that_learns_of_a_dead_key_pauses_its_account_only_and_tells_once(
    world: World, learn: Callable[[World], None]
) -> None:
    other, _ = world.another_account(price="9.99")
    learn(world)
    world.account.refresh_from_db()
    other.refresh_from_db()
    assert (world.account.state, world.account.paused_because) == ("paused", REVOKED.message)
    assert other.state == "active"
    notices = Notification.objects.filter(cause=f"account:{world.account.pk}:paused")
    assert notices.count() == 1
    assert "stopped accepting its key" in notices.get().text


def test_a_paused_account_is_asked_for_nothing_more(world: World) -> None:
    label = world.label()
    buys(world)
    asked = dict(world.provider.calls)
    with pytest.raises(AccountPaused):
        buy_label(label_id=label.pk)
    with pytest.raises(CannotPlan):
        plan_order(world.order(), now=timezone.now())
    assert dict(world.provider.calls) == asked
    assert Notification.objects.filter(cause__endswith=":paused").count() == 1
