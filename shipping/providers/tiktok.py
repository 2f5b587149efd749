"""TikTok's own shipping services as a label provider: for orders whose address only TikTok knows.

TikTok's prices are estimates without an expiry; we treat them as good for an hour, our choice. It
may use another service than the one asked for. There is no idempotency key: in the US an order has
no package until its label is bought, so the order itself tells what became of a purchase. The lines
of a parcel that is one of several stand in the rate, and only packages with these lines tell.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx

from core.errors import RemoteError
from core.http import Gate, open_gate, with_retries
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
from shipping.providers.download import Source, fetch
from shipping.providers.tiktok_arranged import Arranged
from shipping.providers.tiktok_parse import (
    NAME,
    SLUG,
    lines_of,
    parse_bought,
    parse_held,
    parse_packages,
    parse_services,
    unknown,
)
from shipping.providers.tiktok_tracking import Tracked
from shipping.providers.units import check_parcel
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import StillBeingMade, label_already_bought, label_in_progress
from shops.tiktok_shop.fulfillment import (
    Line,
    create_package,
    named,
    query_shipping_services,
    shipping_document,
)
from shops.tiktok_shop.measures import Size
from shops.tiktok_shop.orders import order_detail
from shops.tiktok_shop.packages import package_detail

_FILE_HOSTS = (
    r"([a-z0-9-]+\.)+(tiktokshop|tiktokshopus|tiktokglobalshop|tiktokcdn|tiktokcdn-us)\.com",
    r"([a-z0-9-]+\.)+(ibyteimg|byteoversea|bytedance|ttcdn-us|ttwstatic)\.com",
)


class TikTok(Tracked):
    """TikTok's services for one shop. `client` speaks for the shop, `files` fetches label files
    without its token. `by_package`: in the shop's market packages are arranged, not bought."""

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
        by_package: bool = False,
    ) -> None:
        self._client = client
        self._arranged = Arranged(client, now) if by_package else None
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
        """TikTok's services for the first of the spec's orders, or for some of its lines; free, and
        nothing is made at TikTok."""
        check_parcel(spec.parcel, NAME)
        _only_pdf(spec)
        order = _orders(spec)[0]
        if self._arranged:
            return self._arranged.quote(order, spec.tiktok_lines, spec.tiktok_package)
        services = query_shipping_services(
            self._client,
            order_id=order,
            weight_g=spec.parcel.weight_g,
            size=_size(spec.parcel),
            lines=_lines(spec),
        )
        return parse_services(services, order, spec.tiktok_lines, now=self._now())

    def buy(self, spec: ShipmentSpec, rate: Rate, *, key: str) -> BoughtLabel:
        """Buy the label, sending once. TikTok has nowhere to put `key`: the order stands for the
        purchase."""
        check_parcel(spec.parcel, NAME)
        _only_pdf(spec)
        order, service = _refs(rate)
        orders = _orders(spec)
        if self._arranged:
            return self._arranged.buy(rate, spec.tiktok_package)
        if order != orders[0]:
            raise Unsupported("the rate was made for another order")
        if lines_of(rate) != set(spec.tiktok_lines):
            raise Unsupported("the rate was made for other order lines")
        try:
            bought = create_package(
                self._client,
                weight_g=spec.parcel.weight_g,
                size=_size(spec.parcel),
                service_id=service,
                order_id=order if len(orders) == 1 else "",
                lines=_lines(spec),
                order_ids=orders if len(orders) > 1 else (),
            )
        except RemoteError as error:
            if label_already_bought(error) or label_in_progress(error):
                raise unknown(error.message, error.code) from error
            raise
        return parse_bought(bought, rate)

    def find(self, rate: Rate, *, key: str) -> BoughtLabel | None:
        """The package of the order, or of the rate's lines, if there is one that was not cancelled;
        further ones are in `extra["duplicates"]`."""
        order, _ = _refs(rate)
        if self._arranged:
            return self._arranged.find(rate)
        orders = order_detail(self._client, order_ids=[order])
        held = parse_held(orders, order, lines_of(rate))
        details = [package_detail(self._client, package_id=package) for package in held]
        return parse_packages(details, rate, held)

    def document(self, label: BoughtLabel) -> Document:
        """The label as PDF, with the tracking number TikTok gives along with it. Unavailable while
        it is being made."""
        try:
            paper = shipping_document(self._client, package_id=label.provider_label_id)
        except StillBeingMade as error:
            error.retry_after = error.retry_after or 3
            raise
        document = with_retries(
            lambda: fetch(
                self._files,
                paper.url,
                self._source,
                gate=self._files_gate,
                journal=self._client.journal,
            ),
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
    if spec.tiktok_lines and len(spec.tiktok_order_ids) > 1:
        raise Unsupported("a parcel holds several orders, or some lines of one, not both")
    return spec.tiktok_order_ids


def _lines(spec: ShipmentSpec) -> tuple[Line, ...]:
    return tuple(
        one
        for line in spec.tiktok_lines
        for one in named(line, [part for whole, part in spec.tiktok_bundles if whole == line])
    )


def _only_pdf(spec: ShipmentSpec) -> None:
    if spec.label_format is not LabelFormat.PDF or spec.insured or spec.signature:
        raise Unsupported("TikTok makes labels as PDF here, without insurance or signature")


def _size(parcel: Parcel) -> Size:
    return Size(parcel.length_mm, parcel.width_mm, parcel.height_mm)


def _refs(rate: Rate) -> tuple[str, str]:
    if rate.provider != SLUG:
        raise Unsupported(f"TikTok cannot buy a rate of {rate.provider}")
    try:
        return rate.provider_ref["order_id"], rate.provider_ref["service_id"]
    except KeyError as error:
        raise Unsupported(f"the rate lacks {error}") from None
