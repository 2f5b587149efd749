"""The policy gate: which rates a market's dated rules forbid. Asked before any price is looked
at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CarrierRule:
    """From `since` to `until` the market refuses these carriers on own labels."""

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
    """The rules that come with the product, from rules.json."""
    data = json.loads(Path(__file__).with_name("rules.json").read_text())
    return tuple(
        CarrierRule(
            id=row["id"],
            market=row["market"],
            lane=row["lane"],
            seller_types=tuple(row["seller_types"]),
            carriers=tuple(row["carriers"]),
            since=date.fromisoformat(row["from"]),
            until=date.fromisoformat(row["to"]) if row["to"] else None,
            sentence=row["sentence"],
            source=row["source"],
        )
        for row in data["carrier_rules"]
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
