"""How often a shop is read: every minute, and every few seconds for a while after webhooks fail.

A webhook that works is seen by its absence here: its handler has read the order before the poll
comes by. What the poll finds changed a while ago, and nobody announced, was missed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Max, QuerySet

from core.models import WebhookEvent
from orders.models import SyncCursor
from shops.models import Shop, WebhookSubscription

# A shop is due again so long after its reading began; the sweep of the next minute finds it.
EVERY = timedelta(seconds=45)
SOON = timedelta(seconds=15)
HURRY = timedelta(minutes=15)
# What TikTok changed so recently may still be announced.
GRACE = timedelta(seconds=15)
# A shop whose webhooks came so lately has some, whatever TikTok says about its subscriptions.
LATELY = timedelta(days=2)
# When none came for so long, it is not single ones that are missed.
SILENCE = timedelta(hours=1)
ORDER_EVENT = "ORDER_STATUS_CHANGE"
# An event may be stamped a little before the change it tells of.
_EARLY = timedelta(seconds=5)
_TRIES = 2


def hurry(shop_id: int, because: str, *, now: datetime, missed: int = 0) -> None:
    """Read the shop every few seconds for a quarter of an hour; `because` is a key of HURRIED."""
    SyncCursor.objects.filter(shop=shop_id).update(
        hurried_until=now + HURRY, hurried_because=because, missed=F("missed") + missed
    )


def due(cursor: SyncCursor, *, started: datetime, now: datetime) -> datetime:
    """When the shop is read again. Counted from when this reading `started`, so that the sweep of the
    next minute finds it however long the reading took; while it is hurried, from its end."""
    return now + SOON if cursor.is_hurried(now=now) else started + EVERY


def judge(cursor: SyncCursor, found: Iterable[tuple[str, datetime]], *, now: datetime) -> str:
    """What a poll found changed, and what became of the webhooks lately: a key of HURRIED where
    they fail, or "" when all is well. The cursor's row and the object know it afterwards."""
    shop, old = cursor.shop, [(number, at) for number, at in found if at < now - GRACE]
    unheard = _unheard(shop, old) if old and _ought_to_be_heard(shop, now) else 0
    because = _silence(shop, now) if unheard else _trouble(shop, now)
    if because:
        hurry(shop.pk, because, now=now, missed=unheard)
        cursor.refresh_from_db(fields=["hurried_until", "hurried_because", "missed"])
    return because


def _events(shop: Shop) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(provider="tiktok", owner=shop.tiktok_id)


def _ought_to_be_heard(shop: Shop, now: datetime) -> bool:
    """Whether TikTok says that it tells us, or has done so lately; where not, nothing is missed."""
    told = WebhookSubscription.objects.filter(shop=shop, event_type=ORDER_EVENT, state="active")
    return told.exists() or _events(shop).filter(received_at__gt=now - LATELY).exists()


def _silence(shop: Shop, now: datetime) -> str:
    """Whether single webhooks were missed, or none came at all."""
    return "missed" if _events(shop).filter(received_at__gt=now - SILENCE).exists() else "silent"


def _trouble(shop: Shop, now: datetime) -> str:
    """Why the next change may be missed, although none was."""
    recent = _events(shop).filter(received_at__gt=now - HURRY)
    if recent.filter(state="parked").exists():
        return "parked"
    if recent.filter(state="waiting", attempts__gte=_TRIES).exists():
        return "late"
    failed = WebhookSubscription.objects.filter(shop=shop, event_type=ORDER_EVENT, state="failed")
    return "subscription" if failed.filter(checked_at__gt=now - SILENCE).exists() else ""


def _unheard(shop: Shop, changes: list[tuple[str, datetime]]) -> int:
    """How many of these changes no webhook has told of."""
    told = dict(
        _events(shop)
        .filter(
            subject__in=[number for number, _ in changes],
            received_at__gte=min(at for _, at in changes) - _EARLY,
        )
        .values_list("subject")
        .annotate(Max("received_at"))
    )
    return sum(number not in told or told[number] < at - _EARLY for number, at in changes)
