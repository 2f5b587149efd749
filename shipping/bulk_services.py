"""One service for many orders at once: the cheapest, a named one, or again what would be chosen."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from core.models import User, Workspace
from core.money import Money
from orders.models import Order
from orders.own_parcels import note_many
from orders.plan_notes import note_plans
from shipping import bulk_changes
from shipping.batch_sheet import LeftOut, reason_code, sums
from shipping.bulk_changes import Changed
from shipping.choice import choose_from
from shipping.models import QuoteSet
from shipping.naming import full_name
from shipping.parcels import parcels_for
from shipping.plan import choose_rate, plans_for
from shipping.plan_notes import chosen_for
from shipping.quote_sets import MARGIN
from shipping.wished import best_again, choose_again, copy

# What may be asked for besides a service by its full name ("UPS Ground"), whoever sells it
BEST = "best"
CHEAPEST = "cheapest"
_WORDS = {
    BEST: "Cheapest that arrives in time",
    CHEAPEST: "Cheapest of all, even if late or without a promised day",
}
_ONCE = {
    BEST: "the cheapest that arrives in time",
    CHEAPEST: "the cheapest of all",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One choice of the sheet: for how many of the orders it can be had, and what they come to."""

    key: str
    words: str
    count: int
    totals: tuple[Money, ...]
    missing: int  # of the orders with rates


@dataclass(frozen=True, slots=True)
class Offers:
    """What may be chosen for a selection."""

    offers: list[Offer]
    priced: int  # orders that have rates
    left_out: list[LeftOut]


def offers_for(workspace: Workspace, ids: Iterable[int], *, now: datetime) -> Offers:
    """The services that were offered for these orders, those for most of them first."""
    plans, left_out = _plans(workspace, ids, now)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for quotes in plans.values():
        # Of two accounts that offer the same service, the cheaper one is meant.
        for key in {_key(rate) for rate in _allowed(quotes)} | set(_WORDS):
            index = _index(quotes, key)
            if index is not None:
                found[key].append(quotes.rates[index])
    offers = [_offer(key, rates, len(plans)) for key, rates in found.items()]
    offers.sort(key=lambda one: (one.key not in _WORDS, one.key == CHEAPEST, -one.count, one.words))
    return Offers(offers, len(plans), left_out)


def _offer(key: str, rates: list[dict[str, Any]], priced: int) -> Offer:
    totals = tuple(sums(Money.of(rate["price"], rate["currency"]) for rate in rates))
    return Offer(key, _WORDS.get(key, key), len(rates), totals, priced - len(rates))


def choose_for(
    workspace: Workspace, ids: Iterable[int], key: str, *, user: User, now: datetime
) -> Changed:
    """Choose `key` for the orders that have it among rates that hold; nothing is bought by it."""
    plans, left_out = _plans(workspace, ids, now)
    wanted = {pk: _index(quotes, key) for pk, quotes in plans.items()}
    left_out += _unmoved(plans, wanted)
    with transaction.atomic():
        before: dict[int, int] = {}
        chosen: dict[int, QuoteSet] = {}
        for pk, index in wanted.items():
            if index is not None and index != plans[pk].chosen:
                before[pk] = plans[pk].pk
                chosen[pk] = _chosen(plans[pk], index, key, user=user, now=now)
        if chosen:
            _note(workspace, chosen)
            text = f"Service chosen: {_ONCE.get(key, key)}."
            note_many(workspace, list(chosen), "service", text, user=user)
        after = {pk: quotes.pk for pk, quotes in chosen.items()}
        change = bulk_changes.keep(workspace, "service", before, after, user=user)
    return Changed(len(chosen), left_out, change)


