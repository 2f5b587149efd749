"""What a dry run finds: how two decisions differ, and what all changes come to."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from shipping.rules.actions import PRICED, REQUOTED
from shipping.rules.clashes import Tally
from shipping.rules.engine import Book, Decision


class Change:
    """How two decisions differ; worked out once for all orders that get the same two."""

    def __init__(self, before: Decision, after: Decision) -> None:
        old, new = before.outcome(), after.outcome()
        self.before, self.after = before, after
        self.names = {name for name in {**old, **new} if old.get(name) != new.get(name)}
        # Tags and holds cost nothing.
        self.is_repriced = not self.names.isdisjoint(PRICED)
        # The quotes are for one of the two shipments, and nobody knows the other's price.
        self.is_requoted = not self.names.isdisjoint(REQUOTED)
        self._sides = {"set": old, "by": before.by}, {"set": new, "by": after.by}
        self._told: dict[tuple[str, str], tuple[str, str]] = {}

    def sides(self, was: str, will: str) -> tuple[str, str]:
        """Both sides as they are kept, with the services that would be bought."""
        told = self._told.get((was, will))
        if told is None:
            old, new = self._sides
            told = (
                orjson.dumps(old | {"service": was}).decode(),
                orjson.dumps(new | {"service": will}).decode(),
            )
            self._told[was, will] = told
        return told


@dataclass(slots=True)
class Money:
    """What the changes come to, in one currency."""

    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    compared: int = 0  # orders with a price on both sides


@dataclass(slots=True)
class Sums:
    """What a run found, apart from its rows."""

    tally: Tally = field(default_factory=Tally)
    fields: Counter[str] = field(default_factory=Counter)
    money: dict[str, Money] = field(default_factory=lambda: defaultdict(Money))
    unquoted: int = 0

    def as_json(self, draft: Book) -> dict[str, Any]:
        """As it is kept with the run."""
        return self.tally.as_json(draft.rules) | {
            "fields": dict(self.fields),
            "unquoted": self.unquoted,
            "money": {
                currency: {
                    "before": str(sums.before),
                    "after": str(sums.after),
                    "compared": sums.compared,
                }
                for currency, sums in sorted(self.money.items())
            },
        }
