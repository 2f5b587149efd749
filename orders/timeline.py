"""One order's history from everything that is kept about it, newest first, a page at a time.

Four kinds of rows tell of an order: its own events (what TikTok's poll changed, webhooks, decisions,
people, labels, parcels), webhooks that wait or failed, calls to third parties, and rates that were
chosen. Each is asked for the same number of rows, merged, and cut: the same few queries for a short
history and for a long one.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Q, QuerySet

from core import inbox
from core.models import AuditEntry, WebhookEvent
from orders.models import Order
from shops.models import ApiCall
from shops.senders import told

MOST = 30
ICONS = {
    "sync": "refresh",
    "webhook": "bell",
    "decision": "list-check",
    "rule": "bolt",
    "rate": "scale",
    "call": "link",
    "audit": "shield-check",
    "tracking": "truck",
    "placed": "shopping-cart",
    "paid": "wallet",
    "shipped": "truck",
    "delivered": "circle-check",
    "cancelled": "ban",
    "hold": "player-pause",
    "pack": "package",
    "parcel": "package",
    "service": "truck",
    "address": "map-pin",
    "label": "printer",
    "dispatch": "send",
    "note": "note",
    "cancel": "alert-triangle",
}
# What people read before an entry: where we know it from.
SOURCES = {
    "sync": "Read",
    "webhook": "Webhook",
    "decision": "Decision",
    "rule": "Rule",
    "rate": "Decision",
    "call": "Call",
    "tracking": "Carrier",
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands: entries are sorted by it, and the next page begins after one."""

    at: datetime
    source: int
    pk: int

    def written(self) -> str:
        """As it stands in an address."""
        raw = orjson.dumps([self.at.isoformat(), self.source, self.pk])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry. `details` are for support: codes, ids, delays."""

    place: Place
    kind: str
    text: str
    who: str = ""
    tone: str = ""
    details: tuple[tuple[str, str], ...] = ()

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.place.at

    @property
    def icon(self) -> str:
        """Its sign."""
        return ICONS.get(self.kind, "circle-dot")

    @property
    def source(self) -> str:
        """Where we know it from; "" for people and for our own work."""
        return SOURCES.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the entries, newest first; `older` is where the next page begins, "" at the end."""

    moments: list[Moment] = field(default_factory=list)
    older: str = ""


def page(order: Order, *, after: str = "", most: int = MOST) -> Page:
    """The newest `most` entries, or those that follow a page which ended at `after`."""
    start = place_of(after)
    found: list[Moment] = [one for one in _facts(order) if start is None or one.place < start]
    for number, source in enumerate(_SOURCES, start=1):
        found += source(order, _Window(number, start, most + 1))
    found.sort(key=lambda one: one.place, reverse=True)
    shown, more = found[:most], len(found) > most
    return Page(_without_repeats(shown), shown[-1].place.written() if more else "")


def place_of(text: str) -> Place | None:
    """A place written in an address; None for nonsense, which is the beginning."""
    try:
        at, source, pk = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        place = Place(datetime.fromisoformat(at), int(source), int(pk))
    except (ValueError, TypeError):
        return None
    return place if place.at.tzinfo else None


@dataclass(frozen=True, slots=True)
class _Window:
    """The rows of one source that a page may hold."""

    number: int
    start: Place | None
    most: int

    def of[M: Any](self, rows: QuerySet[M], column: str = "at") -> QuerySet[M]:
        """The newest rows before the start of the page."""
        if self.start is not None:
            at, own = self.start.at, self.start.source == self.number
            before = Q(**{f"{column}__lt": at})
            if own:
                before |= Q(**{column: at, "pk__lt": self.start.pk})
            elif self.number < self.start.source:
                before |= Q(**{column: at})
            rows = rows.filter(before)
        return rows.order_by(f"-{column}", "-pk")[: self.most]

    def place(self, at: datetime, pk: int) -> Place:
        return Place(at, self.number, pk)


def _facts(order: Order) -> Iterator[Moment]:
    """What TikTok's own times say, without what an entry of ours tells."""
    facts = (
        ("placed", order.created_at, "Placed on TikTok."),
        ("paid", order.paid_at, "Paid by the buyer."),
        ("shipped", order.rts_at, "Shipped, as TikTok has it."),
        ("delivered", order.delivered_at, "Delivered."),
        ("cancelled", order.cancelled_at, f"Cancelled. {order.cancel_reason}".strip()),
    )
    for number, (kind, at, text) in enumerate(facts):
        if at:
            yield Moment(Place(at, 0, number), kind, text)


