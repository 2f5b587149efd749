"""How current each shop's orders are, said honestly."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from core.access import wreverse
from core.models import Workspace
from core.shell import Cure, Freshness
from shops import endings
from shops.models import Shop

FRESH = timedelta(minutes=2)
STALE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Age:
    """How far behind a shop is: `tone` colours it, `words` say it; `percent` while a back-fill
    runs. `pace` says why it is read more often than usual; `days_left` when the permission has to
    be given again, where TikTok named a day."""

    tone: str
    words: str
    percent: int | None = None
    pace: str = ""
    days_left: int | None = None

    @property
    def is_behind(self) -> bool:
        """Whether its orders may not be what TikTok shows now."""
        return self.tone in ("amber", "red")


def age_of(shop: Shop, *, now: datetime) -> Age:
    """The age of a shop fetched with its authorization and cursor (orders.SyncCursor); no query."""
    cursor = getattr(shop, "cursor", None)
    if shop.authorization is None or shop.authorization.state != "active":
        return Age("red", _lost(shop, now))
    days = endings.days_left(shop.authorization, now=now)
    if cursor is None:
        return Age("blue", "Starting to read orders", days_left=days)
    if cursor.backfilled_at is None:
        trouble = f" ({cursor.last_error})" if cursor.last_error else ""
        if not cursor.expected:
            return Age("blue", f"Reading orders{trouble}", 0, days_left=days)
        percent = min(100 * cursor.seen // cursor.expected, 100)
        words = f"Read {cursor.seen:,} of {cursor.expected:,} orders{trouble}"
        return Age("blue", words, percent, days_left=days)
    behind = now - cursor.complete_until
    words = f"Complete as of {_duration(behind)} ago"
    if cursor.open_gaps:
        one = cursor.open_gaps == 1
        what = "a stretch that is" if one else f"{cursor.open_gaps} stretches that are"
        words += f", but for {what} read again"
    if cursor.failures:
        words += f"; TikTok is asked again soon: {cursor.last_error.rstrip('.')}"
    tone = "green" if behind < FRESH else "amber" if behind < STALE else "red"
    return Age(tone, words, pace=cursor.hurry_words(now=now), days_left=days)


def freshness(workspace: Workspace) -> list[Freshness]:
    """One entry per connected shop, for the frame around every page; those that are behind come
    with what helps."""
    now = timezone.now()
    shops = Shop.objects.of(workspace).filter(disconnected_at=None)
    found = []
    for shop in shops.select_related("authorization", "cursor").order_by("name"):
        age = age_of(shop, now=now)
        cure = _cure(workspace, shop) if age.is_behind else None
        found.append(Freshness(shop.name, age.tone, age.words, cure))
    return found


def _cure(workspace: Workspace, shop: Shop) -> Cure:
    if shop.authorization is None or shop.authorization.state != "active":
        return Cure("Reconnect", wreverse(workspace, "shops:list"))
    return Cure("Read now", wreverse(workspace, "shops:sync", shop_id=shop.pk), does=True)


def _lost(shop: Shop, now: datetime) -> str:
    """That a person has to connect it again, why, and what its orders are worth meanwhile."""
    cursor = getattr(shop, "cursor", None)
    why = shop.authorization.lost_because.rstrip(".") if shop.authorization else ""
    words = f"Not connected any more. {why or 'Reconnect it'}"
    if cursor is None or cursor.complete_until is None:
        return words
    return f"{words}. Complete as of {_duration(now - cursor.complete_until)} ago"


def _duration(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} days"
