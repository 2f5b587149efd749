"""A provider's tracking document as one Scan, the same whether a webhook brought it or we asked.

Pure; what is not as documented counts as not told.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from shipping.tracking.normalize import (
    UNKNOWN,
    Event,
    Scan,
    after,
    first_scan,
    from_easypost,
    from_shippo,
    from_tiktok,
)

type Document = Mapping[str, Any]

_MOST = 200  # events of one parcel; nobody's history is longer


def easypost_scan(tracker: Document) -> Scan:
    """EasyPost's Tracker: its status, at its newest detail."""
    events = _sorted(_easypost_event(one) for one in _parts(tracker.get("tracking_details")))
    at = events[-1].at if events else moment(tracker.get("updated_at"))
    status = after(_last_word(events[:-1]), from_easypost(tracker.get("status")))
    return Scan(status, at, first_scan(events), events, _text(tracker.get("id"), 120))


def shippo_scan(track: Document) -> Scan:
    """Shippo's Track: its `tracking_status`, at the carrier's scan."""
    last = track.get("tracking_status")
    last = last if isinstance(last, dict) else {}
    history = [*_parts(track.get("tracking_history")), last]
    events = _sorted(_shippo_event(one) for one in history)
    before = _last_word(one for one in events if one.at != moment(last.get("status_date")))
    status = after(before, _shippo_status(last))
    carrier, number = _text(track.get("carrier"), 40), _text(track.get("tracking_number"), 60)
    ref = f"{carrier}/{number}" if carrier and number else ""
    return Scan(status, moment(last.get("status_date")), first_scan(events), events, ref)


def tiktok_scan(tracking: Document, number: str = "", *, is_part: bool = False) -> Scan:
    """TikTok's tracking of an order: version 202309's `tracking`, or version 202604's
    `logistics_details`, of which only the parcel with `number` counts where it is named. What is
    said of no parcel in particular says nothing about one of several (`is_part`)."""
    entries = [] if is_part else list(_parts(tracking.get("tracking")))
    anyones = not is_part and (not number or not _names_numbers(tracking))
    for parcel in _parts(tracking.get("logistics_details")):
        if anyones or (number and number == parcel.get("newest_tracking_no")):
            entries += _parts(parcel.get("track_list"))
    events = _sorted(_tiktok_event(one) for one in entries)
    at = events[-1].at if events else None
    return Scan(_last_word(events), at, first_scan(events), events)


def moment(value: object) -> datetime | None:
    """An ISO moment with its zone; None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at and at.tzinfo and 2000 < at.year < 2200 else None


def milliseconds(value: object) -> datetime | None:
    """A moment as TikTok's tracking tells it: milliseconds of Unix time, as number or text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        return None
    at = datetime.fromtimestamp(int(text) / 1000, UTC)
    return at if 2000 < at.year < 2200 else None


def _easypost_event(one: Document) -> Event | None:
    at = moment(one.get("datetime"))
    place = one.get("tracking_location")
    where = _place(place if isinstance(place, dict) else {})
    said = _text(one.get("message"), 300) or _text(one.get("description"), 300)
    return Event(from_easypost(one.get("status")), at, said, where, one) if at else None


def _shippo_event(one: Document) -> Event | None:
    at = moment(one.get("status_date"))
    place = one.get("location")
    where = _place(place if isinstance(place, dict) else {})
    said = _text(one.get("status_details"), 300)
    return Event(_shippo_status(one), at, said, where, one) if at else None


def _tiktok_event(one: Document) -> Event | None:
    at = milliseconds(one.get("update_time_millis"))
    said = _text(one.get("description"), 300)
    status = from_tiktok(one.get("action_code"), one.get("action_code_name"), said)
    return Event(status, at, said, "", one) if at else None


def _shippo_status(one: Document) -> str:
    substatus = one.get("substatus")
    code = substatus.get("code") if isinstance(substatus, dict) else ""
    return from_shippo(one.get("status"), code)


def _names_numbers(tracking: Document) -> bool:
    parcels = _parts(tracking.get("logistics_details"))
    return any(parcel.get("newest_tracking_no") for parcel in parcels)


def _last_word(events: Any) -> str:
    status = UNKNOWN
    for event in events:
        status = after(status, event.status)
    return status


def _sorted(events: Iterator[Event | None]) -> tuple[Event, ...]:
    """Oldest first, and each once: a last status is mostly in the history as well."""
    known = {(one.at, one.status, one.text, one.place): one for one in events if one}
    return tuple(sorted(known.values(), key=lambda one: one.at)[-_MOST:])


def _place(where: Document) -> str:
    parts = (_text(where.get(name), 60) for name in ("city", "state", "zip"))
    return " ".join(part for part in parts if part)


def _text(value: object, most: int) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _parts(value: object) -> Iterator[Document]:
    if isinstance(value, list):
        yield from (part for part in value if isinstance(part, dict))


READERS: dict[str, Callable[[Document], Scan]] = {
    "easypost": easypost_scan,
    "shippo": shippo_scan,
    "tiktok": tiktok_scan,
}
