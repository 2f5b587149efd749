"""TikTok's own shipping services as a label provider: for orders whose address only TikTok knows.

TikTok's prices are estimates without an expiry; we treat them as good for an hour, our choice. It
may use another service than the one asked for. There is no idempotency key: in the US an order has
no package until its label is bought, so the order itself tells what became of a purchase.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx

from core.errors import OutcomeUnknown, Rejected, RemoteError
from core.http import Gate, open_gate, with_retries
from core.money import Money
from shipping.providers import fields
from shipping.providers.base import (
    AccountCheck,
    BoughtLabel,
    Can,
    Document,
    LabelFormat,
    Parcel,
    Quotes,
    Rate,
    ShipmentSpec,
    Unsupported,
    VoidResult,
)
from shipping.providers.carriers import carrier_slug, service_words
from shipping.providers.download import Source, fetch
from shipping.providers.tiktok_tracking import Tracked
from shipping.providers.units import check_parcel
from shipping.providers.wire import nonsense, unreadable
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import StillBeingMade, label_already_bought, label_in_progress
from shops.tiktok_shop.fulfillment import (
    create_package,
    package_detail,
    query_shipping_services,
    shipping_document,
)
from shops.tiktok_shop.labels import PackageBought, ShippingService
from shops.tiktok_shop.measures import Size
from shops.tiktok_shop.orders import order_detail

SLUG = "tiktok"
NAME = "TikTok Shop"
RATES_LAST = timedelta(hours=1)
BUYING = "RTSING"  # package sub-status while TikTok buys the label from the carrier
_FILE_HOSTS = (
    r"([a-z0-9-]+\.)+(tiktokshop|tiktokshopus|tiktokglobalshop|tiktokcdn|tiktokcdn-us)\.com",
    r"([a-z0-9-]+\.)+(ibyteimg|byteoversea|bytedance|ttcdn-us|ttwstatic)\.com",
)


class TikTok(Tracked):
    """TikTok's services for one shop. `client` speaks for the shop, `files` fetches label files
    without its token."""

    slug = SLUG
    can = frozenset({Can.RATES, Can.BUY, Can.TRACK})

    def __init__(
        self,
        client: TikTokShopClient,
        files: httpx.Client,
        *,
        base_url: str,
        sandbox: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        file_hosts: Sequence[str] = (),
        sleep: Callable[[float], None] = time.sleep,
        files_gate: Gate = open_gate,
    ) -> None:
        self._client = client
        self._files = files
        self._mode = "test" if sandbox else "live"
        self._now = now
        self._sleep = sleep
        self._files_gate = files_gate
        self._source = Source.of(NAME, base_url, (*_FILE_HOSTS, *file_hosts))

    def check(self) -> AccountCheck:
        """Prove the shop's sign-in by listing the shops it stands for."""
        shops = self._client.call("authorized_shops")
        count = len(fields.entries(shops, "shops"))
        return AccountCheck(self._mode, (), f"{count} authorized shop{'' if count == 1 else 's'}")

    def quote(self, spec: ShipmentSpec) -> Quotes:
        """TikTok's services for the first of the spec's orders; free, and nothing is made at
        TikTok."""
        check_parcel(spec.parcel, NAME)
        _only_pdf(spec)
        order = _orders(spec)[0]
        services = query_shipping_services(
            self._client, order_id=order, weight_g=spec.parcel.weight_g, size=_size(spec.parcel)
        )
        return parse_services(services, order, now=self._now())

    def buy(self, spec: ShipmentSpec, rate: Rate, *, key: str) -> BoughtLabel:
        """Buy the label, sending once. TikTok has nowhere to put `key`: the order stands for the
        purchase."""
        check_parcel(spec.parcel, NAME)
        _only_pdf(spec)
        order, service = _refs(rate)
        orders = _orders(spec)
        if order != orders[0]:
            raise Unsupported("the rate was made for another order")
        try:
            bought = create_package(
                self._client,
                weight_g=spec.parcel.weight_g,
                size=_size(spec.parcel),
                service_id=service,
                order_id=order if len(orders) == 1 else "",
                order_ids=orders if len(orders) > 1 else (),
            )
        except RemoteError as error:
            if label_already_bought(error) or label_in_progress(error):
                raise _unknown(error.message, error.code) from error
            raise
        return parse_bought(bought, rate)

    def find(self, rate: Rate, *, key: str) -> BoughtLabel | None:
        """The order's package, if it has one that was not cancelled; further ones are in
        `extra["duplicates"]`."""
        order, _ = _refs(rate)
        packages = parse_package_ids(order_detail(self._client, order_ids=[order]), order)
        details = [package_detail(self._client, package_id=package) for package in packages]
        return parse_packages(details, rate)

    def document(self, label: BoughtLabel) -> Document:
        """The label as PDF, with the tracking number TikTok gives along with it. Unavailable while
        it is being made."""
        try:
            paper = shipping_document(self._client, package_id=label.provider_label_id)
        except StillBeingMade as error:
            error.retry_after = error.retry_after or 3
            raise
        document = with_retries(
            lambda: fetch(self._files, paper.url, self._source, gate=self._files_gate),
            sleep=self._sleep,
        )
        return Document(
            document.content,
            document.content_type,
            fields.tracking_number({"number": paper.tracking_number}, "number")
            or label.tracking_number,
        )

    def void(self, label: BoughtLabel) -> VoidResult:
        """TikTok has no call for it: the order or the package is cancelled in Seller Center."""
        raise Unsupported("TikTok's labels are cancelled in Seller Center")

    def refund_status(self, label: BoughtLabel) -> VoidResult | None:
        """TikTok is not asked for money back, so there is nothing to ask about."""
        raise Unsupported("TikTok's labels are cancelled in Seller Center")


