"""The plan: its numbers, its one button, what it costs to draw."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from core.access import zone
from core.models import Role, Workspace
from core.money import Money
from dashboard import analytics, views
from dashboard.hours import next_hours
from orders.models import Order, SyncCursor
from shops.models import Shop
from tests import factories
from tests.glow import as_owner as as_owner
from tests.glow import glow as glow
from tests.shipping.spend import rows
from tests.shipping.spread import bought, spread

pytestmark = pytest.mark.django_db


def html_of(client: Client, glow: Workspace) -> str:
    response = client.get(f"/w/{glow.slug}/")
    assert response.status_code == 200
    return response.content.decode()


def ready_now(glow: Workspace) -> analytics.Ready:
    now = timezone.now()
    return analytics.ready(glow, analytics.counts_of(glow, now=now)["ready"], now=now)


def test_the_button_names_its_number_and_its_sum(as_owner: Client, glow: Workspace) -> None:
    for price in ("4.98", "5.02"):
        factories.order(glow, plan_price=Decimal(price), plan_currency="USD")
    factories.order(factories.workspace(), plan_price=Decimal(100), plan_currency="USD")
    html = html_of(as_owner, glow)
    assert "2 orders are ready" in html
    assert "Buy 2 labels · $10.00" in html
    assert 'name="filter" value="tab=ready"' in html


def test_a_sum_with_rates_missing_says_about(as_owner: Client, glow: Workspace) -> None:
    factories.order(glow, plan_price=Decimal("4.98"), plan_currency="USD")
    factories.order(glow)
    html = html_of(as_owner, glow)
    assert "Buy 2 labels · about $4.98" in html
    assert "1 rate is still being asked for" in html


def test_currencies_are_never_added_up(glow: Workspace) -> None:
    factories.order(glow, plan_price=Decimal("4.00"), plan_currency="USD")
    factories.order(glow, plan_price=Decimal("3.00"), plan_currency="GBP")
    assert ready_now(glow).spend == (Money.of("3.00", "GBP"), Money.of("4.00", "USD"))


def test_more_than_a_batch_is_offered_as_the_first_of_them(
    as_owner: Client, glow: Workspace, settings: object
) -> None:
    settings.BATCH_LIMIT = 2  # type: ignore[attr-defined]
    for hours in (1, 2, 3):
        due = timezone.now() + timedelta(hours=hours)
        factories.order(glow, plan_price=Decimal(hours), plan_currency="USD", due_at=due)
    assert "Buy the first 2 labels · $3.00" in html_of(as_owner, glow)


def test_someone_who_may_not_buy_gets_the_queue_instead(client: Client, glow: Workspace) -> None:
    factories.order(glow)
    client.force_login(factories.member(glow, Role.PACKER))
    html = html_of(client, glow)
    assert "Buy 1 label" not in html
    assert "Open the queue" in html


def test_a_deadline_that_is_over_is_said_in_red(as_owner: Client, glow: Workspace) -> None:
    factories.order(glow, due_at=timezone.now() - timedelta(hours=1))
    html = html_of(as_owner, glow)
    assert "1 deadline is over" in html
    assert "1 late already" in html


def test_the_cards_count_what_needs_an_eye(glow: Workspace) -> None:
    now = timezone.now()
    free = now + timedelta(minutes=40)
    factories.order(glow, due_at=now + timedelta(hours=3))
    factories.order(glow, stage="hold", held_until=free)
    factories.order(glow, stage="hold", held_until=now + timedelta(hours=4))
    for blocker in ("no_weight", "no_weight", "bad_address"):
        factories.order(glow, stage="fix", blocker=blocker)
    bought = factories.order(glow, stage="bought", label_state="bought")
    label = factories.label(bought, settled_at=now - timedelta(hours=26))
    factories.label(factories.order(glow, stage="fix", blocker="label_unknown"), state="unknown")
    factories.label(factories.order(glow), state="refused", provider_label_id="")
    old = now - timedelta(days=3)
    factories.label(factories.order(glow), state="refused", settled_at=old, provider_label_id="")

    found = analytics.cards(glow, analytics.counts_of(glow, now=now), now=now)
    assert (found.at_risk, found.late, found.first_due) == (1, 0, now + timedelta(hours=3))
    assert (found.on_hold, found.next_release) == (2, free)
    assert found.to_fix == 4
    assert found.blockers[0] == ("no_weight", 2)
    assert (found.unscanned, found.oldest_unscanned) == (1, label.settled_at)
    assert (found.unknown, found.refused) == (1, 1)


def test_counts_stop_where_people_stop_reading(
    glow: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.counts.MOST", 3)
    for _ in range(5):
        factories.order(glow)
    assert analytics.counts_of(glow, now=timezone.now())["ready"] == 4


def test_the_next_hours_hold_what_must_be_scanned_by_stage(glow: Workspace) -> None:
    now = factories.utc("2026-11-23 20:40")  # 12:40 in Los Angeles
    for stage in ("ready", "ready", "bought", "shipped", "hold"):
        factories.order(glow, stage=stage, due_at=factories.utc("2026-11-23 22:15"))
    factories.order(glow, due_at=factories.utc("2026-11-24 21:15"))  # more than 24 hours ahead
    risky = factories.order(glow, due_at=factories.utc("2026-11-23 22:30"))
    factories.clock(risky, risk="risk")
    found = next_hours(glow, now=now)
    assert len(found) == 24
    assert (found[0].start.hour, found[2].start.hour) == (12, 14)
    assert (found[2].ready, found[2].bought, found[2].shipped, found[2].at_risk) == (2, 1, 1, 1)
    assert sum(hour.ready for hour in found) == 2


def test_a_day_belongs_to_the_clock_of_the_workspace(glow: Workspace) -> None:
    now = factories.utc("2026-11-23 20:00")
    late = factories.utc("2026-11-23 05:00")  # 21:00 of the 22nd in Los Angeles
    order = factories.order(glow, created_at=late, updated_at=now, stage="bought")
    label = factories.label(order, cost=Decimal("5.00"))
    factories.charge(label, at=late)
    factories.charge(label, kind="refund", amount=Decimal("-1.50"), reference="back", at=late)
    days = analytics.last_days(glow, now=now)
    assert (len(days), days[-1].day.isoformat()) == (14, "2026-11-23")
    assert (days[-2].orders, days[-2].labels, days[-2].spend) == (1, 1, {"USD": Decimal("3.50")})
    assert (days[-1].orders, days[-1].labels, days[-1].spend) == (0, 0, {})


def test_the_fortnight_is_a_part_and_a_page(as_owner: Client, glow: Workspace) -> None:
    factories.charge(factories.label(factories.order(glow, stage="bought")))
    url = f"/w/{glow.slug}/plan/two-weeks/"
    part = as_owner.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "$5.00" in part
    assert "<html" in as_owner.get(url).content.decode()


def test_the_fortnight_shows_what_was_saved(as_owner: Client, glow: Workspace) -> None:
    today = timezone.now().astimezone(zone(glow)).date()
    rows.savings_day(glow, today, baseline="93.50")
    page = as_owner.get(f"/w/{glow.slug}/plan/two-weeks/").content.decode()
    assert "Saved" in page
    assert "$13.50" in page


def test_shops_say_how_fresh_they_are(as_owner: Client, glow: Workspace) -> None:
    now = timezone.now()
    factories.order(glow)
    stale = factories.shop(glow, name="Outlet")
    SyncCursor.objects.filter(shop=stale).update(complete_until=now - timedelta(minutes=40))
    gone = factories.shop(glow, name="Gone", disconnected_at=now)
    states = {state.name: state for state in analytics.shop_states(glow, now=now)}
    assert gone.name not in states
    assert (states["Glow Shop"].tone, states["Glow Shop"].orders_today) in {
        ("green", 1),
        ("green", 0),
    }
    assert states["Outlet"].tone == "red"
    assert states["Outlet"].authorized_days in {364, 365}
    html = html_of(as_owner, glow)
    assert "Outlet</strong> is behind" in html
    assert "1 of 2 fresh" in html


def test_a_lost_authorization_is_said_first(as_owner: Client, glow: Workspace) -> None:
    lost = factories.authorization(glow, state="lost")
    Shop.objects.filter(workspace=glow).update(authorization=lost)
    html = html_of(as_owner, glow)
    assert "Reconnect" in html
    assert "notice--red" in html


def test_without_a_shop_the_one_button_connects_one(client: Client) -> None:
    place = factories.workspace()
    client.force_login(factories.member(place))
    assert "Connect a shop" in html_of(client, place)
    client.force_login(factories.member(place, Role.VIEWER))
    assert "An owner or manager" in html_of(client, place)


def test_missing_set_up_is_named_with_its_button(as_owner: Client, glow: Workspace) -> None:
    factories.order(glow, stage="fix", blocker="no_ship_from")
    assert "Orders wait for the address you ship from" in html_of(as_owner, glow)


@pytest.mark.parametrize(
    ("hour", "words"), [(3, "evening"), (8, "morning"), (13, "afternoon"), (20, "evening")]
)
def test_the_greeting_knows_the_hour(hour: int, words: str) -> None:
    assert views._greeting(factories.utc(f"2026-11-23 {hour:02}:00")) == f"Good {words}"


def test_the_plan_costs_the_same_for_ten_orders_and_for_two_hundred(
    as_owner: Client, glow: Workspace, django_assert_max_num_queries: object
) -> None:
    html_of(as_owner, glow)
    for count in (10, 200):
        for stage in ("ready", "hold", "fix", "bought"):
            one = factories.order(glow, stage=stage)
            Order.objects.bulk_create(
                [_copy(one, number) for number in range(count // 4)], batch_size=500
            )
        with django_assert_max_num_queries(22):  # type: ignore[operator]
            html = html_of(as_owner, glow)
        assert len(html) < 120_000


def _copy(order: Order, number: int) -> Order:
    values = {
        f.attname: getattr(order, f.attname)
        for f in order._meta.concrete_fields
        if f.attname != "id"
    }
    return Order(**(values | {"tiktok_id": f"{order.tiktok_id}-{number}"}))


def test_a_refused_label_of_the_parcel_whose_turn_it_is_is_trouble(glow: Workspace) -> None:
    order = factories.order(glow)
    for name in ("A", "B"):
        factories.line(order, sku_id=name)
    spread(order)
    factories.label(order, state="refused", provider_label_id="", part=1)
    bought(order, 1)
    now = timezone.now()
    assert analytics.cards(glow, analytics.counts_of(glow, now=now), now=now).refused == 0
    factories.label(order, state="refused", provider_label_id="", part=2)
    assert analytics.cards(glow, analytics.counts_of(glow, now=now), now=now).refused == 1


def test_the_button_counts_a_label_for_each_parcel_that_needs_one(
    as_owner: Client, glow: Workspace
) -> None:
    order = factories.order(glow, plan_price=Decimal("9.00"), plan_currency="USD")
    for name in ("A", "B", "C"):
        factories.line(order, sku_id=name)
    spread(order, p1="elsewhere")
    factories.order(glow, plan_price=Decimal("1.00"), plan_currency="USD")
    html = html_of(as_owner, glow)
    assert "2 orders are ready" in html
    assert "Buy 3 labels · $10.00" in html
