"""What the queue's address narrows it to, and what it says about an address that makes no sense."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from core.models import Workspace
from orders.blockers import BLOCKERS
from orders.filters import BLOCKER_WORDS, OrderFilter
from orders.models import Order
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace()


def form(desk: Workspace, query: str = "") -> OrderFilter:
    return OrderFilter(QueryDict(query), workspace=desk)


def found(desk: Workspace, query: str) -> set[int]:
    return {order.pk for order in form(desk, query).matching(now=timezone.now())}


MINE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("lane=platform", {"lane": "platform"}, {"lane": "own"}),
    ("single=on", {"unit_count": 1}, {"unit_count": 2}),
    ("sample=on", {"is_sample": True}, {}),
    ("tag=vip", {"tags": ["vip", "x"]}, {"tags": ["vips"]}),
    ("least=10", {"total": "10.00"}, {"total": "9.99"}),
    ("most=10", {"total": "10.00"}, {"total": "10.01"}),
    ("tab=fix&blocker=no_weight", {"stage": "fix", "blocker": "no_weight"}, {"stage": "fix", "blocker": "held"}),
    ("q=ORTIZ", {"search_text": "jo ortiz serum-30"}, {"search_text": "li"}),
    ("q=ortiz+serum", {"search_text": "jo ortiz serum-30"}, {"search_text": "jo ortiz"}),
    ("q=100%25", {"search_text": "100% silk"}, {"search_text": "1000 silk"}),
    ("q=a_bcd", {"search_text": "a_bcd"}, {"search_text": "axbcd"}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "mine", "other"), MINE, ids=[row[0] for row in MINE])
def test_a_filter_keeps_what_fits_and_nothing_else(query, mine, other, desk) -> None:
    order = factories.order(desk, **mine)
    factories.order(desk, **other)
    assert found(desk, query) == {order.pk}


def test_the_deadline_filter_knows_overdue_and_soon(desk) -> None:
    now = timezone.now()
    over, soon, later = (
        factories.order(desk, due_at=now + timedelta(hours=hours)) for hours in (-1, 5, 40)
    )
    assert found(desk, "deadline=over") == {over.pk}
    assert found(desk, "deadline=6") == {over.pk, soon.pk}
    assert found(desk, "deadline=48") == {over.pk, soon.pk, later.pk}


def test_the_shop_filter_takes_own_shops_only(desk) -> None:
    first, second = factories.shop(desk), factories.shop(desk)
    order = factories.order(desk, shop=second)
    factories.order(desk, shop=first)
    assert found(desk, f"shop={second.pk}") == {order.pk}
    foreign = factories.shop(factories.workspace())
    refused = form(desk, f"shop={foreign.pk}")
    assert refused.errors["shop"]
    assert refused.active == []


def test_a_sku_is_found_by_its_own_name_in_any_case_and_by_tiktoks_id(desk) -> None:
    shop = factories.shop(desk)
    factories.sku(shop, tiktok_id="17295000000000000001", seller_sku="SERUM-30")
    factories.sku(shop, tiktok_id="17295000000000000002", seller_sku="SERUM-30-XL")
    order, near = factories.order(desk), factories.order(desk)
    for _ in range(2):
        factories.line(order, sku_id="17295000000000000001")
    factories.line(near, sku_id="17295000000000000002")
    assert found(desk, "sku=serum-30") == {order.pk}
    assert found(desk, "sku=17295000000000000001") == {order.pk}
    assert found(desk, "sku=SERUM") == set()


def test_a_whole_order_number_finds_that_order_and_a_tracking_number_its_own(desk) -> None:
    number, tracking = "576900000000000231", "9400100000000000000011"
    mine = factories.order(desk, tiktok_id=number, search_text=number)
    factories.order(desk, search_text=f"replaces {number}")
    told = factories.order(desk, search_text=f"x {tracking}")
    assert found(desk, f"q={number}") == {mine.pk}
    assert found(desk, f"q={tracking}") == {told.pk}


def test_the_search_is_one_that_the_trigram_index_can_answer() -> None:
    sql, values = Order.objects.all().search("Ortiz").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Bitmap Index Scan on order_search" in plan


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("q=jo", "q"),
        ("q=--+..", "q"),
        ("q=" + "a" * 101, "q"),
        ("lane=drone", "lane"),
        ("deadline=7", "deadline"),
        ("least=-1", "least"),
        ("least=NaN", "least"),
        ("most=much", "most"),
        ("tab=none", "tab"),
        ("q=abc%00", "q"),
        ("shop=99999999999999999999", "shop"),
        ("shop=x", "shop"),
    ],
)
def test_what_makes_no_sense_is_an_error_of_its_field_and_filters_nothing(
    query, field, desk
) -> None:
    order = factories.order(desk)
    asked = form(desk, query)
    assert asked.errors[field]
    assert asked.active == []
    assert found(desk, query) == {order.pk}


def test_every_blocker_has_words_for_its_chip() -> None:
    assert set(BLOCKERS) == set(BLOCKER_WORDS)


def test_chips_say_each_filter_in_use_and_come_off_one_by_one(desk, client) -> None:
    client.force_login(factories.member(desk))
    shop = factories.shop(desk, name="Glow US")
    factories.shop(desk)
    factories.order(desk, shop=shop, search_text="ortiz", total="20.00", is_sample=True)
    query = (
        f"tab=ready&q=ortiz&shop={shop.pk}&lane=own&deadline=24&single=on&sample=on&least=5&most=30"
    )
    page = client.get(f"/w/{desk.slug}/queue/?{query}").content.decode()
    chips = "“ortiz”|Glow US|Own label|In 24 hours|Single item|Samples|From 5|Up to 30"
    for words in chips.split("|"):
        assert f">{words}<" in page, words
    assert "1 order matches" in page
    assert query.replace("lane=own&", "").replace("&", "&amp;") in page
    assert Order.objects.get().tiktok_id in page


def test_a_filter_that_leaves_nothing_offers_to_take_it_off(desk, client) -> None:
    client.force_login(factories.member(desk))
    factories.order(desk)
    page = client.get(f"/w/{desk.slug}/queue/?tab=ready&q=nothing").content.decode()
    assert "No order matches" in page
    assert 'href="?tab=ready">Clear the filters' in page


def test_an_invalid_search_says_so_beside_the_whole_list(desk, client) -> None:
    client.force_login(factories.member(desk))
    order = factories.order(desk)
    page = client.get(f"/w/{desk.slug}/queue/?q=jo").content.decode()
    assert "Type at least three letters or digits in a row." in page
    assert order.tiktok_id in page


def test_orders_that_need_a_fix_are_offered_by_reason(desk, client) -> None:
    client.force_login(factories.member(desk))
    for blocker in ("no_weight", "no_weight", "bad_address"):
        factories.order(desk, stage="fix", blocker=blocker)
    page = client.get(f"/w/{desk.slug}/queue/?tab=fix").content.decode()
    assert page.index("Weight missing") < page.index("Wrong address")
    assert "blocker=no_weight" in page
    one = client.get(f"/w/{desk.slug}/queue/?tab=fix&blocker=no_weight").content.decode()
    assert one.count("data-row>") + one.count('data-row class="is-late">') == 2
    assert 'aria-label="What they need"' not in one


def test_orders_are_found_by_their_risk_and_their_week(desk) -> None:
    monday = factories.utc("2026-11-23 08:00")  # Monday has just begun in Los Angeles
    inside, before = (
        factories.order(desk, due_at=at) for at in (monday, monday - timedelta(seconds=1))
    )
    for order in (inside, before):
        factories.clock(order, risk="risk")
    factories.clock(factories.order(desk, due_at=monday), risk="ok")
    assert found(desk, "risk=risk") == {inside.pk, before.pk}
    assert found(desk, "risk=risk&week=2026-11-25") == {inside.pk}
    assert found(desk, f"tab=late&risk=risk&week=2026-11-22&shop={inside.shop_id}") == {before.pk}
    assert found(desk, "risk=ok") == found(desk, "")