def _orders(spec: ShipmentSpec) -> tuple[str, ...]:
    if not spec.tiktok_order_ids:
        raise Unsupported("TikTok's services are for its own orders only")
    return spec.tiktok_order_ids


def _only_pdf(spec: ShipmentSpec) -> None:
    if spec.label_format is not LabelFormat.PDF:
        raise Unsupported("TikTok makes labels as PDF here")


def _size(parcel: Parcel) -> Size:
    return Size(parcel.length_mm, parcel.width_mm, parcel.height_mm)


def _refs(rate: Rate) -> tuple[str, str]:
    if rate.provider != SLUG:
        raise Unsupported(f"TikTok cannot buy a rate of {rate.provider}")
    try:
        return rate.provider_ref["order_id"], rate.provider_ref["service_id"]
    except KeyError as error:
        raise Unsupported(f"the rate lacks {error}") from None


def _unknown(message: str, code: str, retry_after: float | None = 3) -> OutcomeUnknown:
    return OutcomeUnknown(message, provider=NAME, code=code, retry_after=retry_after)


def parse_services(services: Sequence[ShippingService], order: str, *, now: datetime) -> Quotes:
    """TikTok's services as rates; one without id or price is left out and said so."""
    rates = [rate for service in services if (rate := _rate(service, order, now))]
    missing = len(services) - len(rates)
    messages = (f"{missing} of {NAME}'s services could not be read.",) if missing else ()
    return Quotes(tuple(rates), messages)


def _rate(service: ShippingService, order: str, now: datetime) -> Rate | None:
    price, chosen = _price(service), fields.identifier(service.id)
    if not chosen or price is None:
        return None
    name = fields.clean(service.name, 80)
    return Rate(
        provider=SLUG,
        carrier=carrier_slug(service.provider_name or "tiktok"),
        service=chosen,
        service_name=name or service_words(service.provider_name) or "TikTok Shipping",
        price=price,
        delivery_days=service.latest_days or service.earliest_days,
        guaranteed=False,
        expires_at=now + RATES_LAST,
        provider_ref={
            "order_id": order,
            "service_id": chosen,
            "shipping_provider_id": fields.identifier(service.provider_id),
        },
    )


def _price(service: ShippingService) -> Money | None:
    """What it costs, unless no label can cost that."""
    price = service.price
    told = {"amount": price.amount, "currency": price.currency} if price else {}
    return fields.money(told, "amount", "currency")


def parse_bought(bought: PackageBought, rate: Rate) -> BoughtLabel:
    """A purchase: paid, its document and mostly its tracking number still to come. The service is
    the one TikTok used."""
    package = fields.identifier(bought.raw, "package_id")
    if not package:
        raise unreadable(NAME, "a package id")
    used = bought.service
    price = _price(used) if used else None
    extra = {"order_id": rate.provider_ref["order_id"]}
    if used and (carrier_id := fields.identifier(used.provider_id)):
        extra["shipping_provider_id"] = carrier_id
    if price is None:
        extra["cost_from"] = "quote"
    return BoughtLabel(
        provider_label_id=package,
        tracking_number=fields.tracking_number(bought.raw, "tracking_number"),
        carrier=carrier_slug(used.provider_name) if used and used.provider_name else rate.carrier,
        service=(fields.identifier(used.id) if used else "") or rate.service,
        cost=price or rate.price,
        pending_document=True,
        extra=extra,
    )


def parse_package_ids(orders: Sequence[object], order: str) -> list[str]:
    """Ids of the order's packages. Unavailable when the order is not in the answer: that proves
    nothing."""
    found = next((entry for entry in orders if fields.text(entry, "id") == order), None)
    if found is None:
        raise nonsense(NAME)
    named = [fields.identifier(entry, "id") for entry in fields.entries(found, "packages")]
    named += [fields.identifier(line, "package_id") for line in fields.entries(found, "line_items")]
    return [package for package in dict.fromkeys(named) if package]


def parse_packages(details: Sequence[object], rate: Rate) -> BoughtLabel | None:
    """The first package not cancelled, as a label; OutcomeUnknown while TikTok is buying it.

    A package shipped with somebody's own label is not ours and is Rejected: the order needs no
    label any more.
    """
    live = [
        entry for entry in details if fields.text(entry, "package_status").upper() != "CANCELLED"
    ]
    if not live:
        return None
    first = live[0]
    package = fields.identifier(first, "package_id")
    if not package:
        raise nonsense(NAME)
    if fields.text(first, "package_sub_status").upper() == BUYING:
        raise _unknown("TikTok is still buying the label.", BUYING)
    if fields.text(first, "shipping_type").upper() == "SELLER":
        raise Rejected(
            "The order was already shipped with a label from elsewhere.",
            provider=NAME,
            code="own-label",
        )
    name = fields.text(first, "shipping_provider_name")
    others = [found for entry in live[1:] if (found := fields.identifier(entry, "package_id"))]
    extra = {"order_id": rate.provider_ref["order_id"], "cost_from": "quote"}
    if provider := fields.identifier(first, "shipping_provider_id"):
        extra["shipping_provider_id"] = provider
    if others:
        extra["duplicates"] = ",".join(others)
    return BoughtLabel(
        provider_label_id=package,
        tracking_number=fields.tracking_number(first, "tracking_number"),
        carrier=carrier_slug(name) if name else rate.carrier,
        service=rate.service,
        cost=rate.price,
        pending_document=True,
        extra=extra,
    )
