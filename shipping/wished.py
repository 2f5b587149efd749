"""What an order's choice of a rate is narrowed to, and choosing again among rates that still hold
when that has changed: nobody is asked for rates twice."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.models import Order
from shipping import wishes
from shipping.choice import choose_from
from shipping.models import QuoteSet
from shipping.wishes import Wish

EARLIER = "a person's earlier choice"


def wish_of(order: Order, known: QuoteSet | None) -> Wish | None:
    """Whose wish counts: what a person last did, by choosing a rate or by a preset; else the
    rules'."""
    mine = _persons(known)
    at = order.wish.get("at", "")
    is_newer = bool(at) and {"service", "account"} & order.wish.get("set", {}).keys()
    if mine and not (is_newer and at > mine.get("at", "")):
        return mine
    return wishes.service_wish(order)


def _persons(known: QuoteSet | None) -> Wish | None:
    """What a person chose among earlier rates: it outlives them."""
    if known is None or known.chosen is None:
        return None
    if "chosen_by" in known.reason:
        rate = known.rates[known.chosen]
        return wishes.chosen_again(rate, EARLIER) | {"at": known.at.isoformat()}
    stored: Wish = known.reason.get("need", {}).get("wish") or {}
    # A preset's wish is on the order itself, and goes with it.
    return stored if "at" in stored else None


def is_met(known: QuoteSet, wish: Wish | None) -> bool:
    """Whether the stored choice was made with this very wish."""
    if "chosen_by" in known.reason and wish and wish.get("at") == known.at.isoformat():
        return True
    need = known.reason.get("need")
    return need is None or ("chosen_by" not in known.reason and need.get("wish") == wish)


def best_again(at: datetime) -> Wish:
    """A person's wish to have no wish: rules do not choose the service either."""
    return {"person": True, "at": at.isoformat()}


def choose_again(known: QuoteSet, wish: Wish | None, *, now: datetime) -> QuoteSet:
    """The same rates as the order's newest, with the choice made by this wish."""
    need = {name: value for name, value in known.reason["need"].items() if name != "wish"}
    if wish:
        need["wish"] = wish
    choice = choose_from(known.rates, need, now=known.at)
    kept = {"need": need, "messages": known.reason.get("messages", [])}
    return copy(known, choice.index, choice.reason | kept, now=now)


def copy(quotes: QuoteSet, index: int | None, reason: dict[str, Any], *, now: datetime) -> QuoteSet:
    """The same quotes as the order's newest, with a choice."""
    rate = None if index is None else quotes.rates[index]
    return QuoteSet.objects.create(
        workspace_id=quotes.workspace_id,
        order_id=quotes.order_id,
        part=quotes.part,
        at=now,
        expires_at=quotes.expires_at,
        spec=quotes.spec,
        spec_hash=quotes.spec_hash,
        rates=quotes.rates,
        failures=quotes.failures,
        chosen=index,
        price=Decimal(rate["price"]) if rate else None,
        currency=rate["currency"] if rate else "",
        reason=reason,
    )
