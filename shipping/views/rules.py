"""Settings → Rules: the rules as they are written, in their order, each as a sentence; and going
live with them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.models import Label, Rule, RuleRun, RuleSet
from shipping.naming import full_name
from shipping.rule_forms import DryRunForm, RuleForm
from shipping.rules import book as books
from shipping.rules import clashes, sentences
from shipping.rules.condition_rows import (
    GROUP_WORDS,
    WHATS,
    ConditionRow,
    conditions_from,
    rows_from,
    rows_of,
)
from shipping.rules.conditions import BadRule
from shipping.rules.engine import rules_from
from shipping.rules.live import apply_due
from shipping.rules.names import Names
from shipping.views.settings import posted

_SHOWN_RUNS = 5
_SHOWN_SETS = 10


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The list: who may set up changes it, everybody reads it."""
    return _listing(request)


def _listing(request: MemberRequest) -> HttpResponse:
    rules = books.drafts(request.workspace)
    names = Names(request.workspace.pk)
    documents = books.documents_of(rules)
    on = [rule for rule in rules_from(documents) if rules[rule.number - 1].is_on]
    warned: dict[int, list[str]] = {}
    for warning in clashes.warnings(on):
        warned.setdefault(warning.number, []).append(warning.sentence)
    live = books.live(request.workspace.pk)
    runs = RuleRun.objects.filter(workspace=request.workspace).select_related("created_by")
    context = {
        "rules": [
            {
                "rule": rule,
                "number": number,
                "sentence": sentences.sentence(rule.conditions, rule.actions, names),
                "warnings": warned.get(number, []),
            }
            for number, rule in enumerate(rules, start=1)
        ],
        "is_live": live.documents == documents,
        "live_number": live.number,
        "runs": runs.order_by("-created_at")[:_SHOWN_RUNS],
        "sets": _sets(request),
        "form": DryRunForm(),
    }
    return page_or_part(request, "shipping/rules.html", "rules", context)


def _sets(request: MemberRequest) -> list[RuleSet]:
    rows = RuleSet.objects.filter(workspace=request.workspace).select_related("by")
    return list(rows.order_by("-number")[:_SHOWN_SETS])


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def add(request: MemberRequest) -> HttpResponse:
    """A new rule, below the others."""
    return _edit(request, Rule(workspace=request.workspace))


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def edit(request: MemberRequest, rule_id: int) -> HttpResponse:
    """Change a rule; nothing counts by it before it goes live."""
    return _edit(request, _rule(request, rule_id))


def _edit(request: MemberRequest, rule: Rule) -> HttpResponse:
    names = Names(request.workspace.pk)
    if posted(request) is None:
        first = {"name": rule.name, "stop": rule.stop} | RuleForm.values_of(rule.actions)
        form = RuleForm(initial=first, names=names)
        rows = rows_of(rule.conditions) or ([] if rule.pk else [ConditionRow(0)])
        return _editor(request, rule, form, rows, names)
    rows = rows_from(request.POST.dict())
    if "redo" in request.POST:
        form = RuleForm(initial=request.POST.dict(), names=names)
        return _editor(request, rule, form, _redone(request.POST["redo"], rows), names)
    form = RuleForm(request.POST, names=names)
    conditions = conditions_from(rows)
    if form.is_valid() and conditions is not None and _saved(request, rule, form, conditions):
        messages.success(request, f"“{rule.name}” is saved. It counts once the rules go live.")
        return go(request, wreverse(request.workspace, "shipping:rules"))
    return _editor(request, rule, form, rows, names, status=422)


def _saved(request: MemberRequest, rule: Rule, form: RuleForm, conditions: dict[str, Any]) -> bool:
    rule.name, rule.stop = form.cleaned_data["name"], form.cleaned_data["stop"]
    rule.conditions, rule.actions = conditions, form.actions()
    try:
        books.save(rule, user=request.user)
    except BadRule as error:
        form.add_error(None, str(error))
        return False
    return True


def _redone(wanted: str, rows: list[ConditionRow]) -> list[ConditionRow]:
    """The rows with one more, one less, or (a kind was chosen) with that kind's own controls."""
    if wanted == "add":
        return [*rows, ConditionRow(max((row.number for row in rows), default=-1) + 1)]
    if wanted.startswith("drop-"):
        return [row for row in rows if f"drop-{row.number}" != wanted]
    return rows


def _editor(
    request: MemberRequest,
    rule: Rule,
    form: RuleForm,
    rows: list[ConditionRow],
    names: Names,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "rule": rule,
        "form": form,
        "rows": [(row, row.inputs(names)) for row in rows],
        "groups": GROUP_WORDS.items(),
        "whats": WHATS.items(),
        "services": known_services(request.workspace.pk),
        "sides": [form[name] for name in ("length", "width", "height", "pounds", "ounces")],
    }
    return page_or_part(request, "shipping/rule.html", "editor", context, status=status)


def known_services(workspace_id: int) -> list[str]:
    """Services as rates name them, from labels bought lately: what a person may type is more."""
    rows = Label.objects.filter(workspace=workspace_id).order_by("-pk")
    pairs = set(rows.values_list("carrier", "service_name")[:500])
    return sorted(full_name(carrier, service) for carrier, service in pairs)


@require_POST
@member(Right.SET_UP)
def switch(request: MemberRequest, rule_id: int) -> HttpResponse:
    """On or off."""
    books.switch(_rule(request, rule_id), user=request.user)
    return _back(request)


@require_POST
@member(Right.SET_UP)
def move(request: MemberRequest, rule_id: int) -> HttpResponse:
    """One place up or down; the button that was pressed keeps the focus."""
    step = -1 if request.POST.get("step") == "up" else 1
    books.move(_rule(request, rule_id), step, user=request.user)
    return _back(request)


@require_POST
@member(Right.SET_UP)
def delete(request: MemberRequest, rule_id: int) -> HttpResponse:
    """Take a rule away."""
    rule = _rule(request, rule_id)
    books.delete(rule, user=request.user)
    messages.success(request, f"“{rule.name}” is deleted. It counts until the rules go live.")
    return go(request, wreverse(request.workspace, "shipping:rules"))


@require_POST
@member(Right.SET_UP)
def go_live(request: MemberRequest) -> HttpResponse:
    """From now on, for open and new orders."""
    try:
        row = books.go_live(request.workspace, user=request.user)
    except BadRule as error:
        messages.error(request, str(error))
    else:
        apply_due.later(workspace_id=request.workspace.pk)
        on = sum(1 for document in row.rules if document["is_on"])
        text = f"The rules are live: {on} on. Open orders follow within a minute."
        messages.success(request, text)
    return go(request, wreverse(request.workspace, "shipping:rules"))


@require_POST
@member(Right.SET_UP)
def write_back(request: MemberRequest, number: int) -> HttpResponse:
    """Write the rules as they were in an earlier set; going live is another press."""
    rows = RuleSet.objects.filter(workspace=request.workspace)
    kept = get_object_or_404(rows, number=number)
    books.write_back(request.workspace, kept, user=request.user)
    messages.success(request, "The rules are written as they were then. They are not live yet.")
    return go(request, wreverse(request.workspace, "shipping:rules"))


def _rule(request: MemberRequest, rule_id: int) -> Rule:
    rows = Rule.objects.filter(workspace=request.workspace).select_related("workspace")
    return get_object_or_404(rows, pk=rule_id)


def _back(request: MemberRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        return _listing(request)
    return go(request, wreverse(request.workspace, "shipping:rules"))
