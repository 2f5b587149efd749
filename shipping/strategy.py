"""Whose label an order gets, and why: TikTok's, your own, or none. Pure: facts in, one sentence out.

TikTok's shipping type decides it; the market's rules, the prices on the table and the metrics that
a lane is spared say what that means for this order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.money import Money
from shipping.naming import full_name
from shipping.providers.carriers import display_name

METRICS = {
    "otdr": "on-time delivery",
    "vtr": "valid tracking",
    "ldr": "late dispatch",
    "nrr": "negative reviews",
}

# TikTok's shipping_type as Seller Center says it
_TYPES = {"TIKTOK": "Shipped via TikTok", "SELLER": "Shipped via seller"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision is made of. `rates` are those of the newest quote set."""

    lane: str  # orders.models.Lane
    shipping_type: str = ""
    exempt: Sequence[str] = ()  # metrics that TikTok's own label is spared (lane.platform.exempt)
    exempt_words: str = ""  # that rule as a sentence
    rates: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """The lane in words, why, and what follows."""

    title: str
    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All of it, one after the other."""
        return " ".join(self.reasons)


def decide(facts: Facts) -> Strategy:
    """The strategy of one order."""
    if facts.lane == "fbt":
        why = "TikTok stores this order's goods and ships them itself: it is only shown here."
        return Strategy("Fulfilled by TikTok", (why, "It does not count for your metrics."))
    if facts.lane == "platform":
        return Strategy("TikTok's label", tuple(_platform(facts)))
    if facts.lane == "own":
        return Strategy("Your own label", tuple(_own(facts)))
    return Strategy("Nothing to ship", ("There is nothing to send for this order.",))


def _named_type(code: str) -> str:
    return f"its shipping type is “{_TYPES.get(code, code)}”"


def _platform(facts: Facts) -> list[str]:
    kind = _named_type(facts.shipping_type or "TIKTOK")
    reasons = [
        f"TikTok marked the order for its own shipping ({kind}): it keeps the buyer's "
        "address, so no other provider can be asked."
    ]
    if words := _price(facts.rates):
        reasons.append(words)
    spared = [METRICS.get(name, name) for name in facts.exempt]
    if spared:
        reasons.append(facts.exempt_words or f"It does not count for {' and '.join(spared)}.")
    else:
        reasons.append("All metrics count.")
    return reasons


def _own(facts: Facts) -> list[str]:
    kind = _named_type(facts.shipping_type or "SELLER")
    reasons = [f"TikTok leaves the label to you ({kind}) and sells none of its own for it."]
    struck = {rate["carrier"] for rate in facts.rates if rate["struck"]}
    allowed = {rate["carrier"] for rate in facts.rates if not rate["struck"]}
    if gone := sorted(display_name(slug) for slug in struck - allowed):
        reasons.append(f"The market's rules forbid {', '.join(gone)} here.")
    if words := _price(facts.rates):
        reasons.append(words)
    reasons.append("On-time delivery, valid tracking and late dispatch count.")
    return reasons


def _price(rates: Sequence[Mapping[str, Any]]) -> str:
    """The cheapest that is allowed, and what the rules cost."""
    allowed = [rate for rate in rates if not rate["struck"]]
    if not allowed:
        return ""
    best = min(allowed, key=_amount)
    words = f"The cheapest allowed is {_named(best)}."
    dearer = [rate for rate in rates if rate["struck"] and _amount(rate) < _amount(best)]
    if dearer:
        least = min(dearer, key=_amount)
        more = Money(_amount(best) - _amount(least), best["currency"])
        words += f" Without the rules {_named(least)} would save {more}."
    return words


def _amount(rate: Mapping[str, Any]) -> Decimal:
    return Decimal(str(rate["price"]))


def _named(rate: Mapping[str, Any]) -> str:
    money = Money(_amount(rate), rate["currency"])
    return f"{full_name(rate['carrier'], rate['service_name'])} {money}"
