"""The choice among an order's rates, as plain facts that are stored with it and can be replayed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from orders.models import Order
from shipping import wishes
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
    candidates, missed = _candidates(rates, need)
    choice = select.choose(candidates, select.need_of(need, now=now))
    wish = need.get("wish")
    words = wishes.told(wish, missed=missed) if wish and choice.index is not None else ""
    if words:
        choice.reason["sentence"] = f"{choice.reason['sentence']} {words}"
    if missed:
        choice.reason["wish_missed"] = True
    return choice


def pick_from(
    rates: list[dict[str, Any]], need: Mapping[str, Any], *, now: datetime
) -> tuple[int | None, bool]:
    """What `choose_from` chooses, and whether the wish was missed; without reasons, so in a third
    of the time."""
    wish, currency, order = need.get("wish") or {}, str(need["currency"]), need.get("order", ())
    wished = [n for n, rate in enumerate(rates) if _is_wished(rate, wish, currency)]
    missed = bool(wish) and not wished
    asked = range(len(rates)) if missed else wished  # the others would be outside of the choice
    candidates = [_candidate(rates[n], order) for n in asked]
    index = select.pick(candidates, select.need_of(need, now=now))
    return None if index is None else asked[index], missed


def _candidates(
    rates: list[dict[str, Any]], need: Mapping[str, Any]
) -> tuple[list[select.Candidate], bool]:
    """Rates as selection needs them, and whether nobody offers what the need's wish asks for: then
    the choice is made as if nobody had wished."""
    order = need.get("order", ())
    wish = need.get("wish") or {}
    wished = [_is_wished(rate, wish, str(need["currency"])) for rate in rates]
    missed = bool(wish) and not any(wished)
    candidates = [
        _candidate(rate, order, outside=not (fits or missed))
        for rate, fits in zip(rates, wished, strict=True)
    ]
    return candidates, missed


def _candidate(
    rate: Mapping[str, Any], order: Sequence[str], *, outside: bool = False
) -> select.Candidate:
    return select.Candidate(
        name=full_name(rate["carrier"], rate["service_name"]),
        price=Decimal(rate["price"]),
        currency=rate["currency"],
        days=rate["days"],
        guaranteed=rate["guaranteed"],
        struck=rate["struck"]["sentence"] if rate["struck"] else "",
        rank=rank_of(rate["provider"], order),
        outside=outside,
    )


def _is_wished(rate: Mapping[str, Any], wish: Mapping[str, Any], currency: str) -> bool:
    """Whether a rate may be bought and is what was asked for; anything is where nobody asks."""
    if not wish:
        return True
    return not rate["struck"] and rate["currency"] == currency and wishes.fits(rate, wish)


def replayed(quotes: QuoteSet) -> bool:
    """Whether the stored quotes and need give the stored choice again; a person's choice stands for
    itself."""
    if "chosen_by" in quotes.reason:
        return True
    again = choose_from(quotes.rates, quotes.reason["need"], now=quotes.at)
    return again.index == quotes.chosen
