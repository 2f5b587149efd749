"""The policy gate: which rates a market's dated rules forbid. Asked before any price is looked
at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from shops.policy import book

LANES = ("own", "platform")


@dataclass(frozen=True, slots=True)
class CarrierRule:
    """From `since` to `until` the market refuses these carriers on labels of this lane."""

    id: str
    market: str
    lane: str
    seller_types: tuple[str, ...]  # empty: all sellers
    carriers: tuple[str, ...]
    since: date
    until: date | None
    sentence: str
    source: str
    own: bool = False  # a workspace's, which on its days stands in place of the market's

    def holds(self, on: date) -> bool:
        """Whether the rule is in force on that day."""
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Strike:
    """Why a rate may not be bought."""

    rule: str
    sentence: str
    since: str  # ISO date
    source: str


@cache
def rules() -> tuple[CarrierRule, ...]:
    """The rules that come with the product, of every market."""
    return tuple(
        _from(rule, market, lane)
        for market, pack in book.packs().items()
        for lane in LANES
        for rule in pack
        if rule.key == f"carriers.{lane}"
    )


def rules_of(own: book.Book) -> tuple[CarrierRule, ...]:
    """The rules of one workspace's book: the market's, and its own values for their days."""
    return tuple(
        _from(rule, own.market, lane) for lane in LANES for rule in own.all(f"carriers.{lane}")
    )


def strike(
    carrier: str,
    *,
    market: str,
    lane: str,
    seller_type: str,
    on: date,
    among: Sequence[CarrierRule] | None = None,
) -> Strike | None:
    """The first rule in force that forbids `carrier` (canonical slug) for such an order, or
    None."""
    held = [
        rule
        for rule in (rules() if among is None else among)
        if rule.market == market and rule.lane == lane and rule.holds(on)
    ]
    for rule in [rule for rule in held if rule.own] or held:
        if carrier in rule.carriers and (not rule.seller_types or seller_type in rule.seller_types):
            return Strike(rule.id, rule.sentence, rule.since.isoformat(), rule.source)
    return None


def _from(rule: book.Rule, market: str, lane: str) -> CarrierRule:
    return CarrierRule(
        id=rule.id or f"{market}:{rule.key}".lower(),
        market=market,
        lane=lane,
        seller_types=rule.when.get("seller_type", ()),
        carriers=tuple(rule.value),
        since=rule.since or date.min,
        until=rule.until,
        sentence=rule.words,
        source=rule.source,
        own=rule.overridden,
    )
