"""Business days of a market: weekends, holidays and the hour a day ends. Pure."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from shops.policy.book import Book, NoRule

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Which days count, and when a day is over."""

    zone: ZoneInfo
    cutoff: time
    weekend: frozenset[int]  # 0 is Monday
    country: str = ""  # whose public holidays; "" has none

    def counts(self, day: date) -> bool:
        """Whether that day is a business day."""
        return day.weekday() not in self.weekend and day not in _holidays(self.country)

    def after(self, start: datetime, days: int) -> datetime:
        """The cut-off of the business day `days` after the day of `start`, which itself does not
        count. 0 is the first business day from then on."""
        day = start.astimezone(self.zone).date()
        if days == 0:
            while not self.counts(day):
                day += _ONE
        while days > 0:
            day += _ONE
            days -= self.counts(day)
        return self.end_of(day)

    def end_of(self, day: date) -> datetime:
        """The cut-off of that day, to the end of its minute."""
        end = datetime.combine(day, self.cutoff, self.zone)
        return end + timedelta(seconds=59) if end.second == 0 else end

    def between(self, start: datetime, end: datetime) -> int:
        """How many business days begin after `start`, up to the day of `end`."""
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        return sum(self.counts(day + _ONE * n) for n in range(1, (last - day).days + 1))


def calendar_of(book: Book, *, on: date) -> Calendar:
    """The market's calendar as it stands on that day; UTC and every day where it has none."""
    try:
        zone = ZoneInfo(book.rule("cutoff.zone", on=on).value)
        cutoff = time.fromisoformat(book.rule("cutoff.time", on=on).value)
        weekend = book.rule("days.weekend", on=on).value
        country = book.rule("days.holidays", on=on).value
    except NoRule:
        return Calendar(ZoneInfo("UTC"), time(23, 59), frozenset())
    return Calendar(zone, cutoff, frozenset(_WEEKDAYS.index(day) for day in weekend), country)


@cache
def _holidays(country: str) -> Container[date]:
    """Public holidays; the library works out each year when it is first asked about."""
    return holidays.country_holidays(country) if country else frozenset()
