"""Where TikTok's own parcels are: asked of the order, as TikTok watches them itself."""

from collections.abc import Mapping
from typing import Any

from shipping.providers.base import Shipped, Unsupported
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.tracking import order_tracking


class Tracked:
    """The tracking part of TikTok as a label provider."""

    _client: TikTokShopClient

    def track(self, shipped: Shipped) -> Mapping[str, Any]:
        """TikTok's tracking of the parcel's order."""
        if not shipped.order:
            raise Unsupported("TikTok is asked about its own orders only")
        return order_tracking(self._client, order_id=shipped.order, by_parcel=shipped.is_part)
