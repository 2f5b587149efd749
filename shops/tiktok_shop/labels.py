"""TikTok's services, bought packages and label files as values; pure readers of what TikTok
sent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.money import Money
from shops.tiktok_shop.errors import unreadable

# TikTok's documentation writes words where a currency code belongs.
_CURRENCIES = {"DOLLAR": "USD", "$": "USD"}


@dataclass(frozen=True, slots=True)
class ShippingService:
    """A TikTok service for one parcel; `price` is None where TikTok's cannot be read."""

    id: str
    name: str
    price: Money | None
    provider_id: str
    provider_name: str
    is_default: bool
    earliest_days: int | None
    latest_days: int | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PackageBought:
    """A paid label: the service TikTok really used, which may differ from the one asked for."""

    package_id: str
    service: ShippingService | None
    created_at: datetime | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShippingDocument:
    """Where the label lies for 24 hours, and its tracking number; the address needs no sign-in, so
    keep it private."""

    url: str = field(repr=False)
    tracking_number: str = ""


def read_service(service: dict[str, Any]) -> ShippingService:
    """One entry of shipping_services, or the shipping_service_info of a purchase."""
    return ShippingService(
        id=str(service.get("id") or ""),
        name=str(service.get("name") or ""),
        price=_price(service),
        provider_id=str(service.get("shipping_provider_id") or ""),
        provider_name=str(service.get("shipping_provider_name") or ""),
        is_default=service.get("is_default") is True,
        earliest_days=_days(service.get("earliest_delivery_days")),
        latest_days=_days(service.get("latest_delivery_days")),
        raw=service,
    )


def read_package(data: dict[str, Any]) -> PackageBought:
    """A purchase. OutcomeUnknown without a package id: money may be gone, so the order has to be
    read."""
    package_id = str(data.get("package_id") or "")
    if not package_id:
        raise unreadable(safe=False, code="no-package-id")
    info = data.get("shipping_service_info")
    return PackageBought(
        package_id=package_id,
        service=read_service(info) if isinstance(info, dict) and info else None,
        created_at=_moment(data.get("create_time")),
        raw=data,
    )


def read_document(data: dict[str, Any]) -> ShippingDocument:
    """A document's address. Unavailable when it is not a web address."""
    url = str(data.get("doc_url") or "")
    if not url.startswith(("https://", "http://")):
        raise unreadable(safe=True, code="no-document")
    return ShippingDocument(url=url, tracking_number=str(data.get("tracking_number") or ""))


def _price(service: dict[str, Any]) -> Money | None:
    amount, currency = service.get("price"), str(service.get("currency") or "").upper()
    if not isinstance(amount, str | int) or isinstance(amount, bool) or not currency:
        return None
    try:
        return Money.of(amount, _CURRENCIES.get(currency, currency))
    except ValueError:
        return None


def _days(value: object) -> int | None:
    days = _number(value)
    return days if days is not None and 0 <= days < 1000 else None


def _moment(value: object) -> datetime | None:
    # No nonsense here may raise: the label it comes with is paid.
    seconds = _number(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < 10**11 else None


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
