"""What shipping would buy, noted on the order for lists."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import Workspace
from core.money import Money
from orders.models import Order
from orders.plan_notes import PlanNote, forget_plans, forget_problems, note_plans
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    """A workspace whose orders lack nothing but a plan."""
    desk = factories.workspace()
    factories.ship_from(desk)
    factories.account(desk)
    factories.sku(factories.shop(desk), tiktok_id="sku-1")
    return desk


def order(desk: Workspace, **fields: object) -> Order:
    made = factories.order(desk, **fields)
    factories.line(made)
    return made


PLAN = PlanNote(
    name="UPS Ground",
    price=Money(Decimal("4.98"), "USD"),
    why="Cheapest.",
    parcel={"weight_g": 240},
)


def test_a_plan_is_on_the_order_for_lists(desk) -> None:
    until = timezone.now()
    made = order(desk)
    note_plans(
        {
            made.pk: PlanNote(
                **{f: getattr(PLAN, f) for f in ("name", "price", "why", "parcel")}, until=until
            )
        }
    )
    made.refresh_from_db()
    assert (made.plan_name, made.plan_price, made.plan_currency) == (
        "UPS Ground",
        Decimal("4.98"),
        "USD",
    )
    assert (made.plan_why, made.plan_parcel, made.plan_until) == (
        "Cheapest.",
        {"weight_g": 240},
        until,
    )
    assert made.stage == "ready"


def test_an_order_without_a_rate_needs_a_fix_and_comes_back_with_one(desk) -> None:
    made = order(desk)
    note_plans({made.pk: PlanNote(problem="No carrier takes 70 kg.")})
    made.refresh_from_db()
    assert (made.stage, made.blocker) == ("fix", "no_rate")
    note_plans({made.pk: PLAN})
    made.refresh_from_db()
    assert (made.stage, made.blocker) == ("ready", "")


def test_a_changed_set_up_gives_stuck_orders_another_try(desk) -> None:
    made = order(desk)
    note_plans({made.pk: PlanNote(problem="No rate.")})
    forget_problems(desk.pk)
    made.refresh_from_db()
    assert (made.stage, made.rate_problem) == ("ready", "")


def test_a_plan_that_no_longer_holds_is_forgotten(desk) -> None:
    made = order(desk)
    note_plans({made.pk: PLAN})
    forget_plans([made.pk])
    made.refresh_from_db()
    assert (made.plan_price, made.plan_name, made.plan_until) == (None, "", None)


def test_an_order_that_is_gone_is_passed_over(desk) -> None:
    note_plans({})
    note_plans({2**40: PLAN})
    assert not Order.objects.exists()


def test_a_hundred_plans_cost_as_many_queries_as_ten(desk) -> None:
    def cost(count: int) -> int:
        orders = [order(desk) for _ in range(count)]
        with CaptureQueriesContext(connection) as caught:
            note_plans({one.pk: PlanNote(problem="No rate.") for one in orders})
        return len(caught)

    assert cost(10) == cost(100)
