"""Lists with the newest first, a page at a time: the place after the last row is the address of the
next page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet


@dataclass(frozen=True, slots=True)
class Page[M: Model]:
    """Rows, and the place to go on after; "" on the last page."""

    rows: list[M]
    after: str


def page_of[M: Model](rows: QuerySet[M], column: str, *, after: str, size: int) -> Page[M]:
    """`size` rows by `column`, a moment, behind the place `after`; the first ones for what is no
    place."""
    rows = rows.order_by(f"-{column}", "-pk")
    if place := _read(after):
        at, pk = place
        rows = rows.filter(**{f"{column}__lte": at}).exclude(**{column: at, "pk__gte": pk})
    found = list(rows[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    last: Any = found[size - 1]
    return Page(found[:size], f"{getattr(last, column).isoformat()}_{last.pk}")


def _read(text: str) -> tuple[datetime, int] | None:
    stamp, _, pk = text.rpartition("_")
    try:
        at, number = datetime.fromisoformat(stamp), int(pk)
    except ValueError:
        return None
    return (at, number) if at.tzinfo and 0 <= number < 2**63 else None
