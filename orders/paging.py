"""Keyset paging of the queue: the place after the last row is the address of the next page."""

from dataclasses import dataclass
from datetime import datetime

from orders.models import Order
from orders.querysets import OrderQuerySet

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE orders and the places around them; empty strings where nothing follows."""

    orders: list[Order]
    next: str
    previous: str


def place_of(order: Order) -> str:
    """An order's place in the queue, for an address."""
    return f"{order.due_at.isoformat()}_{order.pk}"


def read_place(text: str) -> tuple[datetime, int] | None:
    """The place in an address; None for anything that is not one."""
    stamp, _, pk = text.rpartition("_")
    try:
        due_at = datetime.fromisoformat(stamp)
        return (due_at, int(pk)) if due_at.tzinfo else None
    except ValueError:
        return None


def page_of(orders: OrderQuerySet, *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """The page behind `after`, or the one in front of `before`; the first page when neither is a place."""
    forward, back = read_place(after), read_place(before)
    if back:
        rows = list(orders.before(*back).order_by("-due_at", "-id")[: size + 1])
        more = len(rows) > size
        rows = rows[:size][::-1]
        return Page(rows, place_of(rows[-1]) if rows else "", place_of(rows[0]) if more else "")
    if forward:
        orders = orders.after(*forward)
    rows = list(orders.in_queue_order()[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(
        rows,
        place_of(rows[-1]) if more else "",
        place_of(rows[0]) if forward and rows else "",
    )
