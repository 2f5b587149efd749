"""Quotes ahead of need: the plan and the queue show prices before anybody opens a sheet."""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core.jobs import job
from core.models import Workspace
from core.queues import Queue
from orders.models import Line, Order, OrderEvent
from orders.plan_notes import PlanNote, forget_problems, note_plans
from orders.querysets import OrderQuerySet
from orders.staging import restage, restage_workspace
from shipping.models import Label, QuoteSet
from shipping.plan import context_for
from shipping.plan_notes import note_for
from shipping.quote_sets import ASK_AGAIN, MARGIN
from shipping.rules import live as rules

log = logging.getLogger(__name__)

QUOTED_AT_ONCE = 6
# Prices appear this many orders at a time.
NOTED_AT_ONCE = 48
# One run lasts no longer than this; the next minute's goes on.
RUN_SECONDS = 120
# An order that nobody offered a rate for is tried again for so long.
STUCK_FOR = timedelta(days=1)
_ONE_RUNNER = 7_301_002  # key of the advisory lock


@job(queue=Queue.READING)
def quote_due(*, workspace_id: int | None = None) -> int:
    """Prepare quotes for orders that have none that holds, nearest deadline first; answers how many
    were asked for.

    One process quotes at a time; orders that come up meanwhile are taken by the same run.
    """
    ends = time.monotonic() + RUN_SECONDS
    tried: set[int] = set()
    # Who finds a runner at work leaves its orders to it: it takes everybody's after its own, and
    # looks again after it has let go.
    while time.monotonic() < ends and _next(workspace_id, tried):
        with _only_runner() as alone:
            if not alone:
                break
            while time.monotonic() < ends and (
                orders := _next(workspace_id, tried) or _next(None, tried)
            ):
                tried |= {order.pk for order in orders}
                note_plans(_quote_all(_ruled(orders)))
    return len(tried)


def _ruled(orders: list[Order]) -> list[Order]:
    """Those that are still to be quoted once automation rules were applied to them."""
    if not rules.apply_to(orders):
        return orders
    wanted = Q(stage="ready") | Q(stage="fix", blocker="no_rate")
    rows = Order.objects.filter(wanted, pk__in=[order.pk for order in orders])
    return list(rows.light().in_queue_order())


def set_up_changed(workspace_id: int) -> None:
    """Accounts, addresses or boxes are others now: quotes no longer hold, and orders that were
    stuck get another try."""
    _expire(QuoteSet.objects.filter(workspace=workspace_id))
    forget_problems(workspace_id)
    restage_workspace.later(workspace_id=workspace_id)
    quote_due.later(workspace_id=workspace_id)


@job
def rules_changed(*, workspace_id: int, key: str = "") -> None:
    """A rule (`key`) counts otherwise for the workspace: quotes that were made by the old list of
    carriers no longer hold."""
    if key.startswith("carriers."):
        set_up_changed(workspace_id)


@job(queue=Queue.READING)
def requote_skus(*, shop_id: int, sku_ids: list[str]) -> None:
    """These SKUs weigh or measure something else now: the quotes of open orders with them no longer
    hold."""
    lines = Line.objects.filter(order=OuterRef("pk"), sku_id__in=sku_ids)
    open_orders = Order.objects.filter(shop=shop_id, stage__in=["ready", "fix"])
    ids = list(open_orders.filter(Exists(lines)).values_list("pk", flat=True))
    _expire(QuoteSet.objects.filter(order__in=ids))
    Order.objects.filter(pk__in=ids).exclude(rate_problem="").update(rate_problem="")
    restage(ids)
    quote_due.later()


def _expire(quotes: "QuerySet[QuoteSet]") -> None:
    now = timezone.now()
    quotes.filter(expires_at__gt=now).update(expires_at=now)


def _next(workspace_id: int | None, tried: set[int]) -> list[Order]:
    """Up to NOTED_AT_ONCE unquoted orders of the workspace, or of all, not tried in this run."""
    now = timezone.now()
    workspaces = [workspace_id] if workspace_id else Workspace.objects.values_list("pk", flat=True)
    found: list[Order] = []
    for workspace in workspaces:
        orders = _unquoted(workspace, now).exclude(pk__in=tried)
        found += orders.light().in_queue_order()[: NOTED_AT_ONCE - len(found)]
        if len(found) >= NOTED_AT_ONCE:
            break
    return found


def _unquoted(workspace_id: int, now: datetime) -> OrderQuerySet:
    quotes = QuoteSet.objects.filter(order=OuterRef("pk"), part=OuterRef("part"))
    changed = OrderEvent.objects.filter(
        order=OuterRef("order"), kind__in=["parcel", "address"], at__gt=OuterRef("at")
    )
    holds = Exists(quotes.filter(~Exists(changed), expires_at__gt=now + MARGIN))
    unanswered = Exists(quotes.filter(chosen=None, at__gt=now - STUCK_FOR))
    ready = Q(stage="ready") & (~holds | Q(plan_price=None))
    stuck = Q(stage="fix", blocker="no_rate") & (unanswered & ~holds | Exists(_of_a_parcel(now)))
    labelled = Exists(Label.objects.live().filter(order=OuterRef("pk"), part=OuterRef("part")))
    return Order.objects.filter(ready | stuck, ~labelled, workspace=workspace_id)


def _of_a_parcel(now: datetime) -> QuerySet[QuoteSet]:
    """Quotes without a rate for a parcel of an order in several, whichever it is, that nobody asked
    about for a while."""
    theirs = QuoteSet.objects.filter(order=OuterRef("pk"), order__part__gt=0, part__gt=0)
    lately = QuoteSet.objects.filter(order=OuterRef("order"), at__gt=now - ASK_AGAIN)
    return theirs.filter(~Exists(lately), chosen=None, at__gt=now - STUCK_FOR)


@contextmanager
def _only_runner() -> Iterator[bool]:
    """True for the one process that may quote now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_RUNNER])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_RUNNER])


def _quote_all(orders: list[Order]) -> dict[int, PlanNote]:
    """Quote in a few threads; an order that nothing can be said about is left out and tried in the
    next run."""
    now = timezone.now()
    context = context_for(orders)
    waiting: queue.SimpleQueue[Order] = queue.SimpleQueue()
    for order in orders:
        waiting.put(order)
    notes: dict[int, PlanNote] = {}

    def work() -> None:
        try:
            while True:
                order = waiting.get_nowait()
                note = note_for(order, now, context)
                if note:
                    notes[order.pk] = note
        except queue.Empty:
            return
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(min(QUOTED_AT_ONCE, len(orders)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return notes
