"""How current each shop's orders are, said honestly."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from core.models import Workspace
from core.shell import Freshness
from shops.models import Shop

FRESH = timedelta(minutes=2)
STALE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Age:
    """How far behind a shop is: `tone` colours it, `words` say it; `percent` while a back-fill
    runs."""

    tone: str
    words: str
    percent: int | None = None


def age_of(shop: Shop, *, now: datetime) -> Age:
    """The age of a shop fetched with its authorization and cursor (orders.SyncCursor); no query."""
    cursor = getattr(shop, "cursor", None)
    if shop.authorization is None or shop.authorization.state != "active":
        return Age("red", "Not connected any more: reconnect it")
    if cursor is None:
        return Age("blue", "Starting to read orders")
    if cursor.backfilled_at is None:
        trouble = f" ({cursor.last_error})" if cursor.last_error else ""
        if not cursor.expected:
            return Age("blue", f"Reading orders{trouble}", 0)
        percent = min(100 * cursor.seen // cursor.expected, 100)
        return Age("blue", f"Read {cursor.seen:,} of {cursor.expected:,} orders{trouble}", percent)
    behind = now - cursor.complete_until
    words = f"Complete as of {_duration(behind)} ago"
    if cursor.failures:
        words += f"; TikTok is asked again soon: {cursor.last_error}"
    tone = "green" if behind < FRESH else "amber" if behind < STALE else "red"
    return Age(tone, words)


def freshness(workspace: Workspace) -> list[Freshness]:
    """One entry per connected shop, for the frame around every page."""
    now = timezone.now()
    shops = Shop.objects.of(workspace).filter(disconnected_at=None)
    found = []
    for shop in shops.select_related("authorization", "cursor").order_by("name"):
        age = age_of(shop, now=now)
        found.append(Freshness(shop.name, age.tone, age.words))
    return found


def _duration(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
