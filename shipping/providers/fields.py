"""Reading answers of other people's servers: nonsense comes back as nothing, never as an exception.

JSON is read with `decode`, so that a price sent as a bare number is an exact Decimal and never
passes through a float.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from core.money import Money

JsonObject = Mapping[str, Any]

_EMPTY: dict[str, Any] = {}
_SPACES = re.compile(r"\s+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TRACKING = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{3,59}")
# No label costs this much: a larger number is damage, not a price.
_MOST_EXPENSIVE = Decimal(1_000_000)


def decode(content: bytes) -> object:
    """The JSON value in `content`. ValueError for anything else, including NaN and nesting without
    end."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def mapping(value: object, *path: str) -> JsonObject:
    """The object at `path`, empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _EMPTY


def entries(value: object, *path: str) -> list[object]:
    """The list at `path`, empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def text(value: object, *path: str) -> str:
    """The string (or whole number, written out) at `path`, stripped; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value.strip() if value.isprintable() else clean(value, 4000)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else ""
    return ""


def identifier(value: object, *path: str) -> str:
    """An id at `path`: letters, digits, dashes and underscores, so that it changes no address it is
    put into."""
    found = text(value, *path)
    return found if _IDENTIFIER.fullmatch(found) else ""


def filled(**words: str) -> dict[str, str]:
    """The words that are not empty, by name."""
    return {name: word for name, word in words.items() if word}


def tracking_number(value: object, name: str) -> str:
    """A tracking number as the provider writes it; empty for what cannot be one."""
    found = text(value, name)
    return found if _TRACKING.fullmatch(found) else ""


def web_address(value: object, name: str) -> str:
    """An http or https address of at most 4,000 signs; empty for anything else."""
    found = text(value, name)
    return found if found.startswith(("https://", "http://")) and len(found) <= 4000 else ""


def days(value: object, *names: str) -> int | None:
    """A number of days under the first of `names` that holds a believable one."""
    for name in names:
        found = text(value, name)
        if found.isascii() and found.isdigit() and len(found) < 4:
            return int(found)
    return None


def money(value: object, amount: str, currency: str) -> Money | None:
    """The price made of two neighbouring fields; None unless both are there and make sense."""
    found = decimal(value, amount)
    code = text(value, currency).upper()
    if found is None or len(code) != 3 or not (code.isascii() and code.isalpha()):
        return None
    return Money.of(found, code)


def whole_cents(price: Money) -> Money:
    """6.07000 as 6.07; an amount that really has parts of a cent stays as it is."""
    rounded = price.amount.quantize(Decimal("0.01"))
    return Money(rounded, price.currency) if rounded == price.amount else price


def decimal(value: object, name: str) -> Decimal | None:
    """A price-like number, from text or number: finite, not negative, below a million."""
    found = mapping(value).get(name)
    if isinstance(found, bool) or not isinstance(found, str | int | Decimal):
        return None
    try:
        number = Decimal(found)
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number < _MOST_EXPENSIVE:
        return None
    # Thousands of decimals are damage as well, and would be carried into every sum.
    return number if number.as_tuple().exponent >= -8 else None  # type: ignore[operator]


def clean(words: object, limit: int = 300) -> str:
    """A provider's words fit to be shown in one line: no control characters, no endless text."""
    if not isinstance(words, str):
        return ""
    shown = words if words.isprintable() else "".join(c if c.isprintable() else " " for c in words)
    line = _SPACES.sub(" ", shown).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


# The names providers give to fields, as a seller knows them.
_WORDS = {
    "to_address": "recipient",
    "address_to": "recipient",
    "from_address": "ship-from address",
    "address_from": "ship-from address",
    "parcel": "parcel",
    "parcels": "parcel",
    "zip": "ZIP code",
    "street1": "street",
    "street2": "second address line",
    "rate": "rate",
    "name": "name",
    "phone": "phone number",
    "email": "e-mail",
    "country": "country",
    "non_field_errors": "",
    "detail": "",
    "shipment": "shipment",
}


def field_words(name: str) -> str:
    """`address_to` and the like as people say it."""
    parts = [part for part in re.split(r"[.\[\]]+", name) if part and not part.isdigit()]
    words = [_WORDS.get(part, part.replace("_", " ")) for part in parts]
    return clean(" ".join(word for word in words if word), 60)


def sentences(value: object, field: str = "", depth: int = 0) -> Iterator[str]:
    """Every message in an error body of unknown nesting, each with the field it speaks about."""
    if depth > 6:
        return
    if isinstance(value, str):
        words = clean(value)
        name = field_words(field)
        if words:
            yield f"{name}: {words}" if name else words
    elif isinstance(value, list):
        for entry in value[:20]:
            yield from sentences(entry, field, depth + 1)
    elif isinstance(value, Mapping):
        for name, entry in list(value.items())[:20]:
            inner = f"{field}.{name}" if field else str(name)
            yield from sentences(entry, inner, depth + 1)


def joined(parts: Iterator[str], limit: int = 400) -> str:
    """Messages as one line, none twice."""
    return clean("; ".join(dict.fromkeys(parts)), limit)
