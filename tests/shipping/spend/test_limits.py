"""Limits at the moment of paying: no label takes a workspace beyond what it allows itself."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from core.models import Batch, Notification
from core.money import Money
from orders.models import Order
from shipping.batches import run_batch, start
from shipping.labels import purchase
from shipping.labels.intent import OverLimit
from shipping.models import Label, LedgerEntry, SpendApproval, SpendLimits
from shipping.spend.limits import spent_today
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spend.money import limits, quoted

pytestmark = pytest.mark.django_db(transaction=True)


def batch_of(world: World, *orders: Order) -> Batch:
    chosen = Order.objects.filter(pk__in=[order.pk for order in orders])
    return start(world.workspace, chosen, world.user)


def run(*batches: Batch) -> None:
    def work(batch: Batch) -> None:
        try:
            run_batch(batch_id=batch.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def today(world: World) -> Money:
    return spent_today(world.workspace, "USD", now=timezone.now())


def test_without_limits_nothing_is_in_the_way(world: World) -> None:
    run(batch_of(world, quoted(world)))
    assert Label.objects.get().state == "bought"
    assert not SpendLimits.objects.exists()


def test_two_batches_at_once_do_not_pass_the_daily_cap(world: World) -> None:
    first = batch_of(world, *(quoted(world) for _ in range(8)))
    second = batch_of(world, *(quoted(world) for _ in range(8)))
    limits(world, daily_cap=Decimal("60.00"))  # seven labels of 8.41
    run(first, second)
    assert Label.objects.filter(state="bought").count() == 7
    assert sum(entry.amount for entry in LedgerEntry.objects.all()) == Decimal("58.87")
    assert today(world) == Money.of("58.87", "USD")
    left = [*first.items.filter(state="left_out"), *second.items.filter(state="left_out")]
    assert len(left) == 9
    assert {item.fix for item in left} == {"daily_cap"}
    assert left[0].reason.startswith("The daily cap of $60.00 leaves no room for it: $")
    assert not Label.objects.filter(state__in=["ready", "buying"]).exists()


def test_the_team_is_told_once_that_the_cap_was_reached(world: World) -> None:
    batch = batch_of(world, quoted(world), quoted(world))
    limits(world, daily_cap=Decimal("1.00"))
    run(batch)
    told = Notification.objects.get(cause__startswith="daily-cap:")
    assert "What is not bought stays in the queue." in told.text
    assert told.link.endswith("/settings/spending/")


def test_what_is_being_paid_and_what_nobody_knows_counts_as_spent(world: World) -> None:
    for state in ("buying", "unknown"):
        factories.label(
            factories.order(world.workspace), account=world.account, state=state, cost=None,
            settled_at=None, intent_at=timezone.now(), provider_label_id="",
        )  # fmt: skip
    assert today(world) == Money.of("10.00", "USD")
    label = world.label()
    limits(world, daily_cap=Decimal("18.40"))
    with pytest.raises(OverLimit, match="\\$10.00 is spent or being spent today"):
        purchase.buy_label(label_id=label.pk)
    label.refresh_from_db()
    assert (label.state, label.intent_at) == ("ready", None)
    assert not world.provider.charges


def test_money_that_came_back_may_be_spent_again_and_yesterdays_does_not_count(
    world: World,
) -> None:
    mine = factories.label(factories.order(world.workspace), account=world.account)
    assert today(world) == Money.of("5.00", "USD")
    Label.objects.filter(pk=mine.pk, state="bought").update(state="voided")
    assert today(world) == Money.of("0.00", "USD")
    Label.objects.filter(pk=mine.pk, state="voided").update(
        state="bought", settled_at=timezone.now() - timedelta(days=1)
    )
    assert today(world) == Money.of("0.00", "USD")


def test_a_day_is_the_workspaces_own(world: World) -> None:
    world.workspace.time_zone = "Pacific/Kiritimati"  # UTC+14: today begins at 10:00 UTC
    factories.label(
        factories.order(world.workspace), account=world.account,
        settled_at=factories.utc("2026-11-23 09:59"),
    )  # fmt: skip
    before = spent_today(world.workspace, "USD", now=factories.utc("2026-11-23 09:59"))
    after = spent_today(world.workspace, "USD", now=factories.utc("2026-11-23 10:00"))
    assert (str(before), str(after)) == ("$5.00", "$0.00")


def test_a_label_above_the_ceiling_is_not_paid(world: World) -> None:
    batch = batch_of(world, quoted(world))
    limits(world, label_ceiling=Decimal("8.00"))
    run(batch)
    item = batch.items.get()
    assert (item.state, item.fix) == ("left_out", "label_ceiling")
    assert item.reason == "It costs $8.41, and no label may cost more than $8.00."
    assert not world.provider.charges


def test_limits_in_another_currency_do_not_bind(world: World) -> None:
    batch = batch_of(world, quoted(world))
    limits(world, currency="GBP", label_ceiling=Decimal("1.00"))
    run(batch)
    assert Label.objects.get().state == "bought"


def test_a_running_batch_stops_where_one_person_may_not_spend_more(world: World) -> None:
    batch = batch_of(world, *(quoted(world) for _ in range(3)))
    limits(world, approve_above=Decimal("20.00"))
    run(batch)
    assert sorted(batch.items.values_list("state", "fix")) == [
        ("done", ""),
        ("done", ""),
        ("left_out", "second_person"),
    ]


def test_an_approved_batch_is_bought_whole(world: World) -> None:
    batch = batch_of(world, *(quoted(world) for _ in range(3)))
    limits(world, approve_above=Decimal("20.00"))
    SpendApproval.objects.create(
        workspace=world.workspace, state="approved", once="x", prices={}, count=3, total=26,
        currency="USD", expires_at=timezone.now(), batch=batch,
    )  # fmt: skip
    run(batch)
    assert list(batch.items.values_list("state", flat=True)) == ["done"] * 3


def test_a_price_that_nobody_saw_is_looked_at_when_it_comes(world: World) -> None:
    order = world.order()
    batch = batch_of(world, order)  # started without rates
    limits(world, label_ceiling=Decimal("5.00"))
    run(batch)
    assert batch.items.get().fix == "label_ceiling"
    assert not Label.objects.exists()
