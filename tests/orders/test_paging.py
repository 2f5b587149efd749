"""Going through the queue by place: nothing twice, nothing left out, whatever changes meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import Workspace
from orders.models import Order
from orders.paging import Page, page_of, place_of, read_place
from orders.querysets import NO_DEADLINE
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
    assert page_of(Order.objects.of(desk)) == Page([], "", "")


def test_a_place_survives_its_address_to_the_microsecond() -> None:
    order = Order(pk=7, due_at=START + timedelta(microseconds=1))
    assert read_place(place_of(order)) == (order.due_at, 7)


@pytest.mark.parametrize(
    "text", ["", "_", "7", "x_7", "2026-11-23_x", "2026-11-23T12:00Z_-7", "2026-11-23T12:00Z_9" * 9]
)
def test_nonsense_is_no_place(text) -> None:
    assert read_place(text) is None
