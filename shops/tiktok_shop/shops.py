"""Which shops an authorization covers."""

from dataclasses import dataclass, field
from typing import Any

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable
from shops.tiktok_shop.paging import read_list


@dataclass(frozen=True, slots=True)
class AuthorizedShop:
    """A shop and the `cipher` that every call for it carries. `seller_type` is LOCAL or
    CROSS_BORDER."""

    id: str
    name: str
    region: str
    seller_type: str
    code: str
    cipher: str = field(repr=False)
    raw: dict[str, Any] = field(repr=False)


def authorized_shops(client: TikTokShopClient) -> list[AuthorizedShop]:
    """Every shop the access token covers; cross-border sellers have several. The client needs no
    cipher."""
    shops = read_list(client.call("authorized_shops"), "shops")
    if not all(shop.get("id") and shop.get("cipher") for shop in shops):
        raise unreadable(safe=True)
    return [
        AuthorizedShop(
            id=str(shop["id"]),
            name=str(shop.get("name") or ""),
            region=str(shop.get("region") or ""),
            seller_type=str(shop.get("seller_type") or ""),
            code=str(shop.get("code") or ""),
            cipher=str(shop["cipher"]),
            raw=shop,
        )
        for shop in shops
    ]
