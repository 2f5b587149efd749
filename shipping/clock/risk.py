"""Whether an order's first scan is expected in time, in one word and one sentence. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orders.querysets import NO_DEADLINE
from shipping.clock.lags import Lag, defaults
from shipping.clock.predict import Desk, Parcel, Prediction, predict

# The forecast of an order that has no label moves with the clock: looked at again so often.
_AGAIN = timedelta(hours=6)


class Verdict(NamedTuple):
    """The word (orders.models.Risk), the sentence, the expected scan, and when time alone may
    change them."""

    risk: str
    why: str
    predicted_at: datetime | None
    next_at: datetime | None


def judge(parcel: Parcel, desk: Desk, *, now: datetime) -> Verdict:
    """The verdict as of `now`."""
    zone = desk.zone
    if parcel.scanned_at:
        return Verdict("scanned", f"Scanned {_clock(parcel.scanned_at, zone)}.", None, None)
    if parcel.due_at <= now:
        words = f"The deadline {_clock(parcel.due_at, zone)} has passed and no scan is known."
        return Verdict("late", words, None, None)
    found = predict(parcel, desk, now=now)
    known = parcel.due_at < NO_DEADLINE
    risk = "risk" if found.at > parcel.due_at else "ok"
    why = f"{_said(found, zone)}{_against(found.at, parcel.due_at, zone) if known else '.'}"
    return Verdict(risk, why[:300], found.at, _next(parcel, found, now))


def judge_all(parcels: Sequence[Parcel], desk: Desk, *, now: datetime) -> Verdict:
    """The verdict on an order, that of its slowest parcel: it is scanned when all of them are."""
    found = [(parcel, judge(parcel, desk, now=now)) for parcel in parcels]
    if len(found) == 1 and not found[0][0].name:
        return found[0][1]
    waiting = [one for one in found if one[1].risk != "scanned"]
    if not waiting:
        parcel, last = max(found, key=lambda one: one[0].scanned_at or now)
    else:
        parcel, last = max(waiting, key=lambda one: one[1].predicted_at or now)
    moments = [verdict.next_at for _, verdict in waiting if verdict.next_at]
    words = f"{parcel.name.capitalize()}: {last.why[:1].lower()}{last.why[1:]}"
    return last._replace(why=words[:300], next_at=min(moments, default=None))


def _next(parcel: Parcel, found: Prediction, now: datetime) -> datetime:
    """The next moment at which the same facts may be judged otherwise."""
    moments = [parcel.due_at]
    if found.how == "now":
        moments += [now + _AGAIN, parcel.due_at - found.lag.likely]
    elif found.how in ("pickup", "overdue"):
        moments.append(found.begins)
    else:
        moments.append(found.at)
    return min(moment for moment in moments if moment > now)


def _said(found: Prediction, zone: ZoneInfo) -> str:
    """How it is worked out: "If handed over Mon 17:00, …"."""
    begins, by = _clock(found.begins, zone), _clock(found.at, zone)
    start = {
        "handed_over": f"Handed over {begins}",
        "bought": f"Bought {begins}",
        "leaves": f"Bought, to be handed over {begins}",
        "pickup": f"If handed over {begins}",
        "now": f"If bought {begins}",
        "overdue": f"Expected {_clock(found.missed or found.at, zone)} and not scanned; if handed "
        f"over {begins}",
    }[found.how]
    return f"{start}: scan expected by {by} ({_share(found.lag)})"


def _share(lag: Lag) -> str:
    return f"{defaults()['likely_percent']} % {lag.words}" if lag.parcels else lag.words


def _against(at: datetime, due: datetime, zone: ZoneInfo) -> str:
    away = _span(abs(due - at))
    if at > due:
        return f", {away} after the deadline {_clock(due, zone)}."
    return f", {away} before the deadline."


def _span(away: timedelta) -> str:
    hours, minutes = divmod(round(away.total_seconds() / 60), 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes and hours < 6 else f"{hours} h"


@lru_cache(maxsize=20_000)
def _clock(at: datetime, zone: ZoneInfo) -> str:
    """ "Tue Nov 24, 15:00"."""
    local = at.astimezone(zone)
    return f"{local:%a %b} {local.day}, {local:%H:%M}"
