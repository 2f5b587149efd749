"""What to do about a parcel on a list: one sentence, and the one thing a person may press. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shipping.models import Label
from shipping.tracking.lists import scan_deadline
from shipping.tracking.terms import Terms, days

type Do = Literal["void", "claim", "carrier", "order", "look"]


@dataclass(frozen=True, slots=True)
class Advice:
    """The sentence, what the button does, and until when the label can be given back, if it can."""

    words: str
    do: Do
    void_until: datetime | None = None


def advise(label: Label, name: str, terms: Terms, *, takes_back: bool, now: datetime) -> Advice:
    """What to do about `label` on the list `name`; `takes_back` says whether its provider can void
    labels at all."""
    until = terms.void_until(label, label.order.shop_id) if takes_back else None
    until = until if until and until > now else None
    if name == "unscanned":
        return _unscanned(label, terms, until, now)
    if name == "stalled":
        return _stalled(label, terms, now)
    if name == "exceptions":
        return _exception(label, until)
    if name == "handled":
        return Advice(label.handled_note, "order")
    return Advice("", "look")


def _unscanned(label: Label, terms: Terms, until: datetime | None, now: datetime) -> Advice:
    if label.order.status == "CANCELLED":
        words = "The order was cancelled, and no carrier has the parcel."
        return Advice(words, "void" if until else "order", until)
    if not _is_overdue(label, terms, now):
        return Advice("Hand it over, or see that the carrier has scanned it.", "order", until)
    if until:
        words = "Still with you? Void it and buy another. Handed over? Ask the carrier for a scan."
        return Advice(words, "void", until)
    return Advice("Its label cannot be given back any more. Ask the carrier for it.", "carrier")


def _is_overdue(label: Label, terms: Terms, now: datetime) -> bool:
    """Past its deadline; without one, for longer on its way to the carrier than a parcel may be
    silent."""
    if deadline := scan_deadline(label):
        return deadline <= now
    silent = terms.silent_since(now).get(label.order.shop_id)
    return silent is not None and (label.settled_at or now) < silent


def _stalled(label: Label, terms: Terms, now: datetime) -> Advice:
    lost = terms.lost_after(label.order.shop_id)
    silent = now - (label.tracking_at or now)
    since = _in_days(silent)
    if lost is not None and silent >= days(lost.number):
        words = f"No scan for {since}: it counts as lost after {lost.number.normalize():f} days."
        return Advice(words, "claim")
    return Advice(f"No scan for {since}. Ask the carrier where it is.", "carrier")


def _exception(label: Label, until: datetime | None) -> Advice:
    if label.tracking_status == "return_to_sender":
        words = "It comes back to you: send it again, or refund the order when it is here."
        return Advice(words, "order")
    if label.tracking_status == "cancelled":
        words = "The carrier will not carry it."
        return Advice(words, "void" if until else "order", until)
    return Advice("The carrier reports a problem. Ask what happened, then claim it.", "claim")


def _in_days(span: timedelta) -> str:
    return f"{span.days} day{'' if span.days == 1 else 's'}"
