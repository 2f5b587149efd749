"""The queue: one page for every tab, filter and place in it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from core.access import MemberRequest, member, wreverse
from core.htmx import page_or_part
from core.models import Workspace
from core.templatetags import ui
from orders import counts
from orders.blockers import blocker_of, sentence
from orders.filters import BLOCKER_WORDS, TABS, OrderFilter
from orders.models import Lane, Line, Order, Stage
from orders.paging import page_of
from orders.querysets import OrderQuerySet
from orders.units import group_lines
from shops.models import Shop

PLACE = ("after", "before")
MIXED = ("late", "all")  # tabs with orders of several stages
ITEMS = 2  # shown in a row; the others are counted
LONGEST = 60  # letters of a product's name
LANES: dict[str, str] = {
    Lane.OWN: "Own",
    Lane.PLATFORM: "Platform",
    Lane.FBT: "FBT",
    Lane.NONE: "–",
}
# What an empty tab means, so that a person knows whether that is good news.
EMPTY = {
    "ready": "Every order that may be shipped has its label. New ones appear here by themselves.",
    "late": "No order is close to its deadline.",
    "hold": "TikTok holds new orders for about an hour; none is waiting now.",
    "fix": "Nothing needs you.",
    "bought": "Labels you buy wait here until TikTok has been told.",
    "shipped": "Orders that TikTok knows as shipped appear here.",
    "all": "Orders appear here as soon as the shop's first ones are read.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One order as the queue shows it: everything said already, as fifty rows are drawn on every page."""

    pk: int
    number: str
    url: str
    when: SafeString
    tone: str  # of the deadline
    buyer: str
    items: str  # a line per SKU
    lane: str
    weight: str
    box: str
    flags: SafeString
    problem: str  # what stands in the way, and the button that puts it right
    button: str
    label: str  # the carrier of its label, or of the one bought elsewhere
    tracking: str
    price: str
    amount: str
    rate: str
    why: str
    waits: bool  # for its first rates


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in use and the address without it, or one that may be chosen and the address with it."""

    words: str
    url: str
    count: int = 0


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
    matching, tab = form.matching(now=now), form.tab_name
    page = page_of(
        matching.listed(),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        newest=form.newest,
    )
    shops = {shop.pk: shop for shop in Shop.objects.of(request.workspace).order_by("name")}
    tallies = counts.tab_counts(request.workspace, now=now)
    simple = tab != "ready" and not form.active
    return {
        "form": form,
        "tab": tab,
        "tabs": [(name, label, tallies[name]) for name, label in TABS.items()],
        "most": counts.MOST,
        "tally": counts.Tally(tallies[tab]) if simple else counts.tally(matching),
        "rows": rows_of(page.orders, shops, request.workspace, staged=tab in MIXED),
        "currency": _one_currency(page.orders),
        "shops": list(shops.values()),
        "chips": [Chip(form.words(name), _without(request, name)) for name in form.active],
        "reasons": _reasons(request, matching)
        if tab == "fix" and not form.chosen("blocker")
        else (),
        "query": _query(request, without=PLACE),
        "filters_query": _query(request, without=(*PLACE, "tab", "blocker")),
        "next_url": _at(request, after=page.next),
        "previous_url": _at(request, before=page.previous),
        "first_url": _without(request, *PLACE) if page.previous else "",
        "clear_url": f"?tab={tab}",
        "shops_url": wreverse(request.workspace, "shops:list"),
        "empty_text": EMPTY[tab],
    }


def rows_of(
    orders: Iterable[Order], shops: dict[int, Shop], workspace: Workspace, *, staged: bool = False
) -> list[Row]:
    """Rows with their items, at one more query however many orders there are; `staged` ones say their stage."""
    chosen = list(orders)
    lines: dict[int, list[Line]] = defaultdict(list)
    columns = ("order_id", "tiktok_id", "sku_id", "seller_sku", "product_name", "status")
    found = Line.objects.filter(order__in=[order.pk for order in chosen]).order_by("id")
    for line in found.only(*columns):
        lines[line.order_id].append(line)
    several = len(shops) > 1
    address = wreverse(workspace, "orders:detail", order_id=0)
    return [
        _row(
            order,
            lines[order.pk],
            shop=shops[order.shop_id].name if several else "",
            url=address.replace("/0/", f"/{order.pk}/"),
            staged=staged,
        )
        for order in chosen
    ]


def _one_currency(orders: list[Order]) -> str:
    """The currency in which the prices of these orders can be added up; "" where they cannot."""
    found = {order.plan_currency for order in orders if order.plan_price is not None}
    only = found.pop() if len(found) == 1 else ""
    return only if len(only) == 3 and only.isalpha() else ""


def _row(order: Order, lines: list[Line], *, shop: str, url: str, staged: bool) -> Row:
    over = order.stage in (Stage.SHIPPED, Stage.CLOSED)
    found = blocker_of(order)
    box = order.plan_parcel
    buyer = _buyer(order)
    shipped = order.label_tracking or over
    return Row(
        pk=order.pk,
        number=order.tiktok_id,
        url=url,
        when=ui.when(order.due_at),
        tone="grey" if over else ui.deadline_tone(order.due_at),
        buyer=f"{buyer} · {shop}" if shop else buyer,
        items=_items(lines),
        lane=LANES.get(order.lane, order.lane),
        weight=ui.weight(box.get("weight_g")),
        box=" · ".join(part for part in (ui.size(box), box.get("source", "")) if part),
        flags=_flags(order, staged=staged),
        problem=_problem(order),
        button=found.button if found else "",
        label=order.label_carrier.upper() if order.label_tracking else "",
        tracking=(order.label_tracking or order.tracking_number) if shipped else "",
        price="" if shipped else ui.money(order.plan_price, order.plan_currency),
        amount=str(order.plan_price or "") if order.stage == Stage.READY else "",
        rate=order.plan_name,
        why=order.plan_why,
        waits=order.stage == Stage.READY and order.plan_price is None,
    )


def _items(lines: list[Line]) -> str:
    groups = group_lines(lines)
    said = [f"{group.live}× {shortened(group.first.product_name)}" for group in groups[:ITEMS]]
    if len(groups) > ITEMS:
        said.append(f"and {ui.counted(len(groups) - ITEMS, 'more SKU')}")
    return "\n".join(said)


def shortened(name: str) -> str:
    """A product's name as long as a row takes."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def _flags(order: Order, *, staged: bool) -> SafeString:
    badges = [ui.badge(order.stage)] if staged else []
    said = (
        (order.is_sample, "sample"),
        (order.combine_group, "combinable"),
        (order.is_replacement, "replacement"),
    )
    badges += [ui.badge(words, words, "grey") for holds, words in said if holds]
    badges += [ui.badge("tag", tag, "grey", "tag") for tag in order.tags]
    return format_html_join(" ", "{}", ((badge,) for badge in badges))


def _buyer(order: Order) -> str:
    address = order.address
    if order.address_state == "masked" and not order.fixed_recipient:
        return "(masked)"
    if address.get("name"):
        return f"{address['name']}, {address.get('state') or address.get('country', '')}"
    return order.buyer_nickname or "buyer not shown yet"


def _problem(order: Order) -> str:
    # The refusal's own words are on the order's page; here they would cost a query a row.
    if order.blocker == "dispatch_refused":
        return "TikTok refused the tracking number."
    return sentence(order)


def _reasons(request: MemberRequest, matching: OrderQuerySet) -> list[Chip]:
    """What these orders need, each as a filter; nothing where all need the same."""
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
