"""Quotes ahead of need: the plan and the queue show prices before anybody opens a sheet."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime

from django.db import connection
from django.utils import timezone

from core.jobs import job
from core.money import Money
from orders.models import Order
from orders.plan_notes import PlanNote, note_plans
from orders.querysets import OrderQuerySet
from shipping import parcels
from shipping.models import Label, QuoteSet
from shipping.plan import MARGIN, CannotPlan, Context, context_for, plan_order

QUOTED_AT_ONCE = 6


@job
def quote_due(*, workspace_id: int | None = None, most: int = 400) -> int:
    """Prepare quotes for ready orders that have no valid one, nearest deadline first; answers how many were asked for."""
    now = timezone.now()
    orders = _unquoted(workspace_id, now)[:most]
    if not orders:
        return 0
    context = context_for(orders)
    with ThreadPoolExecutor(max_workers=QUOTED_AT_ONCE) as pool:
        notes = pool.map(lambda order: _quote_one(order, now, context), orders)
        note_plans({order.pk: note for order, note in zip(orders, notes, strict=True)})
    if len(orders) == most:
        quote_due.later(workspace_id=workspace_id, most=most)
    return len(orders)


def _unquoted(workspace_id: int | None, now: datetime) -> OrderQuerySet:
    quoted = QuoteSet.objects.filter(expires_at__gt=now + MARGIN).values("order")
    labelled = Label.objects.live().values("order")
    orders = Order.objects.filter(stage="ready").exclude(pk__in=quoted).exclude(pk__in=labelled)
    if workspace_id is not None:
        orders = orders.filter(workspace=workspace_id)
    return orders.light().in_queue_order()


def _quote_one(order: Order, now: datetime, context: Context) -> PlanNote:
    """Quote in a thread of its own, whose connection does not outlive it."""
    try:
        quotes = plan_order(order, now=now, context=context)
    except CannotPlan as problem:
        return PlanNote(problem=problem.sentence)
    finally:
        connection.close()
    return note_of(quotes, context.parcels[order.pk])


def note_of(quotes: QuoteSet, parcel: parcels.ParcelChoice) -> PlanNote:
    """What the order itself remembers of a quote set."""
    sentence = str(quotes.reason["sentence"])
    size = asdict(parcel.parcel) if parcel.parcel else {}
    if quotes.chosen is None or quotes.price is None:
        return PlanNote(problem=sentence, parcel=size | {"source": parcel.source})
    return PlanNote(
        name=quotes.rates[quotes.chosen]["service_name"],
        price=Money(quotes.price, quotes.currency),
        why=sentence,
        parcel=size | {"source": parcel.source},
        until=quotes.expires_at,
    )
