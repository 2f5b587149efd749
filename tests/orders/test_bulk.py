"""Doing one thing to many orders, and being told what was left out and why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry, Role
from orders.models import Order, OrderEvent
from orders.views import bulk
from tests import factories
from tests.orders.pressing import desk, order, press, queued

__all__ = ["desk"]

pytestmark = pytest.mark.django_db


def test_ticked_orders_are_held_and_the_others_are_counted_with_the_reason(desk, client) -> None:
    ready, fix = order(desk), order(desk, stage="fix", blocker="no_rate")
    shipped = order(desk, stage="shipped", status="DELIVERED")
    words = press(client, "hold", order=[ready.pk, fix.pk, shipped.pk], because="Out of stock")
    assert words == "2 orders held. 1 order left out: already bought, shipped or closed."
    ready.refresh_from_db()
    assert (ready.stage, ready.blocker, ready.held_because) == ("hold", "held", "Out of stock")
    assert OrderEvent.objects.filter(order=ready, text="Held: Out of stock").exists()
    assert AuditEntry.objects.get().action == "order.hold"


def test_a_hold_may_end_by_itself(desk, client) -> None:
    made = order(desk)
    press(client, "hold", order=[made.pk], days="3")
    made.refresh_from_db()
    left = made.held_until - timezone.now()
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)


def test_released_orders_are_ready_again_and_get_rates(desk, client) -> None:
    made = order(desk)
    press(client, "hold", order=[made.pk], because="Wait")
    assert press(client, "release", order=[made.pk]) == "1 order released."
    made.refresh_from_db()
    assert made.stage == "ready"
    assert "shipping.quoting.quote_due" in queued()


def test_tags_come_and_go(desk, client) -> None:
    first, second = order(desk), order(desk, tags=["vip"])
    both = [first.pk, second.pk]
    assert press(client, "tag", order=both, tag=" vip ") == (
        "1 order tagged “vip”. 1 order left out: tagged so before."
    )
    assert press(client, "untag", order=both, tag="vip") == "2 orders no longer tagged “vip”."
    first.refresh_from_db()
    assert first.tags == []


def test_a_tag_without_a_name_is_refused_in_words(desk, client) -> None:
    assert press(client, "tag", order=[order(desk).pk], tag="  ") == "A tag needs a name."


def test_all_matching_runs_the_filter_again_inside_the_workspace(desk, client) -> None:
    mine = [order(desk, lane="own") for _ in range(3)]
    other = order(desk, lane="platform")
    foreign = order(factories.workspace(), lane="own")
    words = press(
        client, "hold", all="1", filter="tab=ready&lane=own", order=[foreign.pk, other.pk]
    )
    assert words == "3 orders held."
    held = Order.objects.exclude(held_because="")
    assert {one.pk for one in held} == {one.pk for one in mine}


def test_all_matching_a_filter_that_makes_no_sense_is_nobody(desk, client) -> None:
    made = order(desk)
    words = press(client, "hold", all="1", filter="tab=ready&q=jo")
    assert words == "The search or a filter is not valid. Correct it, then select again."
    made.refresh_from_db()
    assert made.held_because == ""


def test_ids_of_another_workspace_are_nothing(desk, client) -> None:
    foreign = order(factories.workspace())
    words = press(client, "hold", order=[foreign.pk, "x", "-1", "9" * 30, "²"])
    assert words == "No order was selected, so nothing was done."
    foreign.refresh_from_db()
    assert foreign.held_because == ""


def test_the_way_back_is_the_list_as_it_was(desk, client) -> None:
    made = order(desk)
    query = {"filter": "tab=ready&q=ortiz", "page": "tab=ready&q=ortiz&after=x"}
    answer = client.post("/w/desk/queue/bulk/", {"action": "hold", "order": made.pk, **query})
    assert answer["Location"] == "/w/desk/queue/?tab=ready&q=ortiz&after=x"
    hostile = client.post(
        "/w/desk/queue/bulk/", {"action": "hold", "order": made.pk, "page": "//evil.example/?a"}
    )
    assert hostile["Location"].startswith("/w/desk/queue/?")


@pytest.mark.parametrize("action", ["", "explode", "ship_despite_cancel", "_hold"])
def test_an_unknown_action_is_refused_in_words_and_does_nothing(action, desk, client) -> None:
    made = order(desk)
    answer = client.post("/w/desk/queue/bulk/", {"action": action, "order": made.pk})
    assert answer.status_code == 400
    assert "does not know this action" in answer.content.decode()
    alone = client.post(f"/w/desk/orders/{made.pk}/act/", {"action": "explode"})
    assert alone.status_code == 400
    made.refresh_from_db()
    assert made.stage == "ready"


def test_ten_thousand_ticked_orders_are_held_in_as_many_queries_as_a_few_thousand(
    desk, client
) -> None:
    shop = desk.shops.get()
    now = timezone.now()
    Order.objects.bulk_create(
        Order(
            workspace=desk, shop=shop, tiktok_id=str(number), status="AWAITING_SHIPMENT", lane="own",
            created_at=now, updated_at=now, synced_at=now, currency="USD", total=1, stage="ready",
        )
        for number in range(10_000)
    )  # fmt: skip
    ids = list(Order.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as caught:
        words = press(client, "hold", order=ids, because="Storm")
    assert words == "10,000 orders held."
    assert Order.objects.filter(stage="hold").count() == 10_000
    assert len(caught) < 120  # rows are written a thousand at a time


def test_more_than_one_press_may_touch_are_done_in_part_and_it_is_said(
    desk, client, monkeypatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    for _ in range(3):
        order(desk)
    words = press(client, "hold", all="1", filter="tab=ready")
    assert words == (
        "2 orders held. Only the first 2 matching orders were taken. Press again for the next ones."
    )


def test_a_viewer_may_not_and_a_stranger_finds_nothing(desk, client) -> None:
    made = order(desk)
    client.force_login(factories.member(desk, Role.VIEWER))
    for path in ("queue/bulk", f"orders/{made.pk}/act"):
        assert client.post(f"/w/desk/{path}/", {"action": "hold"}).status_code == 403
    client.force_login(factories.member(factories.workspace()))
    assert client.post(f"/w/desk/orders/{made.pk}/act/", {"action": "hold"}).status_code == 404


def test_an_order_of_another_workspace_cannot_be_acted_on(desk, client) -> None:
    foreign = order(factories.workspace())
    answer = client.post(f"/w/desk/orders/{foreign.pk}/act/", {"action": "hold"})
    assert answer.status_code == 404
