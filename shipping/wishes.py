"""What rules, presets and people want of an order's label, as one wish with its author. Pure readers
of Order.ruled and Order.wish; only what one of several parcels is worth takes a query.

Order.ruled: {"set": actions of shipping/rules/actions.py, "by": {field: words of the rule},
"tags": those that rules added, "off": those that a person took off again, "held": {"rule": id,
"text": as in held_because}}. Order.wish: {"set": actions, "by": words, "at": ISO time}; it wins.

A service wish is what is stored with a choice (QuoteSet.reason["need"]["wish"]): {"service": {...},
"account": id, "by": words, "person": True where a person wants it}. It narrows the choice, within
the law; where nobody offers it, the choice is made without it, and says so.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from core.money import Money
from orders import parts
from orders.models import Order
from shipping.naming import full_name
from shipping.providers.carriers import display_name

type Wish = dict[str, Any]


def service_wish(order: Order) -> Wish | None:
    """Which service or account is wanted for the order, and by whom; None for none. A preset's
    wish wins over rules, as a whole."""
    mine = order.wish.get("set", {})
    if "service" in mine or "account" in mine:
        return _wish(mine, str(order.wish.get("by", "")), person=True)
    ruled = order.ruled.get("set", {})
    if "service" in ruled or "account" in ruled:
        by = order.ruled.get("by", {})
        names = [by[name] for name in ("service", "account") if name in by]
        return _wish(ruled, " and ".join(dict.fromkeys(names)), person=False)
    return None


def _wish(wanted: Mapping[str, Any], by: str, *, person: bool) -> Wish:
    found = {name: wanted[name] for name in ("service", "account") if name in wanted}
    return found | {"by": by} | ({"person": True} if person else {})


def chosen_again(rate: Mapping[str, Any], by: str) -> Wish:
    """The wish of a person who chose this rate: the same service of the same account."""
    service = {"name": full_name(rate["carrier"], rate["service_name"])}
    return {"service": service, "account": rate["account"], "by": by, "person": True}


def fits(rate: Mapping[str, Any], wish: Mapping[str, Any]) -> bool:
    """Whether a stored rate is what was wished for."""
    if "account" in wish and rate["account"] != wish["account"]:
        return False
    service = wish.get("service") or {}
    if "name" in service:
        return full_name(rate["carrier"], rate["service_name"]) == str(service["name"])
    if "carrier" in service:
        return bool(rate["carrier"] == service["carrier"])
    if "days" in service:
        return rate["days"] is not None and rate["days"] <= int(service["days"])
    return True


def service_words(service: Mapping[str, Any]) -> str:
    """A wished service for people."""
    if "name" in service:
        return str(service["name"])
    if "carrier" in service:
        return f"the best of {display_name(service['carrier'])}"
    if "days" in service:
        days = int(service["days"])
        return f"the cheapest within {days} day{'' if days == 1 else 's'}"
    return "the cheapest that arrives in time"


def told(wish: Mapping[str, Any], *, missed: bool) -> str:
    """What is added to the reason of a choice; "" where the wish narrows nothing."""
    by = str(wish.get("by") or "a wish")
    if not (wish.get("service") or wish.get("account")):
        return ""
    wanted = service_words(wish["service"]) if wish.get("service") else "one label account"
    if missed:
        return f"{by[:1].upper()}{by[1:]} asks for {wanted}, which is not offered."
    return f"By {by}."


def ruled_parcel(order: Order) -> tuple[Mapping[str, Any], str]:
    """The parcel that a rule gives the order (a box, or weight and size) and the rule's words; {}
    and "" for none. A person's own parcel is not looked at."""
    parcel = order.ruled.get("set", {}).get("parcel") or {}
    return parcel, str(order.ruled.get("by", {}).get("parcel", "")) if parcel else ""


def extras(order: Order) -> tuple[Money | None, str]:
    """For how much the parcel is insured (None: not), and whose signature is wanted ("": none)."""
    wanted = order.ruled.get("set", {}) | order.wish.get("set", {})
    insurance = wanted.get("insurance") or {}
    insured = None
    if insurance.get("of") == "value":
        insured = Money(order.total if not order.parts else _value(order), order.currency)
    elif insurance.get("amount"):
        insured = Money.of(insurance["amount"], order.currency)
    return insured if insured and insured.amount > 0 else None, str(wanted.get("signature") or "")


def _value(order: Order) -> Decimal:
    """What the buyer paid for the items in the parcel whose turn it is."""
    inside = order.lines.filter(tiktok_id__in=parts.lines_of(order) or ())
    return Decimal(inside.exclude(status="CANCELLED").aggregate(sum=Sum("sale_price"))["sum"] or 0)
