"""One process's reading of one shop: the open orders first, then window after window.

A window is read from its first to its last page, then the cursor moves on; a window that was broken
off, by a crash or a refused page token, is read again from its beginning, which costs time and
changes nothing, because rows are merged and the newest copy wins.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice

from django.utils import timezone

from core import events
from core.checkpoints import reached
from core.errors import RemoteError, Unavailable
from core.patience import patience
from orders import gaps, pace, reconciliation
from orders.models import SyncCursor
from orders.pages import PageRead, ahead, read
from orders.upsert import Upserted, upsert
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import PageTokenRefused
from shops.tiktok_shop.orders import search_orders

log = logging.getLogger(__name__)

# Windows overlap, as TikTok may list a change a little late.
OVERLAP = timedelta(minutes=5)
# A runner renews its claim with every page; one silent for so long is taken to be dead.
CLAIM = patience(seconds=90)
# A window is narrowed until it holds at most so many orders: what a crash may cost.
WINDOW_MOST = 25_000
_WINDOW_LEAST = timedelta(minutes=10)
_RESTARTS = 3
# The open orders that are read before anything else: what a seller can act on at once.
_EARLY = (("AWAITING_SHIPMENT", 5), ("ON_HOLD", 1))
# Longer windows catch up with a time in which no webhook could come, so they tell nothing of those.
_POLL = timedelta(minutes=15)


class Lost(Exception):
    """Another process has taken the shop over, or it was disconnected: stop without a word."""


class _Narrower(Exception):
    """The window holds too many orders; the cursor says how far it goes now."""


class Reading:
    """A process's hold of one shop, for a few minutes at most. Lost when it is held no longer."""

    def __init__(self, cursor: SyncCursor, client: TikTokShopClient) -> None:
        self.cursor = cursor
        self.shop = cursor.shop
        self.client = client
        self.seen_skus: set[str] = set()
        self.written = 0
        self.moved: list[tuple[str, datetime]] = []
        self.opened_at = timezone.now()

    def windows(self, *, until: datetime) -> bool:
        """Read windows until now is reached, then what has to be read again; True when time ran out
        before."""
        if self.cursor.complete_until is None:
            self._early()
            self._tell()
        restarts = 0
        while True:
            if timezone.now() > until:
                return True
            self._open()
            try:
                total = self._window()
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
            if self._close(total):
                self._look_back()
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
        cursor, now = self.cursor, timezone.now()
        self.opened_at = now
        fields: dict[str, object] = {"seen": 0, "expected": None}
        if gaps.check_clock(cursor, now=now):
            fields |= {"window_from": None, "window_to": None, "complete_until": now}
        elif gaps.check_touch(cursor, now=now):
            fields |= {"window_from": None, "window_to": None}
        self._save(**fields)
        if cursor.window_from is None or cursor.window_to is None:
            done = cursor.complete_until
            self._save(window_from=done - OVERLAP if done else cursor.backfill_from, window_to=now)
        reached("sync.opened")

    def _window(self) -> tuple[int, int]:
        """Read the open window; how many orders TikTok counted, and how many it listed."""
        cursor = self.cursor
        start, end = cursor.window_from, cursor.window_to
        assert start is not None and end is not None  # noqa: S101, PT018 - _open has set them

        def progress(page: PageRead) -> dict[str, object]:
            if cursor.seen == 0:
                self._narrow(page.total)
                self._save(expected=page.total)
            return {"seen": cursor.seen + page.count}

        return self._read(start, end, progress)[1:]

    def _read(
        self,
        start: datetime,
        end: datetime,
        progress: Callable[[PageRead], dict[str, object]] = lambda page: {},
    ) -> tuple[int, int, int]:
        """Read what was updated in a stretch; how many orders were written, how many TikTok counted
        at most while we read, and how many different ones it listed."""
        found = search_orders(self.client, updated_since=start, updated_until=end)
        counted, listed, written, nameless = 0, set[str](), 0, 0
        with closing(ahead(read(found))) as pages:
            for page in pages:
                fields = progress(page)
                counted = max(counted, page.total or 0)
                listed.update(one.order["tiktok_id"] for one in page.mapped)
                nameless += page.count - len(page.mapped)
                written += len(self._keep(page, **fields).written)
        return written, counted, len(listed) + nameless

    def _narrow(self, total: int | None) -> None:
        """Shorten a window that holds too much, before any of it is read."""
        start, end = self.cursor.window_from, self.cursor.window_to
        if not total or total <= WINDOW_MOST or start is None or end is None:
            return
        span = max((end - start) * (0.9 * WINDOW_MOST / total), _WINDOW_LEAST)
        if start + span < end:
            self._save(window_to=start + span)
            raise _Narrower

    def _close(self, total: tuple[int, int]) -> bool:
        """The window is done: move the cursor on. True when that reached the present."""
        cursor, now = self.cursor, timezone.now()
        start, end = cursor.window_from, cursor.window_to
        assert start is not None and end is not None  # noqa: S101, PT018 - _open has set them
        reached("sync.window_read")
        counted, listed = total
        if listed < counted:
            # Orders that were changed while we read have moved on, into the next window; others
            # may have been passed over. Only another look can tell.
            words = f"TikTok counted {counted:,} orders and listed {listed:,}"
            gaps.note(self.shop, "count", start, end, now=now, words=words)
        is_there = now - end < pace.EVERY
        # TikTok's clock says what had happened; ours may have been ahead of it.
        end = min(end, self.opened_at + timedelta(seconds=self.client.clock_offset))
        fields: dict[str, object] = {"window_from": None, "window_to": None, "complete_until": end}
        if is_there and cursor.backfilled_at is None:
            fields["backfilled_at"] = now
        self._save(**fields)
        reached("sync.window_closed")
        gaps.passed(cursor, now=now)
        self._tell()
        if end - start < _POLL:
            pace.judge(cursor, self.moved, now=now)
        self.moved.clear()
        return is_there

    def _look_back(self) -> None:
        """Read open gaps again, and have TikTok count; what cannot be asked waits for the next
        run, as the shop is read up to the present."""
        now = timezone.now()
        try:
            for gap in gaps.open_of(self.shop):
                gaps.read_again(gap, self._again, now=now)
            if gaps.check_count(self.cursor, self.client, now=now):
                reconciliation.want(self.shop, "drift", now=now)
        except RemoteError as error:
            log.info("second look at shop %s: %s", self.shop.pk, error.code)
        gaps.count(self.cursor)
        self._tell()

    def _again(self, start: datetime, end: datetime) -> tuple[int, int]:
        try:
            written, counted, listed = self._read(start, end)
        except PageTokenRefused:
            return 0, 1  # the next run begins anew
        return written, counted - listed

    def _tell(self) -> None:
        """Let others know that there are orders they have not seen."""
        if self.written:
            events.publish("orders.changed", workspace_id=self.shop.workspace_id)
            self.written = 0

    def _keep(self, page: PageRead, **fields: object) -> Upserted:
        now = timezone.now()
        reached("sync.page_read")
        result = upsert(self.shop, page.mapped, now=now, seen_skus=self.seen_skus)
        reached("sync.page_written")
        self.written += len(result.written)
        if self.cursor.backfilled_at is not None:
            self.moved += result.moved
        self._save(**fields)
        return result

    def _save(self, **fields: object) -> None:
        """Write the cursor and renew the claim, as long as it is still ours."""
        claim = timezone.now() + CLAIM
        held = SyncCursor.objects.filter(
            pk=self.cursor.pk,
            claimed_until=self.cursor.claimed_until,
            shop__disconnected_at=None,
        )
        if not held.update(claimed_until=claim, **fields):
            raise Lost
        self.cursor.claimed_until = claim
        for name, value in fields.items():
            setattr(self.cursor, name, value)
