"""Clocks and budgets of orders that travel in several parcels: the slowest parcel counts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Workspace
from orders.models import Clock, Dispatch, Order
from shipping.clock import facts
from shipping.clock.recompute import catch_up, recompute
from shipping.models import Label
from shipping.tracking.lists import at_risk
from tests import factories
from tests.shipping.clock.test_budgets import DUE, NOW, SOON, budget, counted
from tests.shipping.spread import bought, spread

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace(time_zone="America/Los_Angeles")


def order_of(desk: Workspace, lines: int = 2, **fields: object) -> Order:
    due = {"due_at": timezone.now() + timedelta(days=9)}
    order = factories.order(desk, unit_count=lines, **(due | fields))
    for n in range(lines):
        factories.line(order, sku_id=f"sku-{n}")
    return order


def clock(order: Order) -> Clock:
    catch_up(workspace_id=order.workspace_id)
    return Clock.objects.get(order=order)


def scan(label: Label, at: object) -> None:
    Label.objects.filter(pk=label.pk).update(first_scan_at=at)


def test_an_order_is_scanned_when_the_last_of_its_parcels_is(desk: Workspace) -> None:
    order, now = spread(order_of(desk)), timezone.now()
    first, second = (bought(order, n, settled_at=now - 5 * HOUR) for n in (1, 2))
    scan(first, now - 2 * HOUR)
    assert clock(order).risk == "ok"
    assert clock(order).risk_why.startswith("Parcel 2 of 2: bought")
    scan(second, now - HOUR)
    assert clock(order).risk == "scanned"
    assert clock(order).risk_why.startswith("Parcel 2 of 2: scanned")


def test_the_slowest_parcel_gives_the_forecast(desk: Workspace) -> None:
    order, now = spread(order_of(desk)), timezone.now()
    alone = order_of(desk)
    factories.label(alone, settled_at=now - HOUR)
    bought(order, 1, settled_at=now - HOUR, handed_over_at=now - HOUR)
    bought(order, 2, settled_at=now - HOUR)
    assert clock(order).predicted_scan_at == clock(alone).predicted_scan_at
    assert "Parcel 2 of 2" in clock(order).risk_why


def test_a_parcel_that_has_no_label_yet_counts_as_one_to_be_bought(desk: Workspace) -> None:
    order = spread(order_of(desk))
    scan(bought(order, 1), timezone.now())
    assert clock(order).risk_why.startswith("Parcel 2 of 2: if handed over")


@pytest.mark.parametrize("label", ["elsewhere", "gone"])
def test_parcels_that_are_not_ours_to_ship_do_not_count(desk: Workspace, label: str) -> None:
    order = spread(order_of(desk), p1=label)
    scan(bought(order, 2), timezone.now())
    assert clock(order).risk == "scanned"


def test_a_clock_follows_each_of_the_parcels_and_stands_once(desk: Workspace) -> None:
    order = spread(order_of(desk))
    label = bought(order, 1)
    catch_up(workspace_id=desk.pk)
    assert facts.stale_ids(desk.pk, now=timezone.now()) == []
    Label.objects.filter(pk=label.pk).update(handed_over_at=timezone.now())
    assert facts.stale_ids(desk.pk, now=timezone.now()) == [order.pk]
    bought(order, 2)
    recompute(desk.pk)
    assert Clock.objects.filter(order=order).count() == 1
    assert [known.order_ids for known in facts.read([order.pk])] == [[order.pk]]
    assert facts.stale_ids(desk.pk, now=timezone.now()) == []


def test_reading_takes_one_query_however_many_orders_are_split(
    desk: Workspace, django_assert_num_queries
) -> None:
    orders = [spread(order_of(desk)) for _ in range(5)]
    for order in orders:
        bought(order, 1)
    with django_assert_num_queries(1):
        found = facts.read([order.pk for order in orders])
    assert sorted(pk for known in found for pk in known.order_ids) == [o.pk for o in orders]


def test_the_plan_of_several_parcels_names_its_carrier() -> None:
    assert facts.carrier_of("2 parcels: UPS Ground, FedEx 2Day") == "ups"
    assert facts.carrier_of("UPS Ground") == "ups"


def test_an_order_is_dispatched_late_when_its_last_parcel_is(desk: Workspace) -> None:
    made = DUE - timedelta(days=2)
    order = spread(order_of(desk, due_at=DUE, stage="shipped", created_at=made))
    first, second = (bought(order, n, settled_at=DUE - 9 * HOUR) for n in (1, 2))
    scan(first, DUE - 5 * HOUR)
    assert budget(desk, "ldr").bad == 1
    scan(second, DUE - 2 * HOUR)
    assert budget(desk, "ldr").bad == 0
    scan(second, DUE + HOUR / 2)
    assert budget(desk, "ldr").bad == 1


def test_a_number_that_tiktok_refused_makes_only_its_own_parcel_invalid(desk: Workspace) -> None:
    order = spread(order_of(desk, due_at=SOON))
    labels = [bought(order, n, settled_at=DUE) for n in (1, 2)]
    Dispatch.objects.create(
        order=order, part=2, state="refused", tracking_number=labels[1].tracking_number, carrier="x"
    )
    assert counted(desk, "vtr") == (2, 1, 0)
    Clock.objects.create(order=order, workspace=desk, risk="risk", basis=0)
    assert counted(desk, "vtr") == (2, 1, 1)
    found = at_risk(order.shop_id, DUE - HOUR, DUE + HOUR, ["own"], now=NOW)
    assert [label.part for label in found] == [1]
