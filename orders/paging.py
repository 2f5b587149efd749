"""Keyset paging of the queue: the place after the last row is the address of the next page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from orders.models import Order
from orders.querysets import OrderQuerySet

PAGE = 50
_BIGGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE orders and the places around them; empty strings where nothing follows."""

    orders: list[Order]
    next: str
    previous: str


def place_of(order: Order) -> str:
    """An order's place in the queue, for an address."""
    return f"{order.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{order.pk}"


def read_place(text: str) -> tuple[datetime, int] | None:
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
) -> Page:
    """The page behind `after`, or the one in front of `before`; the first page when neither is a place.

    `newest` turns the order round. Going back to less than a page is going to the first page.
    """
    forward, back = read_place(after), read_place(before)
    if back:
        rows = list(
            orders.beyond(*back, upwards=newest).in_queue_order(newest=not newest)[: size + 1]
        )
        if len(rows) > size:
            rows = rows[:size][::-1]
            return Page(rows, place_of(rows[-1]), place_of(rows[0]))
        forward = None
    if forward:
        orders = orders.beyond(*forward, upwards=not newest)
    rows = list(orders.in_queue_order(newest=newest)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(
        rows,
        place_of(rows[-1]) if more else "",
        place_of(rows[0]) if forward and rows else "",
    )
