"""What the pages say about how right the orders here are, and what a person can press."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from core.models import Role, Workspace
from orders import pace, reconciliation
from orders.models import Gap, Reconciliation, SyncCursor
from orders.views import truth
from shops.models import Shop
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace(slug="desk")


@pytest.fixture
def owner(desk: Workspace, client: Client) -> Client:
    client.force_login(factories.member(desk))
    return client


def html(client: Client, page: str) -> str:
    answer = client.get(f"/w/desk/{page}/")
    assert answer.status_code == 200
    return answer.content.decode()


def compared(shop: Shop, at: datetime, **fields: object) -> Reconciliation:
    """A comparison that ended at `at`."""
    return Reconciliation.objects.create(
        shop=shop,
        state="done",
        because="daily",
        day=at.date(),
        window_from=at - timedelta(days=30),
        window_to=at,
        place=at,
        created_at=at,
        started_at=at,
        finished_at=at,
        **({"counted_here": 1000, "counted_there": 1000} | fields),
    )


def late(shop: Shop, minutes: int, **fields: object) -> None:
    at = timezone.now() - timedelta(minutes=minutes)
    SyncCursor.objects.filter(shop=shop).update(complete_until=at, **fields)


def test_a_shop_shows_its_last_comparison_and_the_ones_before(
    desk: Workspace, owner: Client
) -> None:
    shop, now = factories.shop(desk, name="Outlet"), timezone.now()
    compared(shop, now - timedelta(days=1), missing=3, different=2, repaired=5)
    compared(shop, now - timedelta(minutes=5))
    page = html(owner, "reconciliation")
    assert "Outlet: 2 comparisons, 0 gaps in 30 days" in page
    assert page.index("100 %") < page.index("99.5 %")
    assert 'text-amber">99.5 %' in page
    assert "as every day" in page
    assert "Reconcile now" in page
    assert "hx-get" not in page.partition("</h2>")[0]


def test_a_comparison_that_runs_shows_how_far_it_is_and_asks_again(
    desk: Workspace, owner: Client
) -> None:
    shop, now = factories.shop(desk), timezone.now()
    row = reconciliation.want(shop, "asked", now=now)
    Reconciliation.objects.update(started_at=now, place=row.window_from + timedelta(days=15))
    page = html(owner, "reconciliation")
    assert "Comparing now" in page
    assert 'value="50"' in page
    assert 'hx-trigger="every 3s"' in page
    assert "Reconcile now" not in page


def test_gaps_are_listed_with_what_became_of_them(desk: Workspace, owner: Client) -> None:
    shop, now = factories.shop(desk), timezone.now()
    for closed in (now, None):
        Gap.objects.create(
            shop=shop,
            kind="count",
            words="TikTok counted 120 orders and listed 119",
            since=now - timedelta(hours=1),
            until=now if closed else now - timedelta(minutes=1),
            recovered=1 if closed else 0,
            closed_at=closed,
        )
    page = html(owner, "reconciliation")
    assert "2 gaps in 30 days" in page
    assert "1 still open" in page
    assert "1 order read anew" in page
    assert "read again at the next poll" in page


def test_only_the_newest_gaps_of_each_shop_are_read(desk: Workspace) -> None:
    now = timezone.now()
    for shop, count in ((factories.shop(desk, name="A"), 40), (factories.shop(desk, name="B"), 2)):
        Gap.objects.bulk_create(
            [
                Gap(shop=shop, kind="count", words=f"{n}", since=now, until=now, closed_at=now)
                for n in range(count)
            ]
        )
    with CaptureQueriesContext(connection) as queries:
        first, second = truth.rows_of(desk, now=now)
    assert [len(first.gaps), len(second.gaps)] == [truth.MOST, 2]
    assert (first.gaps[0].words, first.gaps[-1].words) == ("39", "10")
    assert any(f"<= {truth.MOST}" in query["sql"] for query in queries)


def test_the_part_costs_the_same_queries_for_many_shops(desk: Workspace, owner: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            html(owner, "reconciliation")
        return len(seen)

    compared(factories.shop(desk), timezone.now())
    one = queries()
    for _ in range(4):
        compared(factories.shop(desk), timezone.now())
    assert queries() == one


def test_a_person_has_a_shop_compared_now(desk: Workspace, owner: Client) -> None:
    shop = factories.shop(desk)
    for _ in range(2):
        answer = owner.post(f"/w/desk/reconciliation/{shop.pk}/")
        assert answer["Location"] == "/w/desk/shops/"
    assert Reconciliation.objects.get().because == "asked"
    jobs = [row.task["args"][0] for row in OrmQ.objects.all()]
    assert jobs == [reconciliation.reconcile.path]


def test_a_packer_sees_comparisons_but_starts_none(desk: Workspace, client: Client) -> None:
    shop = factories.shop(desk)
    client.force_login(factories.member(desk, Role.PACKER))
    assert "Reconcile now" not in html(client, "reconciliation")
    assert client.post(f"/w/desk/reconciliation/{shop.pk}/").status_code == 403


def test_the_shops_page_loads_the_part_and_counts_the_days(desk: Workspace, owner: Client) -> None:
    shop = factories.shop(desk)
    pace.hurry(shop.pk, "missed", now=timezone.now())
    page = html(owner, "shops")
    assert 'hx-get="/w/desk/reconciliation/"' in page
    assert "authorization 36" in page
    assert "Read every few seconds: changes came without a webhook" in page


@pytest.mark.parametrize("path", ["/w/desk/", "/w/desk/queue/"], ids=["plan", "queue"])
def test_a_shop_that_is_behind_is_said_with_its_age_the_reason_and_the_button_that_helps(
    desk: Workspace, owner: Client, path: str
) -> None:
    shop = factories.shop(desk, name="Outlet")
    late(shop, 40, failures=3, last_error="TikTok is busy.")
    said = owner.get(path).content.decode()
    assert "<strong>Outlet</strong> is behind. Complete as of 40 min ago; " in said
    assert "TikTok is asked again soon: TikTok is busy" in said
    assert "What was updated since is not here yet." in said
    assert f'action="/w/desk/shops/{shop.pk}/sync/"' in said
    assert 'hx-get="/w/desk/freshness/behind/"' in said


def test_pages_of_fresh_shops_carry_no_banner(desk: Workspace, owner: Client) -> None:
    factories.shop(desk)
    assert "is behind" not in html(owner, "queue")


def test_a_shop_that_was_lost_says_why_and_asks_to_be_connected_again(
    desk: Workspace, owner: Client
) -> None:
    given = factories.authorization(desk, state="lost", lost_because="The seller removed us.")
    late(factories.shop(desk, name="Outlet", authorization=given), 90)
    said = html(owner, "queue")
    assert "Not connected any more. The seller removed us. Complete as of 1 h 30 min ago" in said
    assert ">Reconnect</a>" in said


def test_somebody_who_may_not_set_up_is_led_to_the_shops(desk: Workspace, client: Client) -> None:
    late(factories.shop(desk), 40)
    client.force_login(factories.member(desk, Role.PACKER))
    said = html(client, "queue")
    assert ">Look</a>" in said
    assert "Read now" not in said


def test_of_many_shops_behind_three_are_named(desk: Workspace, owner: Client) -> None:
    for _ in range(5):
        late(factories.shop(desk), 40)
    said = html(owner, "queue")
    assert said.count("is behind.") == 3
    assert "2 more shops are behind." in said


def test_the_dots_and_the_banner_are_parts_that_ask_for_themselves(
    desk: Workspace, owner: Client
) -> None:
    shop = factories.shop(desk, name="Outlet")
    dots = html(owner, "freshness")
    assert dots.startswith('<ul class="freshness" id="freshness"')
    assert "Outlet: Complete as of" in dots
    assert "dot--green" in dots
    assert html(owner, "freshness/behind").count("notice") == 0
    late(shop, 5)
    assert "dot--amber" in html(owner, "freshness")
    assert "notice--amber" in html(owner, "freshness/behind")
