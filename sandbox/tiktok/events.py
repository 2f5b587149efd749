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
    2: "REVERSE_STATUS_UPDATE",
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
    37: "PRODUCT_AUDIT_STATUS_CHANGE",
}
# Names that can be subscribed to; other types are set up in Partner Center (setting webhook_url).
NAMES = frozenset(EVENTS.values())
# the published sample of this type has no tts_notification_id
WITHOUT_ID = 3


async def subscribe(call: Call) -> Json:
    """PUT /event/202309/webhooks: one address per event and shop."""
    address, event = call.body.get("address"), call.body.get("event_type")
    if not isinstance(address, str) or not address.startswith(("https://", "http://127.0.0.1")):
        raise bad("body.address must be an https address")
    if len(address) > 255:
        raise bad("body.address has at most 255 characters")
    if event not in NAMES:
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
    if event not in NAMES:
        raise bad("body.event_type is not one of the documented values")
    call.store.data["subscriptions"].get(call.shop["id"], {}).pop(event, None)
    return {}


def notifier(store: Store) -> Callable[[str, int, Json], None]:
    """The function that the store calls with shop, type and data of each event."""

    def notify(shop_id: str, kind: int, data: Json) -> None:
        if not _addresses(store, shop_id, kind):
            return
        content: Json = {"type": kind, "shop_id": shop_id, "timestamp": store.world.unix()}
        if kind != WITHOUT_ID:
            content["tts_notification_id"] = store.world.new_number("7327", 19)
        send(store, shop_id, kind, content | {"data": data})

    return notify


def send(store: Store, shop_id: str, kind: int, content: Json) -> int:
    """Sign `content` and send it to all who listen; answers how many those are."""
    settings = store.settings
    body = orjson.dumps(content)
    sign = webhook_sign(settings["app_secret"], settings["app_key"], body)
    addresses = _addresses(store, shop_id, kind)
    for address in addresses:
        event = EVENTS.get(kind, str(kind))
        store.world.deliver("tiktok", event, address, body, {"Authorization": sign})
    return len(addresses)


def notify_by_hand(store: Store, wish: Json) -> Json:
    """Any type, also one TikTok does not document yet, as it would come by its own envelope.

    `type`, `data`, and the owner: `shop_id` (the first shop unless told), or `seller_open_id` or
    `creator_open_id` in its place. `flat` sends the data alone; `tts_notification_id` and
    `timestamp` may be given, to repeat or to come late.
    """
    kind, data = int(wish["type"]), dict(wish.get("data") or {})
    owners = [name for name in ("seller_open_id", "creator_open_id") if wish.get(name)]
    shop_id = str(wish.get("shop_id") or next(iter(store.data["shops"])))
    content: Json = {
        "type": kind,
        "tts_notification_id": str(
            wish.get("tts_notification_id") or store.world.new_number("7327", 19)
        ),
        "timestamp": int(wish.get("timestamp") or store.world.unix()),
        **({name: str(wish[name]) for name in owners} or {"shop_id": shop_id}),
        "data": data,
    }
    sent = send(store, shop_id, kind, data if wish.get("flat") else content)
    return {"sent": sent, "event": content}


def _addresses(store: Store, shop_id: str, kind: int) -> set[str]:
    """Where a shop's events of this type go: its subscription, and Partner Center's address."""
    own = store.data["subscriptions"].get(shop_id, {}).get(EVENTS.get(kind, ""))
    addresses = {own["address"]} if own else set()
    if store.settings["webhook_url"]:
        addresses.add(store.settings["webhook_url"])
    return addresses


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
