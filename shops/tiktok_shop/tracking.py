"""Where TikTok says that the parcels of an order are."""

from typing import Any

from core.errors import Rejected
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable

# The path, or this version of it, is not there: TikTok retires versions a market at a time.
_GONE = frozenset({"36009009", "36009010", "36009014"})


def order_tracking(client: TikTokShopClient, *, order_id: str) -> dict[str, Any]:
    """`tracking[]` of version 202309 (description, update_time_millis in milliseconds,
    action_code); where that version is gone, `logistics_details[]` of version 202604, one a parcel
    with its track_list. Unavailable when neither is in the answer."""
    path = {"order_id": order_id}
    try:
        data = client.call("order_tracking", path_params=path)
    except Rejected as refusal:
        if refusal.code not in _GONE:
            raise
        data = client.call("logistics_tracking", path_params=path)
    if not any(isinstance(data.get(name), list) for name in ("tracking", "logistics_details")):
        raise unreadable(safe=True)
    return data
