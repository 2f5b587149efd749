"""What an order would have cost by a decision, from the quotes that were stored for it: the same
choice as when it is planned, and nobody is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from django.db import connection

from shipping.choice import pick_from
from shipping.naming import full_name
from shipping.rules.engine import Decision
from shipping.rules.load import Row

# Of an order in several parcels: of each that needs, or has, a label of ours
_QUOTES = """
SELECT DISTINCT ON (q.order_id, q.part) q.order_id, q.at, q.rates, q.chosen, q.reason->'need',
    q.reason ? 'chosen_by', CASE WHEN o.part > 0 THEN (
        SELECT count(*) FROM jsonb_array_elements(o.parts) p
        WHERE p ->> 'label' NOT IN ('elsewhere', 'gone')) ELSE 1 END
FROM shipping_quoteset q JOIN orders_order o ON o.id = q.order_id
WHERE q.order_id = ANY(%s) AND CASE WHEN o.part > 0
    THEN q.part > 0 AND o.parts -> (q.part - 1) ->> 'label' NOT IN ('elsewhere', 'gone')
    ELSE q.part = 0 END
ORDER BY q.order_id, q.part, q.at DESC
"""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The newest stored quotes of an order, or of one of the parcels it travels in."""

    at: Any
    rates: list[dict[str, Any]]
    chosen: int | None
    need: dict[str, Any]
    by_person: bool  # somebody chose the rate: no rule chooses another one
    of: int = 1  # parcels of the order


class Price(NamedTuple):
    """A service and what it costs; no price, and why, where it was not quoted."""

    service: str
    price: Decimal | None
    currency: str
    why: str


SAME_PRICE = Price("", None, "", "")
NO_PRICE = Price("", None, "", "Not quoted: no rates are stored for it.")


def stored_quotes(order_ids: list[int]) -> dict[int, list[Quoted]]:
    """The newest quotes of these orders that have any, parcel by parcel; one query."""
    if not order_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_QUOTES, [order_ids])
        found: dict[int, list[Quoted]] = {}
        for pk, *values in cursor.fetchall():
            found.setdefault(pk, []).append(_quoted(*values))
        return found


def _quoted(
    at: Any, rates: str, chosen: int | None, need: str | None, by_person: bool, of: int
) -> Quoted:
    facts = orjson.loads(need) if need else {}
    # A wish with a moment is what a person chose earlier.
    theirs = by_person or "at" in (facts.get("wish") or {})
    return Quoted(at, orjson.loads(rates), chosen, facts, theirs, of)


def priced(row: Row, decision: Decision, quotes: Sequence[Quoted]) -> Price:
    """The rate that would be chosen for the order by this decision, or the sum of those for its
    parcels."""
    if not quotes:
        return NO_PRICE
    prices = [_priced(row, decision, one) for one in quotes]
    if quotes[0].of == 1 == len(prices):
        return prices[0]
    if len(prices) < quotes[0].of:
        return NO_PRICE._replace(why="Not quoted: no rates are stored for all of its parcels.")
    services = ", ".join(dict.fromkeys(price.service for price in prices if price.service))
    name, currency = f"{len(prices)} parcels: {services}", prices[0].currency
    for price in prices:
        if price.price is None or price.currency != currency:
            return Price(
                name, None, currency, price.why or "Its parcels cost different currencies."
            )
    total = sum((price.price for price in prices if price.price is not None), Decimal(0))
    return Price(name, total, currency, "")


def _priced(row: Row, decision: Decision, quotes: Quoted) -> Price:
    if not quotes.need:
        return NO_PRICE
    if quotes.by_person or row.has_wish:
        index, missed = quotes.chosen, False
    else:
        index, missed = _chosen(decision, quotes)
    if index is None:
        return NO_PRICE._replace(why="Nothing that was offered may be bought.")
    rate = quotes.rates[index]
    name, currency = full_name(rate["carrier"], rate["service_name"]), rate["currency"]
    if missed:
        return Price(name, None, currency, "Not quoted: nobody offered the service asked for.")
    return Price(name, Decimal(rate["price"]), currency, "")


def _chosen(decision: Decision, quotes: Quoted) -> tuple[int | None, bool]:
    wish = wish_in(decision.set)
    if wish is None and not quotes.need.get("wish"):
        return quotes.chosen, False  # chosen so, by the same function
    need = quotes.need | {"wish": wish}
    return pick_from(quotes.rates, need, now=quotes.at)


def wish_in(wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The part of a decision that narrows the choice of a rate; None for none."""
    found = {name: wanted[name] for name in ("service", "account") if name in wanted}
    return found or None
