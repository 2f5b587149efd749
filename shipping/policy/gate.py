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
    """The rules of one workspace's book: its own values put in place of the market's."""
    found: list[CarrierRule] = []
    for lane in LANES:
        rows = own.all(f"carriers.{lane}")
        mine = [rule for rule in rows if rule.overridden]
        found += [_from(rule, own.market, lane) for rule in mine or rows]
    return tuple(found)


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
    for rule in rules() if among is None else among:
        if (
            rule.market == market
            and rule.lane == lane
            and carrier in rule.carriers
            and (not rule.seller_types or seller_type in rule.seller_types)
            and rule.holds(on)
        ):
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
    )
