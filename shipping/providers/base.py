"""What every label provider is to us: plain values in, plain values out, errors of core.errors.

An adapter is one small class over a thin wire: `build_*` and `parse_*` are pure functions
beside it. It imports no Django. A wish the provider cannot fulfil raises Unsupported; it is
never dropped in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.money import Money


class Can(StrEnum):
    """What a provider is able to do; pages offer only this."""

    RATES = "rates"
    BUY = "buy"
    VOID = "void"
    TRACK = "track"
    TEST_KEY = "test_key"
    LISTEN = "listen"
    MANIFEST = "manifest"
    ZPL = "zpl"  # labels in the language of label printers


class Unsupported(Exception):
    """The provider has no such ability; asking it was our mistake."""


class LabelFormat(StrEnum):
    """Label file wanted: all 4x6 inches."""

    PDF = "PDF"
    PNG = "PNG"
    ZPL = "ZPL"


class Signature(StrEnum):
    """Whose signature the carrier asks for at the door."""

    NONE = ""
    ANY = "any"
    ADULT = "adult"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO 3166-1 alpha-2, `state` the two-letter code in the US."""

    name: str
    street1: str
    city: str
    state: str
    postal_code: str
    country: str
    street2: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Weight in grams and outer size in millimetres, integers so that no rounding is hidden."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class ShipmentSpec:
    """One parcel to be rated and shipped. `reference` is ours (order number), printed or stored
    where the provider can."""

    sender: Address
    recipient: Address | None  # None: TikTok knows the address, we only see it masked
    parcel: Parcel
    reference: str
    label_format: LabelFormat = LabelFormat.PDF
    tiktok_order_ids: tuple[str, ...] = ()
    insured: Money | None = None  # for how much; its price is part of the rates
    signature: Signature = Signature.NONE
    tiktok_lines: tuple[str, ...] = ()  # order lines that travel in this parcel; empty: all
    # (line, part of it) for each virtual bundle among these lines
    tiktok_bundles: tuple[tuple[str, str], ...] = ()
    tiktok_package: str = ""  # the waiting package of a part, in by-package markets


@dataclass(frozen=True, slots=True)
class Rate:
    """A price offered for one service.

    `provider_ref` is all that is needed to buy it later: EasyPost {"shipment_id", "rate_id"},
    Shippo
    {"shipment_id", "rate_id"}, TikTok {"order_id", "service_id", ...}; strings only, stored as
    JSON.
    """

    provider: str
    carrier: str  # canonical slug: usps, ups, fedex, dhl_express, ontrac, ... (see carriers.py)
    service: str  # provider's own service code or id
    service_name: str
    price: Money
    delivery_days: int | None
    guaranteed: bool
    expires_at: datetime | None
    provider_ref: dict[str, str]


@dataclass(frozen=True, slots=True)
class Quotes:
    """All rates of one provider for one shipment, and what single carriers complained about."""

    rates: tuple[Rate, ...]
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoughtLabel:
    """A label that was paid. `label_url` may be empty while the document is still being made
    (`pending_document`)."""

    provider_label_id: str  # EasyPost shipment id, Shippo transaction id, TikTok package id
    tracking_number: str
    carrier: str
    service: str
    cost: Money
    label_url: str = ""
    label_format: LabelFormat = LabelFormat.PDF
    pending_document: bool = False
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """Label bytes as the provider gave them; `content_type` is what the bytes are, whatever a
    header claimed.

    `tracking_number` is filled where the number arrives with the document and not with the purchase
    (TikTok).
    """

    content: bytes
    content_type: str
    tracking_number: str = ""


class VoidOutcome(StrEnum):
    REQUESTED = "requested"  # the provider decides later
    REFUNDED = "refunded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class VoidResult:
    outcome: VoidOutcome
    message: str = ""
    amount: Money | None = None  # what came back, where the provider says it


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """What a test of the key found: shown on the label account's page."""

    mode: str  # "live" or "test"
    carriers: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A parcel on its way, as its provider has to be asked where it is. `ref` is the provider's own
    name for watching it, from an earlier answer; `order` is TikTok's order number, and `is_part`
    says that it travels in several parcels, of which this is one."""

    provider_label_id: str
    tracking_number: str
    carrier: str  # slug
    ref: str = ""
    order: str = ""
    is_part: bool = False


class Tracker(Protocol):
    """A provider that can be asked where a parcel is (Can.TRACK)."""

    def track(self, shipped: Shipped) -> Mapping[str, Any]:
        """The provider's tracking document, as its webhooks carry it too. Free, and safe to repeat;
        a parcel asked about for the first time (no `ref`) is watched from then on."""
        ...


class Listener(Protocol):
    """A provider that can be told where to send its webhooks (Can.LISTEN)."""

    def listen(self, url: str, *, secret: str) -> None:
        """Have its events sent to `url`, proven by `secret`; safe to repeat."""
        ...


class Provider(Protocol):
    """One account at one label provider. Every method may raise the errors of core.errors."""

    slug: str
    can: frozenset[Can]

    def check(self) -> AccountCheck:
        """Prove the key with a free call."""
        ...

    def quote(self, spec: ShipmentSpec) -> Quotes:
        """All rates for `spec`. Free and safe to repeat; creates a shipment at the provider where
        that is its way."""
        ...

    def buy(self, spec: ShipmentSpec, rate: Rate, *, key: str) -> BoughtLabel:
        """Spend money for `rate`, once: the request is sent at most once. `key` is our label's id,
        attached where possible.

        Rejected, NotAuthorized and Unavailable mean certainly not paid; anything else means nobody
        knows yet.
        """
        ...

    def find(self, rate: Rate, *, key: str) -> BoughtLabel | None:
        """What became of a purchase whose answer was lost: the label, or None when the provider is
        sure there is none.

        Raises OutcomeUnknown while the provider itself is still working on it. Never buys. A None
        is final only once the lost request cannot arrive any more: ask again some minutes after it
        was sent before believing it.
        """
        ...

    def document(self, label: BoughtLabel) -> Document:
        """The label file. Unavailable (with retry_after) while it is still being made."""
        ...

    def void(self, label: BoughtLabel) -> VoidResult:
        """Ask for the money back."""
        ...

    def refund_status(self, label: BoughtLabel) -> VoidResult | None:
        """What became of a wish for the money; None when the provider knows of no wish. Free, and
        safe to repeat."""
        ...
