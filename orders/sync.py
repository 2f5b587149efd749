"""Orders from TikTok: first the open ones, then every window of update_time, oldest first, for
ever.

TikTok's poll is the truth. A shop is complete up to `complete_until`: everything updated before it
has been read. A window is read from its first to its last page, then the cursor moves on; a window
that was broken off, by a crash or a refused page token, is read again from its beginning, which
costs time and changes nothing, because rows are merged and the newest copy wins.
"""

import logging
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from itertools import batched, islice

from django.db.models import F, Q
from django.utils import timezone

from core import events
from core.errors import NotAuthorized, RemoteError, Unavailable
from core.jobs import job
from orders.models import Order, SyncCursor
from orders.pages import PageRead, ahead, map_all, read
from orders.upsert import upsert
from shops.clients import tiktok_client
from shops.models import Shop
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import PageTokenRefused
from shops.tiktok_shop.orders import MAX_IDS, order_detail, search_orders

log = logging.getLogger(__name__)

BACKFILL = timedelta(days=30)
# Windows overlap, as TikTok may list a change a little late.
OVERLAP = timedelta(minutes=5)
EVERY = timedelta(seconds=45)
# A runner renews its claim with every page; one silent for so long is taken to be dead.
CLAIM = timedelta(seconds=90)
# One run ends between two windows after so long, well before the queue would kill it.
RUN = timedelta(minutes=8)
# A window is narrowed until it holds at most so many orders: what a crash may cost.
WINDOW_MOST = 25_000
_WINDOW_LEAST = timedelta(minutes=10)
_RESTARTS = 3
# The open orders that are read before anything else: what a seller can act on at once.
_EARLY = (("AWAITING_SHIPMENT", 5), ("ON_HOLD", 1))


class _Lost(Exception):
    """Another process has taken the shop over, or it was disconnected: stop without a word."""


class _Narrower(Exception):
    """The window holds too many orders; the cursor says how far it goes now."""


@job
def begin(*, shop_id: int) -> None:
    """A shop was connected: start its back-fill, or go on where it was left."""
    shop = Shop.objects.connected().filter(pk=shop_id).first()
    if shop is not None:
        start_sync(shop)


@job
def hurry(*, shop_id: int) -> None:
    """Somebody wants this shop read now."""
    SyncCursor.objects.filter(shop=shop_id).update(due_at=timezone.now(), failures=0)
    sync_shop(shop_id=shop_id)


def start_sync(shop: Shop) -> SyncCursor:
    """The shop's cursor, made when it has none; reading begins within moments."""
    now = timezone.now()
    cursor, is_new = SyncCursor.objects.get_or_create(
        shop=shop, defaults={"backfill_from": now - BACKFILL, "due_at": now}
    )
    if not is_new:
        SyncCursor.objects.filter(pk=cursor.pk).update(due_at=now, failures=0, last_error="")
    sync_shop.later(shop_id=shop.pk)
    return cursor


@job
def sync_due_shops() -> int:
    """Queue every connected shop that is due; answers how many."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = SyncCursor.objects.filter(free, due_at__lte=now, shop__in=Shop.objects.connected())
    ids = list(due.values_list("shop_id", flat=True))
    for shop_id in ids:
        sync_shop.later(shop_id=shop_id)
    new = list(Shop.objects.connected().filter(cursor=None))
    for shop in new:
        start_sync(shop)
    return len(ids) + len(new)


@job
def sync_shop(*, shop_id: int) -> bool:
    """Read what is new, window by window; False when another process reads this shop or it is not
    due. Safe to kill and repeat."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    mine = SyncCursor.objects.filter(free, shop=shop_id, due_at__lte=now)
    if not mine.update(claimed_until=now + CLAIM):
        return False
    cursor = SyncCursor.objects.select_related("shop__authorization").get(shop=shop_id)
    if cursor.claimed_until is None:
        return False
    try:
        more = _Run(cursor, tiktok_client(cursor.shop)).windows(until=now + RUN)
    except _Lost:
        return False
    except RemoteError as error:
        _give_up(cursor, error)
        return True
    except BaseException:
        # A fault of ours, or the process is being stopped: let the next run have the shop at once.
        SyncCursor.objects.filter(pk=cursor.pk, claimed_until=cursor.claimed_until).update(
            claimed_until=None, due_at=timezone.now() + EVERY, failures=F("failures") + 1
        )
        raise
    due = timezone.now() if more else timezone.now() + EVERY
    SyncCursor.objects.filter(pk=cursor.pk, claimed_until=cursor.claimed_until).update(
        claimed_until=None, due_at=due, failures=0, last_error=""
    )
    if more:
        sync_shop.later(shop_id=shop_id)
    return True


def read_orders(shop: Shop, tiktok_ids: Iterable[str]) -> list[Order]:
    """Read these orders from TikTok now, 50 a call, and answer their fresh rows; one that TikTok
    does not know is left out. Raises the errors of core.errors."""
    wanted = list(dict.fromkeys(tiktok_ids))
    client = tiktok_client(shop)
    found: list[str] = []
    for some in batched(wanted, MAX_IDS):
        documents = order_detail(client, order_ids=list(some))
        mapped = map_all(documents, now=timezone.now())
        upsert(shop, mapped, now=timezone.now(), force=True)
        found += [one.order["tiktok_id"] for one in mapped]
    rows = Order.objects.filter(shop=shop, tiktok_id__in=found).defer("raw", "search_text")
    by_id = {row.tiktok_id: row for row in rows.select_related("shop")}
    return [by_id[tiktok_id] for tiktok_id in wanted if tiktok_id in by_id]


