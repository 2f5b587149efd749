"""Warehouses, and which carriers a delivery option accepts."""

from typing import Any

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.paging import read_list


def shipping_providers(
    client: TikTokShopClient,
    *,
    delivery_option_id: str,
    warehouse_region: str = "",
    buyer_region: str = "",
) -> list[dict[str, Any]]:
    """Carriers (`id`, `name`) that a tracking number may name for this delivery option. The regions
    are for the EU."""
    data = client.call(
        "shipping_providers",
        path_params={"delivery_option_id": delivery_option_id},
        query={"warehouse_region": warehouse_region, "buyer_region": buyer_region},
    )
    return read_list(data, "shipping_providers")


def warehouses(client: TikTokShopClient) -> list[dict[str, Any]]:
    """SALES_WAREHOUSE and RETURN_WAREHOUSE entries; the address spells its district `distict`."""
    return read_list(client.call("warehouses"), "warehouses")


def delivery_options(client: TikTokShopClient, *, warehouse_id: str) -> list[dict[str, Any]]:
    """Delivery options of a warehouse with their size and weight limits."""
    data = client.call("delivery_options", path_params={"warehouse_id": warehouse_id})
    return read_list(data, "delivery_options")
