"""What EasyPost, Shippo and TikTok say about a parcel, in one vocabulary. Pure: words in, one word
out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

UNKNOWN: Final = "unknown"
# The words, in the order in which a parcel usually goes through them.
WORDS: Final = {
    UNKNOWN: "not scanned yet",
    "pre_transit": "label made, not scanned yet",
    "in_transit": "on its way",
    "out_for_delivery": "out for delivery",
    "available_for_pickup": "waits to be picked up",
    "delivered": "delivered",
    "return_to_sender": "on its way back",
    "failure": "the carrier reports a problem",
    "cancelled": "cancelled at the carrier",
}
# Until the carrier has it in its hands, nothing was scanned.
NOT_SCANNED: Final = frozenset({UNKNOWN, "pre_transit", "cancelled"})
# What a label's column holds before a carrier has the parcel; "": nobody was asked yet.
BEFORE_SCAN: Final = ("", UNKNOWN, "pre_transit")
# The journey is over: nothing more is asked about it.
OVER: Final = frozenset({"delivered", "cancelled"})

# EasyPost's tracker statuses; "error" says that tracking itself failed, nothing about the parcel.
_EASYPOST = {word: word for word in WORDS} | {"error": UNKNOWN}
_SHIPPO = {
    "UNKNOWN": UNKNOWN,
    "PRE_TRANSIT": "pre_transit",
    "TRANSIT": "in_transit",
    "DELIVERED": "delivered",
    "RETURNED": "return_to_sender",
    "FAILURE": "failure",
}
# Shippo's substatus codes that say more than the status does.
_SHIPPO_MORE = {
    ("TRANSIT", "out_for_delivery"): "out_for_delivery",
    ("TRANSIT", "pickup_available"): "available_for_pickup",
    ("TRANSIT", "return_to_sender"): "return_to_sender",
}
# TikTok documents one action code; the others speak through their names and sentences.
_TIKTOK_CODES = {30901: "delivered"}
# The first pattern that fits counts. A sentence that fits none says nothing: a scan that was not
# made must not pass for one.
_TIKTOK_WORDS = (
    (r"cancel", "cancelled"),
    (r"return(ed|ing)?\b.*\b(sender|seller|shipper)|\breturn to\b", "return_to_sender"),
    (r"\b(lost|damaged|undeliverable|destroyed)\b", "failure"),
    (r"attempt|not (be )?delivered|unable to deliver|delivery failed", "in_transit"),
    (r"out for delivery", "out_for_delivery"),
    (r"(ready|available|waiting) for (pick ?up|collection)", "available_for_pickup"),
    (r"\b(will|to) be delivered|delivery (is )?(scheduled|expected)", "in_transit"),
    (r"\bdelivered\b", "delivered"),
    (r"label|info(rmation)? (received|sent)|(awaiting|waiting)|prepar|pre.?shipment", "pre_transit"),
    (r"accepted|picked up|collected|arriv|depart|transit|on its way|process|facility|hub|sort"
     r"|received", "in_transit"),
)  # fmt: skip
_TIKTOK_PATTERNS = tuple((re.compile(pattern), word) for pattern, word in _TIKTOK_WORDS)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a provider told: a key of WORDS, when, its words, where. `raw` is its document."""

    status: str
    at: datetime
    text: str = ""
    place: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Scan:
    """The last thing a provider knows of a parcel: a key of WORDS, and when that was. `first` is
    the earliest moment the carrier had it, where the provider told the whole history; `events` is
    that history, and `ref` the provider's name for watching the parcel."""

    status: str
    at: datetime | None
    first: datetime | None = None
    events: tuple[Event, ...] = ()
    ref: str = ""


def from_easypost(status: object) -> str:
    """A tracker's `status`, or that of one of its details."""
    return _EASYPOST.get(str(status).lower(), UNKNOWN)


def from_shippo(status: object, substatus: object = "") -> str:
    """A tracking status of Shippo's with its substatus code."""
    word = str(status).upper()
    return _SHIPPO_MORE.get((word, str(substatus).lower())) or _SHIPPO.get(word, UNKNOWN)


def from_tiktok(action_code: object, *words: object) -> str:
    """An entry of TikTok's tracking: its action code, then its name and sentence."""
    if isinstance(action_code, int) and action_code in _TIKTOK_CODES:
        return _TIKTOK_CODES[action_code]
    said = " ".join(str(part) for part in words if part).replace("_", " ").lower()
    for pattern, word in _TIKTOK_PATTERNS:
        if pattern.search(said):
            return word
    return UNKNOWN


def is_scanned(status: str) -> bool:
    """Whether the carrier has, or had, the parcel in its hands."""
    return status in WORDS and status not in NOT_SCANNED


def first_scan(events: Iterable[Event]) -> datetime | None:
    """The earliest scan of the carrier's own; a label that was made is none."""
    return min((event.at for event in events if is_scanned(event.status)), default=None)


def after(was: str, told: str) -> str:
    """The status once `told` came after `was`: who says nothing changes nothing, and what is
    delivered on its way back is delivered to the sender, not to the buyer."""
    if told == UNKNOWN or (was == "return_to_sender" and told != "failure"):
        return was or told
    return told
