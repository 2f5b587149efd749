"""Clocks of open orders: who is at risk is known before the deadline, and follows every change."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core.models import Workspace
from orders.models import Clock, Order
from shipping.clock import facts, history
from shipping.clock.recompute import (
    catch_up,
    desks_of,
    handed_over,
    orders_changed,
    recompute,
    refresh_history,
    rules_changed,
)
from shipping.clock.risk import judge_all
from shipping.models import Label, ScanLag
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace(time_zone="America/Los_Angeles")


def scanned(desk: Workspace, waited: timedelta, **fields: Any) -> Label:
    """A parcel of ten days ago that was scanned so long after its purchase."""
    bought = fields.pop("bought", timezone.now() - timedelta(days=10))
    order = factories.order(desk, stage="shipped", status="DELIVERED")
    return factories.label(order, settled_at=bought, first_scan_at=bought + waited, **fields)


def clock(order: Order) -> Clock:
    return Clock.objects.get(order=order)


def late_tab(desk: Workspace) -> set[int]:
    rows = Order.objects.of(desk).tab("late", now=timezone.now())
    return set(rows.values_list("pk", flat=True))


def test_carriers_that_scan_late_move_orders_into_late_risk_before_the_naive_deadline(desk) -> None:
    due = timezone.now() + 30 * HOUR  # far beyond the twelve hours that count without history
    order = factories.order(desk, due_at=due, plan_name="UPS Ground Saver")
    other = factories.order(desk, due_at=due, plan_name="FedEx Ground Economy")
    account = factories.account(desk)
    for _ in range(12):
        scanned(desk, 40 * HOUR, account=account)
        scanned(desk, 4 * HOUR, account=account, carrier="fedex")
    assert refresh_history() == 1
    assert late_tab(desk) == {order.pk}
    found = clock(order)
    assert found.risk == "risk"
    assert "80 % of 12 UPS parcels" in found.risk_why
    assert "after the deadline" in found.risk_why
    assert found.predicted_scan_at > due
    assert clock(other).risk == "ok"


def test_history_is_rolled_up_by_carrier_weekday_and_handover(desk) -> None:
    monday = factories.utc("2026-11-16 20:00")
    account = factories.account(desk)
    for hours in (1, 2, 3, 4, 10):
        scanned(desk, hours * HOUR, bought=monday, account=account)
    scanned(desk, 9 * HOUR, bought=monday, account=account, handed_over_at=monday + 6 * HOUR)
    scanned(desk, 9 * HOUR, bought=monday - timedelta(days=90), account=account)
    assert history.refresh(desk.pk, desk.time_zone, now=factories.utc("2026-11-20 12:00"))
    rows = {
        (row.carrier, row.weekday, row.handed_over): (row.parcels, row.median_minutes)
        for row in ScanLag.objects.filter(workspace=desk)
    }
    assert rows == {
        ("ups", 0, False): (6, 210),
        ("ups", None, False): (6, 210),
        ("", None, False): (6, 210),
        ("ups", 0, True): (1, 180),
        ("ups", None, True): (1, 180),
        ("", None, True): (1, 180),
    }
    assert ScanLag.objects.get(carrier="ups", weekday=0, handed_over=False).likely_minutes == 540
    assert not history.refresh(desk.pk, desk.time_zone, now=factories.utc("2026-11-20 13:00"))


def test_a_clock_without_history_is_worked_out_with_the_stated_default(desk) -> None:
    order = factories.order(desk, due_at=timezone.now() + timedelta(days=9))
    catch_up(workspace_id=desk.pk)
    assert clock(order).risk == "ok"
    assert "assumed until" in clock(order).risk_why


def test_until_a_clock_is_worked_out_the_deadline_alone_counts(desk) -> None:
    near = factories.order(desk, due_at=timezone.now() + 5 * HOUR)
    factories.order(desk, due_at=timezone.now() + 13 * HOUR)
    factories.order(desk, due_at=timezone.now() + 5 * HOUR, stage="hold")
    assert late_tab(desk) == {near.pk}


def test_only_clocks_that_grew_old_are_worked_out_anew(desk) -> None:
    order = factories.order(desk, due_at=timezone.now() + timedelta(days=9))
    factories.order(desk, due_at=timezone.now() + timedelta(days=9), stage="closed")
    assert catch_up(workspace_id=desk.pk) == 1
    assert facts.stale_ids(desk.pk, now=timezone.now()) == []
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now() - HOUR)
    assert facts.stale_ids(desk.pk, now=timezone.now()) == [order.pk]
    catch_up()
    assert clock(order).risk == "late"
    assert facts.stale_ids(desk.pk, now=timezone.now() + timedelta(days=9)) == []


def test_time_alone_brings_an_order_back(desk) -> None:
    order = factories.order(desk, due_at=timezone.now() + timedelta(days=9))
    catch_up()
    next_at = clock(order).next_risk_at
    assert next_at is not None
    assert facts.stale_ids(desk.pk, now=next_at - timedelta(seconds=1)) == []
    assert facts.stale_ids(desk.pk, now=next_at) == [order.pk]


def test_a_scan_ends_the_worry_and_a_shipped_orders_clock_is_dropped(desk) -> None:
    due = timezone.now() + HOUR
    order = factories.order(desk, stage="shipped", status="AWAITING_COLLECTION", due_at=due)
    label = factories.label(order)
    catch_up()
    assert clock(order).risk == "risk"
    assert late_tab(desk) == {order.pk}
    Label.objects.filter(pk=label.pk).update(first_scan_at=timezone.now())
    orders_changed(workspace_id=desk.pk, order_ids=[order.pk])
    assert clock(order).risk == "scanned"
    assert late_tab(desk) == set()
    Order.objects.filter(pk=order.pk).update(status="IN_TRANSIT")
    catch_up()
    assert not Clock.objects.exists()


def test_a_handover_is_what_the_forecast_counts_from(desk) -> None:
    order = factories.order(desk, stage="bought", due_at=timezone.now() + timedelta(days=9))
    label = factories.label(order)
    catch_up()
    before = clock(order).predicted_scan_at
    Label.objects.filter(pk=label.pk).update(handed_over_at=timezone.now())
    handed_over(label_id=label.pk)
    assert clock(order).risk_why.startswith("Handed over")
    assert clock(order).predicted_scan_at < before


def test_an_own_rule_moves_every_open_orders_clock(desk, django_assert_num_queries) -> None:
    order = factories.order(desk, due_at=timezone.now() + timedelta(days=30))
    catch_up()
    before = clock(order).predicted_scan_at.astimezone(_zone(desk)).hour
    assert before == 8  # 17:00 and fifteen hours
    factories.override(desk, market="*", key="handover.time", value="09:00")
    with django_assert_num_queries(0):
        assert rules_changed(workspace_id=desk.pk, key="metric.ldr.target") == 0
    rules_changed(workspace_id=desk.pk, key="handover.time")
    assert clock(order).predicted_scan_at.astimezone(_zone(desk)).hour == 0


def test_what_is_stored_is_what_the_pure_function_says(desk) -> None:
    now = timezone.now()
    for hours in range(-4, 60, 8):
        factories.order(desk, due_at=now + hours * HOUR, plan_name="UPS Ground")
    bought = factories.order(desk, stage="bought", due_at=now + 9 * HOUR)
    factories.label(bought, settled_at=now - 3 * HOUR)
    assert recompute(desk.pk, now=now) == 9
    desks = desks_of(desk, now=now)
    ids = list(Order.objects.values_list("pk", flat=True))
    compared = 0
    for known in facts.read(ids):
        found = judge_all(known.parcels, desks[known.shop_id], now=now)
        for stored in Clock.objects.filter(order__in=known.order_ids):
            compared += 1
            assert (stored.risk, stored.risk_why) == (found.risk, found.why)
            assert (stored.predicted_scan_at, stored.next_risk_at) == (
                found.predicted_at, found.next_at,
            )  # fmt: skip
    assert compared == 9


def test_many_orders_cost_as_many_queries_as_one(desk, django_assert_max_num_queries) -> None:
    for _ in range(30):
        factories.order(desk)
    with django_assert_max_num_queries(16):
        recompute(desk.pk)
    assert Clock.objects.count() == 30


def _zone(desk: Workspace) -> ZoneInfo:
    return ZoneInfo(desk.time_zone)
