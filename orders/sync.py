"""Orders from TikTok: first the open ones, then every window of update_time, oldest first, for
ever.

TikTok's poll is the truth, webhooks are a hint. A shop is complete up to `complete_until`:
everything updated before it has been read. Where that may be wrong, orders/gaps.py notes it; once a
day orders/reconciliation.py compares order by order.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from itertools import batched

from django.db.models import F, Q
from django.utils import timezone

from core import breaker
from core.errors import NotAuthorized, RemoteError
from core.jobs import job
from core.queues import Queue
from orders import gaps, pace, reconciliation
from orders.models import Order, SyncCursor
from orders.pages import map_all
from orders.upsert import upsert
from orders.windows import CLAIM, Lost, Reading
from shops.clients import API_CIRCUIT, circuit_of, tiktok_client
from shops.models import Shop
from shops.tiktok_shop.orders import MAX_IDS, order_detail

log = logging.getLogger(__name__)

BACKFILL = timedelta(days=30)
# One run ends between two windows after so long, well before the queue would kill it.
RUN = timedelta(minutes=2)
# A shop that was not read for so long before it was connected again is compared order by order.
LAPSE = timedelta(minutes=10)


@job
def begin(*, shop_id: int) -> None:
    """A shop was connected: start its back-fill, or go on where it was left."""
    shop = Shop.objects.connected().filter(pk=shop_id).first()
    if shop is not None:
        start_sync(shop)


@job
def hurry(*, shop_id: int) -> None:
    """Somebody wants this shop read now, whatever TikTok's silence has taught us."""
    for circuit in (circuit_of(shop_id), API_CIRCUIT):
        breaker.try_now(circuit)
    SyncCursor.objects.filter(shop=shop_id).update(due_at=timezone.now(), failures=0)
    sync_shop(shop_id=shop_id)


def start_sync(shop: Shop) -> SyncCursor:
    """The shop's cursor, made when it has none; reading begins within moments, where it was left,
    and after a lapse all orders are compared as well."""
    now = timezone.now()
    cursor, is_new = SyncCursor.objects.get_or_create(
        shop=shop, defaults={"backfill_from": now - BACKFILL, "due_at": now}
    )
    if not is_new:
        SyncCursor.objects.filter(pk=cursor.pk).update(due_at=now, failures=0, last_error="")
        if cursor.complete_until is not None and now - cursor.complete_until > LAPSE:
            reconciliation.want(shop, "reconnected", now=now)
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


@job(queue=Queue.READING)
def sync_shop(*, shop_id: int) -> bool:
    """Read what is new, window by window; False when another process reads this shop or it is not
    due. Safe to kill and repeat."""
    started = timezone.now()
    cursor = _claim(shop_id)
    if cursor is None:
        return False
    try:
        more = Reading(cursor, tiktok_client(cursor.shop)).windows(until=started + RUN)
    except Lost:
        return False
    except RemoteError as error:
        _give_up(cursor, error)
        return True
    except BaseException:
        # A fault of ours, or the process is being stopped: let the next run have the shop at once.
        _release(cursor, due_at=timezone.now() + pace.EVERY, failures=F("failures") + 1)
        raise
    now = timezone.now()
    due = now if more else pace.due(cursor, started=started, now=now)
    _release(cursor, due_at=due, failures=0, last_error="")
    if more:
        sync_shop.later(shop_id=shop_id)
    elif cursor.is_hurried(now=now):
        sync_shop.after((due - now).total_seconds(), shop_id=shop_id)
    return True


def _claim(shop_id: int) -> SyncCursor | None:
    """The shop's cursor, held by this process from now on; None when it is not due or held."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = SyncCursor.objects.filter(free, shop=shop_id, due_at__lte=now)
    cursor = due.select_related("shop__authorization").first()
    if cursor is None:
        return None
    before, claim = cursor.claimed_until, now + CLAIM
    if not due.filter(claimed_until=before).update(claimed_until=claim):
        return None
    cursor.claimed_until = claim
    if before and cursor.window_from and cursor.window_to:  # its runner died without a word
        gaps.note(cursor.shop, "died", cursor.window_from, cursor.window_to, now=now)
    return cursor


def _release(cursor: SyncCursor, **fields: object) -> None:
    """Let go of the shop, unless another process has taken it over."""
    held = SyncCursor.objects.filter(pk=cursor.pk, claimed_until=cursor.claimed_until)
    held.update(claimed_until=None, **fields)


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


def _give_up(cursor: SyncCursor, error: RemoteError) -> None:
    """Note what went wrong and when it makes sense to ask again: later each time, an hour at
    most."""
    failures = min(cursor.failures + 1, 30_000)
    wait = min(30.0 * 2 ** min(failures, 7), 3600.0)
    if isinstance(error, NotAuthorized):
        wait = 900.0  # nothing changes before a person reconnects, which makes the shop due at once
    now = timezone.now()
    due = max(error.due_at(now, default=wait), now + timedelta(seconds=5))
    _release(cursor, due_at=due, failures=failures, last_error=error.message[:300])
    log.warning(
        "sync of shop %s: %s code=%s request=%s",
        cursor.shop_id,
        type(error).__name__,
        error.code,
        error.request_id,
    )
