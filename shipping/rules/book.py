"""A workspace's rules: as they are being written, and the sets that went live. Writing changes
nothing; going live does, and can be gone back on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import audit
from core.models import User, Workspace
from shipping.models import Rule, RuleSet
from shipping.rules import engine
from shipping.rules.actions import check
from shipping.rules.conditions import BadRule, compiled

MOST = 100  # rules of a workspace

type Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """The set that counts now: its number (0: none went live yet), and the rules in it that are
    on."""

    number: int
    documents: list[Document]

    @property
    def book(self) -> engine.Book:
        """Ready to be asked."""
        return book_of(self.documents)


def book_of(documents: Iterable[Document]) -> engine.Book:
    """Those of stored rules that are on, ready to be asked. They keep the numbers they have on the
    page, where those that are off are counted, too."""
    every = list(documents)
    rules = engine.rules_from(every)
    return engine.Book(
        rule for rule, document in zip(rules, every, strict=True) if document["is_on"]
    )


def live(workspace_id: int) -> Live:
    """One query."""
    row = RuleSet.objects.filter(workspace=workspace_id).order_by("-number").first()
    return Live(row.number, row.rules) if row else Live(0, [])


def drafts(workspace: Workspace) -> list[Rule]:
    """The rules as they are being written, in their order."""
    rows = Rule.objects.filter(workspace=workspace).select_related("updated_by")
    return list(rows.order_by("position", "pk"))


def documents_of(rules: Iterable[Rule]) -> list[Document]:
    """Rules as a set keeps them."""
    return [
        {
            "id": rule.pk,
            "name": rule.name,
            "conditions": rule.conditions,
            "actions": rule.actions,
            "stop": rule.stop,
            "is_on": rule.is_on,
        }
        for rule in rules
    ]


def is_live(workspace: Workspace, rules: list[Rule]) -> bool:
    """Whether what is written is what counts."""
    return live(workspace.pk).documents == documents_of(rules)


def save(rule: Rule, *, user: User) -> None:
    """Keep a new or changed rule; a new one comes last. BadRule with words."""
    compiled(rule.conditions)
    check(rule.actions)
    with transaction.atomic():
        others = _locked(rule.workspace)
        if rule.pk is None:
            if len(others) >= MOST:
                raise BadRule(f"A workspace has at most {MOST} rules.")
            rule.position = len(others) + 1
        rule.updated_at, rule.updated_by = timezone.now(), user
        rule.save()
        _note(rule.workspace, "saved", rule, user)


def switch(rule: Rule, *, user: User) -> None:
    """On if it was off, and the other way round."""
    rule.is_on = not rule.is_on
    rule.updated_at, rule.updated_by = timezone.now(), user
    rule.save(update_fields=["is_on", "updated_at", "updated_by"])
    _note(rule.workspace, "switched on" if rule.is_on else "switched off", rule, user)


def move(rule: Rule, step: int, *, user: User) -> bool:
    """One place up (-1) or down (1); False at the end of the list."""

    def moved(rules: list[Rule]) -> list[Rule]:
        at = next(n for n, one in enumerate(rules) if one.pk == rule.pk)
        to = at + step
        if not 0 <= to < len(rules):
            return rules
        rules[at], rules[to] = rules[to], rules[at]
        return rules

    changed = _reorder(rule.workspace, moved)
    if changed:
        _note(rule.workspace, "moved", rule, user)
    return changed


def delete(rule: Rule, *, user: User) -> None:
    """Take a rule away; the sets that went live with it stay as they are."""
    with transaction.atomic():
        _note(rule.workspace, "deleted", rule, user)
        rule.delete()
        _reorder(rule.workspace, lambda rules: rules)


def go_live(workspace: Workspace, *, user: User) -> RuleSet:
    """What is written counts from now on, for orders that are open and for new ones. BadRule when
    one of them cannot be understood."""
    with transaction.atomic():
        rules = _locked(workspace)
        found = documents_of(rules)
        book_of(found)
        number = live(workspace.pk).number + 1
        row = RuleSet.objects.create(workspace=workspace, number=number, rules=found, by=user)
        on = sum(1 for rule in rules if rule.is_on)
        audit.record(
            workspace,
            "rules.live",
            f"ruleset:{row.number}",
            f"Rules went live ({on} on).",
            actor=user,
            rules=[rule.name for rule in rules if rule.is_on],
        )
    return row


def write_back(workspace: Workspace, kept: RuleSet, *, user: User) -> None:
    """Write the rules as they were in a set that went live once; nothing counts by it yet."""
    with transaction.atomic():
        mine = {rule.pk: rule for rule in _locked(workspace)}
        now = timezone.now()
        for position, document in enumerate(kept.rules, start=1):
            fields = {
                "position": position,
                "name": document["name"],
                "conditions": document["conditions"],
                "actions": document["actions"],
                "stop": document["stop"],
                "is_on": document["is_on"],
                "updated_at": now,
                "updated_by": user,
            }
            if mine.pop(document["id"], None):
                Rule.objects.filter(pk=document["id"]).update(**fields)
            else:
                # A deleted rule comes back under its old number, so that it reads as the same one.
                Rule.objects.create(pk=document["id"], workspace=workspace, **fields)
        Rule.objects.filter(pk__in=list(mine)).delete()
        text = f"Rules written back as of {kept.at:%b %-d, %Y}."
        audit.record(workspace, "rules.back", f"ruleset:{kept.number}", text, actor=user)


def _locked(workspace: Workspace) -> list[Rule]:
    """The workspace's rules, held for the transaction, so that two people cannot give two rules one
    place."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    return list(Rule.objects.filter(workspace=workspace).order_by("position", "pk"))


def _reorder(workspace: Workspace, change: Callable[[list[Rule]], list[Rule]]) -> bool:
    with transaction.atomic():
        rules = _locked(workspace)
        before = [rule.pk for rule in rules]
        rules = change(rules)
        for position, rule in enumerate(rules, start=1):
            rule.position = position
        Rule.objects.bulk_update(rules, ["position"])
    return [rule.pk for rule in rules] != before


def _note(workspace: Workspace, what: str, rule: Rule, user: User) -> None:
    text = f"Rule “{rule.name}” {what}; it counts once it goes live."
    audit.record(workspace, "rules.written", f"rule:{rule.pk}", text, actor=user)
