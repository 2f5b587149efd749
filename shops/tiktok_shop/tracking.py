"""Where TikTok says that the parcels of an order are."""

from typing import Any

from core.errors import Rejected
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable

# The path, or this version of it, is not there: TikTok retires versions a market at a time.
_GONE = frozenset({"36009009", "36009010", "36009014"})
_VERSIONS = ("order_tracking", "logistics_tracking")


def order_tracking(
    client: TikTokShopClient, *, order_id: str, by_parcel: bool = False
) -> dict[str, Any]:
    """`tracking[]` of version 202309 (description, update_time_millis in milliseconds,
    action_code), which says of no event which parcel it is about; where that version is gone, or
    first of all `by_parcel`, `logistics_details[]` of version 202604, one a parcel with its
    track_list. Unavailable when neither is in the answer."""
    path = {"order_id": order_id}
    first, other = _VERSIONS[::-1] if by_parcel else _VERSIONS
    try:
        data = client.call(first, path_params=path)
    except Rejected as refusal:
        if refusal.code not in _GONE:
            raise
        data = client.call(other, path_params=path)
    if not any(isinstance(data.get(name), list) for name in ("tracking", "logistics_details")):
        raise unreadable(safe=True)
    return data
