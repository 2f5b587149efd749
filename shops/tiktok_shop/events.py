"""Which webhooks TikTok sends for a shop, and where to."""

from typing import Any

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.paging import objects


def subscribe(client: TikTokShopClient, *, event_type: str, address: str) -> None:
    """Send this event type to `address` (HTTPS, no port, at most 255 characters); replaces an
    earlier address."""
    if len(address) > 255:
        raise ValueError("a webhook address has at most 255 characters")
    client.call("subscribe_webhook", body={"event_type": event_type, "address": address})


def subscriptions(client: TikTokShopClient) -> list[dict[str, Any]]:
    """Event types with the address each is sent to."""
    return objects(client.call("webhooks").get("webhooks") or [])


def unsubscribe(client: TikTokShopClient, *, event_type: str) -> None:
    """Stop this event type for the shop."""
    client.call("delete_webhook", body={"event_type": event_type})
