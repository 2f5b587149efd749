"""A webhook before anybody acts on it: where it comes from, and what it says about itself.

Plain Python: the providers' own modules answer these values.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

LONGEST = 100  # characters of each text; what a provider sends is never trusted to be short


class Unreadable(ValueError):
    """Genuine, and yet no event as this provider documents them; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The columns of a stored event that its body decides; see core.models.WebhookEvent."""

    event: str
    dedupe: str
    owner: str = ""
    subject: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One provider's webhooks: what is asked about them, and its name for people."""

    title: str
    is_configured: Callable[[], bool]  # whether there is a secret to check signatures with
    verify: Callable[[bytes, Mapping[str, str], str], bool]  # body, headers, query string
    identify: Callable[[bytes], Delivery]  # Unreadable for nonsense
    name_of: Callable[[str], str]  # an event's name in words, the event itself when unknown
    workspace_of: Callable[[str], int | None]  # whose the owner is; None where that says nothing


def fingerprint(body: bytes) -> str:
    """The name of an event that has no id of its own: the same bytes are the same event."""
    return hashlib.sha256(body).hexdigest()


def own_name(identifier: object, body: bytes) -> str:
    """The provider's own id of an event where it sent one that can be kept whole."""
    text = word(identifier)
    return text if text and len(text) < LONGEST else fingerprint(body)


def word(value: object) -> str:
    """An id or name in a document as text that a column takes; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\0", "").strip()[:LONGEST]
