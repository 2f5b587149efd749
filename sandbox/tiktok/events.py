"""Webhooks: subscriptions per shop, and the signed envelope of each notification."""

from collections.abc import Callable
from typing import Any

import orjson

from sandbox.tiktok.gateway import Call, bad
from sandbox.tiktok.signing import webhook_sign
from sandbox.tiktok.store import DAY, Store

Json = dict[str, Any]
SUBSCRIBE_BODY = frozenset({"address", "event_type"})
UNSUBSCRIBE_BODY = frozenset({"event_type"})
EVENTS = {
    1: "ORDER_STATUS_CHANGE",
    3: "RECIPIENT_ADDRESS_UPDATE",
    4: "PACKAGE_UPDATE",
    5: "PRODUCT_STATUS_CHANGE",
    6: "SELLER_DEAUTHORIZATION",
    7: "UPCOMING_AUTHORIZATION_EXPIRATION",
    11: "CANCELLATION_STATUS_CHANGE",
    12: "RETURN_STATUS_CHANGE",
    13: "NEW_CONVERSATION",
    14: "NEW_MESSAGE",
    15: "PRODUCT_INFORMATION_CHANGE",
    16: "PRODUCT_CREATION",
    18: "PRODUCT_CATEGORY_CHANGE",
    33: "NEW_MESSAGE_LISTENER",
    36: "INVOICE_STATUS_CHANGE",
}
# the published sample of this type has no tts_notification_id
WITHOUT_ID = 3


async def subscribe(call: Call) -> Json:
    """PUT /event/202309/webhooks: one address per event and shop."""
    address, event = call.body.get("address"), call.body.get("event_type")
    if not isinstance(address, str) or not address.startswith(("https://", "http://127.0.0.1")):
        raise bad("body.address must be an https address")
    if len(address) > 255:
        raise bad("body.address has at most 255 characters")
    if event not in EVENTS.values():
        raise bad("body.event_type is not one of the documented values")
    own = call.store.data["subscriptions"].setdefault(call.shop["id"], {})
    now = call.store.world.unix()
    created = own.get(event, {}).get("create_time", now)
    own[event] = {
        "event_type": event,
        "address": address,
        "create_time": created,
        "update_time": now,
    }
    return {}


async def subscriptions(call: Call) -> Json:
    """GET /event/202309/webhooks."""
    own = list(call.store.data["subscriptions"].get(call.shop["id"], {}).values())
    return {"webhooks": own, "total_count": len(own)}


async def unsubscribe(call: Call) -> Json:
    """DELETE /event/202309/webhooks."""
    event = call.body.get("event_type")
    if event not in EVENTS.values():
        raise bad("body.event_type is not one of the documented values")
    call.store.data["subscriptions"].get(call.shop["id"], {}).pop(event, None)
    return {}


def notifier(store: Store) -> Callable[[str, int, Json], None]:
    """The function that the store calls with shop, type and data of each event."""

    def notify(shop_id: str, kind: int, data: Json) -> None:
        event, settings = EVENTS[kind], store.settings
        own = store.data["subscriptions"].get(shop_id, {})
        addresses = {own[event]["address"]} if event in own else set()
        if settings["webhook_url"]:
            addresses.add(settings["webhook_url"])
        if not addresses:
            return
        content: Json = {"type": kind, "shop_id": shop_id, "timestamp": store.world.unix()}
        if kind != WITHOUT_ID:
            content["tts_notification_id"] = store.world.new_number("7327", 19)
        body = orjson.dumps(content | {"data": data})
        sign = webhook_sign(settings["app_secret"], settings["app_key"], body)
        for address in addresses:
            store.world.deliver("tiktok", event, address, body, {"Authorization": sign})

    return notify


def deauthorize(store: Store, open_id: str) -> None:
    """The seller removes the app: all its tokens die, and webhook 6 goes out."""
    for kept in (store.data["access"], store.data["refresh"]):
        for token in kept.values():
            if token["seller"] == open_id:
                token["dead"] = True
    for shop_id in store.data["sellers"][open_id]["shops"]:
        message = f"Shop_id {shop_id} is deauthorized from your APP by merchant."
        store.notify(shop_id, 6, {"message": message})


def warn_of_expiry(store: Store, open_id: str, days: int) -> None:
    """Webhook 7: the authorization ends in so many days."""
    for shop_id in store.data["sellers"][open_id]["shops"]:
        message = f"Authorization of shop_id {shop_id} is expiring in {days} days."
        until = str(store.world.unix() + days * DAY)
        store.notify(shop_id, 7, {"message": message, "expiration_time": until})
