"""The dated rules of a market: one question, one answer with its source. Pure: packs and overrides
in, rules out.

Rules change several times a year, so none of them is written in code. A pack is a file of
`packs/`; a workspace may override single values (shops.policy.ours hands those in).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("packs")
EVERYWHERE = "*"
_EU = frozenset({"DE", "FR", "IT", "ES", "IE", "NL", "BE", "AT", "PT", "PL"})
_SEA = frozenset({"TH", "VN", "ID", "MY", "PH", "SG"})


class NoRule(LookupError):
    """The market's packs say nothing about this on that day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One value and the days it holds: both ends inclusive, None is open."""

    key: str
    value: Any  # a number as Decimal; words, lists and yes or no as they are
    unit: str
    words: str  # the rule as a sentence
    source: str
    confidence: str
    market: str
    since: date | None = None
    until: date | None = None
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    id: str = ""
    overridden: bool = False  # the workspace's own value

    def holds(self, on: date) -> bool:
        """Whether the rule is in force on that day."""
        return (self.since or date.min) <= on <= (self.until or date.max)

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Whether its conditions are met; a fact that nobody told meets none."""
        return all(facts.get(name, "") in wanted for name, wanted in self.when.items())

    @property
    def number(self) -> Decimal:
        """Its value as a number. ValueError for words."""
        if not isinstance(self.value, Decimal):
            raise ValueError(f"{self.key} is not a number: {self.value!r}")
        return self.value


class Book:
    """The rules of one market, as one workspace sees them."""

    def __init__(self, market: str, rules: Sequence[Rule], own: Sequence[Rule] = ()) -> None:
        self.market = market
        self._rules: dict[str, list[Rule]] = {}
        for rule in (*rules, *own):
            self._rules.setdefault(rule.key, []).append(rule)

    def all(self, key: str) -> list[Rule]:
        """Every rule of that key, whenever it holds."""
        return list(self._rules.get(key, ()))

    def rules(self, key: str, *, on: date, **facts: str) -> list[Rule]:
        """All rules of that key in force on that day for such facts, the one that counts first."""
        found = [r for r in self._rules.get(key, ()) if r.holds(on) and r.fits(facts)]
        return sorted(found, key=_weight, reverse=True)

    def rule(self, key: str, *, on: date, **facts: str) -> Rule:
        """The rule that counts on that day: the workspace's own, then the most particular, then the
        newest. NoRule when there is none."""
        if found := self.rules(key, on=on, **facts):
            return found[0]
        raise NoRule(f"{self.market} has no rule {key} on {on}")

    def newest(self, key: str, *, on: date) -> Rule | None:
        """The rule of that key in force on that day, whatever its conditions; else the last one
        known."""
        known = self.all(key)
        return max(known, key=lambda rule: (rule.holds(on), *_weight(rule)), default=None)

    def number(self, key: str, *, on: date, default: int | str | None = None) -> Decimal:
        """The rule's number on that day, or `default` where the market has none."""
        try:
            return self.rule(key, on=on).number
        except NoRule:
            if default is None:
                raise
            return Decimal(default)

    def in_force(self, on: date) -> list[Rule]:
        """Every rule in force on that day, by key; conditions are not asked."""
        return [
            rule
            for key in sorted(self._rules)
            for rule in sorted(self._rules[key], key=_weight, reverse=True)
            if rule.holds(on)
        ]

    def changes_after(self, on: date) -> list[tuple[date, Rule]]:
        """What begins or ends later, soonest first: the day, and the rule that then begins or has
        held for the last time the day before."""
        found = []
        for rules in self._rules.values():
            for rule in rules:
                if rule.since and rule.since > on:
                    found.append((rule.since, rule))
                elif rule.until and on <= rule.until < date.max:
                    found.append((rule.until + timedelta(days=1), rule))
        return sorted(found, key=lambda change: (change[0], change[1].key))


def market_of(region: str) -> str:
    """The market whose pack counts for a shop of this region; unknown regions have only what holds
    everywhere."""
    if region in _EU:
        return "EU"
    return "SEA" if region in _SEA else region


@cache
def packs() -> Mapping[str, tuple[Rule, ...]]:
    """Market → its rules, from the files that come with the product."""
    found: dict[str, tuple[Rule, ...]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        pack = json.loads(path.read_text(), parse_float=Decimal, parse_int=Decimal)
        found[pack["market"]] = tuple(_rule(row, pack["market"]) for row in pack["rules"])
    return found


@cache
def names() -> Mapping[str, str]:
    """Market → how people call it."""
    packs_of = (json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json")))
    return {pack["market"]: pack["name"] for pack in packs_of}


@cache
def plain(market: str) -> Book:
    """The market's book without anybody's overrides."""
    return Book(market, _pack(market))


def with_own(market: str, own: Sequence[Rule]) -> Book:
    """The market's book as overridden by one workspace."""
    if not own:
        return plain(market)
    return Book(market, _pack(market), own)


def own_rule(
    like: Rule, value: Any, *, since: date | None, until: date | None, reason: str, source: str
) -> Rule:
    """The workspace's value in place of `like`."""
    return replace(
        like,
        value=value,
        since=since,
        until=until,
        words=reason or like.words,
        source=source,
        confidence="your own",
        overridden=True,
    )


def _pack(market: str) -> tuple[Rule, ...]:
    """What holds everywhere, and the market's own rules."""
    known = packs()
    return (*known[EVERYWHERE], *(known.get(market, ()) if market != EVERYWHERE else ()))


def _weight(rule: Rule) -> tuple[bool, int, date]:
    return rule.overridden, len(rule.when), rule.since or date.min


def _rule(row: Mapping[str, Any], market: str) -> Rule:
    return Rule(
        key=row["key"],
        value=row["value"],
        unit=row["unit"],
        words=row["words"],
        source=row["source"],
        confidence=row["confidence"],
        market=market,
        since=date.fromisoformat(row["from"]) if row["from"] else None,
        until=date.fromisoformat(row["to"]) if row["to"] else None,
        when={
            name.removesuffix("s"): tuple(wanted) for name, wanted in row.get("when", {}).items()
        },
        id=row.get("id", ""),
    )
