"""When a parcel's first scan is expected, from what is known of it now. Pure: the clock is passed
in."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shipping.clock.lags import Lag, Lags, default_lag
from shops.policy.book import Book, NoRule
from shops.policy.days import Calendar, calendar_of

_ONE = timedelta(days=1)
_FURTHEST = 60  # days looked ahead for a business day


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that is known of a parcel's way to its first scan."""

    due_at: datetime
    carrier: str = ""  # of the label, else of the rate that would be bought; "": not known yet
    bought_at: datetime | None = None
    handed_over_at: datetime | None = None
    scanned_at: datetime | None = None
    not_before: datetime | None = None  # held until then
    name: str = ""  # "parcel 1 of 2", of an order in several


@dataclass(frozen=True, slots=True)
class Prediction:
    """The moment by which the likely share is scanned, counted from `begins`."""

    at: datetime
    begins: datetime
    how: str  # handed_over, bought, leaves, pickup, now, overdue
    lag: Lag
    missed: datetime | None = None  # overdue: when it should have been scanned already


@dataclass
class Pickups:
    """When parcels leave the house: once each business day."""

    hour: time
    zone: ZoneInfo
    calendar: Calendar
    _next: dict[date, date] = field(default_factory=dict)

    def after(self, at: datetime) -> datetime:
        """The first handover after that moment, in the workspace's time zone."""
        local = at.astimezone(self.zone)
        day = local.date() if local.time() < self.hour else local.date() + _ONE
        return datetime.combine(self._business_day(day), self.hour, self.zone)

    def _business_day(self, day: date) -> date:
        if day not in self._next:
            days = (day + _ONE * n for n in range(_FURTHEST))
            self._next[day] = next((one for one in days if self.calendar.counts(one)), day)
        return self._next[day]


@dataclass(frozen=True)
class Desk:
    """Where an order is shipped from: its shop's history, and when parcels leave."""

    lags: Lags
    pickups: Pickups

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        return self.pickups.zone


def pickups_of(book: Book, zone: ZoneInfo, *, on: date) -> Pickups:
    """The handovers by the rules in force on that day; an hour that cannot be read is passed over."""
    hour = time(17)
    try:
        for rule in reversed(book.rules("handover.time", on=on)):
            hour = _hour(str(rule.value), hour)
    except NoRule:
        pass
    return Pickups(hour, zone, calendar_of(book, on=on))


def _hour(text: str, default: time) -> time:
    try:
        return time.fromisoformat(text.zfill(5)).replace(tzinfo=None)
    except ValueError:
        return default


def predict(parcel: Parcel, desk: Desk, *, now: datetime) -> Prediction:
    """When the first scan is expected: from its handover, its purchase, or, still unbought, from the
    next handover; anew from the next handover where that has passed without a scan."""
    found = _first(parcel, desk, now)
    if found.at > now or found.how in ("pickup", "now"):
        return found
    begins = desk.pickups.after(now)
    lag = _from_handover(parcel, desk, begins) or default_lag()
    return Prediction(begins + lag.likely, begins, "overdue", lag, missed=found.at)


def _first(parcel: Parcel, desk: Desk, now: datetime) -> Prediction:
    if parcel.handed_over_at:
        begins = parcel.handed_over_at.astimezone(desk.zone)
        lag = _from_handover(parcel, desk, begins) or default_lag()
        return Prediction(begins + lag.likely, begins, "handed_over", lag)
    start = parcel.bought_at or max(now, parcel.not_before or now)
    pickup = desk.pickups.after(start)
    if lag_known := _from_handover(parcel, desk, pickup):
        return _at_pickup(parcel, pickup, lag_known)
    start = start.astimezone(desk.zone)
    if lag_known := desk.lags.best(parcel.carrier, start, handed_over=False):
        how = "bought" if parcel.bought_at else "now"
        return Prediction(start + lag_known.likely, start, how, lag_known)
    return _at_pickup(parcel, pickup, default_lag())


def _at_pickup(parcel: Parcel, pickup: datetime, lag: Lag) -> Prediction:
    how = "leaves" if parcel.bought_at else "pickup"
    return Prediction(pickup + lag.likely, pickup, how, lag)


def _from_handover(parcel: Parcel, desk: Desk, begins: datetime) -> Lag | None:
    return desk.lags.best(parcel.carrier, begins, handed_over=True)
