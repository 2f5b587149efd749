"""The rules as one workspace sees them: its market's, and what it has put in their place."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from core import audit, events
from core.models import User, Workspace
from shops.policy import book
from shops.policy.book import Book, Rule
from shops.policy.models import PolicyOverride


class BadValue(ValueError):
    """The value cannot stand in place of the rule's; the message says what is wanted."""


def book_for(market: str, workspace_id: int | None = None) -> Book:
    """The market's rules with the workspace's own values; one query, none without a workspace."""
    if workspace_id is None:
        return book.plain(market)
    return books_for(workspace_id, [market])[market]


def books_for(workspace_id: int, markets: Sequence[str]) -> dict[str, Book]:
    """Several markets' books at once: one query."""
    asked = {*markets, book.EVERYWHERE}
    own: dict[str, list[Rule]] = defaultdict(list)
    rows = PolicyOverride.objects.filter(workspace_id=workspace_id, market__in=asked)
    for row in rows.order_by("-pk"):  # of two for the same days the later one counts
        own[row.market].extend(_as_rules(row))
    everywhere = own[book.EVERYWHERE]
    return {
        market: book.with_own(
            market, everywhere if market == book.EVERYWHERE else [*everywhere, *own[market]]
        )
        for market in markets
    }


def override(
    workspace: Workspace,
    market: str,
    key: str,
    typed: str,
    *,
    since: date | None,
    until: date | None,
    reason: str,
    user: User | None,
) -> PolicyOverride:
    """Put `typed` in place of the market's value. BadValue when it does not fit the rule's kind;
    nothing is saved then."""
    like = _like(market, key)
    if since and until and until < since:
        raise BadValue("The last day comes before the first.")
    row = PolicyOverride(
        workspace=workspace,
        market=market,
        key=key,
        value=_read(typed, like),
        since=since,
        until=until,
        reason=reason[:300],
        created_by=user,
    )
    with transaction.atomic():
        row.save()
        _record(row, "policy.overridden", f"{key} ({market}) is {typed} {like.unit} here", user)
        events.publish("policy.changed", workspace_id=workspace.pk, key=key)
    return row


def withdraw(row: PolicyOverride, *, user: User | None) -> None:
    """The market's value counts again."""
    with transaction.atomic():
        words = f"{row.key} ({row.market}) is TikTok's value again"
        _record(row, "policy.restored", words, user)
        workspace_id = row.workspace_id
        row.delete()
        events.publish("policy.changed", workspace_id=workspace_id, key=row.key)


def _record(row: PolicyOverride, action: str, summary: str, user: User | None) -> None:
    audit.record(
        row.workspace,
        action,
        f"policy:{row.market}:{row.key}",
        summary,
        actor=user,
        reason=row.reason,
        value=row.value,
        since=row.since.isoformat() if row.since else None,
        until=row.until.isoformat() if row.until else None,
    )


def _like(market: str, key: str) -> Rule:
    known = book.packs()
    for rule in reversed((*known[book.EVERYWHERE], *known.get(market, ()))):
        if rule.key == key:
            return rule
    raise BadValue("There is no such rule in this market.")


def _read(typed: str, like: Rule) -> Any:
    """What a person typed, as the kind of value the rule has; JSON's kinds only."""
    typed = typed.strip()
    if isinstance(like.value, bool):
        if typed.lower() not in ("yes", "no"):
            raise BadValue("Say yes or no.")
        return typed.lower() == "yes"
    if isinstance(like.value, list):
        return [word.strip().lower() for word in typed.split(",") if word.strip()]
    if isinstance(like.value, Decimal):
        try:
            number = Decimal(typed)
        except InvalidOperation:
            raise BadValue(f"This is a number of {like.unit}.") from None
        if not number.is_finite() or not 0 <= number <= 100_000:
            raise BadValue(f"This is a number of {like.unit} from 0 to 100,000.")
        return str(number)
    if not typed or len(typed) > 60:
        raise BadValue("Say it in 1 to 60 characters.")
    return typed


def _as_rules(row: PolicyOverride) -> list[Rule]:
    try:
        like = _like(row.market, row.key)
    except BadValue:  # a later version of the packs has dropped the rule
        return []
    value = Decimal(row.value) if isinstance(like.value, Decimal) else row.value
    return [
        book.own_rule(
            like,
            value,
            since=row.since,
            until=row.until,
            reason=row.reason,
            source="your own value",
        )
    ]
