"""Which rate to buy, and why: law first, then the deadline, then the price. Pure, so a stored
choice can be replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.money import Money

# Days within which the buyer's delivery option wants the parcel, where TikTok states no date.
EXPRESS_DAYS = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rate of a quote set, as selection needs it."""

    name: str  # "UPS Ground Saver"
    price: Decimal
    currency: str
    days: int | None
    guaranteed: bool
    struck: str = ""  # the sentence of the rule that forbids it
    rank: int = 0  # of its provider in the order that is preferred among equals
    outside: bool = False  # not what a rule or a person asks for


@dataclass(frozen=True, slots=True)
class Need:
    """What the order asks of a service level."""

    currency: str
    today: date  # the day it is handed over, in the shop's time zone
    deliver_by: date | None = None
    express: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen index (None: nothing may be bought) and the reason in a form that can be stored
    and shown."""

    index: int | None
    reason: dict[str, Any] = field(default_factory=dict)


def business_days_after(day: date, days: int) -> date:
    """The day `days` working days (Monday to Friday) after `day`."""
    result = day
    while days > 0:
        result += timedelta(days=1)
        if result.weekday() < 5:
            days -= 1
    return result


def choose(candidates: Sequence[Candidate], need: Need) -> Choice:
    """The cheapest allowed rate that arrives in time; when none does, the fastest allowed one, and
    the reason says so."""
    ranked, in_time = _ranked(candidates, need)
    reason: dict[str, Any] = {"offered": len(candidates), "struck": _struck(candidates)}
    if need.deliver_by:
        reason["deliver_by"] = need.deliver_by.isoformat()
    if not ranked:
        return Choice(None, reason | {"sentence": _nothing(candidates, need)})
    reason["in_time"] = in_time
    index, best = ranked[0]
    return Choice(index, reason | _explain(best, ranked, candidates, in_time=in_time))


def pick(candidates: Sequence[Candidate], need: Need) -> int | None:
    """The index that `choose` chooses, without its reasons: for sums over many orders."""
    ranked, _ = _ranked(candidates, need)
    return ranked[0][0] if ranked else None


def _ranked(
    candidates: Sequence[Candidate], need: Need
) -> tuple[list[tuple[int, Candidate]], bool]:
    """What may be bought, best first, and whether it arrives in time."""
    allowed = [
        (index, rate)
        for index, rate in enumerate(candidates)
        if not rate.struck and not rate.outside and rate.currency == need.currency
    ]
    in_time = [pair for pair in allowed if meets(pair[1], need)]
    if in_time:
        return sorted(in_time, key=lambda pair: _by_price(pair[1])), True
    return sorted(allowed, key=lambda pair: _by_speed(pair[1])), False


def meets(rate: Candidate, need: Need) -> bool:
    """Whether the rate's promise is good enough; a service that promises nothing never meets a
    deadline."""
    if need.express and (rate.days is None or rate.days > EXPRESS_DAYS):
        return False
    if need.deliver_by is None:
        return True
    return rate.days is not None and business_days_after(need.today, rate.days) <= need.deliver_by


def _by_price(rate: Candidate) -> tuple[Decimal, int, bool, int, str]:
    days = 99 if rate.days is None else rate.days
    return rate.price, days, not rate.guaranteed, rate.rank, rate.name


def _by_speed(rate: Candidate) -> tuple[int, Decimal, bool, int, str]:
    days = 99 if rate.days is None else rate.days
    return days, rate.price, not rate.guaranteed, rate.rank, rate.name


def _struck(candidates: Sequence[Candidate]) -> list[dict[str, str]]:
    return [
        {"name": rate.name, "price": str(rate.price), "rule": rate.struck}
        for rate in candidates
        if rate.struck
    ]


def _nothing(candidates: Sequence[Candidate], need: Need) -> str:
    if not candidates:
        return "No account offered a rate."
    if all(rate.struck for rate in candidates):
        return f"Every rate is forbidden. {candidates[0].struck}"
    return f"No rate is in {need.currency}."


def _explain(
    best: Candidate,
    ranked: Sequence[tuple[int, Candidate]],
    candidates: Sequence[Candidate],
    *,
    in_time: bool,
) -> dict[str, Any]:
    why = "cheapest that arrives in time" if in_time else "fastest there is; none arrives in time"
    sentence = f"{best.name} {_price(best)}: {why}."
    result: dict[str, Any] = {}
    if len(ranked) > 1:
        second = ranked[1][1]
        difference = second.price - best.price
        result["runner_up"] = {"name": second.name, "price": str(second.price)}
        result["difference"] = str(difference)
        sentence += f" Next: {second.name} {_price(second)}."
    cheaper = [
        r for r in candidates if r.struck and r.currency == best.currency and r.price < best.price
    ]
    if cheaper:
        least = min(cheaper, key=lambda r: r.price)
        sentence += f" {least.name} {_price(least)} is not allowed."
    late = _cheaper_but_late(best, candidates) if in_time else None
    if late:
        sentence += f" {late.name} {_price(late)} would be late."
    return result | {"sentence": sentence}


def _price(rate: Candidate) -> Money:
    return Money(rate.price, rate.currency)


def _cheaper_but_late(best: Candidate, candidates: Sequence[Candidate]) -> Candidate | None:
    cheaper = [
        rate
        for rate in candidates
        if not (rate.struck or rate.outside)
        and rate.currency == best.currency
        and rate.price < best.price
    ]
    return min(cheaper, key=lambda rate: rate.price, default=None)


def need_of(facts: Mapping[str, Any], *, now: datetime) -> Need:
    """A Need from the facts stored with a quote set (`currency`, `today`, `deliver_by`,
    `express`)."""
    deliver_by = facts.get("deliver_by")
    return Need(
        currency=str(facts["currency"]),
        today=date.fromisoformat(facts["today"]) if facts.get("today") else now.date(),
        deliver_by=date.fromisoformat(deliver_by) if deliver_by else None,
        express=bool(facts.get("express")),
    )
