"""Keyset paging of the queue: the place after the last row is the address of the next page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Q, Window

from orders.models import Order
from orders.querysets import OrderQuerySet

PAGE = 50
# Of a long list so many are looked through, from the end a page begins at, before all of it is.
RECENT = 20_000
_BIGGEST = 2**63 - 1

type Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE orders and the places around them; empty strings where nothing follows."""

    orders: list[Order]
    next: str
    previous: str
    is_all: bool = False  # nothing lies around it
    at_least: int = 0  # how many match, as far as reading the page told; 0 when it did not


def place_of(order: Order, by: str = "due_at") -> str:
    """An order's place in the queue, for an address."""
    return f"{getattr(order, by).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{order.pk}"


def read_place(text: str) -> Place | None:
    """The place in an address; None for anything that is not one."""
    stamp, _, pk = text.rpartition("_")
    try:
        due_at = datetime.fromisoformat(stamp).astimezone(UTC)
        number = int(pk)
    except (ValueError, OverflowError):
        return None
    return (due_at, number) if 0 <= number <= _BIGGEST else None


def page_of(
    orders: OrderQuerySet,
    *,
    after: str = "",
    before: str = "",
    newest: bool = False,
    size: int = PAGE,
    among: OrderQuerySet | None = None,
    by: str = "due_at",
) -> Page:
    """The page behind `after`, or the one in front of `before`; the first page when neither is a place.

    `newest` turns the order round. Going back to less than a page is going to the first page.
    `among`: the long list that `orders` are some of, where no index has them in this order.
    `by`: the moment they are sorted by, "due_at" or "scan_at".
    """
    forward, back = read_place(after), read_place(before)
    if back:
        rows, _ = _read(orders, back, newest=not newest, most=size + 1, among=among, by=by)
        if len(rows) > size:
            rows = rows[:size][::-1]
            return Page(rows, place_of(rows[-1], by), place_of(rows[0], by))
        forward = None
    rows, at_least = _read(orders, forward, newest=newest, most=size + 1, among=among, by=by)
    more = len(rows) > size
    rows = rows[:size]
    return Page(
        rows,
        place_of(rows[-1], by) if more else "",
        place_of(rows[0], by) if forward and rows else "",
        is_all=forward is None and not more,
        at_least=at_least if more else 0,
    )


def recent(among: OrderQuerySet, place: Place | None = None, *, newest: bool = True) -> Q | None:
    """What holds of the first RECENT orders of a list, from a place on; None where it ends before.

    A word that every two-hundredth order has is what no index is good at: there are too many to
    sort, and too few to meet a page of them soon. Within a bounded part both are cheap.
    """
    places = _from(among, place, newest=newest).in_queue_order(newest=newest)
    edge = places.values_list("due_at", flat=True)[RECENT : RECENT + 1].first()
    if edge is None:
        return None
    return Q(due_at__gte=edge) if newest else Q(due_at__lte=edge)


def _read(
    orders: OrderQuerySet,
    place: Place | None,
    *,
    newest: bool,
    most: int,
    among: OrderQuerySet | None,
    by: str,
) -> tuple[list[Order], int]:
    """Up to `most` orders from a place on; for a first page that was found in a part, also how many
    are in that part."""
    ordered = _from(orders, place, newest=newest, by=by).in_queue_order(newest=newest, by=by)
    part = recent(among, place, newest=newest) if among is not None else None
    if part is not None:
        within = ordered.filter(part)
        if place is None:
            within = within.annotate(in_part=Window(Count("*")))
        rows = list(within[:most])
        if len(rows) == most:
            return rows, getattr(rows[0], "in_part", 0)
    return list(ordered[:most]), 0


def _from(
    orders: OrderQuerySet, place: Place | None, *, newest: bool, by: str = "due_at"
) -> OrderQuerySet:
    return orders.beyond(*place, upwards=not newest, by=by) if place else orders
