"""Why this rate: what was offered, what was cheaper and why it was not taken, what came next. Read
off the stored quotes by the same selection that made the choice."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.money import Money
from shipping import wishes
from shipping.choice import choose_from
from shipping.models import QuoteSet
from shipping.naming import full_name
from shipping.rating.select import (
    EXPRESS_DAYS,
    Candidate,
    Need,
    business_days_after,
    meets,
    need_of,
)

# Why a rate was not taken, in the order that they are looked at; words count them on the panel.
POLICY, CURRENCY, RULE, LATE, PERSON, SLOWER, DEARER, TIE = (
    "policy", "currency", "rule", "late", "person", "slower", "dearer", "tie",
)  # fmt: skip
_COUNTED = {
    POLICY: "not allowed",
    CURRENCY: "in another currency",
    RULE: "outside a rule",
    LATE: "too late",
    PERSON: "passed over by a person",
    SLOWER: "slower",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One offered rate beside the chosen one; `code` is "" for the chosen one itself."""

    index: int
    service: str
    account: str  # id of the label account
    price: Money
    days: int | None
    guaranteed: bool
    arrives: date | None
    difference: Money | None  # to the chosen one; positive: dearer
    code: str
    words: str
    source: str = ""  # where the rule that forbids it is written


@dataclass(frozen=True, slots=True)
class Why:
    """A choice explained; rows come cheapest first."""

    sentence: str
    at: datetime
    rows: list[Row]
    chosen: Row | None
    runner_up: Row | None  # what would be chosen if the chosen one were not there
    instead: Row | None  # what would be chosen had nobody wished for another one
    by: str  # who wished for it, "" for nobody
    absent: list[str]  # accounts that gave no rates, with the reason

    @property
    def cheaper(self) -> list[Row]:
        """Rates below the chosen one's price."""
        return [row for row in self.rows if row.difference and row.difference.amount < 0]

    @property
    def summary(self) -> str:
        """ "3 were cheaper: 2 not allowed, 1 too late." """
        counts = Counter(_COUNTED.get(row.code, "equal") for row in self.cheaper)
        if not counts:
            return "Nothing was cheaper." if self.chosen else ""
        parts = ", ".join(f"{number} {words}" for words, number in counts.most_common())
        total = counts.total()
        return f"{total} {'was' if total == 1 else 'were'} cheaper: {parts}."

    @property
    def extra(self) -> Money | None:
        """What the runner-up would cost more."""
        return self.runner_up.difference if self.runner_up else None


def explain(quotes: QuoteSet) -> Why:
    """The stored choice, explained from what is stored with it; asks nobody."""
    facts = _Facts(quotes)
    rows = [facts.row(index) for index in range(len(quotes.rates))]
    by_index = {row.index: row for row in rows}
    others = facts.choice_without(quotes.chosen)
    free = facts.choice_unwished() if facts.by else quotes.chosen
    return Why(
        sentence=str(quotes.reason.get("sentence", "")),
        at=quotes.at,
        rows=sorted(rows, key=lambda row: (row.price.amount, row.service)),
        chosen=None if quotes.chosen is None else by_index[quotes.chosen],
        runner_up=None if others is None else by_index[others],
        instead=by_index[free] if free is not None and free != quotes.chosen else None,
        by=facts.by,
        absent=[f"{one['name']}: {one['message']}" for one in quotes.failures],
    )


