"""Comparing a shop's orders with TikTok's list of them, and putting right what differs.

What counts as wrong is what no later window would have mended: an order that TikTok updated before
the time up to which we call ourselves complete, less the overlap of windows, and that is not here,
or is older here, or in another status. Whatever was updated since is repaired and not counted.

A comparison goes stretch by stretch of create_time and keeps its place after each, so that a broken
one goes on there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from core import events
from core.patience import patience
from orders.mapping import MappedOrder
from orders.models import Order, Reconciliation, SyncCursor
from orders.pages import map_all
from orders.upsert import upsert
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.orders import search_orders_page

CLAIM = patience(minutes=3)
# The shop's own reading must have come so near to the present.
NEAR = timedelta(minutes=5)
# Windows look back so far; what was updated before that is not looked at again.
OVERLAP = timedelta(minutes=5)
# A stretch is shortened until it holds at most so many orders: what a broken run costs.
STRETCH_MOST = 2000
_DAY = timedelta(days=1)
_LEAST = timedelta(minutes=5)


class Stop(Exception):
    """The shop's own reading is due, or another process has taken over."""


class Comparison:
    """One process's hold of one comparison."""

    def __init__(self, row: Reconciliation, client: TikTokShopClient) -> None:
        self.row = row
        self.shop = row.shop
        self.client = client
        self.span = _DAY

    def run(self, *, until: datetime) -> bool:
        """Compare stretches until all are done; False when time ran out before."""
        self._complete()
        if not self.row.started_at:
            # From here on: what is created later is the poll's
            now = timezone.now()
            save(self.row, started_at=now, window_to=now)
        while self.row.place < self.row.window_to:
            if timezone.now() > until:
                return False
            complete = self._complete()
            end = min(self.row.place + self.span, self.row.window_to)
            self._stretch(self.row.place, end, complete)
        return True

    def _complete(self) -> datetime:
        """Up to when the shop's orders ought to be right. Stop while reading them comes first."""
        now = timezone.now()
        cursor = SyncCursor.objects.filter(shop=self.shop, shop__disconnected_at=None).first()
        if cursor is None or cursor.backfilled_at is None or cursor.complete_until is None:
            raise Stop
        waits = cursor.claimed_until is None and cursor.due_at <= now and not cursor.failures
        if waits or now - cursor.complete_until > NEAR:
            raise Stop
        return min(cursor.complete_until, now) - OVERLAP

    def _stretch(self, start: datetime, end: datetime, complete: datetime) -> None:
        """Compare the orders created in a stretch, and keep what was found with the new place."""
        there = missing = different = repaired = 0
        for page, total in self._pages(start, end):
            if there == 0 and total > STRETCH_MOST and self.span > _LEAST:
                self.span = max(self.span * STRETCH_MOST / (1.25 * total), _LEAST)
                return
            there += len(page)
            absent, old = self._wrong(page)
            missing += sum(one.order["updated_at"] < complete for one in absent)
            different += sum(one.order["updated_at"] < complete for one in old)
            repaired += self._repair([*absent, *old])
            save(self.row)
        here = Order.objects.filter(shop=self.shop, created_at__gte=start, created_at__lt=end)
        save(
            self.row,
            place=end,
            counted_there=self.row.counted_there + there,
            counted_here=self.row.counted_here + here.count(),
            missing=self.row.missing + missing,
            different=self.row.different + different,
            repaired=self.row.repaired + repaired,
        )
        if there < STRETCH_MOST / 4:
            self.span = min(self.span * 2, _DAY)

    def _pages(self, start: datetime, end: datetime) -> Iterator[tuple[list[MappedOrder], int]]:
        """TikTok's list of what was created in a stretch, page by page, and how many in all."""
        token, seen = "", set[str]()
        while True:
            page = search_orders_page(
                self.client,
                created_since=start,
                created_until=end,
                sort_field="create_time",
                page_token=token,
            )
            mapped = map_all(page.items, now=timezone.now())
            fresh = {one.order["tiktok_id"]: one for one in mapped}
            # The edges are whole seconds, so a stretch may list its neighbour's orders as well.
            yield (
                [
                    one
                    for number, one in fresh.items()
                    if number not in seen and start <= one.order["created_at"] < end
                ],
                page.total or 0,
            )
            seen |= fresh.keys()
            if not page.next_token or page.next_token == token:
                return
            token = page.next_token

    def _wrong(self, page: list[MappedOrder]) -> tuple[list[MappedOrder], list[MappedOrder]]:
        """What of a page is not here, and what is older here or in another status."""
        numbers = [one.order["tiktok_id"] for one in page]
        rows = Order.objects.filter(shop=self.shop, tiktok_id__in=numbers)
        ours = {
            number: (at, status)
            for number, at, status in rows.values_list("tiktok_id", "updated_at", "status")
        }
        absent, old = [], []
        for one in page:
            order = one.order
            mine = ours.get(order["tiktok_id"])
            theirs = (order["updated_at"], order["status"])
            if mine is None:
                absent.append(one)
            elif mine[0] < theirs[0] or (mine[0] == theirs[0] and mine[1] != theirs[1]):
                old.append(one)
        return absent, old

    def _repair(self, wrong: list[MappedOrder]) -> int:
        """Write TikTok's copies; answers how many rows hold them now."""
        if not wrong:
            return 0
        written = upsert(self.shop, wrong, now=timezone.now(), force=True).written
        events.publish("orders.changed", workspace_id=self.shop.workspace_id)
        return len(written)


def save(row: Reconciliation, **fields: object) -> None:
    """Write what was found and renew the claim. Stop when it is no longer ours."""
    claim = timezone.now() + CLAIM
    held = Reconciliation.objects.filter(
        pk=row.pk, claimed_until=row.claimed_until, shop__disconnected_at=None
    )
    if not held.update(claimed_until=claim, **fields):
        raise Stop
    row.claimed_until = claim
    for name, value in fields.items():
        setattr(row, name, value)
