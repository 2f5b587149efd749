"""The rules in force: what counts today, where it is written, what changes next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shops.models import Shop
from shops.policy import book, ours
from shops.policy.book import Rule
from shops.policy.forms import OverrideForm
from shops.policy.models import PolicyOverride

# The first word of a rule's key → the heading it stands below, in the order of the day.
SECTIONS = {
    "hold": "Before shipping",
    "ship_by": "Ship by",
    "dispatch": "Ship by",
    "cutoff": "Business days",
    "days": "Business days",
    "auto_cancel": "Cancellations",
    "cancel": "Cancellations",
    "carriers": "Carriers and labels",
    "lane": "Carriers and labels",
    "combine": "Carriers and labels",
    "pickup": "Carriers and labels",
    "tracking": "Tracking",
    "lost": "Tracking",
    "deliver_by": "Delivery",
    "returns": "Returns and samples",
    "replacement": "Returns and samples",
    "samples": "Returns and samples",
    "metric": "Shop health",
    "points": "Shop health",
    "void_window": "Money back for labels",
    "credit_days": "Money back for labels",
    "handover": "Handover",
    "manifest_days": "Handover",
    "dim": "Weight by volume",
}
OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as the page shows it."""

    rule: Rule
    words: str  # the pack's; a workspace's reason for another value is not the rule
    value: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Own:
    """A workspace's own value as the page shows it."""

    row: PolicyOverride
    words: str
    value: str
    unit: str
    instead_of: str  # the pack's value


@require_safe
@member(Right.VIEW)
def rules(request: MemberRequest) -> HttpResponse:
    """The book of one market on one day; both are in the address."""
    markets = _markets(request)
    market = request.GET.get("market", markets[0])
    if market not in markets:
        market = markets[0]
    today = timezone.localdate()
    on = parse_date_or(request.GET.get("on", ""), today)
    mine = ours.book_for(market, request.workspace.pk)
    names = book.names()
    context = {
        "markets": [(slug, names[slug]) for slug in markets],
        "market": market,
        "market_name": names[market],
        "on": on,
        "today": today,
        "sections": _sections(mine, on),
        "changes": [
            (day, rule, words_of(rule, on), shown(rule.value))
            for day, rule in mine.changes_after(on)
        ],
        "own": _own(request, market, on),
    }
    return page_or_part(request, "shops/rules.html", "rules", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.RULES)
def override(request: MemberRequest) -> HttpResponse:
    """Put one's own value in place of a rule's; market and key are in the address."""
    market, key = request.GET.get("market", ""), request.GET.get("key", "")
    back = f"{wreverse(request.workspace, 'policy:rules')}?{urlencode({'market': market})}"
    like = ours.book_for(market, request.workspace.pk).newest(key, on=timezone.localdate())
    if like is None:
        messages.error(request, "There is no such rule in this market.")
        return go(request, wreverse(request.workspace, "policy:rules"))
    posted = request.POST if request.method == "POST" else None
    initial = {"value": shown(like.value), "since": timezone.localdate()}
    form = OverrideForm(posted, like=like, initial=initial)
    if posted is not None and form.is_valid() and _saved(request, form, market, key):
        messages.success(request, "Your value counts from now on. Open orders follow.")
        return go(request, back)
    context = {
        "title": "Your own value",
        "text": f"{like.words} Until now: {shown(like.value)} {like.unit}.",
        "form": form,
        "action": request.get_full_path(),
        "button": "Use this value",
        "back": back,
    }
    return form_page(request, context)


def _saved(request: MemberRequest, form: OverrideForm, market: str, key: str) -> bool:
    """Save what was typed; what does not fit becomes the form's error."""
    typed = dict(form.cleaned_data)
    try:
        ours.override(
            request.workspace, market, key, typed.pop("value"), user=request.user, **typed
        )
    except ours.BadValue as error:
        form.add_error("value", str(error))
        return False
    return True


def form_page(request: MemberRequest, context: dict[str, Any]) -> HttpResponse:
    """The form as a sheet over the page, or as a page of its own."""
    status = 422 if context["form"].errors and not request.htmx else 200  # type: ignore[attr-defined]
    return page_or_part(request, "components/form_page.html", "sheet", context, status=status)


@require_POST
@member(Right.RULES)
def withdraw(request: MemberRequest, override_id: int) -> HttpResponse:
    """The market's value counts again."""
    rows = PolicyOverride.objects.filter(workspace=request.workspace)
    row = get_object_or_404(rows.select_related("workspace"), pk=override_id)
    market = row.market
    ours.withdraw(row, user=request.user)
    messages.success(request, "TikTok's value counts again.")
    return go(request, f"{wreverse(request.workspace, 'policy:rules')}?market={market}")


def parse_date_or(text: str, default: date) -> date:
    """The day a person typed, or `default` for anything else."""
    try:
        return parse_date(text) or default
    except ValueError:
        return default


def shown(value: Any) -> str:
    """A rule's value in words and digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _markets(request: MemberRequest) -> list[str]:
    """The markets of the workspace's shops first, then the others that have a pack."""
    regions = Shop.objects.of(request.workspace).values_list("region", flat=True).order_by("region")
    known = book.names()
    mine = dict.fromkeys(book.market_of(region) for region in regions)
    first = [market for market in mine if market in known]
    rest = [market for market in known if market not in first and market != book.EVERYWHERE]
    rest.sort(key=lambda market: market != "US")
    return [*first, *rest, book.EVERYWHERE]


def _sections(mine: book.Book, on: date) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {name: [] for name in (*SECTIONS.values(), OTHER)}
    for row in _rows(mine, on):
        found[SECTIONS.get(row.rule.key.partition(".")[0], OTHER)].append(row)
    return [(name, rows) for name, rows in found.items() if rows]


def _own(request: MemberRequest, market: str, on: date) -> list[Own]:
    """What the workspace has put in place of the market's values, with the rules' words."""
    rows = PolicyOverride.objects.filter(workspace=request.workspace, market=market)
    found = []
    for row in rows.select_related("created_by").order_by("key", "-created_at"):
        like = book.plain(market).newest(row.key, on=on)
        if like is None:  # a later version of the packs has dropped the rule
            found.append(Own(row, row.key, shown(row.value), "", ""))
        else:
            before = f"{shown(like.value)} {like.unit}"
            found.append(Own(row, like.words, shown(row.value), like.unit, before))
    return found


def words_of(rule: Rule, on: date) -> str:
    """The rule as its pack puts it, also where the value is the workspace's own."""
    like = book.plain(rule.market).newest(rule.key, on=on) if rule.overridden else None
    return like.words if like else rule.words


def _rows(mine: book.Book, on: date) -> Iterator[Row]:
    seen: set[tuple[str, Any]] = set()
    for rule in mine.in_force(on):
        if rule.market == book.EVERYWHERE and mine.market != book.EVERYWHERE:
            continue  # these have a tab of their own
        fact = (rule.key, tuple(rule.when.items()))
        if fact not in seen:  # the workspace's own value stands first and hides the market's
            seen.add(fact)
            yield Row(rule, words_of(rule, on), shown(rule.value), rule.until)
