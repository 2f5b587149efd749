"""Rules in words: each reads as one sentence. Names of boxes, accounts and shops are passed in."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from core.templatetags.ui import counted, size, weight
from orders.models import Lane
from shipping.rules.actions import SIGNATURES
from shipping.wishes import service_words

_LANES = dict(Lane.choices)
_GONE = "one that is gone"


class Named(Protocol):
    """Where names come from; see shipping/rules/names.py."""

    @property
    def boxes(self) -> dict[int, str]:
        """Boxes by id."""
        ...

    @property
    def accounts(self) -> dict[str, str]:
        """Label accounts by id."""
        ...

    @property
    def shops(self) -> dict[int, str]:
        """Shops by id."""
        ...


def sentence(conditions: Mapping[str, Any], actions: Mapping[str, Any], names: Named) -> str:
    """ "If the items weigh 5 lb or more: the cheapest within 3 days." """
    return f"{condition_words(conditions, names)}: {action_words(actions, names)}."


def condition_words(conditions: Mapping[str, Any], names: Named) -> str:
    """ "If … and …, with … or …, but not …"; "Every order" without conditions."""
    every, some, never = (
        [_WORDS[item["what"]](item, names) for item in conditions.get(group, ())]
        for group in ("all", "any", "none")
    )
    parts = []
    if every:
        parts.append(" and ".join(every))
    if some:
        parts.append(" or ".join(some) if len(some) == 1 else f"either {' or '.join(some)}")
    text = f"If {', and '.join(parts)}" if parts else "Every order"
    if never:
        text += f", unless {' or '.join(never)}"
    return text


def action_words(actions: Mapping[str, Any], names: Named) -> str:
    """What it sets, in the order in which a packer would do it."""
    parts = [
        set_words(name, actions[name], names)
        for name in ("hold", "parcel", "service", "account", "insurance", "signature")
        if actions.get(name)
    ]
    tags = actions.get("tags") or ()
    if tags:
        listed = ", ".join(f"“{tag}”" for tag in tags)
        parts.append(f"add the tag{'' if len(tags) == 1 else 's'} {listed}")
    return ", ".join(parts) or "nothing"


def set_words(name: str, value: Any, names: Named) -> str:
    """One action: "ship in Mailer S", "insure it for its value"."""
    return _ACTIONS[name](value, names)


def _parcel(value: Mapping[str, Any], names: Named) -> str:
    if "box" in value:
        return f"ship in {names.boxes.get(value['box'], _GONE)}"
    return f"ship as {weight(value['weight_g'])}, {size(value)}"


def _insurance(value: Mapping[str, Any], names: Named) -> str:
    return f"insure it for {value.get('amount') or 'its value'}"


def _hold(value: Mapping[str, Any], names: Named) -> str:
    hours = value.get("hours")
    until = f" until {counted(int(hours), 'hour')} after the order" if hours else ""
    return f"hold it{until} ({value['reason']})"


_ACTIONS: dict[str, Callable[[Any, Named], str]] = {
    "parcel": _parcel,
    "service": lambda value, names: f"take {service_words(value)}",
    "account": lambda value, names: f"buy at {names.accounts.get(value, _GONE)}",
    "insurance": _insurance,
    "signature": lambda value, names: f"ask for {SIGNATURES[value].lower()}",
    "hold": _hold,
}


def _shop(item: Mapping[str, Any], names: Named) -> str:
    return f"the shop is {_or(names.shops.get(pk, _GONE) for pk in item['in'])}"


def _sku(item: Mapping[str, Any], names: Named) -> str:
    which = "every SKU is" if item.get("how") == "every" else "a SKU is"
    return f"{which} {_or(item['patterns'])}"


def _product(item: Mapping[str, Any], names: Named) -> str:
    which = "every product's" if item.get("how") == "every" else "a product's"
    return f"{which} name has “{item['words']}”"


def _weight(item: Mapping[str, Any], names: Named) -> str:
    return f"the items weigh {_span(item, lambda grams: weight(int(grams)))}"


def _value(item: Mapping[str, Any], names: Named) -> str:
    return f"the order is worth {_span(item, str)}"


def _units(item: Mapping[str, Any], names: Named) -> str:
    return f"it has {_span(item, str)} units"


def _deadline(item: Mapping[str, Any], names: Named) -> str:
    return f"the deadline is within {item['hours']} hours"


def _sample(item: Mapping[str, Any], names: Named) -> str:
    return "it is a sample" if item.get("is", True) else "it is not a sample"


def _speed(item: Mapping[str, Any], names: Named) -> str:
    fast = item.get("is") == "express"
    return f"the buyer chose {'express' if fast else 'standard'} delivery"


_WORDS: dict[str, Callable[[Mapping[str, Any], Named], str]] = {
    "shop": _shop,
    "sku": _sku,
    "product": _product,
    "weight": _weight,
    "value": _value,
    "units": _units,
    "country": lambda item, names: f"it goes to {_or(item['in'])}",
    "state": lambda item, names: f"the state is {_or(item['in'])}",
    "zip": lambda item, names: f"the ZIP code begins with {_or(item['starts'])}",
    "lane": lambda item, names: f"the lane is {_or(_LANES.get(one, one) for one in item['in'])}",
    "deadline": _deadline,
    "sample": _sample,
    "tag": lambda item, names: f"it has the tag “{item['name']}”",
    "option": lambda item, names: f"the delivery option has “{item['has']}”",
    "speed": _speed,
    "order_type": lambda item, names: f"the order type is {_or(item['in'])}",
}


def _or(values: Any) -> str:
    return " or ".join(str(value) for value in values)


def _span(item: Mapping[str, Any], words: Callable[[Any], str]) -> str:
    least, most = item.get("from"), item.get("to")
    if least in (None, ""):
        return f"{words(most)} or less"
    if most in (None, ""):
        return f"{words(least)} or more"
    return words(least) if least == most else f"{words(least)} to {words(most)}"
