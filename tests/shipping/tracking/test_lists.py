"""The lists of parcels: who stands on which, in which order, and what is said about each."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.models import Workspace
from orders.querysets import NO_DEADLINE
from shipping.models import Label
from shipping.tracking import lists
from shipping.tracking.advice import Advice, advise
from shipping.tracking.lists import LISTS, PAGE, labels_in, page_of
from shipping.tracking.terms import Terms, terms_of
from shops.models import Shop
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def terms(of: Workspace, now: datetime | None = None) -> Terms:
    on = (now or timezone.now()).date()
    return terms_of(of.pk, list(Shop.objects.of(of)), on=on)


def label(of: Workspace, *, order: dict[str, Any] | None = None, **fields: Any) -> Label:
    fields = {"settled_at": timezone.now() - DAY} | fields
    return factories.label(factories.order(of, **(order or {})), **fields)


def moving(of: Workspace, status: str, silent: timedelta, **fields: Any) -> Label:
    at = timezone.now() - silent
    return label(of, tracking_status=status, tracking_at=at, first_scan_at=at, **fields)


def on(of: Workspace, name: str, **filters: Any) -> list[int]:
    now = timezone.now()
    rows = labels_in(of, name, terms(of), now=now, **filters)
    return [row.pk for row in page_of(rows, name).labels]


def counted(of: Workspace, **filters: Any) -> dict[str, int]:
    found = lists.counts(of, terms(of), now=timezone.now(), **filters)
    return {name: count for name, count in found.items() if count}


def test_a_bought_label_waits_for_its_scan_the_oldest_first(glow: Workspace) -> None:
    now = timezone.now()
    young = label(glow, settled_at=now - HOUR)
    old = label(glow, settled_at=now - 2 * DAY, tracking_status="pre_transit")
    moving(glow, "in_transit", HOUR)
    label(glow, state="voided")
    label(glow, handled_at=now)
    label(glow, order={"status": "IN_TRANSIT"})  # TikTok has it collected
    label(glow, settled_at=now - 100 * DAY)  # no window is open any more
    assert on(glow, "unscanned") == [old.pk, young.pk]


def test_half_the_way_to_being_lost_a_parcel_is_stalled(glow: Workspace) -> None:
    moving(glow, "in_transit", 4 * DAY)
    silent = moving(glow, "in_transit", 6 * DAY)
    lost = moving(glow, "available_for_pickup", 12 * DAY)
    moving(glow, "delivered", 12 * DAY)
    assert on(glow, "stalled") == [lost.pk, silent.pk]
    factories.override(glow, key="lost.after_days", value="30", market="US", since=None)
    assert on(glow, "stalled") == []


def test_a_market_without_a_rule_calls_nothing_stalled() -> None:
    far = factories.workspace()
    factories.shop(far, region="BR")
    moving(far, "in_transit", 60 * DAY)
    assert on(far, "stalled") == []
    assert counted(far) == {"moving": 1}


def test_every_parcel_stands_on_its_list(glow: Workspace) -> None:
    back, gone = moving(glow, "return_to_sender", DAY), moving(glow, "failure", HOUR)
    there = moving(glow, "delivered", HOUR)
    road = moving(glow, "out_for_delivery", HOUR)
    done = moving(glow, "failure", DAY, handled_at=timezone.now())
    assert on(glow, "exceptions") == [gone.pk, back.pk]
    assert on(glow, "delivered") == [there.pk]
    assert on(glow, "moving") == [road.pk]
    assert on(glow, "handled") == [done.pk]
    assert counted(glow) == {"exceptions": 2, "delivered": 1, "moving": 1, "handled": 1}


def test_lists_are_narrowed_by_shop_and_carrier(glow: Workspace) -> None:
    second = factories.shop(glow)
    mine = label(glow, order={"shop": second}, carrier="usps")
    label(glow)
    assert on(glow, "unscanned", shop=second.pk, carrier="") == [mine.pk]
    assert on(glow, "unscanned", shop=None, carrier="usps") == [mine.pk]
    assert counted(glow, carrier="fedex") == {}
    now = timezone.now()
    assert lists.carriers_of(glow, now=now, last=90 * DAY) == ["ups", "usps"]


def test_another_workspaces_parcels_are_on_no_list(glow: Workspace) -> None:
    label(factories.workspace())
    assert counted(glow) == {}


@pytest.mark.parametrize("name", ["unscanned", "delivered"])
def test_pages_follow_each_other_without_gap_or_repetition(
    glow: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 3)
    at = timezone.now() - HOUR
    fields = {"tracking_status": "delivered", "tracking_at": at, "first_scan_at": at}
    for _ in range(8):  # all of one moment: only the number tells them apart
        label(glow, settled_at=at, **(fields if name == "delivered" else {}))
    rows = labels_in(glow, name, terms(glow), now=timezone.now())
    seen: list[int] = []
    after = ""
    for _ in range(4):
        found = page_of(rows, name, after=after)
        seen += [row.pk for row in found.labels]
        if not (after := found.after):
            break
    assert seen == sorted(seen, reverse=name == "delivered")
    assert len(set(seen)) == 8


@pytest.mark.parametrize("place", ["x", "2026-11-23T00:00:00Z_-1", "_", f"2026-01-01_{2**70}"])
def test_what_is_no_place_is_the_first_page(glow: Workspace, place: str) -> None:
    label(glow)
    rows = labels_in(glow, "unscanned", terms(glow), now=timezone.now())
    assert len(page_of(rows, "unscanned", after=place).labels) == 1


def test_counting_stops_where_people_stop_reading(
    glow: Workspace, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(lists, "MOST", 2)
    for _ in range(5):
        label(glow)
    known = terms(glow)
    with django_assert_num_queries(1):
        found = lists.counts(glow, known, now=timezone.now())
    assert found["unscanned"] == 3
    assert PAGE >= 20
    assert list(found) == list(LISTS)


def advice(row: Label, name: str, *, takes_back: bool = True) -> Advice:
    row = Label.objects.select_related("order__shop").get(pk=row.pk)
    now = timezone.now()
    return advise(row, name, terms(row.workspace), takes_back=takes_back, now=now)


def test_before_its_deadline_a_parcel_is_to_be_handed_over(glow: Workspace) -> None:
    assert advice(label(glow), "unscanned").do == "order"


def test_after_it_its_label_is_given_back_while_that_is_possible(glow: Workspace) -> None:
    now = timezone.now()
    late = {"due_at": now - HOUR}
    mine = label(glow, order=late)
    found = advice(mine, "unscanned")
    assert found.do == "void"
    assert found.void_until == mine.settled_at + 90 * DAY
    usps = label(glow, order=late, carrier="usps")
    assert advice(usps, "unscanned").void_until == usps.settled_at + 30 * DAY
    old = label(glow, order=late, carrier="usps", settled_at=now - 31 * DAY)
    assert (advice(old, "unscanned").do, advice(old, "unscanned").void_until) == ("carrier", None)
    assert advice(mine, "unscanned", takes_back=False).do == "carrier"


def test_without_a_deadline_the_markets_patience_decides(glow: Workspace) -> None:
    now = timezone.now()
    free = {"due_at": NO_DEADLINE}
    assert advice(label(glow, order=free), "unscanned").do == "order"
    waited = label(glow, order=free, settled_at=now - 6 * DAY)
    assert advice(waited, "unscanned").do == "void"


def test_the_label_of_a_cancelled_order_is_given_back_at_once(glow: Workspace) -> None:
    assert advice(label(glow, order={"status": "CANCELLED"}), "unscanned").do == "void"


def test_a_silent_parcel_is_asked_about_and_then_claimed(glow: Workspace) -> None:
    asked = advice(moving(glow, "in_transit", 6 * DAY), "stalled")
    assert (asked.do, asked.words) == (
        "carrier",
        "No scan for 6 days. Ask the carrier where it is.",
    )
    lost = advice(moving(glow, "in_transit", 11 * DAY), "stalled")
    assert (lost.do, lost.words) == (
        "claim",
        "No scan for 11 days: it counts as lost after 10 days.",
    )


@pytest.mark.parametrize(
    ("status", "do"),
    [("return_to_sender", "order"), ("failure", "claim"), ("cancelled", "void")],
)
def test_each_trouble_has_its_way_out(glow: Workspace, status: str, do: str) -> None:
    assert advice(moving(glow, status, HOUR), "exceptions").do == do


def test_the_plan_counts_what_waits_for_its_scan(glow: Workspace) -> None:
    oldest = label(glow, settled_at=timezone.now() - 26 * HOUR)
    label(glow)
    found = lists.unscanned(glow, terms(glow), now=timezone.now())
    assert found == (2, oldest.settled_at)
    empty = factories.workspace()
    assert lists.unscanned(empty, terms(empty), now=timezone.now()) == (0, None)
