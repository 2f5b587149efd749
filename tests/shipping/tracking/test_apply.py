"""News of parcels, written down: once, in any order, at the price of a few queries."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django_q.models import OrmQ

from orders.models import OrderEvent
from shipping.models import Label, TrackingEvent
from shipping.tracking.apply import Told, write_down
from shipping.tracking.normalize import Event, Scan, after, first_scan
from tests import factories

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = NOON + timedelta(days=2)


def label(**fields: Any) -> Label:
    fields = {"settled_at": NOON - 5 * HOUR} | fields
    return factories.label(factories.order(factories.workspace()), **fields)


def scan(*events: tuple[str, int], ref: str = "") -> Scan:
    """A history: (status, hours after noon)."""
    told = tuple(Event(status, NOON + hours * HOUR, f"{status}!") for status, hours in events)
    status = "unknown"
    for event in told:
        status = after(status, event.status)
    return Scan(status, told[-1].at if told else None, first_scan(told), told, ref)


def fresh(row: Label) -> Label:
    return Label.objects.get(pk=row.pk)


def kept(row: Label) -> list[str]:
    return list(row.tracking_events.order_by("at").values_list("status", flat=True))


def timeline(row: Label) -> list[str]:
    return list(
        row.order.events.filter(kind="tracking").order_by("pk").values_list("text", flat=True)
    )


def test_a_history_is_kept_event_by_event_and_repeating_it_adds_nothing() -> None:
    mine = label()
    story = scan(("pre_transit", -2), ("in_transit", 0), ref="trk_1")
    assert write_down([Told(mine, story)], now=NOW) == {mine.pk}
    assert write_down([Told(mine, story), Told(mine, story)], now=NOW) == set()
    assert kept(mine) == ["pre_transit", "in_transit"]
    row = fresh(mine)
    assert (row.tracking_status, row.tracking_at, row.first_scan_at) == ("in_transit", NOON, NOON)
    assert row.tracker_ref == "trk_1"
    assert timeline(mine) == ["UPS: on its way."]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_news_arrives_the_label_ends_the_same(order: tuple[int, ...]) -> None:
    mine = label()
    steps = [scan(("in_transit", 0)), scan(("out_for_delivery", 5)), scan(("delivered", 8))]
    for place in order:
        write_down([Told(mine, steps[place])], now=NOW)
    row = fresh(mine)
    assert (row.tracking_status, row.tracking_at) == ("delivered", NOON + 8 * HOUR)
    assert row.delivered_at == NOON + 8 * HOUR
    assert row.first_scan_at == NOON
    assert row.next_poll_at is None
    assert kept(mine) == ["in_transit", "out_for_delivery", "delivered"]


def test_the_label_that_was_made_is_no_scan() -> None:
    mine = label()
    write_down([Told(mine, scan(("pre_transit", 0)))], now=NOW)
    assert fresh(mine).first_scan_at is None
    assert fresh(mine).next_poll_at is not None


def test_a_parcel_on_its_way_back_is_never_delivered() -> None:
    mine = label()
    write_down([Told(mine, scan(("return_to_sender", 3)))], now=NOW)
    write_down([Told(mine, scan(("delivered", 30)))], now=NOW)
    row = fresh(mine)
    assert (row.tracking_status, row.delivered_at) == ("return_to_sender", None)


def test_what_a_person_dealt_with_comes_back_with_news() -> None:
    mine = label(
        tracking_status="failure", tracking_at=NOON, handled_at=NOON, handled_note="Sent again"
    )
    write_down([Told(mine, scan(("failure", 1)))], now=NOW)
    assert fresh(mine).handled_at == NOON
    write_down([Told(mine, scan(("return_to_sender", 2)))], now=NOW)
    assert (fresh(mine).handled_at, fresh(mine).handled_note) == (None, "")


def test_nothing_told_is_nothing_written() -> None:
    mine = label()
    assert write_down([], now=NOW) == set()
    write_down([Told(mine, Scan("unknown", None))], now=NOW)
    assert kept(mine) == []
    assert timeline(mine) == []
    assert OrderEvent.objects.filter(order=mine.order_id, kind="tracking").count() == 0


def test_documents_are_kept_as_they_came_whatever_is_in_them() -> None:
    mine = label()
    raw = {"weight": Decimal("1.50"), "text": "a\x00b", "long": "x" * 10}
    endless = {"text": "y" * 9000}
    events = (
        Event("in_transit", NOON, "a", "", raw),
        Event("in_transit", NOON + HOUR, "b", "", endless),
    )
    write_down([Told(mine, Scan("in_transit", NOON, NOON, events))], now=NOW)
    first, second = mine.tracking_events.order_by("at").values_list("raw", flat=True)
    assert first == {"weight": "1.50", "text": "ab", "long": "x" * 10}
    assert len(second["cut"]) == 4000


def test_a_hundred_parcels_cost_no_more_queries_than_two(django_assert_num_queries: Any) -> None:
    place = factories.workspace()
    many = [factories.label(factories.order(place)) for _ in range(6)]
    news = [Told(row, scan(("pre_transit", -1), ("in_transit", 0))) for row in many]
    with django_assert_num_queries(7):  # the transaction's two, four of ours, and who is told
        write_down(news[:2], now=NOW)
    with django_assert_num_queries(7):
        write_down(news, now=NOW)
    assert TrackingEvent.objects.count() == 12


def test_a_first_scan_is_told_once_per_workspace_with_its_orders() -> None:
    place = factories.workspace()
    rows = [factories.label(factories.order(place)) for _ in range(2)]
    news = [Told(row, scan(("in_transit", 0))) for row in rows]
    before = OrmQ.objects.count()
    write_down(news, now=NOW)
    write_down(news, now=NOW)
    (queued,) = OrmQ.objects.order_by("pk")[before:]
    path, ids = queued.task["args"]
    assert path == "shipping.clock.recompute.orders_changed"
    assert ids == {"workspace_id": place.pk, "order_ids": [row.order_id for row in rows]}
