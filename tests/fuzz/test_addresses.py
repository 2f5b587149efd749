"""Anything in an address or a form: a page, or a refusal in words, and never a mistake of ours."""

from typing import Any

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from django.utils.http import urlencode
from hypothesis import given
from hypothesis import strategies as st

from core.models import RateLimit, Role, Workspace
from orders.filters import TABS, OrderFilter
from orders.paging import read_place
from orders.timeline import place_of
from shipping import selection
from tests import factories
from tests.fuzz.anything import AWKWARD, JSON, TEXT, bounded, is_storable
from tests.test_every_url import ADDRESSES

# Every name that a view reads from an address or a form.
NAMES = [
    *("tab", "q", "shop", "lane", "sku", "deadline", "single", "sample", "tag", "blocker"),
    *("least", "most", "after", "before", "show", "seen", "subject", "missing", "open", "on"),
    *("market", "key", "page", "provider", "state", "code", "event", "filter", "all", "order"),
    *("sheet", "offer", "action", "next", "value", "name", "note", "until", "reason", "days"),
]
VALUES = (
    st.sampled_from([str(value) for value in AWKWARD])
    | TEXT
    | st.sampled_from(
        [
            *TABS,
            "2026-11-23T12:00:00.000000Z_1",
            "0001-01-01T00:00:00+23:59_1",
            "9999-12-31T23:59:59-23:59_9223372036854775807",
            "2026-11-23T12:00:00_1",
            "_",
            "m99999999999999999999",
            "k-1",
            "WyIyMDI2IiwxLDFd",
            "W10",
            "1",
            "%",
            "_%",
            "'; DROP TABLE orders_order; --",
            "{{ 7 }}",
        ]
    )
)
QUERIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)
READ = [address for address in ADDRESSES if not address.parameters]


@pytest.fixture
def glow(db: None) -> Workspace:
    cache.clear()
    place = factories.workspace("Glow")
    shop = factories.shop(place)
    for _ in range(2):
        factories.order(place, shop=shop)
    return place


@pytest.fixture
def owner(client: Client, glow: Workspace) -> Client:
    client.force_login(factories.member(glow, Role.OWNER))
    return client


@bounded(150)
@given(st.sampled_from(READ), QUERIES, st.booleans())
def test_no_query_breaks_a_page(
    owner: Client, glow: Workspace, address: Any, query: dict[str, str], part: bool
) -> None:
    headers = {"HX-Request": "true"} if part else {}
    url = f"{address.url(glow.slug, glow)}?{urlencode(query)}"
    answer = owner.get(url, headers=headers)
    assert answer.status_code < 500
    assert answer.status_code != 404


# Those that ask a third party when their form is right; their own tests have it on a swapped wire.
OUT = {"shipping:account-key", "shops:connect", "shipping:account-new", "shipping:account-check"}


@bounded(150)
@given(st.sampled_from([one for one in READ if one.name not in OUT]), QUERIES)
def test_no_form_breaks_a_page(
    owner: Client, glow: Workspace, address: Any, query: dict[str, str]
) -> None:
    RateLimit.objects.all().delete()  # hundreds of presses are not what is looked at here
    answer = owner.post(address.url(glow.slug, glow), query)
    assert answer.status_code < 500


@bounded(60)
@given(TEXT | st.sampled_from(["..", "a/b", "%00", "0", "9" * 30, "-1", "é"]))
def test_no_name_in_a_path_breaks_an_address(owner: Client, glow: Workspace, name: str) -> None:
    for place in (f"/w/{name}/", f"/w/{glow.slug}/orders/{name}/", f"/invitations/{name}/"):
        assert owner.get(place).status_code < 500


@bounded(300)
@given(TEXT | VALUES | st.from_regex(r"[0-9TZ:+._-]{0,40}", fullmatch=True))
def test_a_place_in_the_queue_is_read_or_is_the_beginning(text: str) -> None:
    place = read_place(text)
    assert place is None or (place[0].tzinfo is not None and place[1] >= 0)


@bounded(300)
@given(TEXT | VALUES | st.from_regex(r"[A-Za-z0-9_-]{0,40}", fullmatch=True))
def test_a_place_in_a_timeline_is_read_or_is_the_beginning(text: str) -> None:
    place = place_of(text)
    assert place is None or place.at.tzinfo is not None


@bounded(80)
@given(QUERIES)
def test_a_filter_keeps_what_is_valid_and_its_rows_can_be_asked_for(
    glow: Workspace, query: dict[str, str]
) -> None:
    data = QueryDict(urlencode(query))
    form = OrderFilter(data, workspace=glow)
    assert form.tab_name in TABS
    assert all(is_storable(form.words(name)) for name in form.active)
    found = form.matching(now=timezone.now())
    assert set(found.values_list("workspace_id", flat=True)) <= {glow.pk}


@bounded(100)
@given(VALUES | TEXT | JSON.map(str))
def test_a_list_that_was_not_sealed_by_us_selects_nothing(glow: Workspace, text: str) -> None:
    with pytest.raises(selection.NothingSelected):
        selection.unsealed(glow, text)


@bounded(50)
@given(st.lists(st.integers(0, 2**63 - 1), max_size=5), st.integers(0, 60), st.characters())
def test_a_sealed_list_is_changed_by_nobody(
    glow: Workspace, ids: list[int], place: int, letter: str
) -> None:
    whole = selection.sealed(glow, ids)
    assert selection.unsealed(glow, whole) == ids
    place %= len(whole)
    spoilt = whole[:place] + letter + whole[place + 1 :]
    if spoilt != whole:
        with pytest.raises(selection.NothingSelected):
            selection.unsealed(glow, spoilt)
