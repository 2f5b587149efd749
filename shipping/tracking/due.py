"""When a provider is asked again where a parcel is. Webhooks tell most of it: asking is for what
they miss, so it becomes rarer with the parcel's age. Pure."""

from datetime import datetime, timedelta
from typing import Protocol

from shipping.tracking.normalize import OVER, is_scanned

# Age of the label → pause between two questions, while nothing is told by itself.
_WAITING = (  # not scanned yet: the deadline hangs on it
    (timedelta(hours=12), timedelta(hours=3)),
    (timedelta(days=4), timedelta(hours=2)),
    (timedelta(days=10), timedelta(hours=8)),
)
_MOVING = (
    (timedelta(days=10), timedelta(hours=6)),
    (timedelta(days=25), timedelta(hours=12)),
)
_RARELY = timedelta(days=1)
_FAILED = timedelta(minutes=20)  # doubled with every failure in a row
LONGEST = timedelta(days=120)  # no carrier tells of a parcel for longer, and no window is open


class Journey(Protocol):
    """What of a label decides when it is asked about."""

    tracking_status: str
    settled_at: datetime | None
    poll_failures: int


def next_poll(label: Journey, now: datetime) -> datetime | None:
    """When to ask, seen from now; None when nothing more can come."""
    bought = label.settled_at or now
    age = now - bought
    if label.tracking_status in OVER or age > LONGEST:
        return None
    pace = _MOVING if is_scanned(label.tracking_status) else _WAITING
    pause = next((pause for until, pause in pace if age < until), _RARELY)
    return now + pause


def after_failure(failures: int, now: datetime) -> datetime:
    """When to ask again after so many questions in a row that got no answer."""
    return now + min(_FAILED * (1 << min(failures, 8)), _RARELY)
