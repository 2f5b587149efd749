"""What can be said about rules before any order is looked at: which of them cannot be reached, and
which say the opposite of one above them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shipping.rules.actions import SINGLE, WORDS
from shipping.rules.engine import Clash, Decision, Rule


@dataclass(frozen=True, slots=True)
class Warned:
    """A sentence about one rule, by its number."""

    number: int
    sentence: str


def warnings(rules: Sequence[Rule]) -> list[Warned]:
    """Rules below one that stops every order, and rules that contradict one with the same or fewer
    conditions above them."""
    found: list[Warned] = []
    for at, rule in enumerate(rules):
        stopper = next((one for one in rules[:at] if one.stop and covers(one, rule)), None)
        if stopper:
            words = f"Never reached: {stopper.words} stops every order that this rule looks for."
            found.append(Warned(rule.number, words))
            continue
        found += _contradictions(rule, rules[:at])
    return found


def _contradictions(rule: Rule, above: Sequence[Rule]) -> list[Warned]:
    found = []
    for name in SINGLE:
        value = rule.actions.get(name)
        if not value:
            continue
        first = next((one for one in above if one.actions.get(name) and covers(one, rule)), None)
        if first and first.actions[name] != value:
            words = f"{first.words} sets {WORDS[name]} differently for the same orders, and wins."
            found.append(Warned(rule.number, words))
    return found


def covers(wide: Rule, narrow: Rule) -> bool:
    """Whether every order of `narrow` is surely one of `wide`, as far as can be told by their
    conditions: `wide` asks for nothing that `narrow` does not ask for, too."""
    for group in ("all", "none"):
        asked = list(narrow.conditions.get(group, ()))
        if any(item not in asked for item in wide.conditions.get(group, ())):
            return False
    some = list(wide.conditions.get("any", ()))
    if not some:
        return True
    theirs = list(narrow.conditions.get("any", ()))
    asked = list(narrow.conditions.get("all", ()))
    return any(item in asked for item in some) or (
        bool(theirs) and all(item in some for item in theirs)
    )


@dataclass(slots=True)
class Tally:
    """What many decisions came to, rule by rule."""

    orders: int = 0
    matched: Counter[int] = field(default_factory=Counter)
    decided: Counter[int] = field(default_factory=Counter)  # orders for which it set something
    stopped: Counter[int] = field(default_factory=Counter)
    clashes: Counter[Clash] = field(default_factory=Counter)

    def add(self, decision: Decision, orders: int = 1) -> None:
        """Count a decision that so many orders got."""
        self.orders += orders
        for number in decision.matched:
            self.matched[number] += orders
        for number in {*decision.by.values(), *decision.tags.values()}:
            self.decided[number] += orders
        if decision.stopped_by:
            self.stopped[decision.stopped_by] += orders
        for clash in decision.clashes:
            self.clashes[clash] += orders

    def as_json(self, rules: Sequence[Rule]) -> dict[str, Any]:
        """For keeping with a run: rules by place, clashes with how many orders they are about."""
        return {
            "rules": [
                {
                    "number": rule.number,
                    "name": rule.name,
                    "matched": self.matched[rule.number],
                    "decided": self.decided[rule.number],
                    "stopped": self.stopped[rule.number],
                }
                for rule in rules
            ],
            "clashes": [
                {"field": c.field, "winner": c.winner, "loser": c.loser, "orders": count}
                for c, count in self.clashes.most_common()
            ],
        }