def _events(order: Order, window: _Window) -> Iterator[Moment]:
    rows = list(window.of(order.events.select_related("actor")))
    numbers = [row.detail["webhook"] for row in rows if "webhook" in row.detail]
    webhooks = WebhookEvent.objects.defer("body").in_bulk(numbers)
    for row in rows:
        webhook = webhooks.get(row.detail.get("webhook"))
        yield Moment(
            window.place(row.at, row.pk),
            row.kind,
            row.text,
            who=str(row.actor) if row.actor else "",
            details=tuple(_webhook_details(webhook)) if webhook else (),
        )


def _webhooks(order: Order, window: _Window) -> Iterator[Moment]:
    """Webhooks about the order that nobody could act on yet; the others are events of the order."""
    rows = told(order.shop).filter(subject=order.tiktok_id, state__in=("waiting", "parked"))
    for row in window.of(rows.defer("body"), "received_at"):
        parked = row.state == "parked"
        ending = f"could not be acted on: {row.reason}" if parked else "waits for its turn."
        name = inbox.sources()[row.provider].name_of(row.event)
        yield Moment(
            window.place(row.received_at, row.pk),
            "webhook",
            f"TikTok told us: {name}. The event {ending}",
            tone="red" if parked else "",
            details=tuple(_webhook_details(row)),
        )


def _webhook_details(row: WebhookEvent) -> Iterator[tuple[str, str]]:
    yield "event", f"{row.provider} {row.event}"
    yield "id", row.dedupe
    if row.sent_at:
        seconds = max((row.received_at - row.sent_at).total_seconds(), 0.0)
        yield "on its way", f"{seconds:.1f} s"
    if row.delay is not None:
        yield "handled after", f"{row.delay:.1f} s"
    if row.attempts > 1:
        yield "tries", str(row.attempts)
    if outcome := row.outcome or row.reason:
        yield "outcome", outcome
    if row.code:
        yield "code", row.code


def _calls(order: Order, window: _Window) -> Iterator[Moment]:
    rows = ApiCall.objects.filter(workspace=order.workspace_id, subject=order.tiktok_id)
    for row in window.of(rows.defer("asked", "answered")):
        many = row.stands_for
        answer = row.error or ("no answer" if row.status is None else str(row.status))
        yield Moment(
            window.place(row.at, row.pk),
            "call",
            f"{row.provider} was asked: {'refused or failed' if row.failed else 'answered'}.",
            tone="red" if row.failed else "",
            details=(
                ("call", f"{row.method} {row.path}"),
                ("answer", answer),
                ("took", f"{row.milliseconds} ms"),
                *((("request id", row.request_id),) if row.request_id else ()),
                *((("sample", f"one good read of {many} is kept"),) if many > 1 else ()),
            ),
        )


def _rates(order: Order, window: _Window) -> Iterator[Moment]:
    """The rates that shipping chose. They are kept above us; what was chosen and why is all that is
    read of them."""
    chosen: Any = order.quote_sets
    rows = chosen.exclude(chosen=None).only("at", "price", "currency", "reason")
    for row in window.of(rows):
        sentence = row.reason.get("sentence") or f"Chosen for {row.price} {row.currency}."
        yield Moment(window.place(row.at, row.pk), "rate", sentence)


def _audited(order: Order, window: _Window) -> Iterator[Moment]:
    """What the audit alone tells, such as what a label cost; actions on orders are entries of their
    own."""
    rows = AuditEntry.objects.filter(workspace=order.workspace_id, subject=f"order:{order.pk}")
    for row in window.of(rows.exclude(action__startswith="order.").select_related("actor")):
        who = str(row.actor) if row.actor else ""
        yield Moment(
            window.place(row.at, row.pk),
            "audit",
            row.summary,
            who=who,
            details=(("entry", row.action), *_written(row.detail)),
        )


def _written(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, str(value)) for name, value in detail.items())


_SOURCES: tuple[Callable[[Order, _Window], Iterable[Moment]], ...] = (
    _events,
    _webhooks,
    _calls,
    _rates,
    _audited,
)


def _without_repeats(moments: list[Moment]) -> list[Moment]:
    """A rate that was looked at again and chosen again is told once, when it was chosen first."""
    kept: list[Moment] = []
    last_rate = ""
    for one in reversed(moments):
        if one.kind == "rate" and one.text == last_rate:
            continue
        last_rate = one.text if one.kind == "rate" else last_rate
        kept.append(one)
    return kept[::-1]
