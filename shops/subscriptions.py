"""What TikTok is asked to tell us by webhook, shop by shop: subscribed, compared, repaired, ended.

Polling alone keeps orders complete; webhooks make it quick. So nothing here stands in anybody's
way: what TikTok refuses is noted beside the kind of event it concerns, and tried again.
"""

import ipaddress
import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from core import inbox
from core.errors import Rejected, RemoteError
from core.jobs import job
from core.queues import Queue
from core.states import IllegalMove, LostRace
from shops.clients import tiktok_client
from shops.models import SUBSCRIPTION, Shop, WebhookSubscription
from shops.tiktok_shop import events
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.event_types import TYPES

log = logging.getLogger(__name__)

# Of the names that TikTok lets a shop subscribe to, those that move something here.
WANTED = tuple(one.event_type for one in TYPES.values() if one.event_type and one.use)
EVERY = timedelta(days=1)
SOON = timedelta(minutes=30)  # what failed is tried again after so long
_LOCAL = ("localhost", "127.0.0.1", "::1")


def why_not() -> str:
    """Why TikTok cannot be asked to tell this server anything; "" when it can."""
    ours = urlsplit(settings.PUBLIC_URL)
    if urlsplit(settings.TIKTOK_SHOP_URL).hostname in _LOCAL:  # the simulated TikTok is beside us
        return "" if ours.hostname in _LOCAL or ours.scheme == "https" else _WORDS["local"]
    if ours.scheme != "https":
        return _WORDS["https"]
    if ours.port is not None:
        return _WORDS["port"]
    return "" if _is_public(ours.hostname or "") else _WORDS["public"]


_WORDS = {
    "local": "The simulated TikTok can reach this server only by an address on this machine.",
    "https": "TikTok sends webhooks to https addresses only, and this server's PUBLIC_URL is none.",
    "port": "TikTok sends webhooks to no address with a port, and PUBLIC_URL names one.",
    "public": "TikTok must reach this server from the internet, and PUBLIC_URL is no public name.",
}


def _is_public(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".test", ".invalid"))
    return False


@job
def subscribe(*, shop_id: int) -> int:
    """Bring one shop's subscriptions about; answers how many TikTok confirms. Safe to repeat."""
    shop = Shop.objects.connected().select_related("authorization").filter(pk=shop_id).first()
    if shop is None or why_not():
        return 0
    rows = _rows(shop)
    now = timezone.now()
    try:
        client = tiktok_client(shop)
        told = {str(one.get("event_type")): one for one in events.subscriptions(client)}
        for row in rows:
            _settle(row, client, str(told.get(row.event_type, {}).get("address") or ""), now=now)
    except RemoteError as error:  # nobody to ask just now: the others are not asked about either
        log.info("webhooks of shop %s: %s (%s)", shop_id, type(error).__name__, error.code)
        for row in rows:
            if row.checked_at != now:
                _note(row, error.message, now=now)
    return sum(row.state == "active" for row in rows)


@job(queue=Queue.READING)
def check_due() -> int:
    """Compare with TikTok what was not compared for a day, or failed a while ago; answers how many
    shops."""
    if why_not():
        return 0
    now = timezone.now()
    current = WebhookSubscription.objects.filter(
        Q(state="active", checked_at__gt=now - EVERY) | Q(checked_at__gt=now - SOON)
    )
    current = current.filter(address=inbox.address("tiktok"), event_type__in=WANTED)
    counts = current.order_by().values("shop").annotate(n=Count("pk")).values_list("shop", "n")
    known = dict(counts)
    shops = Shop.objects.connected().order_by("pk").values_list("pk", flat=True)
    due = [shop_id for shop_id in shops if known.get(shop_id, 0) < len(WANTED)]
    for shop_id in due:
        subscribe.later(shop_id=shop_id)
    return len(due)


def end(shop: Shop) -> None:
    """Ask TikTok to stop, before its shop is disconnected; what it refuses is left to TikTok, and
    events for a shop that is not connected change nothing."""
    rows = WebhookSubscription.objects.filter(shop=shop)
    try:
        client = tiktok_client(shop)
        for row in rows.filter(state="active"):
            events.unsubscribe(client, event_type=row.event_type)
    except RemoteError as error:
        log.info("webhooks of shop %s stay: %s (%s)", shop.pk, type(error).__name__, error.code)
    rows.delete()


def _rows(shop: Shop) -> list[WebhookSubscription]:
    """One row for every wanted kind of event, with the address of today."""
    address = inbox.address("tiktok")
    WebhookSubscription.objects.bulk_create(
        [WebhookSubscription(shop=shop, event_type=name, address=address) for name in WANTED],
        ignore_conflicts=True,
    )
    rows = WebhookSubscription.objects.filter(shop=shop)
    rows.exclude(event_type__in=WANTED).delete()
    rows.exclude(address=address).update(address=address)
    return list(rows.order_by("pk"))


def _settle(
    row: WebhookSubscription, client: TikTokShopClient, told: str, *, now: datetime
) -> None:
    """Subscribe unless TikTok already sends this event to us; a refusal concerns this event
    alone."""
    try:
        if told != row.address:
            events.subscribe(client, event_type=row.event_type, address=row.address)
    except Rejected as error:
        _note(row, error.message, now=now)
    else:
        _note(row, "", now=now)


def _note(row: WebhookSubscription, error: str, *, now: datetime) -> None:
    row.checked_at, row.error = now, error[:300]
    state = "failed" if error else "active"
    if row.state == state:
        WebhookSubscription.objects.filter(pk=row.pk).update(checked_at=now, error=row.error)
        return
    try:
        SUBSCRIPTION.move(row, state, checked_at=now, error=row.error)
    except (LostRace, IllegalMove):  # another run asked TikTok, too, and has noted its word
        return
