"""Budgets of a week: recomputed from stored events, by the rules of each order's date."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.models import Workspace
from orders.models import Cancellation, Clock, Dispatch, Order, OrderEvent
from orders.querysets import TO_SHIP
from orders.readiness import OPEN
from shipping.clock.budgets import Budget, budgets, scopes
from shops.models import Shop
from tests import factories

pytestmark = pytest.mark.django_db

LA = ZoneInfo("America/Los_Angeles")
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LA)


NOW = at("2026-11-25 12:00")  # a Wednesday
DUE = at("2026-11-24 23:59")
SOON = at("2026-11-25 23:59")


@pytest.fixture
def desk() -> Workspace:
    place = factories.workspace()
    factories.shop(place)
    return place


def order(desk: Workspace, **fields: Any) -> Order:
    made = fields.pop("created_at", DUE - 2 * DAY)
    values = {"due_at": DUE, "created_at": made, "updated_at": NOW, "paid_at": made}
    return factories.order(desk, **(values | fields))


def in_transit(desk: Workspace, scanned: datetime | None, **fields: Any) -> Order:
    one = order(desk, status="IN_TRANSIT", stage="shipped", **fields)
    if scanned:
        bought = scanned - timedelta(hours=9)
        factories.label(one, settled_at=bought, first_scan_at=scanned)
    return one


def budget(desk: Workspace, metric: str, now: datetime = NOW) -> Budget:
    shops = list(Shop.objects.of(desk))
    (found,) = budgets(scopes(desk.pk, shops, on=now), now=now, metrics=[metric])
    return found


def counted(desk: Workspace, metric: str, now: datetime = NOW) -> tuple[int, int, int]:
    found = budget(desk, metric, now)
    return found.total, found.bad, found.at_risk


def test_late_are_those_scanned_after_their_deadline_or_not_at_all(desk) -> None:
    in_transit(desk, DUE - timedelta(hours=1))
    in_transit(desk, DUE + timedelta(hours=1))
    order(desk)  # not scanned, its deadline is over
    order(desk, due_at=SOON)
    in_transit(desk, None)  # when it was scanned is not known: it counts as in time
    order(desk, status="CANCELLED", stage="closed")
    order(desk, lane="fbt")
    order(desk, due_at=at("2026-11-22 23:59"))  # last week's
    order(desk, due_at=at("2026-11-30 00:00"))  # next week's
    assert counted(desk, "ldr") == (5, 2, 0)


def test_tiktoks_own_word_stands_for_a_scan_we_do_not_know(desk) -> None:
    one = in_transit(desk, None)
    moved = "TikTok: Awaiting collection → In transit."
    OrderEvent.objects.create(order=one, kind="sync", text=moved, at=DUE + timedelta(hours=2))
    assert counted(desk, "ldr") == (1, 1, 0)


@pytest.mark.parametrize(("created", "late"), [("2026-01-25 12:00", 0), ("2026-01-26 12:00", 1)])
def test_before_scans_counted_an_arranged_collection_was_enough(desk, created, late) -> None:
    due = at("2026-01-28 23:59")
    one = order(desk, status="IN_TRANSIT", due_at=due, created_at=at(created), rts_at=due - DAY)
    factories.label(one, first_scan_at=due + DAY)
    assert counted(desk, "ldr", due + 2 * DAY) == (1, late, 0)


def test_six_more_late_orders_until_four_percent_and_these_are_at_risk(desk) -> None:
    one = order(desk, due_at=SOON)
    Order.objects.bulk_create(_copies(one, 199))
    factories.label(order(desk), first_scan_at=DUE + DAY)
    order(desk)
    for risky in Order.objects.filter(due_at=SOON)[:9]:
        Clock.objects.create(order=risky, workspace=desk, risk="risk", basis=0)
    found = budget(desk, "ldr")
    assert (found.total, found.bad, found.left, found.at_risk) == (202, 2, 6, 9)
    assert (found.share, found.tone) == (Decimal("0.99"), "amber")
    assert found.rule.number == 4


def test_the_workspaces_own_target_is_what_is_counted_to(desk) -> None:
    Order.objects.bulk_create(_copies(order(desk, due_at=SOON), 99))
    factories.override(desk, key="metric.ldr.target", value="2")
    assert budget(desk, "ldr").left == 2


def test_cancellations_count_where_the_seller_is_at_fault(desk) -> None:
    for _ in range(3):
        order(desk, created_at=at("2026-11-23 09:00"))
    cancelled = {"status": "CANCELLED", "stage": "closed", "cancelled_at": NOW - DAY}
    order(desk, cancelled_by="SELLER", **cancelled)
    order(desk, cancelled_by="BUYER", **cancelled)
    order(desk, cancelled_by="SYSTEM", cancel_at=NOW - 2 * DAY, **cancelled)
    order(desk, cancelled_by="SYSTEM", cancel_requested_at=NOW - 2 * DAY, **cancelled)
    order(desk, cancelled_by="SELLER", **(cancelled | {"paid_at": None}))
    assert counted(desk, "sfcr")[1] == 2


def test_tracking_is_valid_once_scanned_and_invalid_when_refused_or_never_scanned(desk) -> None:
    for fields in ({"first_scan_at": NOW}, {}, {"settled_at": NOW - 9 * DAY}):
        factories.label(order(desk, due_at=SOON), **({"settled_at": NOW - DAY} | fields))
    factories.label(order(desk), settled_at=NOW - DAY)  # its deadline is over
    refused = order(desk, due_at=SOON)
    factories.label(refused, settled_at=NOW - DAY)
    Dispatch.objects.create(order=refused, state="refused", tracking_number="1Z", carrier="ups")
    factories.label(order(desk, lane="platform"), settled_at=NOW - DAY)  # exempt
    assert counted(desk, "vtr") == (4, 2, 0)
    found = budget(desk, "vtr")
    assert (found.share, found.left, found.tone) == (50, -2, "red")


def asked(one: Order, answer_by: datetime) -> Order:
    Cancellation.objects.create(
        workspace=one.workspace,
        order=one,
        tiktok_id=f"c-{one.pk}",
        kind="BUYER_CANCEL",
        status="pending",
        asked_at=NOW,
        updated_at=NOW,
        answer_by=answer_by,
    )
    return one


def test_what_tiktok_cancels_next_is_at_risk_of_being_the_sellers_fault(desk) -> None:
    for _ in range(2):
        order(desk, cancel_at=NOW + DAY, updated_at=NOW - 9 * DAY, stage="bought")
    order(desk, cancel_at=NOW + 3 * DAY)  # not near
    order(desk, cancel_at=NOW - 5 * DAY)  # one of the week before
    order(desk, cancel_at=NOW + DAY, status="AWAITING_COLLECTION", stage="shipped")
    order(desk, cancel_at=NOW + DAY, lane="fbt")
    asked(order(desk), NOW + timedelta(hours=5))
    assert budget(desk, "sfcr").at_risk == 2
    assert budget(desk, "sfcr", at("2026-11-22 12:00")).at_risk == 1


def test_what_is_not_shipped_is_called_so_everywhere() -> None:
    assert set(TO_SHIP) == OPEN


def test_unanswered_requests_count_only_where_the_rules_say_so(desk) -> None:
    asked(order(desk, cancel_at=NOW + DAY), NOW + timedelta(hours=5))
    asked(order(desk), NOW + timedelta(hours=5))
    asked(order(desk), NOW + 3 * DAY)
    over = {"status": "CANCELLED", "stage": "closed", "cancelled_at": NOW - DAY}
    order(desk, cancelled_by="SYSTEM", cancel_requested_at=NOW - 2 * DAY, **over)
    assert counted(desk, "sfcr")[1:] == (0, 1)
    factories.override(desk, key="metric.sfcr.unanswered_counts", value=True)
    assert counted(desk, "sfcr")[1:] == (1, 2)


def test_numbers_at_risk_are_those_that_are_not_invalid_yet(desk) -> None:
    for fields in ({}, {"status": "IN_TRANSIT"}, {"due_at": DUE}):
        one = order(desk, **({"due_at": SOON} | fields))
        factories.label(one, settled_at=NOW - DAY)
        factories.clock(one, risk="risk")
    refused = order(desk, due_at=SOON)
    factories.label(refused, settled_at=NOW - DAY)
    factories.clock(refused, risk="risk")
    Dispatch.objects.create(order=refused, state="refused", tracking_number="1Z", carrier="ups")
    assert counted(desk, "vtr") == (4, 2, 1)


def test_weeks_begin_on_monday_in_the_markets_zone(desk) -> None:
    order(desk, due_at=at("2026-11-23 00:00"))
    order(desk, due_at=at("2026-11-22 23:59:59"))
    assert budget(desk, "ldr", at("2026-11-29 23:59")).total == 1
    assert budget(desk, "ldr", at("2026-11-22 23:59")).total == 1
    assert budget(desk, "ldr").week.isoformat() == "2026-11-23"


def test_nothing_counted_is_neither_good_nor_bad(desk) -> None:
    found = budget(desk, "ldr")
    assert (found.share, found.left, found.tone) == (None, 0, "grey")


def test_any_number_of_shops_and_metrics_is_one_statement(desk, django_assert_num_queries) -> None:
    for _ in range(4):
        factories.shop(desk)
    weeks = scopes(desk.pk, list(Shop.objects.of(desk)), on=NOW)
    with django_assert_num_queries(1):
        assert len(budgets(weeks, now=NOW)) == 15


def test_a_market_without_a_target_has_no_budget(desk) -> None:
    factories.shop(desk, region="XX")
    weeks = scopes(desk.pk, list(Shop.objects.of(desk)), on=NOW)
    assert {one.shop.region for one in budgets(weeks, now=NOW)} == {"US"}


def _copies(one: Order, count: int) -> list[Order]:
    names = [f.attname for f in one._meta.concrete_fields if f.attname != "id"]
    values = {name: getattr(one, name) for name in names}
    return [Order(**(values | {"tiktok_id": f"{one.tiktok_id}-{n}"})) for n in range(count)]
