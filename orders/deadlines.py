"""By when a carrier must have scanned an order. Pure: facts and the market's dated rules in, one
moment out."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from orders.querysets import NO_DEADLINE
from shops.policy.book import Book, NoRule
from shops.policy.days import Calendar, calendar_of

SCAN: Final = "scan"
COLLECTION: Final = "collection"
# TikTok's order types → the word of the rule's key; every other one is a regular order
KINDS: Final = {
    "PRE_ORDER": "preorder",
    "MADE_TO_ORDER": "made_to_order",
    "BACK_ORDER": "backorder",
    "CUSTOMIZED": "custom",
    "CUSTOM_ORDER": "custom",
}
REGULAR: Final = "regular"
# There is nothing to be in time for: not paid, taken back, or shipped by somebody else.
_TIMELESS: Final = frozenset({"UNPAID", "CANCELLED", "CANCEL"})
_OURS: Final = frozenset({"own", "platform"})
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sold:
    """All that an order's deadline depends on."""

    status: str
    lane: str
    order_type: str
    created_at: datetime
    release_at: datetime | None = None  # when a pre-order closes
    ship_by: datetime | None = None  # TikTok's word: reach "awaiting collection"
    scan_by: datetime | None = None  # TikTok's word: the carrier's scan


class Deadlines:
    """The deadlines of one market's orders by the rules as one workspace sees them."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._calendars: dict[date, Calendar] = {}
        self._by_day: dict[tuple[str, date, date], datetime | None] = {}
        self._counts: dict[date, str] = {}

    def due(self, sold: Sold) -> datetime:
        """TikTok's own time for the scan; else the earlier of its ship-by time and what the rules
        of the order's date say. NO_DEADLINE where neither tells."""
        if sold.scan_by:
            return sold.scan_by
        if sold.ship_by and self.counts_as(self.day_of(sold.created_at)) == COLLECTION:
            return sold.ship_by
        return min(
            (at for at in (sold.ship_by, self.by_rules(sold)) if at is not None),
            default=NO_DEADLINE,
        )

    def by_rules(self, sold: Sold) -> datetime | None:
        """The end of the last business day that the rules leave; None where they say nothing."""
        if sold.status in _TIMELESS or sold.lane not in _OURS:
            return None
        kind = KINDS.get(sold.order_type, REGULAR)
        ordered = self.day_of(sold.created_at)
        begins = sold.release_at if kind == "preorder" and sold.release_at else sold.created_at
        fact = (kind, ordered, self.day_of(begins))
        if fact not in self._by_day:
            self._by_day[fact] = self._work_out(kind, ordered, begins)
        return self._by_day[fact]

    def counts_as(self, on: date) -> str:
        """What makes an order of that day dispatched: the carrier's SCAN, or COLLECTION being
        arranged."""
        if on not in self._counts:
            try:
                self._counts[on] = str(self.book.rule("dispatch.counts_as", on=on).value)
            except NoRule:
                self._counts[on] = SCAN
        return self._counts[on]

    def day_of(self, at: datetime) -> date:
        """The day of a moment in the market's time zone."""
        return at.astimezone(self.calendar(at.date()).zone).date()

    def week_of(self, day: date) -> tuple[datetime, datetime]:
        """Monday's beginning and the next Monday's, in the market's time zone: metrics start anew
        then."""
        monday = day - timedelta(days=day.weekday())
        zone = self.calendar(day).zone
        return (
            datetime.combine(monday, time(), zone),
            datetime.combine(monday + _WEEK, time(), zone),
        )

    def calendar(self, on: date) -> Calendar:
        """The market's calendar as it stands on that day."""
        if on not in self._calendars:
            self._calendars[on] = calendar_of(self.book, on=on)
        return self._calendars[on]

    def _work_out(self, kind: str, ordered: date, begins: datetime) -> datetime | None:
        try:
            days = int(self.book.rule(f"ship_by.{kind}", on=ordered).number)
        except NoRule:
            return None
        return self.calendar(ordered).after(begins, days)
