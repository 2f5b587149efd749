"""Rates for every parcel of an order that travels in several; for most orders that is one."""

from collections.abc import Collection, Iterable

from core.models import Batch
from core.money import Money
from orders import parts
from orders.models import Order
from shipping.labels.states import PAID
from shipping.models import Label, QuoteSet
from shipping.plan import plans_for

type Plans = tuple[QuoteSet | None, ...]


class NotAsConfirmed(Exception):
    """Only a new sheet helps; the text is for a person."""


def open_plans(orders: Iterable[Order]) -> dict[int, Plans]:
    """The newest quote set of each parcel that needs a label, that of the one whose turn it is
    first, by order; None for one that nobody asked rates for. Two queries at most."""
    chosen = list(orders)
    turns = plans_for(chosen)
    several = {order.pk: parts.later(order) for order in chosen if order.parts}
    rest = _of_parts((pk, number) for pk, some in several.items() for number in some)
    return {
        order.pk: (
            turns.get(order.pk),
            *(rest.get((order.pk, number)) for number in several.get(order.pk, ())),
        )
        for order in chosen
    }


def labels_for(order_ids: Collection[int]) -> int:
    """How many labels these orders still need: more than orders where one travels in several
    parcels."""
    several = Order.objects.filter(pk__in=order_ids, part__gt=0).only("parts", "part")
    return len(order_ids) + sum(len(parts.open_parts(order)) - 1 for order in several)


def _of_parts(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], QuoteSet]:
    keys = set(wanted)
    if not keys:
        return {}
    newest = (
        QuoteSet.objects.filter(order__in={pk for pk, _ in keys}, part__gt=0)
        .order_by("order_id", "part", "-at")
        .distinct("order_id", "part")
    )
    return {key: row for row in newest if (key := (row.order_id, row.part)) in keys}


def ceiling_left(order: Order, ceiling: Money, batch: Batch) -> Money | None:
    """What was shown for `order` less what its other parcels cost: those that the batch has bought,
    and those it is still to buy. None when one of these has no price yet; NotAsConfirmed when they
    are not the parcels that were confirmed, or cost another currency."""
    spent = Label.objects.filter(batch=batch, order=order).exclude(part=order.part)
    bought = list(spent.filter(state__in=["buying", "unknown", *PAID]))
    confirmed = batch.options.get("parcels", {}).get(str(order.pk), [])
    if {*confirmed} != {label.part for label in bought} | {*parts.open_parts(order)}:
        raise NotAsConfirmed("Its parcels are others than those that were confirmed.")
    plans = open_plans([order])[order.pk][1:]
    prices = [Money(plan.price, plan.currency) for plan in plans if plan and plan.price is not None]
    costs = [*prices, *(label.money for label in bought)]
    if any(cost.currency != ceiling.currency for cost in costs):
        raise NotAsConfirmed("One of its parcels costs another currency than was confirmed.")
    left = ceiling
    for cost in costs:
        left = left - cost
    return left if len(prices) == len(plans) else None
