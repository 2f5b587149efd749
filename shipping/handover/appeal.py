"""What proves that an order was shipped in time: gathered from everything that is kept about it.

Times are in the market's own time zone, in which its clock runs. Neither buyers' names and streets
nor members' e-mail addresses are in it, and nothing that could sign in anywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from core import files
from core.models import User, Workspace
from orders import parts
from orders.deadlines import KINDS, REGULAR, SCAN, Deadlines, Sold
from orders.models import Dispatch, Order
from orders.querysets import NO_DEADLINE, OrderQuerySet
from shipping.handover.appeal_pdf import Clause, Pack, Step, stamp
from shipping.labels.states import PAID
from shipping.manifest_outcomes import title
from shipping.models import HandoverPhoto, Label, TrackingEvent
from shipping.naming import full_name
from shipping.providers.carriers import display_name
from shipping.tracking.normalize import WORDS
from shops.policy.book import Book, NoRule, Rule, market_of
from shops.policy.ours import books_for

MOST = 100  # orders in one file
_PHOTOS = 4  # of one handover
_EVENTS = 40  # of one parcel
_OURS = "CreatorFlow"


def packs(workspace: Workspace, orders: OrderQuerySet) -> list[Pack]:
    """A pack for each of up to MOST orders, the oldest first; a fixed number of queries."""
    rows = orders.select_related("shop").order_by("created_at", "pk")
    found = list(rows.prefetch_related(_labels(), _dispatches())[:MOST])
    markets = sorted({market_of(order.shop.region) for order in found})
    books = books_for(workspace.pk, markets)
    kept = _Photos()
    return [_Facts(order, books[market_of(order.shop.region)], kept.of).pack() for order in found]


def _labels() -> Prefetch:  # type: ignore[type-arg]
    rows = Label.objects.filter(state__in=PAID).defer("spec")
    related = rows.select_related("account", "manifest", "handover__by", "handover__close_out")
    events = TrackingEvent.objects.order_by("at", "pk")
    photos = HandoverPhoto.objects.exclude(file_key="").order_by("pk")
    return Prefetch(
        "labels",
        related.order_by("settled_at", "pk").prefetch_related(
            Prefetch("tracking_events", events),
            Prefetch("handover__close_out__photos", photos),
        ),
        to_attr="paid_labels",
    )


def _dispatches() -> Prefetch:  # type: ignore[type-arg]
    return Prefetch("dispatches", Dispatch.objects.order_by("pk"), to_attr="told")


class _Photos:
    """Pictures by key: one handover's are in the packs of all its orders."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def of(self, key: str) -> bytes | None:
        """The picture; None when it is damaged or gone."""
        if key not in self._kept:
            try:
                self._kept[key] = files.read(key)
            except files.DamagedFile:
                return None
        return self._kept[key]


