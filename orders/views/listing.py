"""The queue: one page for every tab, filter and place in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.access import MemberRequest, member, wreverse
from core.htmx import page_or_part
from orders import counts
from orders.filters import BLOCKER_WORDS, TABS, OrderFilter
from orders.models import Order
from orders.paging import Page, page_of
from orders.querysets import OrderQuerySet
from orders.views.rows import rows_of
from shops.models import Shop

PLACE = ("after", "before")
MIXED = ("late", "all")  # tabs with orders of several stages
# What an empty tab means, so that a person knows whether that is good news.
EMPTY = {
    "ready": "Every order that may be shipped has its label. New ones appear here by themselves.",
    "late": "Every order's first scan is expected before its deadline.",
    "hold": "TikTok holds new orders for about an hour; none is waiting now.",
    "fix": "Nothing needs you.",
    "bought": "Labels you buy wait here until TikTok has been told.",
    "shipped": "Orders that TikTok knows as shipped appear here.",
    "all": "Orders appear here as soon as the shop's first ones are read.",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in use and the address without it, or one that may be chosen and the address with it."""

    words: str
    url: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class NextStep:
    """Of orders in several stages: those that may be bought, and those that wait for their
    handover."""

    buy: counts.Tally
    hand_over: counts.Tally


@member()
@require_GET
def queue(request: MemberRequest) -> HttpResponse:
    """The queue's page, or only its list. The address holds tab, filters and place."""
    form = OrderFilter(request.GET, workspace=request.workspace)
    context = _context(request, form, now=timezone.now())
    response = page_or_part(request, "orders/queue.html", "list", context)
    if request.headers.get("HX-Request"):
        # What the address bar shows: without the fields of the form that were left empty
        response["HX-Push-Url"] = f"{request.path}?{_query(request, without=())}"
    return response


def _context(request: MemberRequest, form: OrderFilter, *, now: datetime) -> dict[str, Any]:
    matching, among, tab = form.matching(now=now), form.among(now=now), form.tab_name
    by = form.sorted_by
    page = page_of(
        matching.listed().by_scan() if by == "scan_at" else matching.listed(),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        newest=form.newest,
        among=among,
        by=by,
    )
    shops = {shop.pk: shop for shop in Shop.objects.of(request.workspace).order_by("name")}
    currency = _one_currency(page.orders)
    tallies = counts.tab_counts(request.workspace, now=now)
    # A tab's own count is known; the first tab's orders have prices to add up.
    simple = tab != "ready" and not form.active
    return {
        "form": form,
        "tab": tab,
        "tabs": [(name, label, tallies[name]) for name, label in TABS.items()],
        "most": counts.MOST,
        "next": _next_step(tab, page, matching),
        "tally": counts.Tally.capped(tallies[tab]) if simple else _tally(page, matching, among),
        "rows": rows_of(
            page.orders, shops, request.workspace, staged=tab in MIXED, priced=bool(currency)
        ),
        "currency": currency,
        "shops": list(shops.values()),
        "chips": [Chip(form.words(name), _without(request, name)) for name in form.active],
        "reasons": _reasons(request, form, matching),
        "query": _query(request, without=PLACE),
        "filters_query": _query(request, without=(*PLACE, "tab", "blocker")),
        "next_url": _at(request, after=page.next),
        "previous_url": _at(request, before=page.previous),
        "first_url": _without(request, *PLACE) if page.previous else "",
        "clear_url": f"?tab={tab}",
        "shops_url": wreverse(request.workspace, "shops:list"),
        "empty_text": EMPTY[tab],
    }


def _tally(page: Page, matching: OrderQuerySet, among: OrderQuerySet | None) -> counts.Tally:
    """What the page itself tells, as far as it does; else counted."""
    if page.is_all:
        return counts.tally_of(page.orders)
    if page.at_least:
        return counts.Tally.capped(page.at_least, is_open=True)
    return counts.tally(matching, among=among)


def _next_step(tab: str, page: Page, matching: OrderQuerySet) -> NextStep | None:
    """What helps orders whose scan is expected too late: their labels, else the handover."""
    if tab != "late" or not page.orders:
        return None
    tallies = (
        counts.tally_of([order for order in page.orders if order.stage == stage])
        if page.is_all
        else counts.tally(matching.filter(stage=stage))
        for stage in ("ready", "bought")
    )
    return NextStep(*tallies)


def _one_currency(orders: list[Order]) -> str:
    """The currency in which the prices of these orders can be added up; "" where they cannot."""
    found = {order.plan_currency for order in orders if order.plan_price is not None}
    only = found.pop() if len(found) == 1 else ""
    return only if len(only) == 3 and only.isalpha() else ""


def _reasons(request: MemberRequest, form: OrderFilter, matching: OrderQuerySet) -> list[Chip]:
    """What these orders need, each as a filter; nothing where all need the same."""
    if form.tab_name != "fix" or form.chosen("blocker"):
        return []
    found = counts.blocker_counts(matching)
    query = _query(request, without=PLACE)
    chips = [
        Chip(BLOCKER_WORDS.get(code, code), f"?{query}&blocker={quote(code)}", count)
        for code, count in found.items()
        if code
    ]
    return chips if len(chips) > 1 else []


def _at(request: MemberRequest, **place: str) -> str:
    """This list from a place, `after` or `before`; nothing when there is no such place."""
    ((name, value),) = place.items()
    query = _query(request, without=PLACE)
    return f"?{query}{'&' if query else ''}{name}={quote(value)}" if value else ""


def _without(request: MemberRequest, *names: str) -> str:
    return f"?{_query(request, without=(*PLACE, *names))}"


def _query(request: MemberRequest, *, without: tuple[str, ...]) -> str:
    query = request.GET.copy()
    for name in [name for name in query if name in without or not query[name]]:
        del query[name]
    return query.urlencode()
