"""What was told of parcels, written down: every event once, and the newest status on the label.

An older event never undoes a newer status, but may still show an earlier first scan. Any number of
parcels costs the same few queries.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core import events
from orders.models import OrderEvent
from shipping.models import Label, TrackingEvent
from shipping.providers.carriers import display_name
from shipping.tracking.due import next_poll
from shipping.tracking.normalize import UNKNOWN, WORDS, Event, Scan, after, is_scanned

_COLUMNS = (
    "tracking_status",
    "tracking_at",
    "first_scan_at",
    "delivered_at",
    "next_poll_at",
    "poll_failures",
    "tracker_ref",
    "handled_at",
    "handled_note",
)
_LONGEST_RAW = 4000


@dataclass(frozen=True, slots=True)
class Told:
    """One label's news: what its provider knows, and what the order's timeline remembers of how we
    heard it (a webhook's number)."""

    label: Label
    scan: Scan
    detail: Mapping[str, int] | None = None


def write_down(news: Sequence[Told], *, now: datetime) -> set[int]:
    """Keep the news; answers the labels (pk) whose status changed. News of one label may come
    several times, in any order."""
    if not news:
        return set()
    with transaction.atomic():
        pks = {told.label.pk for told in news}
        rows = Label.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        labels = {label.pk: label for label in rows.only(*_NEEDED)}
        unscanned = {pk for pk, label in labels.items() if label.first_scan_at is None}
        TrackingEvent.objects.bulk_create(
            [row for told in news if told.label.pk in labels for row in _rows(told, now)],
            ignore_conflicts=True,
        )
        entries = []
        changed: set[int] = set()
        for told in news:
            label = labels.get(told.label.pk)
            if label is not None and _take(label, told.scan, now):
                changed.add(label.pk)
                if label.tracking_status != UNKNOWN:
                    entries.append(_entry(label, told, now))
        Label.objects.bulk_update(labels.values(), _COLUMNS)
        OrderEvent.objects.bulk_create(entries)
        _tell_scans(labels.values(), unscanned)
    return changed


_NEEDED = (*_COLUMNS, "carrier", "order_id", "provider", "settled_at", "state", "workspace_id")


def _tell_scans(labels: Iterable[Label], unscanned: Collection[int]) -> None:
    """Say which orders got their first scan, a workspace at a time."""
    scanned: dict[int, list[int]] = defaultdict(list)
    for label in labels:
        if label.pk in unscanned and label.first_scan_at is not None:
            scanned[label.workspace_id].append(label.order_id)
    for workspace_id, order_ids in scanned.items():
        events.publish("label.scanned", workspace_id=workspace_id, order_ids=order_ids)


def _take(label: Label, scan: Scan, now: datetime) -> bool:
    """Put the scan onto the label (not saved yet); True when its status is another one now."""
    first = scan.first or (scan.at if is_scanned(scan.status) else None)
    if first and (label.first_scan_at is None or first < label.first_scan_at):
        label.first_scan_at = first
    label.tracker_ref = scan.ref[:120] or label.tracker_ref
    label.poll_failures = 0
    was = label.tracking_status
    if label.tracking_at is None or (scan.at is not None and scan.at >= label.tracking_at):
        label.tracking_status = after(was, scan.status)
        told_at = now if scan.status != UNKNOWN else None
        label.tracking_at = scan.at or label.tracking_at or told_at
        if label.tracking_status == "delivered" and was != "delivered":
            label.delivered_at = scan.at or now
    changed = label.tracking_status != was
    if changed and was:
        label.handled_at, label.handled_note = None, ""
    label.next_poll_at = next_poll(label, now)
    return changed


def _entry(label: Label, told: Told, now: datetime) -> OrderEvent:
    return OrderEvent(
        order_id=label.order_id,
        at=told.scan.at or now,
        kind="tracking",
        text=f"{display_name(label.carrier)}: {WORDS[label.tracking_status]}.",
        detail={**(told.detail or {}), "label": label.pk},
    )


def _rows(told: Told, now: datetime) -> list[TrackingEvent]:
    return [
        TrackingEvent(
            label_id=told.label.pk,
            at=event.at,
            status=event.status,
            text=event.text[:300],
            place=event.place[:120],
            source=told.label.provider[:20],
            raw=_plain(event.raw),
            dedupe=_name(event),
            told_at=now,
        )
        for event in told.scan.events
    ]


def _name(event: Event) -> str:
    parts = (event.at.isoformat(), event.status, event.text, event.place)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _plain(raw: Mapping[str, object]) -> object:
    """The provider's document as JSON; a number with decimals as text, and nothing endless."""
    text = json.dumps(dict(raw), default=str).replace("\\u0000", "")
    return json.loads(text) if len(text) <= _LONGEST_RAW else {"cut": text[:_LONGEST_RAW]}
