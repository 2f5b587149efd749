"""A workspace's own values: typed, kept, audited, taken back, and nobody else's business."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from core.models import AuditEntry, Role, Workspace
from shops.policy import ours
from shops.policy.models import PolicyOverride
from shops.policy.ours import BadValue
from tests import factories

TODAY = date(2026, 11, 23)
PAGE = "/w/{slug}/rules/"
CHANGE = PAGE + "change/?market=US&key=ship_by.regular"


@pytest.fixture
def glow(db: None) -> Workspace:
    place = factories.workspace("Glow")
    factories.shop(place)
    return place


@pytest.fixture
def owner(client: Client, glow: Workspace) -> Client:
    client.force_login(factories.member(glow))
    return client


def put(glow: Workspace, key: str, typed: str, market: str = "US") -> PolicyOverride:
    return ours.override(
        glow, market, key, typed, since=None, until=None, reason="a test", user=None
    )


def test_an_own_value_counts_in_its_workspace_only(glow: Workspace) -> None:
    put(glow, "ship_by.regular", "1")
    other = factories.workspace("Other")
    assert ours.book_for("US", glow.pk).number("ship_by.regular", on=TODAY) == 1
    assert ours.book_for("US", other.pk).number("ship_by.regular", on=TODAY) == 2
    assert ours.book_for("US").number("ship_by.regular", on=TODAY) == 2


def test_the_later_of_two_own_values_counts(glow: Workspace) -> None:
    put(glow, "ship_by.regular", "1")
    put(glow, "ship_by.regular", "3")
    assert ours.book_for("US", glow.pk).number("ship_by.regular", on=TODAY) == 3


def test_an_own_value_of_a_rule_that_holds_everywhere_holds_everywhere(glow: Workspace) -> None:
    put(glow, "void_window.easypost.usps", "20", market="*")
    for market in ("US", "GB", "*"):
        own = ours.book_for(market, glow.pk)
        assert own.number("void_window.easypost.usps", on=TODAY) == 20


def test_taking_it_back_restores_the_markets_value_and_both_are_audited(glow: Workspace) -> None:
    row = put(glow, "ship_by.regular", "1")
    ours.withdraw(row, user=None)
    assert ours.book_for("US", glow.pk).number("ship_by.regular", on=TODAY) == 2
    actions = AuditEntry.objects.filter(workspace=glow).values_list("action", flat=True)
    assert sorted(actions) == ["policy.overridden", "policy.restored"]


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("ship_by.regular", " 1.5 ", Decimal("1.5")),
        ("cutoff.time", "17:00", "17:00"),
        ("carriers.own", "USPS, ontrac", ["usps", "ontrac"]),
        ("carriers.own", "", []),
    ],
)
def test_what_is_typed_becomes_the_kind_of_value_the_rule_has(
    glow: Workspace, key: str, typed: str, value: object
) -> None:
    put(glow, key, typed)
    assert ours.book_for("US", glow.pk).rule(key, on=TODAY).value == value


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("ship_by.regular", "two"),
        ("ship_by.regular", "-1"),
        ("ship_by.regular", "NaN"),
        ("ship_by.regular", "1e9"),
        ("cutoff.time", ""),
        ("no.such.rule", "1"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    glow: Workspace, key: str, typed: str
) -> None:
    with pytest.raises(BadValue):
        put(glow, key, typed)
    assert not PolicyOverride.objects.exists()


def test_days_the_wrong_way_round_are_refused(glow: Workspace) -> None:
    with pytest.raises(BadValue):
        ours.override(
            glow,
            "US",
            "ship_by.regular",
            "1",
            since=TODAY,
            until=TODAY - timedelta(days=1),
            reason="",
            user=None,
        )


def test_the_page_shows_each_rule_with_its_source_and_the_shops_market_first(
    owner: Client, glow: Workspace
) -> None:
    page = owner.get(PAGE.format(slug=glow.slug)).content.decode()
    assert "United States" in page
    assert "scanned by its carrier within 2 business days" in page
    assert "where it is written" in page


def test_another_day_shows_the_rules_of_that_day_and_what_came_next(
    owner: Client, glow: Workspace
) -> None:
    page = owner.get(PAGE.format(slug=glow.slug), {"on": "2026-01-10"}).content.decode()
    assert "An order counts as dispatched when it awaits collection." in page
    assert "What changes next" in page
    assert "12 Jan 2026" in page


@pytest.mark.parametrize("on", ["2026-02-31", "soon", "9999999"])
def test_a_day_that_is_none_is_today(owner: Client, glow: Workspace, on: str) -> None:
    assert owner.get(PAGE.format(slug=glow.slug), {"on": on, "market": "Mars"}).status_code == 200


def test_an_owner_puts_a_value_in_and_takes_it_back(owner: Client, glow: Workspace) -> None:
    url = CHANGE.format(slug=glow.slug)
    assert "Until now: 2 business days" in owner.get(url).content.decode()
    assert owner.post(url, {"value": "many"}).status_code == 422
    assert owner.post(url, {"value": "1", "reason": "We are quick"}).status_code == 303
    page = owner.get(PAGE.format(slug=glow.slug)).content.decode()
    assert "Your own values" in page
    assert "We are quick" in page
    assert (
        page.count(">A regular order is scanned by its carrier within 2 business days of its date.")
        == 2
    )
    assert "instead of 2 business days" in page
    assert "<code>ship_by.regular" not in page
    row = PolicyOverride.objects.get()
    owner.post(f"{PAGE.format(slug=glow.slug)}{row.pk}/withdraw/")
    assert not PolicyOverride.objects.exists()


def test_a_manager_sees_the_rules_but_no_way_to_change_them(
    client: Client, glow: Workspace
) -> None:
    client.force_login(factories.member(glow, Role.MANAGER))
    assert "rules/change" not in client.get(PAGE.format(slug=glow.slug)).content.decode()
    assert client.post(CHANGE.format(slug=glow.slug), {"value": "1"}).status_code == 403


def test_the_page_asks_the_database_a_fixed_number_of_times(
    owner: Client, glow: Workspace, django_assert_max_num_queries: object
) -> None:
    for _ in range(12):
        factories.override(glow)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert owner.get(PAGE.format(slug=glow.slug)).status_code == 200
