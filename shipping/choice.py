"""The choice among an order's rates, as plain facts that are stored with it and can be replayed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from orders.models import Order
from shipping.models import QuoteSet
from shipping.naming import full_name
from shipping.rating import select


def need_for(order: Order, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """The facts a choice depends on, as stored with it."""
    return {
        "currency": order.currency,
        "today": now.astimezone(zone).date().isoformat(),
        "deliver_by": order.deliver_by.astimezone(zone).date().isoformat()
        if order.deliver_by
        else None,
        "express": "express" in order.delivery_option_name.lower(),
        "order": settings.PROVIDER_ORDER,
    }


def rank_of(provider: str, order: Sequence[str]) -> int:
    """Place of a provider among equals: those not named come last."""
    return order.index(provider) if provider in order else len(order)


def choose_from(
    rates: list[dict[str, Any]], need: Mapping[str, Any], *, now: datetime
) -> select.Choice:
    """The choice among stored rates; with the stored need it gives the stored choice again."""
    order = need.get("order", ())
    candidates = [
        select.Candidate(
            name=full_name(rate["carrier"], rate["service_name"]),
            price=Decimal(rate["price"]),
            currency=rate["currency"],
            days=rate["days"],
            guaranteed=rate["guaranteed"],
            struck=rate["struck"]["sentence"] if rate["struck"] else "",
            rank=rank_of(rate["provider"], order),
        )
        for rate in rates
    ]
    return select.choose(candidates, select.need_of(need, now=now))


def replayed(quotes: QuoteSet) -> bool:
    """Whether the stored quotes and need give the stored choice again; a person's choice stands for
    itself."""
    if "chosen_by" in quotes.reason:
        return True
    again = choose_from(quotes.rates, quotes.reason["need"], now=quotes.at)
    return again.index == quotes.chosen
