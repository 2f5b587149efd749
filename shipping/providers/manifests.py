"""Forms that a carrier scans once for many parcels, as providers make them: plain values.

The request is sent at most once. What became of a lost answer is found by reading back: the
provider keeps on each label, or in its list of forms, which form it is on.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shipping.providers.base import Address, Document


class FormState(StrEnum):
    """Where a form stands at its provider."""

    MADE = "made"
    QUEUED = "queued"  # being made: ask again
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FormWish:
    """The labels one form is wanted for: of one carrier account, from one origin, of one date."""

    labels: tuple[str, ...]  # the provider's ids of them
    sender: Address
    carrier: str  # slug
    carrier_account: str  # the provider's id of it; "" where it is not known
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class Form:
    """A form as its provider tells of it."""

    ref: str
    state: FormState
    url: str = ""
    on_it: tuple[str, ...] = ()  # the labels on it: ids or tracking numbers; empty: as wished
    message: str = ""


class Manifester(Protocol):
    """A provider that makes such forms (Can.MANIFEST) for some carriers."""

    manifest_carriers: frozenset[str]

    def make_form(self, wish: FormWish) -> Form:
        """Make a form, sending once. Rejected, NotAuthorized and Unavailable mean certainly not
        made; anything else means nobody knows yet."""
        ...

    def find_form(self, wish: FormWish, *, since: datetime) -> Form | None:
        """The form these labels are on, asked for since then; None when they are on none. Free, and
        safe to repeat."""
        ...

    def form(self, ref: str) -> Form:
        """The form as it stands now."""
        ...

    def form_file(self, form: Form) -> Document:
        """Its paper, which is a PDF. Unavailable (with retry_after) while it is still being made."""
        ...