class _Facts:
    """What a choice was made on."""

    def __init__(self, quotes: QuoteSet) -> None:
        self.quotes = quotes
        self.rates: list[dict[str, Any]] = quotes.rates
        self.stored: Mapping[str, Any] = quotes.reason.get("need") or {}
        self.need: Need | None = need_of(self.stored, now=quotes.at) if self.stored else None
        self.wish: Mapping[str, Any] = self.stored.get("wish") or {}
        self.wish_met = bool(self.wish) and not quotes.reason.get("wish_missed")
        self.person = "chosen_by" in quotes.reason
        self.chosen = None if quotes.chosen is None else self.rates[quotes.chosen]
        self.in_time = any(self._in_time(rate) for rate in self.rates if self._allowed(rate))

    @property
    def by(self) -> str:
        """Who wished for the chosen one."""
        if self.person:
            sentence = str(self.quotes.reason.get("sentence", ""))
            return sentence.rpartition("chosen by ")[2].rstrip(".") or "a person"
        return str(self.wish.get("by", "")) if self.wish_met else ""

    def choice_without(self, index: int | None) -> int | None:
        """What would be chosen without that rate."""
        if index is None or not self.stored:
            return None
        left = [n for n in range(len(self.rates)) if n != index]
        found = choose_from([self.rates[n] for n in left], self.stored, now=self.quotes.at).index
        return None if found is None else left[found]

    def choice_unwished(self) -> int | None:
        """What would be chosen had nobody wished for anything."""
        if not self.stored:
            return None
        plain = {name: value for name, value in self.stored.items() if name != "wish"}
        return choose_from(self.rates, plain, now=self.quotes.at).index

    def row(self, index: int) -> Row:
        """A rate beside the chosen one."""
        rate = self.rates[index]
        price = Money.of(rate["price"], rate["currency"])
        code, words = ("", "") if rate is self.chosen else self._verdict(rate)
        same = self.chosen is not None and self.chosen["currency"] == rate["currency"]
        struck = rate["struck"] or {}
        return Row(
            index=index,
            service=full_name(rate["carrier"], rate["service_name"]),
            account=rate["account"],
            price=price,
            days=rate["days"],
            guaranteed=rate["guaranteed"],
            arrives=self._arrives(rate),
            difference=price - self._price() if same else None,
            code=code,
            words=words,
            source=str(struck.get("source", "")),
        )

    def _verdict(self, rate: Mapping[str, Any]) -> tuple[str, str]:
        """Why this one was not taken: a code and a sentence."""
        if struck := rate["struck"]:
            return POLICY, " ".join(filter(None, (struck["sentence"], since_words(struck))))
        if self.need and rate["currency"] != self.need.currency:
            return CURRENCY, f"It is in {rate['currency']}, the order in {self.need.currency}."
        if self.wish_met and not self.person and not wishes.fits(rate, self.wish):
            return RULE, f"{self.by} asks for another one."
        cheaper = self._difference(rate) < 0
        if self.person and cheaper:
            return PERSON, f"{self.by} chose another one."
        if self.in_time and not self._in_time(rate):
            return LATE, self._late_words(rate)
        if not self.in_time and cheaper:
            return SLOWER, "None arrives in time, and this one is slower."
        if self._difference(rate) > 0:
            return DEARER, f"It costs {Money(self._difference(rate), rate['currency'])} more."
        return TIE, "It costs the same, and is slower or from an account that is asked later."

    def _price(self) -> Money:
        chosen = self.chosen or {"price": "0", "currency": "USD"}
        return Money.of(chosen["price"], chosen["currency"])

    def _difference(self, rate: Mapping[str, Any]) -> Any:
        return Money.of(rate["price"], rate["currency"]).amount - self._price().amount

    def _arrives(self, rate: Mapping[str, Any]) -> date | None:
        if self.need is None or rate["days"] is None:
            return None
        return business_days_after(self.need.today, rate["days"])

    def _allowed(self, rate: Mapping[str, Any]) -> bool:
        return not rate["struck"] and (not self.need or rate["currency"] == self.need.currency)

    def _in_time(self, rate: Mapping[str, Any]) -> bool:
        if self.need is None:
            return True
        price = Money.of(rate["price"], rate["currency"])
        candidate = Candidate(
            "", price.amount, price.currency, rate["days"], guaranteed=rate["guaranteed"]
        )
        return meets(candidate, self.need)

    def _late_words(self, rate: Mapping[str, Any]) -> str:
        if rate["days"] is None:
            return "It promises no day, and the order has to arrive in time."
        if self.need and self.need.express and rate["days"] > EXPRESS_DAYS:
            return f"The buyer paid for express, and it takes {rate['days']} days."
        arrives, by = self._arrives(rate), self.need.deliver_by if self.need else None
        if arrives and by:
            return f"It would arrive on {_day(arrives)}, after {_day(by)}."
        return "It would arrive too late."


def _day(day: date) -> str:
    return f"{day:%a, %b} {day.day}"


def since_words(struck: Mapping[str, Any]) -> str:
    """Since when the rule is in force, "Since Jan 1, 2026."; "" where nobody knows."""
    since = struck.get("since") or ""
    try:
        day = date.fromisoformat(since)
    except ValueError:
        return f"Since {since}." if since else ""
    return f"Since {day:%b} {day.day}, {day.year}."
