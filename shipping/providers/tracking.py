"""What providers answer when asked where a parcel is, checked to be about that parcel."""

from collections.abc import Mapping
from typing import Any

from shipping.providers import fields
from shipping.providers.base import Unsupported
from shipping.providers.carriers import normal
from shipping.providers.wire import nonsense


def about_number(answer: object, name: str, number: str, provider: str) -> Mapping[str, Any]:
    """The answer, if its field `name` is the tracking number that was asked about. Unavailable for
    any other: a strangers' scans must not become ours."""
    document = fields.mapping(answer)
    if normal(fields.text(document, name)) != normal(number):
        raise nonsense(provider)
    return document


def path_part(text: str) -> str:
    """A tracking number or a carrier's name as part of a path. Unsupported for what would change
    the path."""
    found = normal(text) if text.upper() == text else text
    if not found.replace("_", "").isalnum() or not found.isascii():
        raise Unsupported(f"not to be asked about: {text!r}")
    return found
