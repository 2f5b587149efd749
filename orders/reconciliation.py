"""Once a day every order of the last 30 days is compared with TikTok's list, counted and repaired.

It has no turn of its own: it waits for calls in the same line as everybody, stops as soon as the
shop's own reading is due, and begins only when that has reached the present.
"""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q
from django.utils import timezone

from core.access import wreverse
from core.errors import NotAuthorized, RemoteError
from core.jobs import job
from core.notifications import notify, settle
from core.queues import Queue
from orders import gaps
from orders.comparison import CLAIM, Comparison, Stop
from orders.models import RECONCILIATION, Reconciliation
from shops.clients import tiktok_client
from shops.models import Shop

log = logging.getLogger(__name__)

SPAN = timedelta(days=30)
EVERY = timedelta(hours=24)
AIM = Decimal("99.9")  # percent of orders that are right before the repair
# Why one was made, in words that follow "compared"
WHY = {
    "daily": "as every day",
    "asked": "because somebody asked",
    "reconnected": "after the shop was connected again",
    "drift": "because TikTok counted more orders than are here",
}
# One run ends after so long, so that a worker is free for others.
RUN = timedelta(seconds=60)
_AGAIN = timedelta(seconds=15)
# A shop's first comparison comes so long after its back-fill.
_FIRST = timedelta(hours=1)


def want(shop: Shop, because: str, *, now: datetime) -> Reconciliation:
    """Have the shop's orders compared soon, unless that is under way; `because` is a key of WHY."""
    row, is_new = Reconciliation.objects.get_or_create(
        shop=shop,
        state="open",
        defaults={
            "because": because,
            "day": now.date(),
            "window_from": now - SPAN,
            "window_to": now,
            "place": now - SPAN,
            "created_at": now,
            "due_at": now,
        },
    )
    if is_new:
        reconcile.later(reconciliation_id=row.pk)
    return row


@job
def reconcile_due() -> int:
    """Begin what is due by the day, and queue what waits; answers how many were queued."""
    now = timezone.now()
    ready = Shop.objects.connected().filter(cursor__backfilled_at__lt=now - _FIRST)
    lately = Reconciliation.objects.filter(Q(state="open") | Q(finished_at__gt=now - EVERY))
    for shop in ready.exclude(pk__in=lately.values("shop")):
        want(shop, "daily", now=now)
    waiting = Reconciliation.objects.filter(_free(now), state="open", due_at__lte=now)
    ids = list(waiting.filter(shop__in=Shop.objects.connected()).values_list("pk", flat=True))
    for pk in ids:
        reconcile.later(reconciliation_id=pk)
    return len(ids)


@job(queue=Queue.READING)
def reconcile(*, reconciliation_id: int) -> bool:
    """Compare a minute long, from where the last run stopped; True when all is compared. Safe to
    kill and repeat."""
    now = timezone.now()
    due = Reconciliation.objects.filter(_free(now), pk=reconciliation_id, state="open")
    if not due.filter(due_at__lte=now).update(claimed_until=now + CLAIM):
        return False
    row = Reconciliation.objects.select_related("shop__authorization", "shop__workspace").get(
        pk=reconciliation_id
    )
    try:
        done = Comparison(row, tiktok_client(row.shop)).run(until=now + RUN)
    except Stop:
        done = False
    except RemoteError as error:
        _postpone(row, error)
        return False
    except BaseException:
        _release(row, due_at=timezone.now() + _AGAIN)
        raise
    if done:
        _finish(row)
    else:
        _release(row, due_at=timezone.now() + _AGAIN)
        reconcile.after(_AGAIN.total_seconds(), reconciliation_id=row.pk)
    return done


def _free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=now)


def _release(row: Reconciliation, **fields: object) -> None:
    held = Reconciliation.objects.filter(pk=row.pk, claimed_until=row.claimed_until)
    held.update(claimed_until=None, **fields)


def _postpone(row: Reconciliation, error: RemoteError) -> None:
    """Note what went wrong and go on later, an hour at most."""
    now = timezone.now()
    wait = (
        900.0 if isinstance(error, NotAuthorized) else min(60.0 * 2 ** min(row.failures, 6), 3600.0)
    )
    _release(
        row,
        due_at=max(error.due_at(now, default=wait), now + _AGAIN),
        failures=F("failures") + 1,
        last_error=error.message[:300],
    )
    log.warning("reconciliation of shop %s: %s", row.shop_id, error.code)


def _finish(row: Reconciliation) -> None:
    now = timezone.now()
    RECONCILIATION.move(row, "done", finished_at=now, claimed_until=None, last_error="")
    gaps.settle(row.shop, before=row.started_at or now, now=now)
    cause = f"shop:{row.shop_id}:accuracy"
    if row.accuracy >= AIM:
        settle(row.shop.workspace, cause)
        return
    wrong = row.missing + row.different
    notify(
        row.shop.workspace,
        cause,
        f"{row.shop.name}: {wrong:,} of {row.counted_there:,} orders of the last 30 days were "
        f"missing or out of date ({row.accuracy} % right). They have been put right.",
        level="warn",
        link=wreverse(row.shop.workspace, "shops:list"),
    )
