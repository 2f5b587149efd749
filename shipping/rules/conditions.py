"""What a rule looks for in an order. Pure: a rule's conditions in, one test out; the same for past
orders and for new ones.

Conditions are kept as {"all": [...], "any": [...], "none": [...]}, each item {"what": name, ...}.
A fact that nobody knows (an item without a weight) makes a rule not apply, also among "none".
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import translate
from operator import attrgetter
from re import IGNORECASE, compile
from typing import Any, NamedTuple

GROUPS = ("all", "any", "none")


class BadRule(ValueError):
    """It cannot be understood; the text is for the person who wrote it."""


class OrderFacts(NamedTuple):
    """An order as rules see it. A tuple, since a dry run makes a hundred thousand of them."""

    pk: int
    shop: int
    skus: tuple[str, ...]  # sellers' SKUs, one per kind of item
    products: tuple[str, ...]  # product names, in lower case
    weight_g: int | None  # a person's parcel for the order, else its items; None: not known
    value: Decimal  # its total, in its own currency
    units: int
    country: str
    state: str
    postal_code: str
    lane: str
    due_at: datetime | None
    is_sample: bool
    tags: frozenset[str]
    option: str  # the delivery option's name, in lower case
    order_type: str
    at: datetime  # the moment it is decided for

    @property
    def is_express(self) -> bool:
        """Whether its buyer paid for a fast delivery."""
        return "express" in self.option


# True, False, or None where the order does not tell
type Test = Callable[[OrderFacts], bool | None]


def compiled(conditions: Mapping[str, Any]) -> Test:
    """One test for all conditions of a rule: true where it holds, false or None where it does not.
    Without any it holds for every order. BadRule with words."""
    every = [test_of(item) for item in conditions.get("all", ())]
    some = [test_of(item) for item in conditions.get("any", ())]
    never = [test_of(item) for item in conditions.get("none", ())]

    if len(every) == 1 and not some and not never:
        return every[0]

    def holds(facts: OrderFacts) -> bool:
        for test in every:
            if not test(facts):
                return False
        for test in never:
            if test(facts) is not False:
                return False
        if not some:
            return True
        return any(test(facts) for test in some)

    return holds


def test_of(item: Mapping[str, Any]) -> Test:
    """The test of one condition. BadRule with words for one that says nothing."""
    make = _TESTS.get(item.get("what", ""))
    if make is None:
        raise BadRule("There is no such condition.")
    return make(item)


def uses_time(conditions: Mapping[str, Any]) -> bool:
    """Whether the answer changes as time passes."""
    return any(item["what"] == "deadline" for name in GROUPS for item in conditions.get(name, ()))


def _one_of(field: str, word: str) -> Callable[[Mapping[str, Any]], Test]:
    def make(item: Mapping[str, Any]) -> Test:
        wanted = frozenset(item.get("in") or ())
        if not wanted:
            raise BadRule(f"Say which {word}.")
        get = attrgetter(field)
        return lambda facts: get(facts) in wanted

    return make


def _skus(item: Mapping[str, Any]) -> Test:
    patterns = [text.strip() for text in item.get("patterns") or () if text.strip()]
    if not patterns:
        raise BadRule("Say which SKU, for example GLOW-*.")
    match = compile("|".join(translate(text) for text in patterns), IGNORECASE).match
    if item.get("how") == "every":
        return lambda facts: bool(facts.skus) and all(map(match, facts.skus))
    return lambda facts: any(map(match, facts.skus))


def _products(item: Mapping[str, Any]) -> Test:
    words = str(item.get("words") or "").strip().lower()
    if not words:
        raise BadRule("Say which words of the product's name.")
    if item.get("how") == "every":
        return lambda facts: bool(facts.products) and all(words in name for name in facts.products)
    return lambda facts: any(words in name for name in facts.products)


def _range(field: str, word: str) -> Callable[[Mapping[str, Any]], Test]:
    def make(item: Mapping[str, Any]) -> Test:
        least, most = (_number(item.get(name)) for name in ("from", "to"))
        if least is None and most is None:
            raise BadRule(f"Say from or up to which {word}.")
        if least is not None and most is not None and least > most:
            raise BadRule(f"The {word} is from more than it is to.")

        get = attrgetter(field)

        def test(facts: OrderFacts) -> bool | None:
            value = get(facts)
            if value is None:
                return None
            return (least is None or value >= least) and (most is None or value <= most)

        return test

    return make


def _number(value: object) -> Decimal | int | None:
    if value in (None, ""):
        return None
    number = Decimal(str(value))
    return int(number) if number == int(number) else number


def _zips(item: Mapping[str, Any]) -> Test:
    starts = tuple(text.strip().upper() for text in item.get("starts") or () if text.strip())
    if not starts:
        raise BadRule("Say how the ZIP code begins.")
    return lambda facts: facts.postal_code.upper().startswith(starts) if facts.postal_code else None


def _deadline(item: Mapping[str, Any]) -> Test:
    hours = _number(item.get("hours"))
    if hours is None or hours <= 0:
        raise BadRule("Say within how many hours of the deadline.")
    left = timedelta(hours=float(hours))
    return lambda facts: facts.due_at - facts.at <= left if facts.due_at else None


def _sample(item: Mapping[str, Any]) -> Test:
    wanted = bool(item.get("is", True))
    return lambda facts: facts.is_sample is wanted


def _tag(item: Mapping[str, Any]) -> Test:
    name = str(item.get("name") or "").strip()
    if not name:
        raise BadRule("Say which tag.")
    return lambda facts: name in facts.tags


def _option(item: Mapping[str, Any]) -> Test:
    words = str(item.get("has") or "").strip().lower()
    if not words:
        raise BadRule("Say which words of the delivery option.")
    return lambda facts: words in facts.option


def _speed(item: Mapping[str, Any]) -> Test:
    wanted = item.get("is") == "express"
    return lambda facts: facts.is_express is wanted


_TESTS: dict[str, Callable[[Mapping[str, Any]], Test]] = {
    "shop": _one_of("shop", "shop"),
    "sku": _skus,
    "product": _products,
    "weight": _range("weight_g", "weight"),
    "value": _range("value", "value"),
    "units": _range("units", "number of units"),
    "country": _one_of("country", "country"),
    "state": _one_of("state", "state"),
    "zip": _zips,
    "lane": _one_of("lane", "lane"),
    "deadline": _deadline,
    "sample": _sample,
    "tag": _tag,
    "option": _option,
    "speed": _speed,
    "order_type": _one_of("order_type", "order type"),
}
NAMES: Sequence[str] = tuple(_TESTS)
