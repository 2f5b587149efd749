"""Provider → how its webhooks are proven and read: the one table of who may tell us something.

`core.receiver` is handed it; pages and addresses find it as `core.inbox.SOURCES`.
"""

from collections.abc import Mapping

from django.conf import settings
from django.db.models import F

from core.deliveries import Source
from shipping.providers.easypost import webhook as easypost
from shipping.providers.shippo import webhook as shippo
from shops.tiktok_shop import webhooks as tiktok


def _tiktok_signed(body: bytes, headers: Mapping[str, str], query: str) -> bool:
    given = headers.get("Authorization") or ""
    key, secret = settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET
    return tiktok.verify(body, given, key, secret)


def _easypost_signed(body: bytes, headers: Mapping[str, str], query: str) -> bool:
    return easypost.verify(body, headers, query, secret=settings.SHIPPING_WEBHOOK_SECRET)


def _shippo_proven(body: bytes, headers: Mapping[str, str], query: str) -> bool:
    return shippo.verify(
        body,
        headers,
        query,
        secret=settings.SHIPPING_WEBHOOK_SECRET,
        hmac_secret=settings.SHIPPO_WEBHOOK_SECRET,
    )


def _workspace_of_shop(tiktok_id: str) -> int | None:
    from shops.models import Shop  # when it is asked: this table is read before the apps are ready

    connected_first = F("disconnected_at").desc(nulls_first=True)
    found = Shop.objects.filter(tiktok_id=tiktok_id).order_by(connected_first, "-pk")
    return found.values_list("workspace_id", flat=True).first()


def _only_the_object_tells(owner: str) -> None:
    """A label provider names its own account, which several workspaces may use."""


SOURCES: dict[str, Source] = {
    "tiktok": Source(
        title="TikTok Shop",
        is_configured=lambda: bool(
            settings.TIKTOK_SHOP_APP_KEY and settings.TIKTOK_SHOP_APP_SECRET
        ),
        verify=_tiktok_signed,
        identify=tiktok.identify,
        name_of=tiktok.name_of,
        workspace_of=_workspace_of_shop,
    ),
    "easypost": Source(
        title="EasyPost",
        is_configured=lambda: bool(settings.SHIPPING_WEBHOOK_SECRET),
        verify=_easypost_signed,
        identify=easypost.identify,
        name_of=easypost.name_of,
        workspace_of=_only_the_object_tells,
    ),
    "shippo": Source(
        title="Shippo",
        is_configured=lambda: bool(
            settings.SHIPPING_WEBHOOK_SECRET or settings.SHIPPO_WEBHOOK_SECRET
        ),
        verify=_shippo_proven,
        identify=shippo.identify,
        name_of=shippo.name_of,
        workspace_of=_only_the_object_tells,
    ),
}
