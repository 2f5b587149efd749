"""Both lanes compared over a workspace's own parcels."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.access import wreverse
from core.models import Workspace
from shipping import lane_report as report
from shipping.lane_report import OWN, PLATFORM, Parcel
from tests import factories


def parcel(lane: str, cost: str, grams: int = 200, quoted: str | None = None) -> Parcel:
    return Parcel(lane, Decimal(cost), "USD", grams, Decimal(quoted) if quoted else None)


def test_own_parcels_are_compared_with_the_middle_price_of_tiktoks_of_the_same_weight() -> None:
    platform = [parcel(PLATFORM, price) for price in ("4.00", "5.00", "9.00")]
    found = report.compare([parcel(OWN, "6.00"), parcel(OWN, "7.00"), *platform], "USD")
    assert (found.own.count, found.own.estimated, found.own.quoted) == (2, 2, 0)
    assert str(found.own.elsewhere) == "$10.00"
    assert found.own.difference.amount == Decimal("-3.00")
    assert found.platform.known == 0


def test_a_stored_quote_of_the_other_lane_counts_before_any_estimate() -> None:
    platform = [parcel(PLATFORM, "9.00")] * 3
    found = report.compare([parcel(OWN, "6.00", quoted="5.50"), *platform], "USD")
    assert (found.own.quoted, found.own.estimated) == (1, 0)
    assert found.own.difference.amount == Decimal("-0.50")


def test_other_weights_and_too_few_parcels_prove_nothing() -> None:
    heavy = [parcel(PLATFORM, "9.00", grams=2000)] * 5
    few = [parcel(PLATFORM, "4.00")] * 2
    found = report.compare([parcel(OWN, "6.00"), *heavy, *few], "USD")
    assert found.own.known == 0
    assert [band.title for band in found.bands] == ["up to 8 oz", "up to 5 lb"]


def test_sums_of_the_bands_are_the_totals() -> None:
    parcels = [
        parcel(lane, f"{at}.25", grams=at * 150) for at in range(1, 60) for lane in (OWN, PLATFORM)
    ]
    found = report.compare(parcels, "USD")
    for lane, total in ((OWN, found.own), (PLATFORM, found.platform)):
        sides = [band.sides[lane] for band in found.bands]
        assert sum(side.count for side in sides) == total.count == 59
        assert sum(side.paid.amount for side in sides) == total.paid.amount
        assert sum(side.instead for side in sides) == total.instead


def test_what_tiktok_prices_later_and_other_currencies_are_left_out() -> None:
    parcels = [parcel(PLATFORM, "0"), Parcel(OWN, Decimal(5), "GBP", 200)]
    assert report.compare(parcels, "USD").bands == []
    assert report.currencies_of(parcels) == ["GBP", "USD"]


@pytest.fixture
def place(db: None) -> Workspace:
    return factories.workspace()


def bought(place: Workspace, provider: str, cost: str, **fields: Any) -> None:
    rates = fields.pop("rates", [])
    order = factories.order(place)
    factories.label(
        order,
        account=factories.account(place),
        quote_set=factories.quotes(order, rates=rates),
        provider=provider,
        cost=Decimal(cost),
        spec={"parcel": {"weight_g": 200}},
        **fields,
    )


def test_parcels_are_read_with_their_other_lanes_quote(place: Workspace) -> None:
    other = {"provider": "tiktok", "price": "4.40", "currency": "USD", "struck": None}
    struck = other | {"price": "3.00", "struck": {"sentence": "no"}}
    own = {"provider": "easypost", "price": "2.00", "currency": "USD", "struck": None}
    bought(place, "easypost", "6.00", rates=[own, struck, other])
    bought(place, "tiktok", "5.00")
    bought(place, "easypost", "9.00", state="voided")
    bought(place, "easypost", "9.00", settled_at=timezone.now() - timedelta(days=40))
    found = report.parcels_of(place, days=30, now=timezone.now())
    assert sorted(found, key=lambda one: one.lane) == [
        parcel(OWN, "6.00", quoted="4.40"),
        parcel(PLATFORM, "5.00"),
    ]
    assert len(report.parcels_of(place, days=90, now=timezone.now())) == 3


def test_the_page_compares_and_the_file_has_the_same_rows(
    place: Workspace, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    factories.shop(place)
    client.force_login(factories.member(place))
    url = wreverse(place, "shipping:lanes")
    assert "No label in these days" in client.get(url).content.decode()
    bought(place, "easypost", "6.00")
    for _ in range(3):
        bought(place, "tiktok", "5.00")
    with django_assert_max_num_queries(14):
        text = client.get(f"{url}?days=90").content.decode()
    assert "cheaper there" in text
    assert "1 estimated" in text
    assert "What TikTok" in text
    answer = client.get(wreverse(place, "shipping:lanes-export"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].endswith("difference,currency")
    assert lines[1].startswith("own,227,1,6.00,6.00,0,1,0,6.00,5.00,-1.00")
