"""What is done to one order from its page, and asking TikTok about orders again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orders.blockers import BLOCKERS
from orders.models import Dispatch, Order
from orders.rereading import reread_many
from orders.views import bulk
from tests import factories
from tests.orders.pressing import desk, order, press, press_one, queued
from tests.shops.sandboxed import Connected

__all__ = ["desk"]

pytestmark = pytest.mark.django_db


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
