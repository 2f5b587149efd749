"""What an order would have cost by a decision, from the quotes that were stored for it: the same
choice as when it is planned, and nobody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from django.db import connection

from shipping.choice import pick_from
from shipping.naming import full_name
from shipping.rules.engine import Decision
from shipping.rules.load import Row

_QUOTES = """
SELECT DISTINCT ON (order_id) order_id, at, rates, chosen, reason->'need', reason ? 'chosen_by'
FROM shipping_quoteset WHERE order_id = ANY(%s) ORDER BY order_id, at DESC
"""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The newest stored quotes of an order."""

    at: Any
    rates: list[dict[str, Any]]
    chosen: int | None
    need: dict[str, Any]
    by_person: bool  # somebody chose the rate: no rule chooses another one


class Price(NamedTuple):
    """A service and what it costs; no price, and why, where it was not quoted."""

    service: str
    price: Decimal | None
    currency: str
    why: str


SAME_PRICE = Price("", None, "", "")
NO_PRICE = Price("", None, "", "Not quoted: no rates are stored for it.")


def stored_quotes(order_ids: list[int]) -> dict[int, Quoted]:
    """The newest quotes of these orders that have any; one query."""
    if not order_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_QUOTES, [order_ids])
        return {pk: _quoted(*values) for pk, *values in cursor.fetchall()}


def _quoted(at: Any, rates: str, chosen: int | None, need: str | None, by_person: bool) -> Quoted:
    facts = orjson.loads(need) if need else {}
    # A wish with a moment is what a person chose earlier.
    theirs = by_person or "at" in (facts.get("wish") or {})
    return Quoted(at, orjson.loads(rates), chosen, facts, theirs)


def priced(row: Row, decision: Decision, quotes: Quoted | None) -> Price:
    """The rate that would be chosen for the order by this decision."""
    if quotes is None or not quotes.need:
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
