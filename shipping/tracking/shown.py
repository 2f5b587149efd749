"""A parcel's status and history as a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipping.models import Label, TrackingEvent
from shipping.tracking.carriers import track_url
from shipping.tracking.normalize import UNKNOWN, WORDS

# Status → tone and icon; a tone means one thing on every page.
_LOOKS = {
    UNKNOWN: ("grey", "clock"),
    "pre_transit": ("grey", "clock"),
    "in_transit": ("blue", "truck"),
    "out_for_delivery": ("blue", "truck-delivery"),
    "available_for_pickup": ("amber", "map-pin"),
    "delivered": ("green", "circle-check"),
    "return_to_sender": ("amber", "arrow-back-up"),
    "failure": ("red", "alert-circle"),
    "cancelled": ("grey", "ban"),
}
FEW = 5  # events shown before "all of them"


@dataclass(frozen=True, slots=True)
class Status:
    """A status in words, colour and icon."""

    words: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One label's parcel: status, the newest events, the rest, the carrier's page about it."""

    status: Status
    newest: Sequence[TrackingEvent]
    older: Sequence[TrackingEvent]
    url: str


def status_of(label: Label) -> Status:
    """The label's status; of one nothing was told about, that it is not scanned yet."""
    status = label.tracking_status or UNKNOWN
    tone, icon = _LOOKS.get(status, ("grey", "help"))
    words = WORDS.get(status, status.replace("_", " "))
    return Status(words[:1].upper() + words[1:], tone, icon)


def parcel_of(label: Label) -> Parcel | None:
    """What the order's page shows; None of a label without a number. Reads `tracking_events` as
    they were prefetched."""
    if not label.tracking_number:
        return None
    events = sorted(label.tracking_events.all(), key=lambda event: event.at, reverse=True)
    url = track_url(label.carrier, label.tracking_number)
    return Parcel(status_of(label), events[:FEW], events[FEW:], url)
