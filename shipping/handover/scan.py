"""One parcel scanned at the door: handed over, or refused loudly with the reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import audit, events
from core.access import zone
from core.models import User, Workspace
from core.templatetags.ui import absolute
from orders.models import OrderEvent
from shipping.handover import codes
from shipping.labels.states import GIVEN_BACK
from shipping.models import CloseOut, HandoverScan, Label
from shipping.providers.carriers import display_name

_OTHERS = {
    "buying": "it is still being bought.",
    "unknown": "whether it was paid is not known yet.",
    "voiding": "its money is being asked back.",
}


class Verdict(StrEnum):
    """What became of a scan."""

    TAKEN = "taken"
    TWICE = "twice"  # handed over before
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says, in a word and a sentence."""

    verdict: Verdict
    words: str
    code: str
    label: Label | None = None
    scan: HandoverScan | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the parcel may go out."""
        return self.verdict is Verdict.TAKEN


def scan(workspace: Workspace, code: str, *, user: User | None, carrier: str = "") -> Answer:
    """Hand over the parcel whose label was scanned; with `carrier`, only to that one. Whatever
    speaks against it is said, and nothing is written then."""
    label = _label(workspace, code)
    if label is None:
        words = "No label of this workspace has this number. Set the parcel aside."
        return Answer(Verdict.REFUSED, words, code)
    if refusal := _refusal(label, carrier):
        return Answer(Verdict.REFUSED, refusal, code, label)
    if label.handed_over_at is not None:
        return _twice(label, code)
    now = timezone.now()
    try:
        with transaction.atomic():
            made = _hand_over(label, user, now)
    except IntegrityError:  # another scanner was first
        label.refresh_from_db()
        return _twice(label, code)
    name = display_name(label.carrier)
    return Answer(Verdict.TAKEN, f"Handed over to {name}.", code, label, made)


def _label(workspace: Workspace, code: str) -> Label | None:
    """The label of that number; of several, the one that can still be handed over."""
    numbers = codes.read(code)
    rows = Label.objects.of(workspace).filter(tracking_number__in=numbers)
    found = list(
        rows.select_related("order__shop", "handover__by").defer("spec", "order__raw")[:50]
    )
    return min(found, key=lambda one: _rank(one, numbers), default=None)


def _rank(label: Label, numbers: list[str]) -> tuple[bool, bool, int, int]:
    in_use = label.state == "bought"
    place = numbers.index(label.tracking_number)
    return (not in_use, label.handed_over_at is not None, place, -label.pk)


def _refusal(label: Label, carrier: str) -> str:
    """Why the parcel must not go out; "" where nothing speaks against it."""
    order = _named(label)
    if label.state in GIVEN_BACK:
        return f"{order}: this label was given back. Take the parcel out: it needs another label."
    if label.state != "bought":
        return f"{order}: this label cannot be used, {_OTHERS.get(label.state, 'it is not paid.')}"
    if label.order.status == "CANCELLED":
        return f"{order} was cancelled. Take the parcel out and keep its goods."
    if label.order.is_cancel_requested:
        return f"{order}: the buyer asked to cancel it. Answer that first, then hand it over."
    if carrier and label.carrier != carrier:
        name, other = display_name(label.carrier), display_name(carrier)
        return f"{order} goes with {name}, and this is the handover to {other}."
    return ""


def _named(label: Label) -> str:
    """ "Order 5769…, parcel 1 of 2"."""
    return ", ".join(filter(None, (f"Order {label.order.tiktok_id}", label.parcel_name)))


def _twice(label: Label, code: str) -> Answer:
    made = HandoverScan.objects.select_related("by").filter(label=label).first()
    who = f" by {made.by}" if made is not None and made.by is not None else ""
    at = absolute(label.handed_over_at) if label.handed_over_at else "just now"
    words = f"{_named(label)} was handed over already: {at}{who}. Is this a copy?"
    return Answer(Verdict.TWICE, words, code, label, made)


def _hand_over(label: Label, user: User | None, now: datetime) -> HandoverScan:
    close_out = open_close_out(label.order.workspace, label, now)
    made = HandoverScan.objects.create(close_out=close_out, label=label, at=now, by=user)
    Label.objects.filter(pk=label.pk).update(handed_over_at=now)
    label.handed_over_at = now
    text = f"Handed over to {display_name(label.carrier)}, scanned at the door."
    if label.parcel_name:
        text = f"{label.parcel_name.capitalize()}: {text[:1].lower()}{text[1:]}"
    OrderEvent.objects.create(
        order_id=label.order_id, at=now, kind="handover", text=text, actor=user,
        detail={"label": label.pk},
    )  # fmt: skip
    events.publish("label.handed_over", label_id=label.pk)
    return made


def open_close_out(workspace: Workspace, label: Label, now: datetime) -> CloseOut:
    """The open close-out the parcel belongs to: of its shop and carrier."""
    day = now.astimezone(zone(workspace)).date()
    found, _ = CloseOut.objects.get_or_create(
        workspace=workspace,
        shop=label.order.shop,
        carrier=label.carrier,
        closed_at=None,
        defaults={"day": day, "opened_at": now},
    )
    return found


def take_back(made: HandoverScan, *, user: User | None) -> bool:
    """A parcel scanned by mistake is with us again; False when its close-out is closed, which stays
    as it was proven."""
    label = made.label
    with transaction.atomic():
        mine = HandoverScan.objects.filter(pk=made.pk, close_out__closed_at=None)
        if not mine.delete()[0]:
            return False
        Label.objects.filter(pk=label.pk).update(handed_over_at=None)
        now = timezone.now()
        OrderEvent.objects.create(
            order_id=label.order_id, at=now, kind="handover", actor=user,
            text=f"{label.parcel_name} not handed over after all: the scan was taken back.".strip()
            .capitalize(),
            detail={"label": label.pk},
        )  # fmt: skip
        audit.record(
            label.workspace_id, "handover.taken_back", f"order:{label.order_id}",
            f"Scan of {label.tracking_number} at the door taken back", actor=user, label=label.pk,
        )  # fmt: skip
        events.publish("label.handed_over", label_id=label.pk)
    return True
