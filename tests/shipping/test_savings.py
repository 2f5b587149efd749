"""What choices saved: bought labels against one stated service, day by day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.utils import timezone

from core.models import AuditEntry, Role
from orders.models import Order
from shipping import savings
from shipping.models import Label, SavingsBaseline, SavingsDay
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spend import rows

pytestmark = pytest.mark.django_db

NOON = "2026-11-20 20:00"  # noon in Los Angeles, where workspaces are unless they say otherwise
DAY = date(2026, 11, 20)


def rate(name: str, price: str, *, carrier: str = "ups", **fields: Any) -> dict[str, Any]:
    return {
        "carrier": carrier, "service_name": name, "price": price, "currency": "USD", "struck": None,
    } | fields  # fmt: skip


RATES = (
    rate("UPS Ground Saver", "4.98"),
    rate("UPS Ground", "6.20"),
    rate("UPS Ground", "6.40"),  # of another account
    rate("FedEx Ground", "7.00", carrier="fedex"),
    rate("USPS Ground Advantage", "4.00", carrier="usps", struck={"sentence": "Forbidden."}),
)


def bought(world: World, *rates: dict[str, Any], at: str = NOON, **fields: Any) -> Label:
    order = factories.order(world.workspace)
    quotes = factories.quotes(order, rates=list(rates or RATES))
    return factories.label(
        order,
        account=world.account,
        quote_set=quotes,
        settled_at=factories.utc(at),
        **({"cost": Decimal("4.98")} | fields),
    )


def rolled(world: World, day: date = DAY, **which: Any) -> SavingsDay:
    savings.roll_up(world.workspace, day)
    return SavingsDay.objects.get(workspace=world.workspace, day=day, **which)


def test_a_label_is_compared_with_the_default_service_of_its_own_quotes(world: World) -> None:
    bought(world)
    bought(world, cost=Decimal("6.20"))
    row = rolled(world)
    assert (row.labels, row.compared) == (2, 2)
    assert (row.paid, row.baseline) == (Decimal("11.18"), Decimal("12.40"))
    assert row.services == {"UPS Ground": 2}
    assert row.offered == {"UPS Ground Saver": 2, "UPS Ground": 2, "FedEx Ground": 2}


def test_the_next_default_stands_in_where_the_first_was_not_offered(world: World) -> None:
    bought(world, RATES[0], RATES[3])
    row = rolled(world)
    assert (row.services, row.baseline) == ({"FedEx Ground": 1}, Decimal("7.00"))


def test_a_label_without_the_baseline_among_its_quotes_is_not_compared(world: World) -> None:
    bought(world, RATES[0], RATES[4])  # the forbidden one could not have been bought
    row = rolled(world)
    assert (row.labels, row.compared, row.baseline) == (1, 0, Decimal("0.00"))
    assert row.paid == Decimal("4.98")


def test_platform_labels_have_a_baseline_of_their_own(world: World) -> None:
    bought(world, rate("USPS Ground Advantage", "5.58", carrier="usps"), provider="tiktok")
    row = rolled(world, lane="platform")
    assert row.services == {"USPS Ground Advantage": 1}
    assert row.baseline - row.paid_compared == Decimal("0.60")


def test_a_choice_that_cost_more_counts_against_the_savings(world: World) -> None:
    bought(world, cost=Decimal("9.20"))
    row = rolled(world)
    assert row.baseline - row.paid_compared == Decimal("-3.00")


def test_a_day_is_the_workspaces_own_and_calculated_again_it_is_the_same(world: World) -> None:
    bought(world, at="2026-11-20 07:59")  # the 19th in Los Angeles
    bought(world, at="2026-11-20 08:00")
    bought(world, at="2026-11-21 07:59")
    bought(world, at="2026-11-21 08:00")
    assert rolled(world).labels == 2
    assert rolled(world).labels == 2
    assert SavingsDay.objects.count() == 1


def test_a_label_that_was_given_back_no_longer_counts(world: World) -> None:
    label = bought(world, at=f"{timezone.now() - timedelta(days=20):%Y-%m-%d} 20:00")
    bought(world, at=f"{timezone.now() - timedelta(days=20):%Y-%m-%d} 20:00")
    savings.roll_up(world.workspace, (timezone.now() - timedelta(days=20)).date())
    assert SavingsDay.objects.get().labels == 2
    Label.objects.filter(pk=label.pk, state="bought").update(
        state="refunding", void_at=timezone.now()
    )
    assert savings.roll_up_due() == 1
    assert SavingsDay.objects.get().labels == 1
    Label.objects.filter(pk=label.pk, state="refunding").update(
        state="bought", void_at=timezone.now() - timedelta(days=15)
    )
    assert savings.roll_up_due() == 0
    assert savings.roll_up_voided() == 1
    assert SavingsDay.objects.get().labels == 2


def test_the_job_adds_up_what_was_bought_lately(world: World) -> None:
    bought(world, at=f"{timezone.now():%Y-%m-%d %H:%M}")
    bought(world, at="2026-01-05 20:00")
    assert savings.roll_up_due() == 1
    assert SavingsDay.objects.get().labels == 1


def test_another_baseline_changes_the_past_and_is_audited(world: World) -> None:
    day = timezone.now() - timedelta(days=40)
    bought(world, at=f"{day:%Y-%m-%d} 20:00")
    savings.choose_baseline(world.workspace, "own", "FedEx Ground", user=world.user)
    assert savings.roll_up_all(workspace_id=world.workspace.pk) == 1
    assert SavingsDay.objects.get().baseline == Decimal("7.00")
    assert AuditEntry.objects.get(action="savings.baseline").actor == world.user
    savings.choose_baseline(world.workspace, "own", "", user=world.user)
    savings.roll_up_all(workspace_id=world.workspace.pk)
    assert SavingsDay.objects.get().baseline == Decimal("6.20")


# -- The page --------------------------------------------------------------------------------------
def test_the_page_says_what_was_saved_against_what(desk: Desk, world: World) -> None:
    day = timezone.localdate()
    rows.savings_day(world.workspace, day)
    rows.savings_day(
        world.workspace, day, lane="platform", labels=4, paid=20, compared=0, paid_compared=0,
        baseline=0, services={},
    )  # fmt: skip
    words = text_of(desk.get("savings"))
    for part in (
        "$20.00 20.0 %",
        "saved on 10 labels: $80.00 paid, $100.00 at the baseline.",
        "4 labels could not be compared",
        "UPS Ground, else FedEx Ground, else USPS Ground Advantage",
        "against UPS Ground",
    ):
        assert part in words


def test_each_month_has_an_address(desk: Desk, world: World) -> None:
    rows.savings_day(world.workspace, date(2026, 9, 3), baseline=Decimal("90.00"))
    rows.savings_day(world.workspace, date(2026, 10, 3))
    words = text_of(desk.get("savings", "?month=2026-09"))
    assert "$10.00 11.1 %" in words
    assert "October 2026" in words
    assert "$20.00 20.0 %" in text_of(desk.get("savings", "?month=nonsense"))


def test_without_labels_it_says_when_there_is_something(desk: Desk) -> None:
    words = text_of(desk.get("savings"))
    assert "Nothing to compare yet" in words
    assert "Compared with" in words


def test_the_file_has_a_row_a_day_and_lane(desk: Desk, world: World) -> None:
    rows.savings_day(world.workspace, timezone.localdate(), baseline=Decimal("70.00"))
    response = desk.get("savings-export")
    assert isinstance(response, StreamingHttpResponse)
    header, row = b"".join(response).decode().strip().splitlines()  # type: ignore[arg-type]
    assert header.startswith("\ufeffday,lane,currency,labels,paid")
    assert row.endswith(",Own labels,USD,10,80.00,10,80.00,70.00,-10.00,UPS Ground")


def test_a_manager_chooses_among_services_that_were_offered(world: World) -> None:
    rows.savings_day(world.workspace, timezone.localdate(), offered={"FedEx 2Day": 3})
    manager = desk_of(world.workspace, Role.MANAGER)
    assert "FedEx 2Day (offered for 3 labels)" in text_of(manager.get("savings-baseline"))
    refused = manager.post("savings-baseline", {"service": "Rocket"})
    assert refused.status_code == 422
    manager.post("savings-baseline", {"service": "FedEx 2Day"})
    assert SavingsBaseline.objects.get().service == "FedEx 2Day"
    assert "chosen by you" in text_of(manager.get("savings"))
    assert desk_of(world.workspace, Role.PACKER).get("savings-baseline").status_code == 403


def test_a_year_of_days_costs_no_more_queries_than_one(
    world: World,
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    for ago in range(300):
        rows.savings_day(world.workspace, timezone.localdate() - timedelta(days=ago))
    viewer = desk_of(world.workspace, Role.VIEWER)
    with django_assert_max_num_queries(5):
        assert viewer.get("savings", part=True).status_code == 200
    assert Order.objects.count() == 0
