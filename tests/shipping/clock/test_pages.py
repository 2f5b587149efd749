"""Shop health, and where its links lead: the budget's sentence names orders that the queue shows."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from core.models import AuditEntry, Role, Workspace
from orders.deadlines import Deadlines
from orders.models import Order
from shipping.models import MetricReading, ScanLag
from shops.policy import book
from tests import factories
from tests.glow import as_owner as as_owner
from tests.glow import glow as glow

pytestmark = pytest.mark.django_db


def page(client: Client, glow: Workspace, query: str = "") -> str:
    response = client.get(f"/w/{glow.slug}/health/{query}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def ends() -> object:
    """A moment of this week that is still ahead."""
    now = timezone.now()
    _, end = Deadlines(book.plain("US")).week_of(now.date())
    return min(now + timedelta(minutes=30), end - timedelta(seconds=1))


def risky(glow: Workspace, **fields: object) -> Order:
    one = factories.order(glow, due_at=ends(), **fields)
    factories.clock(one, risk="risk", risk_why="If handed over …")
    return one


def test_the_sentence_links_to_exactly_the_orders_at_risk(
    as_owner: Client, glow: Workspace
) -> None:
    mine = [risky(glow).pk for _ in range(3)]
    factories.order(glow, due_at=ends())
    next_week = factories.order(glow, due_at=timezone.now() + timedelta(days=9))
    factories.clock(next_week, risk="risk")
    risky(glow, shop=factories.shop(glow, name="Outlet"))
    html = page(as_owner, glow)
    assert "these 3 are at risk" in html
    url = re.search(r'href="([^"]*risk=risk[^"]*)"', html)
    assert url is not None
    queue = as_owner.get(url.group(1)).content.decode()
    assert {int(pk) for pk in re.findall(r'name="order" value="(\d+)"', queue)} == set(mine)
    assert "Expected too late" in queue
    assert "Due in the week of" in queue


def listed(client: Client, html: str, sign: str) -> set[int]:
    """The orders behind the health page's link that has `sign` in its address."""
    url = re.search(rf'href="([^"]*{sign}[^"]*)"', html)
    assert url is not None
    return {int(pk) for pk in re.findall(r"/orders/(\d+)/\"", page_at(client, url.group(1)))}