def undo(workspace: Workspace, change_id: UUID, *, user: User | None, now: datetime) -> int:
    """Choose what was chosen before, where nothing was chosen, quoted or bought since; answers how
    many. TooLate with words."""
    with transaction.atomic():
        change = bulk_changes.take(workspace, change_id)
        plans, _ = _plans(workspace, [int(pk) for pk in change.after], now)
        untouched = [pk for pk, quotes in plans.items() if quotes.pk == change.after[str(pk)]]
        earlier = QuoteSet.objects.in_bulk([change.before[str(pk)] for pk in untouched])
        back = {
            pk: _again(earlier[change.before[str(pk)]], now=now)
            for pk in untouched
            if change.before[str(pk)] in earlier
        }
        if back:
            _note(workspace, back)
            note_many(workspace, list(back), "service", "Service set back.", user=user)
    return len(back)


def _plans(
    workspace: Workspace, ids: Iterable[int], now: datetime
) -> tuple[dict[int, QuoteSet], list[LeftOut]]:
    """The quotes that hold of orders that may be bought, by order, and the other orders by
    reason."""
    orders, left_out = bulk_changes.sorted_out(workspace, ids, _reason)
    plans = plans_for(orders)
    found: dict[int, QuoteSet] = {}
    unpriced: list[int] = []
    for order in orders:
        quotes = plans.get(order.pk)
        holds = quotes is not None and quotes.expires_at > now + MARGIN
        # Without a price its parcel or address has changed, and it is asked for anew.
        if quotes is not None and holds and order.plan_price is not None:
            found[order.pk] = quotes
        else:
            unpriced.append(order.pk)
    if unpriced:
        text = "Its rates are on their way. Try it again in a minute."
        left_out.append(LeftOut("no_quotes", text, "", "", "", tuple(unpriced)))
    return found, left_out


def _reason(order: Order, has_label: bool) -> str:
    return reason_code(order, has_label=has_label)


def _key(rate: dict[str, Any]) -> str:
    return full_name(rate["carrier"], rate["service_name"])


def _allowed(quotes: QuoteSet) -> list[dict[str, Any]]:
    currency = quotes.reason["need"]["currency"]
    return [rate for rate in quotes.rates if not rate["struck"] and rate["currency"] == currency]


def _index(quotes: QuoteSet, key: str) -> int | None:
    """The rate that is meant by a key; None when there is none that may be bought."""
    if key == BEST:
        need = quotes.reason["need"] | {"wish": None}
        return choose_from(quotes.rates, need, now=quotes.at).index
    fit = [rate for rate in _allowed(quotes) if key == CHEAPEST or _key(rate) == key]
    if not fit:
        return None
    rates: list[dict[str, Any]] = quotes.rates
    return rates.index(min(fit, key=lambda rate: Decimal(rate["price"])))


def _unmoved(plans: dict[int, QuoteSet], wanted: dict[int, int | None]) -> list[LeftOut]:
    absent = tuple(pk for pk, index in wanted.items() if index is None)
    same = tuple(
        pk for pk, index in wanted.items() if index is not None and index == plans[pk].chosen
    )
    groups = [
        LeftOut(
            "not_offered", "This service was not offered, or is not allowed.", "", "", "", absent
        ),
        LeftOut("same", "It is chosen already.", "", "", "", same),
    ]
    return [group for group in groups if group.count]


def _chosen(quotes: QuoteSet, index: int, key: str, *, user: User, now: datetime) -> QuoteSet:
    if key != BEST:
        return choose_rate(quotes, index, by=str(user), user_id=user.pk, now=now)
    return choose_again(quotes, best_again(now), now=now)


def _again(quotes: QuoteSet, *, now: datetime) -> QuoteSet:
    return copy(quotes, quotes.chosen, quotes.reason, now=now)


def _note(workspace: Workspace, chosen: dict[int, QuoteSet]) -> None:
    orders = {o.pk: o for o in Order.objects.of(workspace).filter(pk__in=list(chosen)).light()}
    boxes = parcels_for(orders.values())
    note_plans({pk: chosen_for(orders[pk], one, boxes[pk]) for pk, one in chosen.items()})
