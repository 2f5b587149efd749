"""What TikTok answers as a label provider, as our values: pure functions that raise errors of
core.errors only."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta

from core.errors import OutcomeUnknown, Rejected
from core.money import Money
from shipping.providers import fields
from shipping.providers.base import BoughtLabel, Quotes, Rate
from shipping.providers.carriers import carrier_slug, service_words
from shipping.providers.wire import nonsense, unreadable
from shops.tiktok_shop.labels import PackageBought, ShippingService

SLUG = "tiktok"
NAME = "TikTok Shop"
RATES_LAST = timedelta(hours=1)
BUYING = "RTSING"  # package sub-status while TikTok buys the label from the carrier
LINES = "lines"  # in a rate's provider_ref: TikTok's ids of the order lines, with commas
EMPTY: Mapping[str, frozenset[str]] = {}
# Packages that carry no label: combined or split, but not shipped, or not any more
NOT_SHIPPED = frozenset({"CANCELLED", "TO_FULFILL"})


def unknown(message: str, code: str, retry_after: float | None = 3) -> OutcomeUnknown:
    """Whether a label was bought is not known; worth asking again in a moment."""
    return OutcomeUnknown(message, provider=NAME, code=code, retry_after=retry_after)


def lines_of(rate: Rate) -> frozenset[str]:
    """The order lines the rate is for; empty: all of the order's."""
    return frozenset(rate.provider_ref.get(LINES, "").split(",")) - {""}


def parse_services(
    services: Sequence[ShippingService], order: str, lines: Sequence[str] = (), *, now: datetime
) -> Quotes:
    """TikTok's services for the order, or for `lines` of it, as rates; one without id or price is
    left out and said so."""
    ref = {"order_id": order} | ({LINES: ",".join(lines)} if lines else {})
    rates = [rate for service in services if (rate := _rate(service, ref, now))]
    missing = len(services) - len(rates)
    messages = (f"{missing} of {NAME}'s services could not be read.",) if missing else ()
    return Quotes(tuple(rates), messages)


def _rate(service: ShippingService, ref: dict[str, str], now: datetime) -> Rate | None:
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
        provider_ref=ref
        | {
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


def parse_held(
    orders: Sequence[object], order: str, lines: Set[str] = frozenset()
) -> dict[str, frozenset[str]]:
    """The order's packages, each with its lines that are not cancelled; with `lines`, without those
    packages that other lines alone are in.

    Unavailable when the order, or each of these lines, is not in the answer: that proves nothing.
    """
    found = next((entry for entry in orders if fields.text(entry, "id") == order), None)
    if found is None:
        raise nonsense(NAME)
    items = fields.entries(found, "line_items")
    if lines and not any(fields.identifier(item, "id") in lines for item in items):
        raise nonsense(NAME)
    named = [fields.identifier(entry, "id") for entry in fields.entries(found, "packages")]
    held: dict[str, set[str]] = {package: set() for package in named if package}
    for item in items:
        if package := fields.identifier(item, "package_id"):
            inside = held.setdefault(package, set())
            if fields.text(item, "display_status").upper() != "CANCELLED":
                inside.add(fields.identifier(item, "id"))
    # A package that no line points at may be anybody's: its own detail says what is in it.
    return {
        package: frozenset(inside)
        for package, inside in held.items()
        if not lines or not inside or inside & lines
    }


def _of_lines(
    details: Sequence[object], lines: Set[str], held: Mapping[str, frozenset[str]]
) -> list[object]:
    """Those packages that hold some of these lines. Rejected for one that holds others as well: it
    was not bought for these alone."""
    mine = []
    for detail in details:
        told = fields.entries(detail, "order_line_item_ids")
        inside = {fields.identifier({"id": line}, "id") for line in told} - {""}
        inside = inside or set(held.get(fields.identifier(detail, "package_id"), ()))
        if not inside:
            raise nonsense(NAME)
        if not inside & lines:
            continue
        if not inside <= lines:
            words = "These order lines were already shipped together with others."
            raise Rejected(words, provider=NAME, code="other-lines")
        mine.append(detail)
    return mine


def parse_packages(
    details: Sequence[object], rate: Rate, held: Mapping[str, frozenset[str]] = EMPTY
) -> BoughtLabel | None:
    """The first package that was shipped and not cancelled, as a label; OutcomeUnknown while TikTok
    is buying it. For a rate of some lines only packages with these count; what is in them, a detail
    says itself, or else `held`.

    A package shipped with somebody's own label is not ours and is Rejected: the order needs no
    label any more.
    """
    live = [entry for entry in details if _status(entry) not in NOT_SHIPPED]
    if lines := lines_of(rate):
        live = _of_lines(live, lines, held)
    if not live:
        return None
    first = live[0]
    package = _of_ours(first)
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


def _of_ours(detail: object) -> str:
    """The id of a shipped package; raises where it is not, or not yet, one with TikTok's label."""
    package = fields.identifier(detail, "package_id")
    if not package:
        raise nonsense(NAME)
    if fields.text(detail, "package_sub_status").upper() == BUYING:
        raise unknown("TikTok is still buying the label.", BUYING)
    if fields.text(detail, "shipping_type").upper() == "SELLER":
        raise Rejected(
            "The order was already shipped with a label from elsewhere.",
            provider=NAME,
            code="own-label",
        )
    return package


def _status(entry: object) -> str:
    return fields.text(entry, "package_status").upper().replace(" ", "_")
