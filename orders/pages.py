"""Pages of orders as rows; the next ones are fetched and mapped while one is written."""

import logging
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from orders.mapping import MappedOrder, Unmappable, map_order
from shops.tiktok_shop.paging import Page

log = logging.getLogger(__name__)

# So many, as a slow commit must not leave turns of the rate limit unused.
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page as rows; `count` is how many documents it had, `total` TikTok's count of the list."""

    mapped: list[MappedOrder]
    count: int
    total: int | None


def read(pages: Iterable[Page]) -> Iterator[PageRead]:
    """Each page, mapped."""
    for page in pages:
        yield PageRead(map_all(page.items, now=timezone.now()), len(page.items), page.total)


def map_all(documents: Iterable[dict[str, Any]], *, now: datetime) -> list[MappedOrder]:
    """Rows of all documents that have a number; one without is logged and passed over."""
    found = []
    for document in documents:
        try:
            found.append(map_order(document, now=now))
        except Unmappable:
            log.warning("TikTok sent an order without a number; its keys: %s", sorted(document))
    return found


def ahead[T](pages: Iterator[T]) -> Generator[T]:
    """The same pages in the same order, made by one thread that is a few pages ahead, at most.

    Errors come where they belong. Closing it early waits for the page being made, and closes the
    thread's own database connection, on which the rate limit is booked.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="orders-page") as thread:
        coming = deque(thread.submit(next, pages, None) for _ in range(_AHEAD))
        try:
            while (page := coming.popleft().result()) is not None:
                coming.append(thread.submit(next, pages, None))  # after the last page: nothing
                yield page
        finally:
            for one in coming:
                one.cancel()
            thread.submit(_close_connection)


def _close_connection() -> None:
    connection.close()  # looked up where this runs: every thread has its own
