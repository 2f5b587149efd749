"""The home page: the plan of the day."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.access import MemberRequest, Right, member
from core.htmx import page_or_part
from core.money import Money
from dashboard import analytics, hours
from orders.counts import MOST
from shipping import money_due
from shipping.savings_report import money_line

# A fortnight of a large shop is worth reading once in a while, not at every visit.
FORTNIGHT_SECONDS = 20
_FIXES = {
    "no_weight": "weight,weights",
    "bad_address": "address,addresses",
    "no_address": "missing address,missing addresses",
    "masked_address": "masked address,masked addresses",
    "cancel_requested": "cancellation asked,cancellations asked",
    "no_rate": "without a rate,without a rate",
    "no_parcel": "without a parcel,without a parcel",
    "bad_parcel": "parcel size,parcel sizes",
    "label_unknown": "label unknown,labels unknown",
    "dispatch_refused": "tracking refused,trackings refused",
    "unknown_status": "new status,new statuses",
}
_SET_UP = {
    "no_ship_from": "Orders wait for the address you ship from.",
    "no_account": "Orders wait for a label account to buy from.",
}


@require_safe
@member(Right.VIEW)
def plan(request: MemberRequest) -> HttpResponse:
    """What is ready and what it costs, what needs an eye, and how the day goes on."""
    now = timezone.now()
    shops = analytics.shop_states(request.workspace, now=now)
    if not shops:
        return render(request, "dashboard/welcome.html")
    counts = analytics.counts_of(request.workspace, now=now)
    ready = analytics.ready(request.workspace, counts["ready"], now=now)
    cards = analytics.cards(request.workspace, counts, now=now)
    context = {
        "greeting": _greeting(timezone.localtime(now)),
        "ready": ready,
        "most": MOST,
        "limit": settings.BATCH_LIMIT,
        "cards": cards,
        "fixes": _fix_words(cards.blockers),
        "money_back": money_due.due(request.workspace, now=now),
        "set_up": next((_SET_UP[code] for code, _ in cards.blockers if code in _SET_UP), ""),
        "hours": hours.chart(hours.next_hours(request.workspace, now=now)),
        "shops": shops,
        "fresh": sum(shop.tone == "green" for shop in shops),
    }
    return page_or_part(request, "dashboard/plan.html", "plan", context)


@require_safe
@member(Right.VIEW)
def two_weeks(request: MemberRequest) -> HttpResponse:
    """The last 14 days, read after the page because it may be long."""
    now = timezone.now()
    key = f"fortnight:{request.workspace.pk}:{request.workspace.time_zone}"
    days = cache.get_or_set(
        key, lambda: analytics.last_days(request.workspace, now=now), FORTNIGHT_SECONDS
    )
    chart = _days_chart(days or [])
    return page_or_part(request, "dashboard/two_weeks.html", "chart", {"days": chart})


def _greeting(local: datetime) -> str:
    if 4 <= local.hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= local.hour < 18 else "Good evening"


def _fix_words(blockers: tuple[tuple[str, int], ...]) -> str:
    """ "2 weights, 1 address": the two most frequent, in words."""
    parts = []
    for code, number in blockers[:2]:
        one, _, many = _FIXES.get(code, code.replace("_", " ")).partition(",")
        parts.append(f"{number:,} {one if number == 1 else many or one}")
    return ", ".join(parts)


def _days_chart(days: list[analytics.Day]) -> dict[str, Any]:
    currency = analytics.main_currency(days)
    spend = [day.spend.get(currency, Decimal(0)) for day in days]
    saved = [day.saved.get(currency, Decimal(0)) for day in days]
    table = [
        [
            f"{day.day:%a, %b} {day.day.day}",
            f"{day.orders:,}",
            f"{day.labels:,}",
            str(Money(amount, currency)),
            str(Money(less, currency)),
        ]
        for day, amount, less in zip(days, spend, saved, strict=True)
    ]
    others = {c for day in days for c in day.spend} - {currency}
    return {
        "kind": "bars",
        "x_title": "Day",
        "currency": currency,
        "labels": [f"{day.day:%b} {day.day.day}" for day in days],
        "series": [
            {"title": "Orders", "tone": "grey", "values": [day.orders for day in days]},
            {"title": "Labels", "tone": "green", "values": [day.labels for day in days]},
            money_line("Spend", "ink", spend),
            money_line("Saved", "blue", saved),
        ],
        "table": table,
        "also": [
            str(Money(sum((d.spend.get(c, Decimal(0)) for d in days), Decimal(0)), c))
            for c in sorted(others)
        ],
    }
