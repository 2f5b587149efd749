"""A dry run of rules: its progress, what would change, at what cost, and which rules clash."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from core.money import Money
from shipping.models import RuleRun, RuleRunRow
from shipping.rule_forms import DryRunForm
from shipping.rules import book as books
from shipping.rules import dry_run, sentences
from shipping.rules.actions import WORDS
from shipping.rules.conditions import BadRule
from shipping.rules.names import Names

_ROWS = 50


@require_POST
@member(Right.SET_UP)
def start(request: MemberRequest) -> HttpResponse:
    """Try the rules as they are written."""
    form = DryRunForm(request.POST)
    days = form.cleaned_data["days"] if form.is_valid() else 30
    try:
        run = dry_run.start(request.workspace, user=request.user, days=days)
    except BadRule as error:
        messages.error(request, str(error))
        return go(request, wreverse(request.workspace, "shipping:rules"))
    return go(request, wreverse(request.workspace, "shipping:rule-run", run_id=run.pk))


@require_POST
@member(Right.SET_UP)
def stop(request: MemberRequest, run_id: int) -> HttpResponse:
    """End it."""
    run = _run(request, run_id)
    dry_run.stop(run)
    return go(request, wreverse(request.workspace, "shipping:rule-run", run_id=run.pk))


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest, run_id: int) -> HttpResponse:
    """The run: how far it is, then what it found."""
    run = _run(request, run_id)
    is_open = run.state in ("waiting", "working")
    context: dict[str, Any] = {"run": run, "is_open": is_open}
    if run.state == "done":
        context |= _found(request, run)
    return page_or_part(request, "shipping/rule_run.html", "run", context)


def _found(request: MemberRequest, run: RuleRun) -> dict[str, Any]:
    names = Names(request.workspace.pk)
    after = request.GET.get("after", "")
    rows = RuleRunRow.objects.filter(run=run).select_related("order").order_by("pk")
    rows = rows.defer("order__raw", "order__search_text")
    shown = list(rows.filter(pk__gt=int(after) if after.isdigit() else 0)[: _ROWS + 1])
    written = books.documents_of(books.drafts(request.workspace))
    result = run.result
    titles = {rule["number"]: rule["name"] for rule in result["rules"]}
    return {
        "rows": [_row(row, names) for row in shown[:_ROWS]],
        "next": shown[_ROWS - 1].pk if len(shown) > _ROWS else None,
        "first": not after,
        "money": _money(result["money"]),
        "unquoted": result["unquoted"],
        "fields": [(WORDS[name], count) for name, count in _most(result["fields"])],
        "rules": result["rules"],
        "silent": [rule for rule in result["rules"] if not rule["decided"]],
        "clashes": [
            clash
            | {
                "what": WORDS[clash["field"]],
                "winner_name": titles.get(clash["winner"], ""),
                "loser_name": titles.get(clash["loser"], ""),
            }
            for clash in result["clashes"]
        ],
        "is_current": written == run.rules,
    }


def _most(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])


def _money(money: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for currency, sums in money.items():
        before, after = Decimal(sums["before"]), Decimal(sums["after"])
        found.append(
            {
                "before": Money(before, currency),
                "after": Money(after, currency),
                "difference": Money(abs(after - before), currency),
                "dearer": after > before,
                "same": after == before,
                "compared": sums["compared"],
            }
        )
    return found


def _row(row: RuleRunRow, names: Names) -> dict[str, Any]:
    was, will = row.before["set"], row.after["set"]
    changed = [name for name in {**was, **will} if was.get(name) != will.get(name)]
    difference = None
    if row.cost_before is not None and row.cost_after is not None:
        difference = row.cost_after - row.cost_before
    return {
        "order": row.order,
        "before": _side(changed, row.before, names),
        "after": _side(changed, row.after, names),
        "cost_before": row.cost_before,
        "cost_after": row.cost_after,
        "currency": row.currency,
        "difference": difference,
        "why": row.why,
    }


def _side(changed: list[str], side: dict[str, Any], names: Names) -> str:
    """What one side sets among what differs, and the service that comes of it."""
    wanted = {name: side["set"][name] for name in changed if side["set"].get(name)}
    words = sentences.action_words(wanted, names) if wanted else "as usual"
    return f"{words}; {side['service']}" if side["service"] else words


def _run(request: MemberRequest, run_id: int) -> RuleRun:
    rows = RuleRun.objects.filter(workspace=request.workspace)
    return get_object_or_404(rows.select_related("created_by"), pk=run_id)
