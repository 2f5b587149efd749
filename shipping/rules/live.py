"""The live run: open orders get what the rules that are live say, in bulk and before they are
quoted. Doing it again changes nothing.

What a person did wins: an own parcel, a chosen service and a preset are left alone, a hold that a
person ended is not put back, a tag that a person took off is not added again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from core.jobs import job
from core.queues import Queue
from orders.models import Order
from orders.rule_notes import RuleNote, note_rules
from shipping.models import RuleSet
from shipping.rules import book as books
from shipping.rules import load
from shipping.rules.engine import Book, Decision
from shipping.rules.names import Names
from shipping.rules.sentences import set_words

AT_ONCE = 1000
# Rules that look at the deadline are asked again for orders that are due within so long.
SOON = timedelta(days=3)
_STAGES = tuple(sorted(load.OPEN))


def apply_to(orders: Iterable[Order]) -> set[int]:
    """Apply their workspaces' rules to these orders; answers which of the rows are others now, by
    pk. One query for a workspace without rules, however many orders."""
    theirs: dict[int, list[int]] = defaultdict(list)
    for order in orders:
        theirs[order.workspace_id].append(order.pk)
    changed: set[int] = set()
    for workspace_id, ids in theirs.items():
        live = books.live(workspace_id)
        if live.number:
            changed |= apply(ids, live.book, live.number, Names(workspace_id))
    return changed


def apply(order_ids: Collection[int], book: Book, number: int, names: Names) -> set[int]:
    """Apply one set of rules; answers which rows changed. Six queries a thousand orders."""
    changed: set[int] = set()
    for ids in batched(order_ids, AT_ONCE):
        with transaction.atomic():
            rows = list(load.read(list(ids), now=timezone.now(), lock=True))
            notes = {
                row.facts.pk: note
                for row in rows
                if row.is_open and (note := note_of(row, load.decide(book, row), book, names))
            }
            note_rules([row.facts.pk for row in rows], notes, number=number)
        changed |= notes.keys()
    return changed


@job(queue=Queue.READING)
def apply_due(*, workspace_id: int | None = None) -> int:
    """Apply rules to open orders that are new or changed since, or that were decided by an earlier
    set; answers how many were looked at."""
    sets = RuleSet.objects.filter(workspace=workspace_id) if workspace_id else RuleSet.objects
    workspaces = list(sets.order_by("workspace").values_list("workspace", flat=True).distinct())
    return sum(_apply_due(workspace, now=timezone.now()) for workspace in workspaces)


def _apply_due(workspace_id: int, *, now: datetime) -> int:
    live = books.live(workspace_id)
    book = live.book
    is_due = ~Q(ruled_by=live.number, ruled_at=F("updated_at"))
    if book.uses_time:
        is_due |= Q(due_at__lte=now + SOON)
    orders = Order.objects.filter(is_due, workspace=workspace_id, stage__in=_STAGES, label_state="")
    ids = list(orders.order_by("due_at", "id").values_list("pk", flat=True))
    apply(ids, book, live.number, Names(workspace_id))
    return len(ids)


def note_of(row: load.Row, decision: Decision, book: Book, names: Names) -> RuleNote | None:
    """What `decision` changes about the order; None for nothing."""
    before = row.ruled
    words = {rule.number: rule.words for rule in book.rules}
    after: dict[str, Any] = {}
    if wanted := {name: value for name, value in decision.set.items() if name != "hold"}:
        after["set"] = wanted
        after["by"] = {name: words[decision.by[name]] for name in wanted}
    new_tags = sorted(set(decision.tags) - row.facts.tags)
    if new_tags:
        after["tags"] = new_tags
    if row.off:
        after["off"] = sorted(row.off)
    held_because, held_until = _hold(row, decision, words, after)
    if after == before:
        return None
    return RuleNote(
        ruled=after,
        tags=sorted(row.facts.tags.union(new_tags)),
        held_because=held_because,
        held_until=held_until,
        text=_text(row, after, decision, words, names),
        changes_plan=after.get("set", {}) != before.get("set", {}),
        changes_hold=(held_because, held_until) != (row.held_because, row.held_until),
    )


def _hold(
    row: load.Row, decision: Decision, words: dict[int, str], after: dict[str, Any]
) -> tuple[str, datetime | None]:
    """Reason and end of the order's hold; what rules know of it goes into `after`. A hold is put on
    once: who ends it, ended it."""
    known = row.ruled.get("held") or {}
    mine = bool(known) and row.held_because == known["text"]
    hold = decision.set.get("hold")
    if hold is None:
        return ("", None) if mine else (row.held_because, row.held_until)
    text = f"{words[decision.by['hold']]}: {hold['reason']}"[:200]
    hours = hold.get("hours")
    until = row.came_at + timedelta(hours=float(hours)) if hours else None
    after["held"] = {"text": text, "hours": hours}
    if known == after["held"]:
        return row.held_because, row.held_until
    over = until is not None and until <= row.facts.at
    if over or (row.held_because and not mine):
        return ("", None) if mine else (row.held_because, row.held_until)
    return text, until


def _text(
    row: load.Row,
    after: dict[str, Any],
    decision: Decision,
    words: dict[int, str],
    names: Names,
) -> str:
    """What the timeline says: by rule, what it set that was not so before."""
    said: dict[str, list[str]] = defaultdict(list)
    earlier = row.ruled.get("set", {})
    for name, value in after.get("set", {}).items():
        if earlier.get(name) != value:
            said[after["by"][name]].append(set_words(name, value, names))
    for tag in after.get("tags", ()):
        if tag not in row.tags:
            said[words[decision.tags[tag]]].append(f"add the tag “{tag}”")
    if "held" in after and after["held"] != row.ruled.get("held"):
        said[words[decision.by["hold"]]].append(set_words("hold", decision.set["hold"], names))
    gone = [name for name in earlier if name not in after.get("set", {})]
    parts = [f"{rule}: {', '.join(what)}." for rule, what in said.items()]
    if gone:
        parts.append("Rules no longer set " + ", ".join(gone) + ".")
    return " ".join(parts)