@dataclass
class _Facts:
    """One order's facts on their way to a page."""

    order: Order
    book: Book
    photo: Callable[[str], bytes | None]

    @cached_property
    def deadlines(self) -> Deadlines:
        return Deadlines(self.book)

    @cached_property
    def day(self) -> date:
        """The order's day in its market."""
        return self.deadlines.day_of(self.order.created_at)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where its clock runs."""
        return self.deadlines.calendar(self.day).zone

    @cached_property
    def labels(self) -> Sequence[Label]:
        found: Sequence[Label] = self.order.paid_labels  # type: ignore[attr-defined]
        return found

    @cached_property
    def parcels(self) -> Sequence[tuple[str, Label | None]]:
        """Each of its parcels by name, "" for the only one, and the label it goes with."""
        order = self.order
        if not order.parts:
            return [("", _in_use(self.labels))]
        now = [label for label in self.labels if label.split_version == order.split_version]
        return [
            (parts.name(n, order.parts), _in_use([label for label in now if label.part == n]))
            for n, one in enumerate(order.parts, start=1)
            if one["label"] not in (parts.ELSEWHERE, parts.GONE)
        ]

    @cached_property
    def going(self) -> Sequence[Label]:
        """The labels of its parcels."""
        return [label for _, label in self.parcels if label]

    @cached_property
    def due(self) -> datetime | None:
        """When the carrier had to have scanned it; None where nothing says."""
        order = self.order
        names = ("status", "lane", "order_type", "created_at", "release_at", "ship_by", "scan_by")
        due = self.deadlines.due(Sold(**{name: getattr(order, name) for name in names}))
        return due if due < NO_DEADLINE else None

    def pack(self) -> Pack:
        """Everything in the order it is read."""
        return Pack(
            order=self.order.tiktok_id,
            verdict=self._verdict(),
            facts=self._order_facts(),
            clock=self._clock(),
            clauses=[self._clause(rule) for rule in self._rules()],
            steps=sorted(self._steps(), key=lambda step: step.at),
            tracking=self._tracking(),
            photos=self._photos(),
        )

    def _at(self, at: datetime | None) -> str:
        return stamp(at.astimezone(self.zone)) if at else "not known"

    def _verdict(self) -> str:
        return " ".join(_of(name, self._verdict_on(label)) for name, label in self.parcels)

    def _verdict_on(self, label: Label | None) -> str:
        scan = label.first_scan_at if label else None
        if scan is None:
            handed = label.handed_over_at if label else None
            if handed is None:
                return "Neither a handover nor a carrier's scan is recorded."
            return f"Handed over on {self._at(handed)}; the carrier has not recorded a scan yet."
        if self.due is None:
            return f"First scanned by the carrier on {self._at(scan)}."
        side = "before" if scan <= self.due else "after"
        return (
            f"First scanned by the carrier on {self._at(scan)}, {_span(self.due, scan)} {side} the "
            f"deadline of {self._at(self.due)}."
        )

    def _order_facts(self) -> list[tuple[str, str]]:
        order = self.order
        place = order.fixed_recipient or order.recipient
        where = ", ".join(str(place[one]) for one in ("city", "state") if place.get(one))
        facts = [
            ("Order", order.tiktok_id),
            ("Shop", f"{order.shop.name} ({order.shop.region})"),
            ("Units", str(order.unit_count)),
            ("Delivery", order.delivery_option_name or order.shipping_type or "standard"),
            ("Sent to", where or "not known"),
        ]
        for label in self.going:
            service = full_name(label.carrier, label.service_name)
            number = label.tracking_number or "none yet"
            if label.part and label.parcel_name:
                facts.append((label.parcel_name.capitalize(), f"{service}, number {number}"))
            else:
                facts += [("Carrier", service), ("Tracking number", number)]
        return facts

    def _clock(self) -> list[tuple[str, str]]:
        order = self.order
        counts = self.deadlines.counts_as(self.day)
        told = [
            ("Ordered", order.created_at),
            ("Paid", order.paid_at),
            ("TikTok: ship by", order.ship_by),
            ("TikTok: scan by", order.scan_by),
            ("Deadline", self.due),
        ]
        how = "the carrier's first scan" if counts == SCAN else "being ready for collection"
        return [*((name, self._at(at)) for name, at in told if at), ("What counts", how)]

    def _rules(self) -> list[Rule]:
        kind = KINDS.get(self.order.order_type, REGULAR)
        found = []
        for key in ("dispatch.counts_as", f"ship_by.{kind}", "cutoff.time", "cutoff.zone"):
            try:
                found.append(self.book.rule(key, on=self.day))
            except NoRule:
                continue
        return found

    def _clause(self, rule: Rule) -> Clause:
        since = f"In force since {rule.since:%-d %B %Y}" if rule.since else "In force"
        sure = f", confidence {rule.confidence}" if rule.confidence else ""
        return Clause(rule.words, rule.source, f"{since}, as of {self.day:%-d %B %Y}{sure}")

    def _steps(self) -> list[Step]:
        steps = [step for label in self.labels for step in self._of_label(label)]
        for dispatch in self.order.told:  # type: ignore[attr-defined]
            at = dispatch.done_at or dispatch.told_at
            if at and dispatch.state == "done":
                what = f"TikTok was told the number {dispatch.tracking_number}."
                steps.append(self._step(at, what, _OURS))
        return steps

    def _of_label(self, label: Label) -> list[Step]:
        number = label.tracking_number
        bought = label.intent_at or label.settled_at
        found = [
            (bought, f"Label bought, {full_name(label.carrier, label.service_name)}: {number}",
             label.account.name),
            (label.void_at, f"Label {number} given back.", _OURS),
            (label.first_scan_at, f"First scan by {display_name(label.carrier)}.",
             display_name(label.carrier)),
            (label.delivered_at, "Delivered.", display_name(label.carrier)),
        ]  # fmt: skip
        if (form := label.manifest) is not None and form.settled_at and form.state == "made":
            words = f"On the {title(form)}, {form.label_count} labels, form {form.provider_id}."
            found.append((form.settled_at, words, label.account.name))
        if (made := getattr(label, "handover", None)) is not None:
            carrier = display_name(label.carrier)
            found.append((made.at, f"Scanned as it was handed to {carrier}.", _name(made.by)))
            found.append((made.close_out.pickup_at, f"Picked up by {carrier}.", _OURS))
        name = label.parcel_name
        return [self._step(at, _of(name, what), by) for at, what, by in found if at]

    def _step(self, at: datetime, what: str, by: str) -> Step:
        return Step(at.astimezone(self.zone), what, by)

    def _tracking(self) -> list[Step]:
        steps = []
        for label in self.going:
            for event in list(label.tracking_events.all())[:_EVENTS]:
                words = event.text or WORDS.get(event.status, event.status)
                what = ", ".join(part for part in (words, event.place) if part)
                steps.append(self._step(event.at, _of(label.parcel_name, what), event.source))
        return sorted(steps, key=lambda step: step.at)

    def _photos(self) -> list[bytes]:
        keys: dict[str, None] = {}  # parcels that went together are on the same photos
        for label in self.going:
            if (made := getattr(label, "handover", None)) is not None:
                photos = made.close_out.photos.all()[:_PHOTOS]
                keys |= dict.fromkeys(photo.file_key for photo in photos)
        return [content for key in keys if (content := self.photo(key)) is not None]


def _in_use(labels: Sequence[Label]) -> Label | None:
    """The label a parcel goes with: the one in use, else the last one that was."""
    in_use = [label for label in labels if label.state == "bought"]
    return next(iter([*in_use, *reversed(labels)]), None)


def _of(name: str, words: str) -> str:
    return f"{name.capitalize()}: {words}" if name else words


def _name(user: User | None) -> str:
    """A member by name; an e-mail address is nobody else's business."""
    return (user.get_full_name() if user else "") or "a member of the team"


def _span(one: datetime, other: datetime) -> str:
    minutes = int(abs((one - other).total_seconds()) // 60)
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    spans = [(days, "d"), (hours, "h"), (left, "min")]
    return " ".join(f"{n} {unit}" for n, unit in spans if n) or "less than a minute"
