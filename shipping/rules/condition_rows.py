"""Conditions as rows of a form: which inputs each kind takes, from stored to shown, from typed to
stored. People write pounds; we keep grams."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.models import Lane
from shipping.providers.units import GRAMS_PER_OUNCE
from shipping.rules.conditions import GROUPS, BadRule, test_of
from shipping.rules.names import Names

WHATS = {
    "sku": "SKU",
    "product": "Product name",
    "weight": "Weight of the items",
    "units": "Number of units",
    "value": "Order value",
    "country": "Country",
    "state": "State",
    "zip": "ZIP code",
    "shop": "Shop",
    "lane": "Lane",
    "speed": "Delivery speed",
    "option": "Delivery option",
    "deadline": "Deadline",
    "sample": "Sample",
    "tag": "Tag",
    "order_type": "Order type",
}
GROUP_WORDS = {"all": "must be so", "any": "one of these", "none": "must not be so"}
MOST = 30
_POUND = GRAMS_PER_OUNCE * 16
_WHICH = (("any", "at least one"), ("every", "every one"))
_LISTS = {
    "sku": ("patterns", "SKUs, with * for anything", "GLOW-*, SERUM-30"),
    "country": ("in", "Countries", "US, CA"),
    "state": ("in", "States", "CA, HI, AK"),
    "zip": ("starts", "Begins with", "967, 968"),
    "order_type": ("in", "Order types", "PRE_ORDER"),
}
_TEXTS = {
    "product": ("words", "Words in its name", "serum"),
    "tag": ("name", "Tag", "fragile"),
    "option": ("has", "Words in it", "express"),
}
_RANGES = {"weight": "lb", "value": "", "units": ""}
_CHOICES = {
    "speed": (("standard", "standard"), ("express", "express")),
    "sample": (("yes", "is a sample"), ("no", "is not a sample")),
}


@dataclass(frozen=True, slots=True)
class Input:
    """One control of a row; with `options` a select."""

    name: str
    label: str
    value: str
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    kind: str = "text"


@dataclass(slots=True)
class ConditionRow:
    """One row: its number in the form, its group, what it looks at, and what was typed."""

    number: int
    group: str = "all"
    what: str = "sku"
    typed: dict[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def prefix(self) -> str:
        """Names of its controls begin with it."""
        return f"c{self.number}-"

    def inputs(self, names: Names) -> list[Input]:
        """Its controls beside group and kind, as they stand."""
        return [
            Input(self.prefix + one.name, one.label, self.typed.get(one.name, ""), one.hint,
                  one.options, one.kind)
            for one in _inputs(self.what, names)
        ]  # fmt: skip

    def item(self) -> dict[str, Any]:
        """The condition. BadRule with words."""
        item = {"what": self.what} | _stored(self.what, self.typed)
        test_of(item)
        return item


def _inputs(what: str, names: Names) -> list[Input]:
    if what in ("shop", "lane"):
        return [Input("in", "Is", "", options=_options(what, names))]
    if what in _CHOICES:
        return [Input("is", "Is", "", options=_CHOICES[what])]
    if what == "deadline":
        return [Input("hours", "Within so many hours", "", "6", kind="number")]
    if what in _RANGES:
        unit = f", {_RANGES[what]}" if _RANGES[what] else ""
        return [
            Input("from", f"From{unit}", "", "any", kind="number"),
            Input("to", f"Up to{unit}", "", "any", kind="number"),
        ]
    name, label, hint = (_LISTS | _TEXTS)[what]
    found = [Input(name, label, "", hint)]
    if what in ("sku", "product"):
        found.insert(0, Input("how", "How many", "", options=_WHICH))
    return found


def _options(what: str, names: Names) -> tuple[tuple[str, str], ...]:
    if what == "lane":
        return tuple(
            (value, label) for value, label in Lane.choices if value in ("own", "platform")
        )
    return tuple((str(pk), name) for pk, name in names.shops.items())


def _stored(what: str, typed: Mapping[str, str]) -> dict[str, Any]:
    if what == "shop":
        return {"in": [int(typed["in"])] if typed.get("in", "").isdigit() else []}
    if what == "lane":
        return {"in": [typed["in"]] if typed.get("in") else []}
    if what == "sample":
        return {"is": typed.get("is") != "no"}
    if what == "speed":
        return {"is": typed.get("is") or "standard"}
    if what == "deadline":
        return {"hours": _kept(_number(typed.get("hours", "")))}
    if what in _RANGES:
        return {name: _bound(what, typed.get(name, "")) for name in ("from", "to")}
    if what in _LISTS:
        parts = [part.strip() for part in typed.get(_LISTS[what][0], "").split(",")]
        upper = what in ("country", "state", "order_type")
        listed = [part.upper() if upper else part for part in parts if part]
        found: dict[str, Any] = {_LISTS[what][0]: listed[:50]}
    else:
        found = {_TEXTS[what][0]: " ".join(typed.get(_TEXTS[what][0], "").split())[:120]}
    if what in ("sku", "product"):
        found["how"] = "every" if typed.get("how") == "every" else "any"
    return found


def _bound(what: str, text: str) -> str | int | None:
    number = _number(text)
    if number is None:
        return None
    if what == "weight":
        return round(number * _POUND)
    return int(number) if what == "units" else _kept(number)


def _kept(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def _number(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise BadRule(f"“{text.strip()[:20]}” is not a number.") from None
    if not number.is_finite() or not 0 <= number <= 1_000_000:
        raise BadRule(f"{text.strip()[:20]} cannot be right.")
    return number


def _typed(item: Mapping[str, Any]) -> dict[str, str]:
    """What a person would type for a stored condition."""
    typed: dict[str, str] = {}
    for name, value in item.items():
        if name == "what" or value is None:
            continue
        if item["what"] == "weight":
            typed[name] = f"{round(Decimal(value) / _POUND, 2).normalize():f}"
        elif isinstance(value, bool):
            typed[name] = "yes" if value else "no"
        elif isinstance(value, list):
            typed[name] = ", ".join(str(one) for one in value)
        else:
            typed[name] = str(value)
    return typed


def rows_of(conditions: Mapping[str, Any]) -> list[ConditionRow]:
    """Stored conditions as rows, in their order."""
    pairs = [(group, item) for group in GROUPS for item in conditions.get(group, ())]
    return [
        ConditionRow(number, group, item["what"], _typed(item))
        for number, (group, item) in enumerate(pairs)
    ]


def rows_from(posted: Mapping[str, str]) -> list[ConditionRow]:
    """The rows of a posted form, in their order; unknown kinds are left out."""
    found = re.findall(r"^c(\d{1,3})-what$", "\n".join(posted), re.MULTILINE)
    rows = []
    for number in sorted({int(text) for text in found})[:MOST]:
        prefix = f"c{number}-"
        typed = {key[len(prefix) :]: posted[key] for key in posted if key.startswith(prefix)}
        group, what = typed.pop("group", "all"), typed.pop("what")
        if what in WHATS and group in GROUPS:
            rows.append(ConditionRow(number, group, what, typed))
    return rows


def conditions_from(rows: list[ConditionRow]) -> dict[str, Any] | None:
    """The conditions that rows say; None when one of them says nothing, which its `error` tells."""
    found: dict[str, Any] = {}
    for row in rows:
        try:
            found.setdefault(row.group, []).append(row.item())
        except BadRule as error:
            row.error = str(error)
    return None if any(row.error for row in rows) else found
