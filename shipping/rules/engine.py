"""Facts of an order and ordered rules → what the order gets, and why. Pure: dry run and live run
are this one function.

Rules are asked from the top. The first that sets a thing has decided it; later ones fill what is
still open, and where one would have set it differently that is a clash, which is counted. A rule
may stop: those below it are not asked for that order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shipping.rules.actions import SINGLE
from shipping.rules.conditions import OrderFacts, Test, compiled, uses_time

# Decisions kept while many orders are asked about: there are far fewer of them than orders
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it stands in a book; `number` is its place, from 1."""

    id: int
    number: int
    name: str
    conditions: Mapping[str, Any]
    actions: Mapping[str, Any]
    stop: bool = False

    @property
    def words(self) -> str:
        """How it is named in reasons."""
        return f"Rule {self.number} “{self.name}”"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two rules of one order that set the same thing differently: the earlier one won."""

    field: str
    winner: int  # numbers of the rules
    loser: int


@dataclass(slots=True, eq=False)
class Decision:
    """What an order gets, each with the number of the rule that set it. Orders for which the same
    rules hold share one, so nobody changes it; it is a key by identity."""

    set: dict[str, Any] = field(default_factory=dict)
    by: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    matched: list[int] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    stopped_by: int = 0

    def outcome(self) -> dict[str, Any]:
        """What is set, comparable between two runs."""
        return {**self.set, "tags": sorted(self.tags)} if self.tags else dict(self.set)


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    holds: Test
    sets: tuple[tuple[str, Any], ...]
    tags: tuple[str, ...]


class Book:
    """Rules in their order, ready to be asked. BadRule when one cannot be understood."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.uses_time = any(uses_time(rule.conditions) for rule in self.rules)
        ready = [_ready(rule) for rule in self.rules]
        self._ready = [(one, one.holds) for one in ready]
        self._known: dict[tuple[tuple[int, ...], frozenset[str]], Decision] = {}
        self._split: dict[Decision, Decision] = {}

    def __bool__(self) -> bool:
        return bool(self.rules)

    def decide(self, facts: OrderFacts, barred: frozenset[str] = frozenset()) -> Decision:
        """What `facts` gets. A tag that a rule sets is there for the rules below it; those in
        `barred` are not set: a person took them off."""
        matched: list[_Ready] = []
        for one, holds in self._ready:
            if not holds(facts):
                continue
            matched.append(one)
            if one.rule.stop:
                break
            if one.tags:
                new = [tag for tag in one.tags if tag not in barred]
                facts = facts._replace(tags=facts.tags.union(new))
        key = tuple([one.rule.number for one in matched]), barred
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = _decision(matched, barred)
        return found

    def without_parcel(self, decision: Decision) -> Decision:
        """The same for an order in several parcels: none of them is what a rule names for the
        order. Equal ones are one, as everywhere."""
        if "parcel" not in decision.set:
            return decision
        found = self._split.get(decision)
        if found is None:
            if len(self._split) >= _REMEMBERED:
                self._split.clear()
            left = {name: decision.set[name] for name in decision.set if name != "parcel"}
            by = {name: decision.by[name] for name in decision.by if name != "parcel"}
            found = self._split[decision] = replace(decision, set=left, by=by)
        return found


def _decision(matched: Iterable[_Ready], barred: frozenset[str]) -> Decision:
    """What the rules that hold come to, in their order."""
    found = Decision()
    for one in matched:
        number = one.rule.number
        found.matched.append(number)
        _settle(found, one, number)
        for tag in one.tags:
            if tag not in barred:
                found.tags.setdefault(tag, number)
        if one.rule.stop:
            found.stopped_by = number
    return found


def _settle(found: Decision, one: _Ready, number: int) -> None:
    for name, value in one.sets:
        if name not in found.set:
            found.set[name] = value
            found.by[name] = number
        elif found.set[name] != value:
            found.clashes.append(Clash(name, found.by[name], number))


def _ready(rule: Rule) -> _Ready:
    sets = tuple((name, rule.actions[name]) for name in SINGLE if rule.actions.get(name))
    return _Ready(rule, compiled(rule.conditions), sets, tuple(rule.actions.get("tags") or ()))


def rules_from(documents: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Rules as they are stored, in their order; numbered anew from 1."""
    return [
        Rule(
            id=int(document["id"]),
            number=number,
            name=str(document["name"]),
            conditions=document["conditions"],
            actions=document["actions"],
            stop=bool(document.get("stop")),
        )
        for number, document in enumerate(documents, start=1)
    ]
