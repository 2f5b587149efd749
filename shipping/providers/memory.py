"""A label provider in memory, for tests above the adapters: it charges, remembers, fails on cue.

    provider = Memory()
    provider.fail("buy", LOST_AFTER_CHARGE)      # the money is gone, the answer is not coming
    provider.fail("quote", Unavailable("...", provider="memory"), times=2)

It is not in the registry: whoever wants it by slug puts it there for the time of a test.
"""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from core.errors import OutcomeUnknown, Rejected, Unavailable
from core.money import Money, total
from shipping.providers.base import (
    AccountCheck,
    BoughtLabel,
    Can,
    Document,
    Quotes,
    Rate,
    ShipmentSpec,
    Shipped,
    Unsupported,
    VoidOutcome,
    VoidResult,
)
from shipping.providers.units import check_parcel


class Lost(StrEnum):
    """Ways for an answer to a purchase not to arrive."""

    AFTER_CHARGE = "after charge"
    BEFORE_CHARGE = "before charge"


LOST_AFTER_CHARGE = Lost.AFTER_CHARGE
LOST_BEFORE_CHARGE = Lost.BEFORE_CHARGE


@dataclass(frozen=True, slots=True)
class Offer:
    """One service of the shop window: every quote offers it at this price."""

    carrier: str
    service: str
    name: str
    price: str
    days: int | None = 3
    guaranteed: bool = False


OFFERS = (
    Offer("ups", "Ground", "UPS Ground", "8.41", 4),
    Offer("fedex", "FEDEX_2_DAY", "FedEx 2Day", "14.20", 2, guaranteed=True),
    Offer("usps", "GroundAdvantage", "USPS Ground Advantage", "6.07", 3),
)


@dataclass(frozen=True, slots=True)
class Charge:
    """Money taken for one label."""

    key: str
    rate_id: str
    label: BoughtLabel
    spec: ShipmentSpec  # what it was bought for: the orders, or the lines of one


@dataclass(slots=True)
class _Script:
    queue: defaultdict[str, deque[Exception | Lost]] = field(
        default_factory=lambda: defaultdict(deque)
    )


