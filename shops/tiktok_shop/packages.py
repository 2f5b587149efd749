"""Packages: what is in them, where they stand, and shipping them where TikTok makes them before.

In the United States an order has no package until it is shipped; in South-East Asia, Brazil and
Mexico it has one as soon as it is paid, and that package is shipped by its id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.errors import RemoteError
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import refusal_inside, unreadable
from shops.tiktok_shop.paging import Page, all_pages, ask_page, objects, window

MAX_PACKAGE_PAGE = 50
MAX_BATCH = 50  # packages of one batch call; TikTok states no number, its pages are of so many


@dataclass(frozen=True, slots=True)
class PackageInfo:
    """A package as TikTok shows it; `sub_status` and `shipping_type` only come with its detail."""

    id: str
    status: str  # TO_FULFILL, PROCESSING, FULFILLING, COMPLETED, CANCELLED; unknown ones are kept
    order_ids: tuple[str, ...]
    line_ids: tuple[str, ...]
    tracking_number: str = ""
    provider_id: str = ""
    provider_name: str = ""
    sub_status: str = ""
    shipping_type: str = ""
    tag: str = ""  # SPLIT, COMBINE or DEFAULT
    handover: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A time in which a courier may be asked to come."""

    start: datetime
    end: datetime
    available: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """How a package may change hands, where TikTok asks for it."""

    pickup: bool
    drop_off: bool
    drop_off_point_url: str
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class ToShip:
    """One package to ship; with `tracking_number` and `provider_id` it has a label of our own."""

    package_id: str
    tracking_number: str = ""
    provider_id: str = ""
    handover_method: str = ""  # PICKUP or DROP_OFF; ignored by TikTok in South-East Asia
    slot: Slot | None = None

    def fields(self) -> dict[str, Any]:
        """Its part of the body."""
        found: dict[str, Any] = {}
        if self.handover_method:
            found["handover_method"] = self.handover_method
        if self.slot:
            found["pickup_slot"] = {
                "start_time": int(self.slot.start.timestamp()),
                "end_time": int(self.slot.end.timestamp()),
            }
        if self.tracking_number:
            found["self_shipment"] = {
                "tracking_number": self.tracking_number,
                "shipping_provider_id": self.provider_id,
            }
        return found


@dataclass(frozen=True, slots=True)
class Shipped:
    """Answer of a batch: code 0 may hide refusals, one a package."""

    refused: Mapping[str, RemoteError] = field(default_factory=dict)  # by package id


def package_detail(client: TikTokShopClient, *, package_id: str) -> dict[str, Any]:
    """A package with status, sub-status, tracking number, weight and addresses."""
    return client.call("package_detail", path_params={"package_id": package_id})


def search_packages(
    client: TikTokShopClient,
    *,
    updated_since: datetime | None = None,
    updated_until: datetime | None = None,
    status: str = "",
    page_size: int = MAX_PACKAGE_PAGE,
    page_token: str = "",
) -> Iterator[Page]:
    """Pages of packages changed in [since, until), oldest change first."""
    if not 1 <= page_size <= MAX_PACKAGE_PAGE:
        raise ValueError(f"page_size is 1 to {MAX_PACKAGE_PAGE}")
    body: dict[str, Any] = {**window("update_time", updated_since, updated_until)}
    if status:
        body["package_status"] = status

    def ask(token: str) -> dict[str, Any]:
        return client.call(
            "search_packages",
            query={
                "page_size": page_size,
                "sort_field": "update_time",
                "sort_order": "ASC",
                "page_token": token,
            },
            body=body,
        )

    return all_pages(lambda token: ask_page(ask, "packages", token), page_token)


def read_info(data: Mapping[str, Any]) -> PackageInfo | None:
    """An entry of the search, or a detail, which name the same things differently; None without an
    id."""
    package_id = _text(data.get("package_id") or data.get("id"))
    if not package_id.isalnum():
        return None
    orders = data.get("orders")
    found = [entry.get("id") for entry in orders or () if isinstance(entry, dict)]
    return PackageInfo(
        id=package_id[:40],
        status=_text(data.get("package_status") or data.get("status")).upper().replace(" ", "_"),
        order_ids=_ids(found),
        line_ids=_ids(data.get("order_line_item_ids")),
        tracking_number=_text(data.get("tracking_number"))[:120],
        provider_id=_text(data.get("shipping_provider_id"))[:40],
        provider_name=_text(data.get("shipping_provider_name"))[:120],
        sub_status=_text(data.get("package_sub_status"))[:40],
        shipping_type=_text(data.get("shipping_type"))[:30],
        tag=_text(data.get("split_and_combine_tag"))[:20],
        handover=_text(data.get("handover_method"))[:20],
        created_at=_moment(data.get("create_time")),
        updated_at=_moment(data.get("update_time")),
    )


def ship_package(client: TikTokShopClient, package: ToShip) -> None:
    """Ship one package. Rejected with errors.already_done() is success where the package shows our
    own number."""
    path = {"package_id": package.package_id}
    client.call("ship_package", path_params=path, body=package.fields())


def ship_packages(client: TikTokShopClient, packages: Sequence[ToShip]) -> Shipped:
    """Ship up to MAX_BATCH packages in one call; those that TikTok refused are named, the others
    are shipped. OutcomeUnknown when a refusal does not say which package it is about."""
    if not 1 <= len(packages) <= MAX_BATCH:
        raise ValueError(f"1 to {MAX_BATCH} packages at once")
    asked = [{"id": package.package_id, **package.fields()} for package in packages]
    data = client.call("ship_packages", body={"packages": asked})
    return Shipped(read_errors(data, {package.package_id for package in packages}))


def read_errors(data: Mapping[str, Any], asked: set[str]) -> dict[str, RemoteError]:
    """What went wrong inside an answer of code 0, by package id. OutcomeUnknown for one that names none of
    those asked for: then nobody knows which were done."""
    refused: dict[str, RemoteError] = {}
    errors = data.get("errors") or []
    if not isinstance(errors, list):
        raise unreadable(safe=False)
    for error in errors:
        detail = error.get("detail") if isinstance(error, dict) else None
        named = _text(detail.get("package_id")) if isinstance(detail, dict) else ""
        if named not in asked:
            raise unreadable(safe=False, code="errors-without-package")
        refused[named] = refusal_inside(_text(error.get("code")), _text(error.get("message"))[:300])
    return refused


def handover_slots(client: TikTokShopClient, *, package_id: str) -> Handover:
    """How and when the package may be handed over. Only markets whose packages exist before they
    are shipped have it."""
    data = client.call("handover_slots", path_params={"package_id": package_id})
    slots = [_slot(entry) for entry in objects(data.get("pickup_slots") or [])]
    return Handover(
        pickup=data.get("can_pickup") is True,
        drop_off=data.get("can_drop_off") is True,
        drop_off_point_url=_text(data.get("drop_off_point_url"))[:500],
        slots=tuple(slot for slot in slots if slot),
    )


def _slot(entry: Mapping[str, Any]) -> Slot | None:
    start, end = _moment(entry.get("start_time")), _moment(entry.get("end_time"))
    if start is None or end is None:
        return None
    told = entry.get("avaliable", entry.get("available"))  # TikTok's own spelling comes first
    return Slot(start, end, available=told is True)


def _ids(found: object) -> tuple[str, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(dict.fromkeys(text for one in found if (text := _text(one)[:40])))


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _moment(value: object) -> datetime | None:
    text = _text(value)
    seconds = int(text) if text.isdecimal() and len(text) < 12 else 0
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
