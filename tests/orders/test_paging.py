"""Going through the queue by place: nothing twice, nothing left out, whatever changes meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import Workspace
from orders import paging
from orders.models import Order
from orders.paging import Page, page_of, place_of, read_place
from orders.querysets import NO_DEADLINE, OrderQuerySet
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace()


def numbered(page: Page) -> list[int]:
    return [order.pk for order in page.orders]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    hours=st.lists(st.integers(0, 3), max_size=9),
    size=st.integers(1, 4),
    newest=st.booleans(),
)
def test_forth_and_back_meet_every_order_once_in_one_order(hours, size, newest, desk) -> None:
    Order.objects.all().delete()
    for hour in hours:
        # Three places, of which the last is "no deadline": most orders share theirs with others.
        due = NO_DEADLINE if hour == 3 else START + timedelta(hours=hour)
        factories.order(desk, due_at=due)
    whole = list(Order.objects.of(desk).in_queue_order(newest=newest).values_list("pk", flat=True))
    orders = Order.objects.of(desk)
    pages = [page_of(orders, newest=newest, size=size)]
    while pages[-1].next:
        pages.append(page_of(orders, after=pages[-1].next, newest=newest, size=size))
    assert [pk for page in pages for pk in numbered(page)] == whole
    assert all(len(page.orders) == size for page in pages[:-1])
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = page_of(orders, before=back.previous, newest=newest, size=size)
        assert numbered(back) == numbered(page)
        assert back.next
    assert back.previous == ""


def walked(orders: OrderQuerySet, among: OrderQuerySet) -> list[list[int]]:
    """The pages of a search, two a page, forth and then back."""
    options = {"newest": True, "size": 2, "among": among}
    pages = [page_of(orders, **options)]
    while pages[-1].next:
        pages.append(page_of(orders, after=pages[-1].next, **options))
    while pages[-1].previous:
        pages.append(page_of(orders, before=pages[-1].previous, **options))
    return [numbered(page) for page in pages]


@pytest.mark.parametrize("recent", [1, 3, 5, 100])
def test_looking_through_the_newest_part_first_finds_what_looking_through_all_finds(
    recent, desk, monkeypatch
) -> None:
    monkeypatch.setattr(paging, "RECENT", recent)
    for n in range(14):
        # Two orders share each deadline; the newest part may begin between them.
        factories.order(
            desk,
            due_at=START - timedelta(hours=n // 2),
            search_text="serum" if n % 5 in (0, 1) else "mirror",
        )
    among = Order.objects.of(desk)
    orders = among.search("serum")
    whole = list(orders.in_queue_order(newest=True).values_list("pk", flat=True))
    assert len(whole) == 6
    assert walked(orders, among) == [whole[:2], whole[2:4], whole[4:], whole[2:4], whole[:2]]


def test_a_first_page_found_in_the_newest_part_tells_how_many_are_there(desk, monkeypatch) -> None:
    monkeypatch.setattr(paging, "RECENT", 4)
    for n in range(9):
        factories.order(desk, due_at=START - timedelta(hours=n), search_text="serum")
    among = Order.objects.of(desk)
    found = page_of(among.search("serum"), newest=True, size=2, among=among)
    assert (found.at_least, found.is_all) == (5, False)
    assert page_of(among.search("serum"), newest=True, size=2).at_least == 0
    assert page_of(among.search("serum"), newest=True, size=50, among=among).is_all


def test_an_order_that_leaves_between_two_pages_takes_nobody_along(desk) -> None:
    orders = [factories.order(desk, due_at=START + timedelta(hours=n)) for n in range(6)]
    first = page_of(Order.objects.of(desk), size=3)
    orders[2].delete()
    orders[0].delete()
    second = page_of(Order.objects.of(desk), after=first.next, size=3)
    assert numbered(second) == [order.pk for order in orders[3:]]


def test_going_back_to_less_than_a_page_is_the_whole_first_page(desk) -> None:
    orders = [factories.order(desk, due_at=START + timedelta(hours=n)) for n in range(5)]
    page = page_of(Order.objects.of(desk), before=place_of(orders[1]), size=3)
    assert numbered(page) == [order.pk for order in orders[:3]]
    assert page.previous == ""
    assert page.next


def test_an_empty_list_is_a_page_without_places(desk) -> None:
    assert page_of(Order.objects.of(desk)) == Page([], "", "", is_all=True)


def test_a_place_survives_its_address_to_the_microsecond() -> None:
    order = Order(pk=7, due_at=START + timedelta(microseconds=1))
    assert read_place(place_of(order)) == (order.due_at, 7)


@pytest.mark.parametrize(
    "text", ["", "_", "7", "x_7", "2026-11-23_x", "2026-11-23T12:00Z_-7", "2026-11-23T12:00Z_9" * 9]
)
def test_nonsense_is_no_place(text) -> None:
    assert read_place(text) is None


def test_pages_by_expected_scan_neither_skip_nor_repeat(desk) -> None:
    now = START
    orders = [factories.order(desk, due_at=now - timedelta(hours=n)) for n in range(7)]
    for hours, order in enumerate(orders[:5]):
        scan = now + timedelta(hours=hours // 2)
        factories.clock(order, risk="risk", predicted_scan_at=scan)
    late = Order.objects.of(desk).by_scan()
    seen: list[int] = []
    after = ""
    while True:
        page = page_of(late, after=after, by="scan_at", size=2)
        seen += [order.pk for order in page.orders]
        if not (after := page.next):
            break
    wanted = [orders[6], orders[5], *orders[:5]]
    assert seen == [order.pk for order in wanted]
    back = page_of(late, before=page.previous, by="scan_at", size=2)
    assert [order.pk for order in back.orders] == seen[4:6]
