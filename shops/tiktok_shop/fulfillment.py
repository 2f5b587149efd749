"""Shipping an order: with our own label (push its tracking number) or with a label bought from
TikTok.

None of the calls that change something has an idempotency key. After OutcomeUnknown read the order;
never repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable
from shops.tiktok_shop.labels import (
    PackageBought,
    ShippingDocument,
    ShippingService,
    read_document,
    read_package,
    read_service,
)
from shops.tiktok_shop.measures import Size, dimension_for_shipping, weight_for_shipping
from shops.tiktok_shop.paging import read_list


@dataclass(frozen=True, slots=True)
class Line:
    """An order line to ship; `sub_item_id` names one part of a virtual bundle."""

    order_line_id: str
    sub_item_id: str = ""

    def fields(self) -> dict[str, str]:
        """As TikTok's order_line_list wants it."""
        fields = {"order_line_id": self.order_line_id}
        return fields | {"sub_item_id": self.sub_item_id} if self.sub_item_id else fields


def named(line_id: str, bundled: Sequence[str] = ()) -> tuple[Line, ...]:
    """An order line as calls name it: of a virtual bundle each of its parts (sub_item_info[].id)."""
    return tuple(Line(line_id, one) for one in bundled) or (Line(line_id),)


def mark_package_shipped(
    client: TikTokShopClient,
    *,
    order_id: str,
    tracking_number: str,
    shipping_provider_id: str,
    lines: Sequence[Line] = (),
) -> dict[str, Any]:
    """Push an own label's tracking number for the whole order, or for `lines`; answers package_id
    and perhaps a `warning.message`. Rejected with errors.already_done() is success where the order
    shows our own number."""
    body: dict[str, Any] = {
        "tracking_number": tracking_number,
        "shipping_provider_id": shipping_provider_id,
        **_lines(lines),
    }
    return client.call("mark_package_shipped", path_params={"order_id": order_id}, body=body)


def query_shipping_services(
    client: TikTokShopClient,
    *,
    order_id: str,
    weight_g: int,
    size: Size,
    lines: Sequence[Line] = (),
) -> list[ShippingService]:
    """TikTok's own services for a parcel, prices being estimates. Reading only: nothing is
    bought."""
    data = client.call(
        "query_shipping_services",
        path_params={"order_id": order_id},
        body={
            "weight": weight_for_shipping(weight_g),
            "dimension": dimension_for_shipping(size),
            **_lines(lines),
        },
    )
    return [read_service(service) for service in read_list(data, "shipping_services")]


def create_package(
    client: TikTokShopClient,
    *,
    weight_g: int,
    size: Size,
    service_id: str = "",
    order_id: str = "",
    lines: Sequence[Line] = (),
    order_ids: Sequence[str] = (),
) -> PackageBought:
    """Buy a TikTok label, which costs money: for an order, for some of its `lines`, or for several
    `order_ids` in one box. TikTok may choose another service than `service_id`; empty asks for the
    default one."""
    body: dict[str, Any] = {
        **_what_is_shipped(order_id, lines, order_ids),
        "weight": weight_for_shipping(weight_g),
        "dimension": dimension_for_shipping(size),
    }
    if service_id:
        body["shipping_service_id"] = service_id
    return read_package(client.call("create_package", body=body))


def shipping_document(
    client: TikTokShopClient,
    *,
    package_id: str,
    document_type: Literal[
        "SHIPPING_LABEL", "PACKING_SLIP", "SHIPPING_LABEL_AND_PACKING_SLIP", "HAZMAT_LABEL"
    ] = "SHIPPING_LABEL",
    document_size: Literal["A6", "A5"] = "A6",
) -> ShippingDocument:
    """Where to fetch a TikTok label; the address lives 24 hours. StillBeingMade: look again a
    little later."""
    data = client.call(
        "shipping_document",
        path_params={"package_id": package_id},
        query={"document_type": document_type, "document_size": document_size},
    )
    return read_document(data)


def validate_tracking(client: TikTokShopClient, *, tracking_number: str) -> bool:
    """Whether the number belongs to a label bought from TikTok, which must not be pushed as an own
    label."""
    data = client.call("validate_tracking", query={"tracking_number": tracking_number})
    if not isinstance(data.get("is_tiktok_shipping"), bool):
        raise unreadable(safe=True)
    return bool(data["is_tiktok_shipping"] or data.get("is_tiktok_collection"))


def update_shipping_info(
    client: TikTokShopClient,
    *,
    tracking_number: str,
    shipping_provider_id: str,
    package_id: str = "",
    order_id: str = "",
) -> None:
    """Correct the tracking of a package, or of an order with one package: once only, within 72
    hours."""
    if bool(package_id) == bool(order_id):
        raise ValueError("name the package or the order")
    body = {"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id}
    if package_id:
        path = {"package_id": package_id}
        client.call("update_package_shipping_info", path_params=path, body=body)
    else:
        client.call("update_order_shipping_info", path_params={"order_id": order_id}, body=body)


def _lines(lines: Sequence[Line]) -> dict[str, Any]:
    if not lines:
        return {}
    if any(line.sub_item_id for line in lines):
        return {"order_line_list": [line.fields() for line in lines]}
    return {"order_line_item_ids": [line.order_line_id for line in lines]}


def _what_is_shipped(
    order_id: str, lines: Sequence[Line], order_ids: Sequence[str]
) -> dict[str, Any]:
    """TikTok's ship_type: "1" a whole order, "2" lines of one, "3" several orders in one box."""
    if order_ids:
        if order_id or lines:
            raise ValueError("name one order or several, not both")
        return {"ship_type": "3", "order_list_ids": list(order_ids)}
    if not order_id:
        raise ValueError("name the order to ship")
    if lines:
        return {
            "ship_type": "2",
            "order_id": order_id,
            "order_line_item": [line.fields() for line in lines],
        }
    return {"ship_type": "1", "order_id": order_id}
