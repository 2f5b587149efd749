"""What an order itself remembers of its rates: one line for the queue, with a price for everything
that is still to be bought for it."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from core.money import Money
from orders import parts
from orders.models import Order
from orders.plan_notes import PlanNote
from shipping import part_plans
from shipping.models import QuoteSet
from shipping.naming import full_name
from shipping.parcels import ParcelChoice, parcels_for
from shipping.plan import CannotPlan, Context, context_for, plan_order

log = logging.getLogger(__name__)


def note_for(order: Order, now: datetime, context: Context) -> PlanNote | None:
    """Quote all that one order needs; None when it failed in a way nobody foresaw, which is
    logged."""
    try:
        notes = [note_of(plan_order(order, now=now, context=context), context.parcels[order.pk])]
        for number in parts.later(order):
            seen = parts.view(order, number)
            its = context_for([seen])
            if not context.latest:  # rates are wanted anew
                its = replace(its, latest={})
            notes.append(note_of(plan_order(seen, now=now, context=its), its.parcels[order.pk]))
    except CannotPlan as problem:
        return PlanNote(problem=problem.sentence)
    # One order that cannot be quoted must not keep the others from their prices.
    except Exception:
        log.exception("order %s: quote", order.pk)
        return None
    return _together(order, notes)


def note_of(quotes: QuoteSet, parcel: ParcelChoice) -> PlanNote:
    """What is remembered of one parcel's quote set."""
    sentence = str(quotes.reason["sentence"])
    size = asdict(parcel.parcel) if parcel.parcel else {}
    if quotes.chosen is None or quotes.price is None:
        return PlanNote(problem=sentence, parcel=size | {"source": parcel.source})
    rate = quotes.rates[quotes.chosen]
    return PlanNote(
        name=full_name(rate["carrier"], rate["service_name"]),
        price=Money(quotes.price, quotes.currency),
        why=sentence,
        parcel=size | {"source": parcel.source},
        until=quotes.expires_at,
    )


def chosen_for(order: Order, quotes: QuoteSet, parcel: ParcelChoice | None = None) -> PlanNote:
    """The note of an order of which the rate of the parcel whose turn it is was chosen anew."""
    notes = [note_of(quotes, parcel or parcels_for([order])[order.pk])]
    for number, plan in zip(parts.later(order), _later_plans(order), strict=True):
        seen = parts.view(order, number)
        found = note_of(plan, parcels_for([seen])[order.pk]) if plan else PlanNote()
        notes.append(found)
    return _together(order, notes)


def _later_plans(order: Order) -> part_plans.Plans:
    return part_plans.open_plans([order])[order.pk][1:] if order.parts else ()


def _together(order: Order, notes: Sequence[PlanNote]) -> PlanNote:
    """One note for all parcels: what is in the way of one is in the way of the order."""
    first = notes[0]
    if len(notes) == 1:
        return first
    numbers = [order.part, *parts.later(order)]
    for number, note in zip(numbers, notes, strict=True):
        if note.problem:
            return replace(first, problem=f"{_named(order, number)}: {note.problem}", price=None)
    prices = [note.price for note in notes if note.price]
    ends = [note.until for note in notes if note.until]
    complete = len(prices) == len(notes) and len({price.currency for price in prices}) == 1
    return replace(
        first,
        name=f"{len(notes)} parcels: {', '.join(dict.fromkeys(note.name for note in notes))}",
        price=sum(prices[1:], prices[0]) if complete else None,
        why=f"{_named(order, numbers[0])}: {first.why}",
        until=min(ends) if ends else None,
    )


def _named(order: Order, number: int) -> str:
    return parts.name(number, order.parts).capitalize()
