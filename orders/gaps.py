"""Stretches of which not everything may have been read: how they are noticed, noted, read again.

Nothing here trusts that a window which was read to its last page held everything: TikTok's counts
have to add up, windows have to touch, and time has to go forward.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F

from orders.models import Gap, Order, Reconciliation, SyncCursor
from shops.models import Shop
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.orders import search_orders_page

# kind: what it means, in a person's words
KINDS = {
    "count": "TikTok counted more orders than it listed",
    "died": "Reading was broken off in the middle",
    "jump": "Two stretches did not touch",
    "clock": "The clock of this server went back",
    "drift": "TikTok holds more orders than we do",
}
# After so many tries a gap waits for the reconciliation, which compares order by order.
TRIES = 5
# A clock that is set right by less than this is covered by the overlap of windows.
CLOCK = timedelta(minutes=1)
_BACK = timedelta(days=1)
# How often TikTok is asked how many orders there are, and of which stretch
COUNT_EVERY = timedelta(hours=1)
COUNTED = timedelta(days=30)
_SETTLED = timedelta(minutes=10)


def note(
    shop: Shop, kind: str, since: datetime, until: datetime, *, now: datetime, words: str = ""
) -> Gap:
    """Write a gap down, once while it is open; `words` say more than the kind does."""
    gap, _ = Gap.objects.get_or_create(
        shop=shop,
        kind=kind,
        since=since,
        until=until,
        closed_at=None,
        defaults={"words": (words or KINDS[kind])[:200], "found_at": now},
    )
    return gap


def open_of(shop: Shop) -> list[Gap]:
    """The gaps that are worth another try, oldest first."""
    rows = Gap.objects.filter(shop=shop, closed_at=None, tries__lt=TRIES)
    return list(rows.exclude(kind__in=("died", "drift")).order_by("pk"))


def passed(cursor: SyncCursor, *, now: datetime) -> None:
    """The cursor moved on: windows that were broken off before it have been read again."""
    broken = Gap.objects.filter(shop=cursor.shop_id, kind="died", closed_at=None)
    broken.filter(until__lte=cursor.complete_until).update(closed_at=now)


def read_again(
    gap: Gap, read: Callable[[datetime, datetime], tuple[int, int]], *, now: datetime
) -> None:
    """Read the gap's stretch by `read`, which answers how many orders were written and how many
    are still unaccounted for; close it when none is."""
    written, short = read(gap.since, gap.until)
    fields: dict[str, object] = {"recovered": F("recovered") + written, "tries": F("tries") + 1}
    if short <= 0:
        fields["closed_at"] = now
    Gap.objects.filter(pk=gap.pk, closed_at=None).update(**fields)


def count(cursor: SyncCursor) -> None:
    """Keep how many gaps are open beside the cursor, where every page reads it."""
    cursor.open_gaps = Gap.objects.filter(shop=cursor.shop_id, closed_at=None).count()
    SyncCursor.objects.filter(pk=cursor.pk).update(open_gaps=cursor.open_gaps)


def settle(shop: Shop, *, before: datetime, now: datetime) -> int:
    """Close what was found `before` a comparison of all orders began; answers how many were."""
    rows = Gap.objects.filter(shop=shop, closed_at=None, found_at__lt=before)
    closed = rows.update(closed_at=now)
    for cursor in SyncCursor.objects.filter(shop=shop):
        count(cursor)
    return closed


def check_clock(cursor: SyncCursor, *, now: datetime) -> Gap | None:
    """Note where the cursor is ahead of the clock: windows were closed that had not happened yet,
    so what was updated meanwhile was passed over."""
    done = cursor.complete_until
    if done is None or done <= now + CLOCK:
        return None
    return note(cursor.shop, "clock", now - (done - now) - _BACK, now, now=now)


def check_touch(cursor: SyncCursor, *, now: datetime) -> Gap | None:
    """Note where a window begins after the last one ended."""
    done, start = cursor.complete_until, cursor.window_from
    if done is None or start is None or start <= done:
        return None
    return note(cursor.shop, "jump", done, start, now=now)


def check_count(cursor: SyncCursor, client: TikTokShopClient, *, now: datetime) -> Gap | None:
    """Ask TikTok, once an hour, how many orders the last 30 days have; fewer here is a gap that
    only a reconciliation can find. None too when one has just been made."""
    if cursor.counted_at is not None and now - cursor.counted_at < COUNT_EVERY:
        return None
    since, until = now - COUNTED, now - _SETTLED
    page = search_orders_page(client, created_since=since, created_until=until, page_size=1)
    SyncCursor.objects.filter(pk=cursor.pk).update(counted_at=now)
    cursor.counted_at = now
    here = Order.objects.filter(
        shop=cursor.shop, created_at__gte=since, created_at__lt=until
    ).count()
    if page.total is None or page.total <= here:
        return None
    if Reconciliation.objects.filter(shop=cursor.shop, finished_at__gt=now - _BACK).exists():
        return None
    words = f"TikTok counts {page.total:,} orders of the last 30 days, and {here:,} are here"
    return note(cursor.shop, "drift", since, until, now=now, words=words)