def page_at(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_the_numbers_at_risk_are_linked_one_by_one(as_owner: Client, glow: Workspace) -> None:
    mine = {risky(glow).pk for _ in range(2)}
    waiting = factories.order(glow, due_at=ends())  # not scanned either, but expected in time
    for pk in (*mine, waiting.pk):
        factories.label(Order.objects.get(pk=pk), settled_at=timezone.now())
    other = risky(glow, shop=factories.shop(glow, name="Outlet"))
    factories.label(other, settled_at=timezone.now())
    html = page(as_owner, glow)
    assert "these 2 are at risk" in html
    assert listed(as_owner, html, "list=unscanned") == mine
    assert "would count against valid tracking" in page_at(
        as_owner, f"/w/{glow.slug}/tracking/?shop={other.shop_id}&week={timezone.now():%Y-%m-%d}"
    )


def test_cancellations_that_come_by_themselves_are_linked_one_by_one(
    as_owner: Client, glow: Workspace
) -> None:
    mine = {factories.order(glow, cancel_at=ends()).pk for _ in range(2)}
    factories.order(glow, cancel_at=timezone.now() + timedelta(days=9))
    factories.order(glow, cancel_at=ends(), status="AWAITING_COLLECTION", stage="shipped")
    factories.order(glow, cancel_at=ends(), shop=factories.shop(glow, name="Outlet"))
    html = page(as_owner, glow)
    assert "these 2 are at risk" in html
    assert listed(as_owner, html, "cancel=next") == mine
    asked = factories.order(glow)
    asked.cancellations.create(
        workspace=glow,
        tiktok_id="c-1",
        kind="BUYER_CANCEL",
        status="pending",
        asked_at=timezone.now(),
        updated_at=timezone.now(),
        answer_by=ends(),
    )
    factories.override(glow, key="metric.sfcr.unanswered_counts", value=True)
    html = page(as_owner, glow)
    assert "these 3 are at risk" in html
    assert listed(as_owner, html, "cancel=any") == mine | {asked.pk}


def test_a_week_says_how_many_more_may_be_late(as_owner: Client, glow: Workspace) -> None:
    one = factories.order(glow, due_at=ends())
    names = [f.attname for f in one._meta.concrete_fields if f.attname != "id"]
    values = {name: getattr(one, name) for name in names}
    Order.objects.bulk_create(
        [Order(**(values | {"tiktok_id": f"{one.tiktok_id}-{n}"})) for n in range(99)]
    )
    assert "4 more late orders until 4 %" in page(as_owner, glow)
    plan = as_owner.get(f"/w/{glow.slug}/").content.decode()
    assert "4 more late orders until 4 %" in plan
    Order.objects.filter(pk=one.pk).update(due_at=timezone.now())
    assert Order.objects.count() == 100


def test_tiktoks_own_figure_stands_beside_ours(as_owner: Client, glow: Workspace) -> None:
    risky(glow)
    shop = glow.shops.get()
    week = Deadlines(book.plain("US")).week_of(timezone.now().date())[0].date()
    posted = {"metric": "ldr", "week": week.isoformat(), "percent": "3.5"}
    response = as_owner.post(f"/w/{glow.slug}/health/{shop.pk}/", posted)
    assert response["Location"].endswith(f"/health/?week={week.isoformat()}")
    html = page(as_owner, glow, f"?week={week.isoformat()}")
    assert "3.50 %" in html
    assert "3.50 points above ours" in html
    as_owner.post(f"/w/{glow.slug}/health/{shop.pk}/", posted | {"percent": "0"})
    assert MetricReading.objects.get().percent == 0
    assert "the same as ours" in page(as_owner, glow, f"?week={week.isoformat()}")
    assert AuditEntry.objects.filter(action="shop.metric_noted").count() == 2


@pytest.mark.parametrize("percent", ["", "101", "-1", "four", "NaN"])
def test_what_is_no_percentage_is_refused_with_words(
    as_owner: Client, glow: Workspace, percent: str
) -> None:
    posted = {"metric": "ldr", "week": "2026-11-23", "percent": percent}
    url = f"/w/{glow.slug}/health/{glow.shops.get().pk}/"
    html = as_owner.post(url, posted, follow=True).content.decode()
    assert "number from 0 to 100" in html
    assert not MetricReading.objects.exists()


@pytest.mark.parametrize("query", ["?week=", "?week=soon", "?week=1066-10-14", "?week=2999-01-01"])
def test_an_address_without_sense_shows_this_week(
    as_owner: Client, glow: Workspace, query: str
) -> None:
    assert "This week" in page(as_owner, glow, query)


def test_a_past_week_can_be_looked_at(as_owner: Client, glow: Workspace) -> None:
    html = page(as_owner, glow, "?week=2025-11-19")
    assert "Week of Nov 17, 2025" in html
    assert "?week=2025-11-26" in html


def test_without_a_shop_the_way_to_one_is_shown(client: Client) -> None:
    place = factories.workspace()
    client.force_login(factories.member(place))
    assert "Connect a shop" in page(client, place)


def test_a_viewer_reads_and_enters_nothing(client: Client, glow: Workspace) -> None:
    client.force_login(factories.member(glow, Role.VIEWER))
    html = page(client, glow)
    assert "Late dispatch" in html
    assert 'data-dialog="note' not in html


def test_forecasts_say_what_they_are_made_of(as_owner: Client, glow: Workspace) -> None:
    assert "15 h after the handover are assumed" in page(as_owner, glow)
    for carrier, parcels in (("ups", 37), ("fedex", 4)):
        ScanLag.objects.create(
            workspace=glow,
            shop=glow.shops.get(),
            carrier=carrier,
            handed_over=True,
            parcels=parcels,
            median_minutes=180,
            likely_minutes=1320,
        )
    html = page(as_owner, glow)
    assert "22 h" in html
    assert html.count("too few to count on") == 1


def test_many_shops_cost_as_many_queries_as_one(
    as_owner: Client, glow: Workspace, django_assert_max_num_queries: object
) -> None:
    page(as_owner, glow)
    for count in (1, 4):
        for _ in range(count):
            factories.shop(glow)
        with django_assert_max_num_queries(13):  # type: ignore[operator]
            page(as_owner, glow)
    assert glow.shops.count() == 6


def test_the_queue_says_when_and_why_a_scan_is_expected_too_late(
    as_owner: Client, glow: Workspace
) -> None:
    why = "If handed over Mon Nov 23, 17:00: scan expected by <Tue>."
    factories.clock(factories.order(glow), risk="risk", risk_why=why)
    calm = factories.order(glow)
    factories.clock(calm, risk="ok", risk_why="All is well.")
    html = as_owner.get(f"/w/{glow.slug}/queue/").content.decode()
    assert "scan expected by &lt;Tue&gt;." in html
    assert "All is well." not in html
    assert "All is well." in as_owner.get(f"/w/{glow.slug}/orders/{calm.pk}/").content.decode()
