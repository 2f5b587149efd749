"""Whose webhook it is when a shop has been in two workspaces, one after the other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import inbox
from core.models import WebhookEvent, Workspace
from dashboard import connections
from orders import privacy, timeline
from orders.models import Order
from shops.models import Shop
from shops.senders import told
from tests import factories

pytestmark = pytest.mark.django_db
TIKTOK_ID = "7494049642642441621"
NUMBER = "576900000000000017"


@pytest.fixture
def former() -> Shop:
    """The shop in the workspace that had it first."""
    left = timezone.now() - timedelta(days=3)
    return factories.shop(factories.workspace("Former"), tiktok_id=TIKTOK_ID, disconnected_at=left)


@pytest.fixture
def current(former: Shop) -> Shop:
    return factories.shop(factories.workspace("Current"), tiktok_id=TIKTOK_ID)


def event(**fields: object) -> WebhookEvent:
    """One that no handler is named for: it is routed and kept."""
    return factories.webhook("9999", {}, owner=TIKTOK_ID, subject=NUMBER, **fields)


def webhooks_line(of: Workspace) -> bool:
    names = [line.name for line in connections.lines(of, now=timezone.now())]
    return "Webhooks of TikTok Shop" in names


def pages(shop: Shop) -> tuple[int, int]:
    """How many webhooks the order's history and its buyer's export show there."""
    order = Order.objects.filter(workspace=shop.workspace, tiktok_id=NUMBER).first()
    order = order or factories.order(shop.workspace, shop=shop, tiktok_id=NUMBER)
    shown = [one for one in timeline.page(order).moments if one.kind == "webhook"]
    return len(shown), len(privacy.export(order)["webhooks"])


def test_an_event_goes_to_the_workspace_that_has_the_shop_connected(
    former: Shop, current: Shop
) -> None:
    row = event()
    inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.workspace) == ("done", current.workspace)


def test_an_event_of_a_shop_that_nobody_has_goes_to_who_had_it_last(former: Shop) -> None:
    lately = timezone.now() - timedelta(hours=1)
    last = factories.shop(factories.workspace("Last"), tiktok_id=TIKTOK_ID, disconnected_at=lately)
    row = event()
    inbox.process_due()
    row.refresh_from_db()
    assert row.workspace == last.workspace


def test_what_is_not_routed_yet_is_for_the_workspace_that_has_the_shop(
    former: Shop, current: Shop
) -> None:
    row = event()
    assert (list(told(former)), list(told(current))) == ([], [row])


def test_the_former_workspace_sees_nothing_of_what_the_shop_is_told_now(
    former: Shop, current: Shop
) -> None:
    event(state="parked", workspace=current.workspace)
    event()
    assert (webhooks_line(former.workspace), webhooks_line(current.workspace)) == (False, True)
    assert (pages(former), pages(current)) == ((0, 0), (2, 2))


def test_erasing_a_buyer_leaves_the_other_workspaces_events(former: Shop, current: Shop) -> None:
    own = event(state="done", workspace=former.workspace)
    other = event(state="done", workspace=current.workspace)
    order = factories.order(former.workspace, shop=former, tiktok_id=NUMBER)
    privacy.erase([order.pk], now=timezone.now())
    own.refresh_from_db()
    other.refresh_from_db()
    assert (bytes(own.body), bytes(other.body)) == (b"", b"{}")
