"""The webhook inbox of a workspace: what came, what became of it, and what needs a person."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import dead_letters
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import page_or_part
from core.inbox import sources
from core.models import WebhookEvent, Workspace
from core.redaction import STRUCK, redact_document
from core.shell import address

PAGE = 50
COUNTED = 1_000  # a longer list is "1,000+"
_REASONS = 6
_WORDS_OF_PEOPLE = frozenset({"content", "message", "text"})  # a buyer's own, in TikTok's messages


@dataclass(frozen=True, slots=True)
class Filter:
    """What a page's address asks for; anything it does not know shows everything."""

    tab: str
    provider: str
    reason: str

    @classmethod
    def of(cls, query: QueryDict) -> "Filter":
        """Read from a query string."""
        provider = query.get("provider", "")
        return cls(
            tab="recent" if query.get("tab") == "recent" else "parked",
            provider=provider if provider in sources() else "",
            reason=query.get("reason", "")[:400],
        )

    def apply(self, workspace: Workspace) -> "QuerySet[WebhookEvent]":
        """The workspace's events that match."""
        rows = WebhookEvent.objects.filter(workspace=workspace)
        if self.tab == "parked":
            rows = rows.filter(state="parked")
        if self.provider:
            rows = rows.filter(provider=self.provider)
        return rows.filter(reason=self.reason) if self.reason and self.tab == "parked" else rows


@require_safe
@member(Right.SET_UP)
def inbox(request: MemberRequest) -> HttpResponse:
    """Dead letters, newest first, or with `?tab=recent` everything that came."""
    asked = Filter.of(request.GET)
    parked = WebhookEvent.objects.filter(workspace=request.workspace, state="parked")
    rows, older = _page(asked.apply(request.workspace), request.GET.get("before", ""))
    matching = 0
    if asked.tab == "parked":
        matching = asked.apply(request.workspace)[: COUNTED + 1].count()
    context = {
        "tab": asked.tab,
        "rows": [_shown(row, request.workspace) for row in rows],
        "older": older,
        "asked": asked,
        "providers": [(slug, source.title) for slug, source in sources().items()],
        "parked": parked[: COUNTED + 1].count(),
        "matching": matching,
        "most": COUNTED,
        "reasons": _reasons(parked, asked),
    }
    return page_or_part(request, "core/inbox.html", "list", context)


@require_safe
@member(Right.SET_UP)
def event(request: MemberRequest, event_id: int) -> HttpResponse:
    """One event: its way through here, and its document without secrets and people."""
    row = WebhookEvent.objects.filter(workspace=request.workspace, pk=event_id).first()
    if row is None:
        raise Http404("no such event")
    context = _shown(row, request.workspace) | {"document": _document(row)}
    return page_or_part(request, "core/inbox_event.html", "sheet", context)


@require_POST
@member(Right.SET_UP)
def replay(request: MemberRequest) -> HttpResponse:
    """Have the ticked events, or all that match the filter, handled again."""
    count = dead_letters.replay(_meant(request), by=request.user, now=timezone.now())
    if count:
        noun = "1 event is" if count == 1 else f"{count:,} events are"
        messages.success(request, f"{noun} being handled again.")
    else:
        messages.warning(request, "No event was waiting for that any more.")
    return _back(request)


@require_POST
@member(Right.SET_UP)
def dismiss(request: MemberRequest) -> HttpResponse:
    """Settle the ticked dead letters, or all that match the filter, with the reason given."""
    why = " ".join(request.POST.get("why", "").split())[:150]
    if not why:
        messages.error(request, "Say in a few words why they need nothing any more.")
        return _back(request)
    count = dead_letters.dismiss(_meant(request), why, by=request.user, now=timezone.now())
    messages.success(request, f"Dismissed {count:,} event{'' if count == 1 else 's'}.")
    return _back(request)


def _meant(request: MemberRequest) -> "QuerySet[WebhookEvent]":
    """The filter is run again here, within the workspace; ids from the page prove nothing."""
    if request.POST.get("all") == "1":
        return Filter.of(QueryDict(request.POST.get("filter", ""))).apply(request.workspace)
    sent = {text for text in request.POST.getlist("event") if text.isdecimal() and len(text) < 19}
    rows = WebhookEvent.objects.filter(workspace=request.workspace)
    return rows.filter(pk__in=[int(text) for text in sent])


def _back(request: MemberRequest) -> HttpResponse:
    query = QueryDict(request.POST.get("filter", "")).urlencode()
    url = wreverse(request.workspace, "core:inbox")
    return redirect(f"{url}?{query}" if query else url)


def _page(rows: "QuerySet[WebhookEvent]", before: str) -> tuple[list[WebhookEvent], int | None]:
    """One page by keyset, without the bodies, and the id to ask for the next one with."""
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.defer("body").order_by("-pk")[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def _reasons(parked: "QuerySet[WebhookEvent]", asked: Filter) -> list[dict[str, Any]]:
    """The commonest reasons among the newest dead letters; one alone is no choice."""
    if asked.tab != "parked":
        return []
    newest = parked.order_by("-pk").values("pk")[:COUNTED]
    counted = parked.filter(pk__in=newest).order_by().values("reason").annotate(n=Count("pk"))
    found: list[dict[str, Any]] = [dict(one) for one in counted.order_by("-n", "reason")[:_REASONS]]
    return found if len(found) > 1 or asked.reason else []


def _shown(row: WebhookEvent, workspace: Workspace) -> dict[str, Any]:
    """An event in words."""
    source = sources().get(row.provider)
    orders = address("orders:queue", workspace.slug)
    return {
        "event": row,
        "provider": source.title if source else row.provider,
        "name": source.name_of(row.event) if source else row.event,
        "search": f"{orders}?tab=all&q={row.subject}" if orders and row.subject else "",
    }


def _document(row: WebhookEvent) -> str:
    """The stored document, indented; "" when it is gone or was none."""
    found = _without_words(redact_document(row.document)) if row.document else None
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() if found else ""


def _without_words(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: STRUCK if name in _WORDS_OF_PEOPLE and inner else _without_words(inner)
            for name, inner in value.items()
        }
    return [_without_words(inner) for inner in value] if isinstance(value, list) else value
