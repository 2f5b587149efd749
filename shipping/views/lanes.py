"""Money → Lanes compared: your own labels beside TikTok's, over your own parcels."""

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.access import MemberRequest, Right, member
from core.htmx import page_or_part
from core.models import Workspace
from core.spreadsheets import csv_file
from shipping import lane_report as report
from shops.models import Shop
from shops.policy.book import Rule, market_of
from shops.policy.ours import books_for


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The last 30 or 90 days, in one currency; both are in the address."""
    now = timezone.now()
    days = _days(request)
    parcels = report.parcels_of(request.workspace, days=days, now=now)
    currencies = report.currencies_of(parcels)
    currency = _currency(request, currencies)
    found = report.compare(parcels, currency)
    context = {
        "money_tab": "lanes",
        "days": days,
        "spans": report.DAYS,
        "currencies": currencies,
        "currency": currency,
        "report": found,
        "sides": [("Your own labels", found.own), ("TikTok's labels", found.platform)],
        "rows": [
            (band.title, name, band.sides[lane])
            for band in found.bands
            for lane, name in ((report.OWN, "Your own"), (report.PLATFORM, "TikTok's"))
            if band.sides[lane].count
        ],
        "chart": report.chart_of(found) if found.bands else None,
        "exemptions": _exemptions(request.workspace),
        "is_capped": len(parcels) == report.MOST,
        "most": report.MOST,
    }
    return page_or_part(request, "shipping/lanes.html", "lanes", context)


@require_safe
@member(Right.VIEW)
def export(request: MemberRequest) -> StreamingHttpResponse:
    """The same as CSV, a row per weight and lane."""
    now = timezone.now()
    days = _days(request)
    parcels = report.parcels_of(request.workspace, days=days, now=now)
    currency = _currency(request, report.currencies_of(parcels))
    rows = report.table_of(report.compare(parcels, currency))
    return csv_file(rows, f"lanes-{days}-days-{now:%Y-%m-%d}.csv")


def _days(request: MemberRequest) -> int:
    wanted = request.GET.get("days", "")
    return next((days for days in report.DAYS if str(days) == wanted), report.DAYS[0])


def _currency(request: MemberRequest, known: list[str]) -> str:
    wanted = request.GET.get("currency", "")
    return wanted if wanted in known else (known or ["USD"])[0]


def _exemptions(workspace: Workspace) -> list[Rule]:
    """The rules of the workspace's markets about metrics that TikTok's own label is spared."""
    today = timezone.now().date()
    shops = Shop.objects.of(workspace).filter(disconnected_at=None)
    markets = sorted({market_of(region) for region in shops.values_list("region", flat=True)})
    books = books_for(workspace.pk, markets)
    return [
        rule for book in books.values() for rule in book.rules("lane.platform.exempt", on=today)
    ]
