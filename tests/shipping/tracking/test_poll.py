"""Providers asked where parcels are: those that are due, politely, and never one query a parcel."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.errors import NotAuthorized, RateLimited, Rejected, Unavailable
from creatorflow.schedules import SCHEDULES
from shipping.models import Label
from shipping.providers.base import Shipped
from shipping.tracking import poll
from shipping.tracking.due import LONGEST, after_failure, next_poll
from tests import factories
from tests.shipping.labels.world import World, add_account
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def label(world: World, number: str = "1Z1", **fields: Any) -> Label:
    now = timezone.now()
    fields = {"settled_at": now - DAY, "next_poll_at": now, "account": world.account} | fields
    return factories.label(factories.order(world.workspace), tracking_number=number, **fields)


def tracker(status: str, at: datetime) -> dict[str, Any]:
    detail = {"status": status, "datetime": at.isoformat(), "message": status}
    return {"id": "trk_7", "status": status, "tracking_details": [detail]}


def fresh(row: Label) -> Label:
    return Label.objects.get(pk=row.pk)


def test_a_due_parcel_is_asked_about_and_its_answer_written_down(world: World) -> None:
    mine = label(world, provider_label_id="shp_1")
    at = timezone.now() - timedelta(hours=3)
    world.provider.trackers["1Z1"] = tracker("in_transit", at)
    assert poll.poll_due() == 1
    row = fresh(mine)
    assert (row.tracking_status, row.first_scan_at, row.tracker_ref) == ("in_transit", at, "trk_7")
    assert row.next_poll_at is not None
    assert row.next_poll_at > timezone.now() + timedelta(hours=1)
    assert world.provider.tracked == [Shipped("shp_1", "1Z1", "ups", order=mine.order.tiktok_id)]
    assert poll.poll_due() == 0


def test_from_then_on_it_is_asked_about_by_the_providers_own_name(world: World) -> None:
    label(world, tracker_ref="trk_7")
    poll.poll_due()
    assert world.provider.tracked[0].ref == "trk_7"


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "voided"},
        {"state": "unknown"},
        {"number": ""},
        {"next_poll_at": None},
        {"settled_at": timedelta(minutes=-5)},
        {"settled_at": -LONGEST - DAY},
        {"next_poll_at": timedelta(minutes=5)},
    ],
    ids=lambda fields: str(fields),
)
def test_what_is_not_under_way_or_not_due_is_left_alone(
    world: World, fields: dict[str, Any]
) -> None:
    now = timezone.now()
    moments = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    label(world, **moments)
    assert poll.poll_due() == 0
    assert world.provider.tracked == []


def test_no_answer_about_one_parcel_keeps_no_other_waiting(world: World) -> None:
    bad = label(world, "1ZBAD", tracker_ref="trk_gone", settled_at=timezone.now() - 2 * DAY)
    good = label(world, "1ZGOOD")
    world.provider.trackers["1ZGOOD"] = tracker("in_transit", timezone.now())
    world.provider.fail("track", Rejected("No such tracker.", provider="memory", code="404"))
    assert poll.poll_due() == 1
    assert fresh(good).tracking_status == "in_transit"
    row = fresh(bad)
    assert (row.poll_failures, row.tracker_ref, row.tracking_status) == (1, "", "")
    assert row.next_poll_at is not None
    assert row.next_poll_at > timezone.now() + timedelta(minutes=15)


@pytest.mark.parametrize("how", [Unavailable("Down.", provider="m"), RuntimeError("nonsense")])
def test_trouble_is_no_news(world: World, how: Exception) -> None:
    mine = label(world, tracking_status="in_transit")
    world.provider.fail("track", how)
    assert poll.poll_due() == 0
    assert (fresh(mine).tracking_status, fresh(mine).poll_failures) == ("in_transit", 1)


def test_an_account_that_asks_us_to_slow_down_is_asked_nothing_more(world: World) -> None:
    many = [label(world, f"1Z{n}") for n in range(4)]
    slow = RateLimited("Slow.", provider="memory", retry_after=120)
    world.provider.fail("track", slow)
    assert poll.poll_due() == 0
    assert len(world.provider.tracked) == 1
    soonest = min(fresh(row).next_poll_at or timezone.now() for row in many)
    assert soonest > timezone.now() + timedelta(seconds=100)
    assert {fresh(row).poll_failures for row in many} == {0}


def test_a_refused_key_pauses_the_account_and_nobody_is_asked_meanwhile(world: World) -> None:
    mine = label(world)
    world.provider.fail("track", NotAuthorized("Wrong key.", provider="memory"))
    poll.poll_due()
    world.account.refresh_from_db()
    assert world.account.state == "paused"
    Label.objects.update(next_poll_at=timezone.now())
    poll.poll_due()
    assert len(world.provider.tracked) == 1
    assert fresh(mine).next_poll_at is not None


def test_two_sweeps_at_once_ask_about_each_parcel_once(world: World) -> None:
    label(world)
    first = poll._claim(timezone.now())
    second = poll._claim(timezone.now())
    assert (len(first), len(second)) == (1, 0)


def test_many_parcels_cost_no_query_each(world: World, django_assert_max_num_queries: Any) -> None:
    for n in range(8):
        label(world, f"1Z{n}")
    other, _ = add_account(world.workspace, "shippo", "8.00")
    label(world, "1ZS", account=other, provider="shippo")
    with django_assert_max_num_queries(20):
        assert poll.poll_due() == 9


def test_a_person_asks_about_one_parcel_at_once(world: World) -> None:
    mine = label(world, next_poll_at=timezone.now() + DAY)
    world.provider.trackers["1Z1"] = tracker("delivered", timezone.now())
    assert poll.poll_label(label_id=mine.pk) is True
    assert fresh(mine).tracking_status == "delivered"
    assert poll.poll_label(label_id=mine.pk + 1) is False


def test_the_sweep_is_scheduled() -> None:
    assert SCHEDULES["track-parcels"] == (poll.poll_due.path, 5)


def journey(status: str, age: timedelta, failures: int = 0) -> Label:
    return Label(
        tracking_status=status, settled_at=factories.utc("2026-11-23 12:00") - age,
        poll_failures=failures,
    )  # fmt: skip


def test_the_older_the_parcel_the_rarer_the_question() -> None:
    now = factories.utc("2026-11-23 12:00")
    for status in ("", "pre_transit", "in_transit", "failure"):
        pauses = [next_poll(journey(status, days * DAY), now) for days in (1, 11, 30)]
        assert None not in pauses
        assert pauses == sorted(pauses, key=lambda at: at or now)
    for over in ("delivered", "cancelled"):
        assert next_poll(journey(over, DAY), now) is None
    assert next_poll(journey("in_transit", LONGEST + DAY), now) is None


def test_failures_in_a_row_are_waited_out_up_to_a_day() -> None:
    now = factories.utc("2026-11-23 12:00")
    pauses = [after_failure(failures, now) - now for failures in range(12)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= timedelta(minutes=15)
    assert pauses[-1] == DAY