class _Run:
    """One process's hold of one shop, for a few minutes at most."""

    def __init__(self, cursor: SyncCursor, client: TikTokShopClient) -> None:
        self.cursor = cursor
        self.shop = cursor.shop
        self.client = client
        self.seen_skus: set[str] = set()
        self.written = 0

    def windows(self, *, until: datetime) -> bool:
        """Read windows until now is reached; True when time ran out before."""
        if self.cursor.complete_until is None:
            self._early()
            self._tell()
        restarts = 0
        while True:
            if timezone.now() > until:
                return True
            self._open()
            try:
                self._read_window()
            except _Narrower:
                continue
            except PageTokenRefused as error:
                restarts += 1
                if restarts > _RESTARTS:
                    raise Unavailable(
                        "TikTok kept losing the place in the list of orders.",
                        provider=error.provider,
                        code=error.code,
                    ) from error
                log.info("shop %s: window starts again (%s)", self.shop.pk, error.code)
                continue
            restarts = 0
            if self._close():
                return False

    def _early(self) -> None:
        """The first pages of what waits for shipment, so that work can start during the
        back-fill."""
        for status, most in _EARLY:
            first = islice(search_orders(self.client, status=status), most)
            with closing(ahead(read(first))) as pages:
                try:
                    for page in pages:
                        self._keep(page)
                except PageTokenRefused:
                    continue  # the windows read them again anyway

    def _open(self) -> None:
        """Fix the window on disk before its first page; one that was broken off stays as it was."""
        cursor = self.cursor
        fields: dict[str, object] = {"seen": 0, "expected": None}
        if cursor.window_from is None or cursor.window_to is None:
            done = cursor.complete_until
            fields["window_from"] = done - OVERLAP if done else cursor.backfill_from
            fields["window_to"] = timezone.now()
        self._save(**fields)

    def _read_window(self) -> None:
        cursor = self.cursor
        found = search_orders(
            self.client, updated_since=cursor.window_from, updated_until=cursor.window_to
        )
        with closing(ahead(read(found))) as pages:
            for page in pages:
                if cursor.seen == 0:
                    self._narrow(page.total)
                    self._save(expected=page.total)
                self._keep(page, seen=cursor.seen + page.count)

    def _narrow(self, total: int | None) -> None:
        """Shorten a window that holds too much, before any of it is read."""
        start, end = self.cursor.window_from, self.cursor.window_to
        if not total or total <= WINDOW_MOST or start is None or end is None:
            return
        span = max((end - start) * (0.9 * WINDOW_MOST / total), _WINDOW_LEAST)
        if start + span < end:
            self._save(window_to=start + span)
            raise _Narrower

    def _close(self) -> bool:
        """The window is done: move the cursor on. True when that reached the present."""
        end = self.cursor.window_to
        now = timezone.now()
        assert end is not None  # noqa: S101 - _open has set it
        reached = now - end < EVERY
        fields: dict[str, object] = {"window_from": None, "window_to": None, "complete_until": end}
        if reached and self.cursor.backfilled_at is None:
            fields["backfilled_at"] = now
        self._save(**fields)
        self._tell()
        return reached

    def _tell(self) -> None:
        """Let others know that there are orders they have not seen."""
        if self.written:
            events.publish("orders.changed", workspace_id=self.shop.workspace_id)
            self.written = 0

    def _keep(self, page: PageRead, **fields: object) -> None:
        now = timezone.now()
        result = upsert(self.shop, page.mapped, now=now, seen_skus=self.seen_skus)
        self.written += len(result.written)
        self._save(**fields)

    def _save(self, **fields: object) -> None:
        """Write the cursor and renew the claim, as long as it is still ours."""
        claim = timezone.now() + CLAIM
        held = SyncCursor.objects.filter(
            pk=self.cursor.pk,
            claimed_until=self.cursor.claimed_until,
            shop__disconnected_at=None,
        )
        if not held.update(claimed_until=claim, **fields):
            raise _Lost
        self.cursor.claimed_until = claim
        for name, value in fields.items():
            setattr(self.cursor, name, value)


def _give_up(cursor: SyncCursor, error: RemoteError) -> None:
    """Note what went wrong and when it makes sense to ask again: later each time, an hour at
    most."""
    failures = min(cursor.failures + 1, 30_000)
    wait = min(30.0 * 2 ** min(failures, 7), 3600.0)
    if isinstance(error, NotAuthorized):
        wait = 900.0  # nothing changes before a person reconnects, which makes the shop due at once
    now = timezone.now()
    SyncCursor.objects.filter(pk=cursor.pk, claimed_until=cursor.claimed_until).update(
        claimed_until=None,
        due_at=max(error.due_at(now, default=wait), now + timedelta(seconds=5)),
        failures=failures,
        last_error=error.message[:300],
    )
    log.warning(
        "sync of shop %s: %s code=%s request=%s",
        cursor.shop_id,
        type(error).__name__,
        error.code,
        error.request_id,
    )
