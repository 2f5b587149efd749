"""TikTok's cursor pages as a generator: one page in memory at a time, ended by an empty token."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Rejected
from shops.tiktok_shop.error_table import TABLE
from shops.tiktok_shop.errors import PROVIDER, PageTokenRefused, unreadable

# Codes that blame a parameter; from the second page on only the token is new.
_BLAMES_A_PARAMETER = frozenset({"36009004", "21001001", "12019108", "12052910"})


@dataclass(frozen=True, slots=True)
class Page:
    """Items as TikTok sent them. `next_token` is empty on the last page; `total` is None where not
    told."""

    items: list[dict[str, Any]]
    next_token: str
    total: int | None


def read_page(data: dict[str, Any], items: str) -> Page:
    """The page in `data`. Unavailable when its list is not one of objects, or is not there and
    nothing says that it is empty: a damaged answer must not pass for "no orders"."""
    total, token = data.get("total_count"), data.get("next_page_token")
    if data.get(items) is None and total != 0 and (total is not None or token is None):
        raise unreadable(safe=True)
    return Page(
        objects(data.get(items) or []), str(token or ""), total if isinstance(total, int) else None
    )


def read_list(data: dict[str, Any], items: str) -> list[dict[str, Any]]:
    """A list that comes in one piece. Unavailable when it is not there, or not one of objects."""
    return objects(data.get(items))


def objects(found: object) -> list[dict[str, Any]]:
    """`found` as a list of objects; Unavailable for anything else."""
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise unreadable(safe=True)
    return found


def ask_page(ask: Callable[[str], dict[str, Any]], items: str, page_token: str = "") -> Page:
    """One page. PageTokenRefused when TikTok turns the token down, an error of core.errors
    otherwise."""
    try:
        return read_page(ask(page_token), items)
    except Rejected as error:
        if page_token and (error.code in _BLAMES_A_PARAMETER or error.code not in TABLE):
            raise PageTokenRefused(
                "TikTok no longer knows where the list was left.",
                provider=PROVIDER,
                code=error.code,
                request_id=error.request_id,
            ) from error
        raise


def all_pages(fetch: Callable[[str], Page], page_token: str = "") -> Iterator[Page]:
    """Pages from `page_token` (the start when empty) to the end; `fetch` asks for one.

    PageTokenRefused also when TikTok hands back the token it was just given, which would never end.
    """
    while True:
        page = fetch(page_token)
        yield page
        if not page.next_token:
            return
        if page.next_token == page_token:
            raise PageTokenRefused(
                "TikTok sent the same page twice.", provider=PROVIDER, code="same-page"
            )
        page_token = page.next_token


def window(name: str, since: datetime | None, until: datetime | None) -> dict[str, int]:
    """Body fields `<name>_ge` (rounded down) and `<name>_lt` (rounded up) in Unix seconds; aware
    times only."""
    fields: dict[str, int] = {}
    if since is not None:
        fields[f"{name}_ge"] = math.floor(_seconds(since))
    if until is not None:
        fields[f"{name}_lt"] = math.ceil(_seconds(until))
    return fields


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone means nothing to TikTok")
    return moment.timestamp()
