"""Doing one thing to many orders, or to one, and being told what was left out and why."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from core.models import AuditEntry, Role, Workspace
from orders.blockers import BLOCKERS
from orders.models import Dispatch, Order, OrderEvent
from orders.rereading import reread_many
from orders.views import bulk
from tests import factories
from tests.shops.sandboxed import Connected

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Workspace:
    """A workspace whose owner is signed in and whose orders lack nothing."""
    desk = factories.workspace(slug="desk")
    client.force_login(factories.member(desk))
    factories.ship_from(desk)
    factories.account(desk)
    factories.sku(factories.shop(desk), tiktok_id="sku-1")
    return desk


def order(desk: Workspace, **fields: object) -> Order:
    made = factories.order(desk, **fields)
    factories.line(made)
    return made


def press(client: Client, action: str, **data: object) -> str:
    """What the person is told."""
    client.cookies.pop("messages", None)  # of an earlier press
    answer = client.post("/w/desk/queue/bulk/", {"action": action, **data})
    assert answer.status_code == 303, answer.content
    return told(answer)


def press_one(client: Client, order: Order, action: str, **data: object) -> str:
    client.cookies.pop("messages", None)
    answer = client.post(
        f"/w/{order.workspace.slug}/orders/{order.pk}/act/", {"action": action, **data}
    )
    assert answer.status_code == 303, answer.content
    return told(answer)


def told(answer: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def queued() -> list[str]:
    return [task.task["args"][0] for task in OrmQ.objects.all()]


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


# -- one order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(BLOCKERS))
def test_every_button_of_a_blocker_leads_somewhere(code, desk, client) -> None:
    """Either to an action of this view, to a form on the order's page, or to another page."""
    blocker = BLOCKERS[code]
    assert bool(blocker.button) == bool(blocker.action or blocker.url_name)
    if blocker.action:
        assert blocker.action in bulk.ONE or blocker.action in bulk.FORMS
        made = order(desk, stage="fix", blocker=code, recipient={}, address_state="none")
        answer = client.post(f"/w/desk/orders/{made.pk}/act/", {"action": blocker.action})
        assert answer.status_code == 303


def test_an_order_is_shipped_although_its_buyer_asked_to_cancel(desk, client) -> None:
    made = order(desk, is_cancel_requested=True, stage="fix", blocker="cancel_requested")
    words = press_one(client, made, "ship_despite_cancel")
    assert words == "1 order to be shipped although the buyer asked to cancel."
    made.refresh_from_db()
    assert (made.stage, made.blocker) == ("ready", "")


def test_rates_are_asked_for_again(desk, client) -> None:
    made = order(desk, rate_problem="No rate.", stage="fix", blocker="no_rate")
    assert press_one(client, made, "ask_rates") == "1 order waiting for new rates."
    made.refresh_from_db()
    assert (made.stage, made.rate_problem) == ("ready", "")
    assert "shipping.quoting.quote_due" in queued()


def test_tiktok_is_told_again_what_it_refused(desk, client) -> None:
    made = order(desk, stage="fix", blocker="dispatch_refused", label_state="bought")
    refused = Dispatch.objects.create(
        order=made, state="refused", tracking_number="1Z", carrier="ups", reason="Wrong carrier."
    )
    assert press_one(client, made, "retry_dispatch") == "1 order told to TikTok again."
    refused.refresh_from_db()
    assert refused.state == "due"
    made.refresh_from_db()
    assert made.stage == "bought"
    assert press_one(client, made, "retry_dispatch") == (
        "1 order left out: not refused by TikTok any more."
    )


def test_a_corrected_address_can_be_taken_back(desk, client) -> None:
    made = order(desk, fixed_recipient={"name": "Somebody"}, address_state="bad", plan_price="5.00")
    assert press_one(client, made, "unfix_address") == "1 order back to TikTok's address."
    made.refresh_from_db()
    assert (made.fixed_recipient, made.plan_price) == ({}, None)
    assert (made.stage, made.blocker) == ("fix", "bad_address")
    assert press_one(client, made, "unfix_address").startswith("1 order left out")


def test_actions_that_need_a_form_lead_to_it(desk, client) -> None:
    made = order(desk, stage="fix", blocker="bad_address")
    page = f"/w/desk/orders/{made.pk}/"
    answer = client.post(f"{page}act/", {"action": "fix_address"})
    assert answer["Location"] == f"{page}?open=address"
    assert "data-open-now" in client.get(answer["Location"]).content.decode()
    assert client.post(f"{page}act/", {"action": "measure"})["Location"] == f"{page}#fix"


# -- asking TikTok -----------------------------------------------------------------------------------------------------


def stale(connected: Connected, client: Client) -> Order:
    """An order that looks shipped here and is waiting at TikTok."""
    client.force_login(connected.user)
    number = next(
        one["id"] for one in connected.sandbox.orders() if one["status"] == "AWAITING_SHIPMENT"
    )
    return factories.order(
        connected.workspace,
        shop=connected.shop,
        tiktok_id=number,
        status="IN_TRANSIT",
        stage="shipped",
        updated_at=timezone.now() - timedelta(days=90),
    )


def test_an_order_is_read_from_tiktok_now(connected: Connected, client) -> None:
    made = stale(connected, client)
    assert press_one(client, made, "reread") == "1 order read from TikTok just now."
    made.refresh_from_db()
    assert made.status == "AWAITING_SHIPMENT"
    assert made.lines.exists()


def test_tiktok_that_cannot_be_asked_is_said_in_words_and_nothing_changes(
    connected: Connected, client
) -> None:
    made = stale(connected, client)
    connected.sandbox.fault("status", path="/order/*/orders", status=500, times=100)
    words = press_one(client, made, "reread")
    assert words.startswith(f"TikTok could not be asked. {connected.shop.name}: ")
    made.refresh_from_db()
    assert made.status == "IN_TRANSIT"


def test_a_disconnected_shop_is_said_in_words(desk, client) -> None:
    made = order(desk)
    desk.shops.update(authorization=None, disconnected_at=timezone.now())
    assert press_one(client, made, "reread").startswith("TikTok could not be asked.")


def test_many_orders_are_read_by_a_worker(desk, client, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    ids = [order(desk).pk, order(desk).pk]
    assert press(client, "reread", order=ids) == "2 orders being read from TikTok."
    assert reread_many.path in queued()


def test_a_worker_that_cannot_ask_leaves_a_notification(desk) -> None:
    desk.shops.update(authorization=None, disconnected_at=timezone.now())
    assert reread_many(workspace_id=desk.pk, order_ids=[order(desk).pk]) == 0
    told = desk.notification_set.get()
    assert told.text.startswith("TikTok could not be asked about all selected orders.")