class Memory:
    """The provider. Threads may share it; `pause` is called inside each call, e.g. to sleep or to
    meet at a barrier."""

    can = frozenset({Can.RATES, Can.BUY, Can.VOID, Can.TRACK, Can.TEST_KEY})

    def __init__(
        self,
        slug: str = "memory",
        *,
        offers: tuple[Offer, ...] = OFFERS,
        messages: tuple[str, ...] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[str], None] = lambda call: None,
        documents_take: int = 0,
        void_outcome: VoidOutcome = VoidOutcome.REQUESTED,
    ) -> None:
        self.slug = slug
        self.offers = offers
        self.messages = messages
        self.charges: list[Charge] = []
        self.calls: Counter[str] = Counter()
        self.trackers: dict[str, dict[str, Any]] = {}
        self.tracked: list[Shipped] = []
        self.file = one_page_pdf()
        self.void_outcome = void_outcome
        self._now = now
        self._pause = pause
        self._documents_take = documents_take
        self._asked: Counter[str] = Counter()
        self._wishes: set[str] = set()
        self._script = _Script()
        self._shipments = 0
        self._lock = threading.Lock()

    def fail(self, call: str, how: Exception | Lost, *, times: int = 1) -> None:
        """Let the next `times` calls of that name fail; Lost is for "buy" only."""
        if isinstance(how, Lost) and call != "buy":
            raise ValueError("only a purchase can be lost")
        with self._lock:
            self._script.queue[call].extend([how] * times)

    def charged(self, currency: str = "USD") -> Money:
        """What was taken altogether, voided labels included."""
        return total((charge.label.cost for charge in self.charges), currency)

    def check(self) -> AccountCheck:
        """A test account with the carriers of its offers."""
        self._enter("check")
        return AccountCheck("test", tuple(dict.fromkeys(offer.carrier for offer in self.offers)))

    def quote(self, spec: ShipmentSpec) -> Quotes:
        """Every offer, for a new shipment."""
        check_parcel(spec.parcel, self.slug)
        self._enter("quote")
        with self._lock:
            self._shipments += 1
            shipment = f"shipment{self._shipments}"
        rates = tuple(self._rate(offer, shipment) for offer in self.offers)
        return Quotes(rates, self.messages)

    def buy(self, spec: ShipmentSpec, rate: Rate, *, key: str) -> BoughtLabel:
        """Charge once; a second purchase with one rate is charged as well, as the real ones
        would."""
        if rate.provider != self.slug:
            raise Unsupported(f"{self.slug} cannot buy a rate of {rate.provider}")
        check_parcel(spec.parcel, self.slug)
        lost = self._enter("buy")
        if lost is Lost.BEFORE_CHARGE:
            raise self._lost()
        label = self._charge(spec, rate, key)
        if lost is Lost.AFTER_CHARGE:
            raise self._lost()
        return label

    def find(self, rate: Rate, *, key: str) -> BoughtLabel | None:
        """The label charged for under `key`."""
        self._enter("find")
        rate_id = rate.provider_ref["rate_id"]
        with self._lock:
            found = [
                entry for entry in self.charges if (entry.key, entry.rate_id) == (key, rate_id)
            ]
        if not found:
            return None
        others = ",".join(entry.label.provider_label_id for entry in found[1:])
        first = found[0].label
        return replace(first, extra=first.extra | {"duplicates": others}) if others else first

    def document(self, label: BoughtLabel) -> Document:
        """`self.file`, after as many refusals as `documents_take` says."""
        self._enter("document")
        with self._lock:
            self._asked[label.provider_label_id] += 1
            early = self._asked[label.provider_label_id] <= self._documents_take
        if early:
            raise Unavailable(
                "The label is still being made.", provider=self.slug, code="pending", retry_after=3
            )
        return Document(self.file, "application/pdf", label.tracking_number)

    def void(self, label: BoughtLabel) -> VoidResult:
        """`void_outcome` for a label that was charged here, Rejected for any other. Like the real
        ones it refuses a second wish while it thinks about the first."""
        self._enter("void")
        known = {entry.label.provider_label_id for entry in self.charges}
        if label.provider_label_id not in known:
            raise Rejected("No such label.", provider=self.slug, code="not-found")
        if label.provider_label_id in self._wishes:
            return VoidResult(VoidOutcome.REFUSED, "This label cannot be refunded.")
        if self.void_outcome is not VoidOutcome.REFUSED:
            self._wishes.add(label.provider_label_id)
        return VoidResult(self.void_outcome)

    def refund_status(self, label: BoughtLabel) -> VoidResult | None:
        """`void_outcome` as it is by now, for a label that was asked back."""
        self._enter("refund_status")
        asked = label.provider_label_id in self._wishes
        return VoidResult(self.void_outcome) if asked else None

    def track(self, shipped: Shipped) -> dict[str, Any]:
        """What `trackers` has for the number, else an EasyPost Tracker nothing is known of."""
        self.tracked.append(shipped)
        self._enter("track")
        empty = {"id": "trk_1", "status": "unknown", "tracking_details": []}
        return self.trackers.get(shipped.tracking_number, empty)

    def _enter(self, call: str) -> Lost | None:
        """Count the call, pause, and fail if that is what the script says."""
        with self._lock:
            self.calls[call] += 1
            queue = self._script.queue[call]
            how = queue.popleft() if queue else None
        self._pause(call)
        if isinstance(how, Exception):
            raise how
        return how

    def _charge(self, spec: ShipmentSpec, rate: Rate, key: str) -> BoughtLabel:
        with self._lock:
            number = len(self.charges) + 1
            label = BoughtLabel(
                provider_label_id=f"label{number}",
                tracking_number=f"MEMORY{number:08d}",
                carrier=rate.carrier,
                service=rate.service,
                cost=rate.price,
                label_url=f"https://files.invalid/label{number}.pdf",
                label_format=spec.label_format,
                pending_document=self._documents_take > 0,
                extra={"key": key},
            )
            self.charges.append(Charge(key, rate.provider_ref["rate_id"], label, spec))
        return label

    def _lost(self) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{self.slug} did not answer, so whether it was carried out is not known.",
            provider=self.slug,
            code="ReadTimeout",
        )

    def _rate(self, offer: Offer, shipment: str) -> Rate:
        return Rate(
            provider=self.slug,
            carrier=offer.carrier,
            service=offer.service,
            service_name=offer.name,
            price=Money(Decimal(offer.price), "USD"),
            delivery_days=offer.days,
            guaranteed=offer.guaranteed,
            expires_at=self._now() + timedelta(hours=24),
            provider_ref={"shipment_id": shipment, "rate_id": f"{shipment}-{offer.service}"},
        )


def one_page_pdf(width: int = 288, height: int = 432) -> bytes:
    """A valid PDF with one empty page, by default 4x6 inches."""
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] >>" % (width, height),
    )
    content = bytearray(b"%PDF-1.4\n")
    starts = []
    for number, body in enumerate(bodies, 1):
        starts.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 4\n0000000000 65535 f \n"
    content += b"".join(b"%010d 00000 n \n" % start for start in starts)
    content += b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(content)
