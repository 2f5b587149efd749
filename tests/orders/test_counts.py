"""How many: exact as far as people count, and no further."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import Workspace
from core.money import Money
from orders import counts
from orders.models import Order
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace()


def test_each_tab_counts_its_own_orders_in_one_query(desk) -> None:
    now = timezone.now()
    for stage in ("ready", "ready", "hold", "fix", "bought", "shipped", "closed"):
        factories.order(desk, stage=stage)
    factories.order(desk, stage="bought", due_at=now + timedelta(hours=11))
    factories.order(factories.workspace(), stage="ready")
    with CaptureQueriesContext(connection) as caught:
        found = counts.tab_counts(desk, now=now)
    assert len(caught) == 1
    assert found == {
        "ready": 2, "late": 1, "hold": 1, "fix": 1, "bought": 2, "shipped": 1, "all": 8
    }  # fmt: skip


def test_counting_stops_where_people_stop_reading(desk, monkeypatch) -> None:
    monkeypatch.setattr(counts, "MOST", 3)
    for _ in range(6):
        factories.order(desk, plan_price="1.00", plan_currency="USD")
    assert counts.tab_counts(desk, now=timezone.now())["ready"] == 4
    assert counts.tally(Order.objects.of(desk)) == counts.Tally(4)


def test_a_price_is_said_only_when_it_is_the_whole_price(desk) -> None:
    orders = Order.objects.of(desk)
    assert counts.tally(orders) == counts.Tally(0)
    factories.order(desk, plan_price="4.98", plan_currency="USD")
    factories.order(desk, plan_price="5.00", plan_currency="USD")
    assert counts.tally(orders) == counts.Tally(2, Money(Decimal("9.98"), "USD"))
    unpriced = factories.order(desk)
    assert counts.tally(orders) == counts.Tally(3)
    unpriced.delete()
    factories.order(desk, plan_price="1.00", plan_currency="XTS")
    assert counts.tally(orders) == counts.Tally(3)


def test_reasons_are_counted_the_most_frequent_first(desk) -> None:
    for blocker in ("bad_address", "no_weight", "no_weight"):
        factories.order(desk, stage="fix", blocker=blocker)
    assert list(counts.blocker_counts(Order.objects.of(desk)).items()) == [
        ("no_weight", 2),
        ("bad_address", 1),
    ]
