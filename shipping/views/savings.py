"""Money → Savings: what the month's choices saved against one stated service."""

from calendar import monthrange
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from core.spreadsheets import csv_file
from shipping import savings
from shipping import savings_report as report
from shipping.models import SavingsDay


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """One month; `?month=2026-11` and `?currency=` are in the address."""
    today = timezone.localdate()
    rows = report.days_of(request.workspace, today=today)
    currencies = report.currencies_of(rows) or ["USD"]
    currency = request.GET.get("currency", "")
    currency = currency if currency in currencies else currencies[0]
    months = report.months_of(rows, currency)
    month = _month(request.GET.get("month", ""), months, today)
    mine = [row for row in rows if row.day.replace(day=1) == month]
    context = {
        "money_tab": "savings",
        "month": month,
        "months": months,
        "currencies": currencies,
        "currency": currency,
        "total": report.total_of(mine, currency),
        "lanes": report.lanes_of(mine, currency),
        "statements": report.statements_of(request.workspace),
        "chart": report.chart_of(mine, currency, _days(month, today)) if mine else None,
    }
    return page_or_part(request, "shipping/savings.html", "savings", context)


def _month(wanted: str, months: list[tuple[date, report.Total]], today: date) -> date:
    """The first day of the month in the address, if it has labels; else of the newest that has."""
    for first, _ in months:
        if f"{first:%Y-%m}" == wanted:
            return first
    return months[0][0] if months else today.replace(day=1)


def _days(month: date, today: date) -> list[date]:
    """The month's days, up to today."""
    last = monthrange(month.year, month.month)[1]
    days = [month.replace(day=number) for number in range(1, last + 1)]
    return [day for day in days if day <= today]


@require_safe
@member(Right.VIEW)
def export(request: MemberRequest) -> StreamingHttpResponse:
    """The daily rows of the last 400 days as CSV."""
    today = timezone.localdate()
    rows = report.days_of(request.workspace, today=today)
    return csv_file(report.table_of(rows), f"savings-{today}.csv")


class BaselineForm(forms.Form):
    """The service a lane is compared with."""

    service = forms.ChoiceField(required=False, label="Always this service")

    def __init__(self, *args: Any, offered: list[tuple[str, int]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["service"].choices = [  # type: ignore[attr-defined]
            ("", "The default"),
            *((name, f"{name} (offered for {number:,} labels)") for name, number in offered),
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def baseline(request: MemberRequest) -> HttpResponse:
    """Choose what the lane in the address is compared with."""
    lane = request.GET.get("lane", savings.OWN)
    back = wreverse(request.workspace, "shipping:savings")
    if lane not in savings.LANES:
        messages.error(request, "There is no such lane.")
        return go(request, back)
    rows = SavingsDay.objects.filter(workspace=request.workspace, lane=lane).order_by("-day")
    wanted = savings.baselines_of(request.workspace.pk)[lane]
    chosen = "" if wanted == savings.DEFAULTS[lane] else wanted[0]
    offered = report.services_of(rows[:90], lane)
    if chosen and chosen not in dict(offered):
        offered.append((chosen, 0))
    form = BaselineForm(
        request.POST if request.method == "POST" else None,
        offered=offered,
        initial={"service": chosen},
    )
    if request.method == "POST" and form.is_valid():
        service = form.cleaned_data["service"]
        savings.choose_baseline(request.workspace, lane, service, user=request.user)
        messages.success(request, "All months are being calculated anew, which takes a moment.")
        return go(request, back)
    context = {
        "title": f"{savings.LANES[lane]}: compared with",
        "text": "Services that were offered for your own parcels, and allowed. The default is the "
        f"first of these that was offered: {', '.join(savings.DEFAULTS[lane])}.",
        "form": form,
        "action": request.get_full_path(),
        "button": "Compare with this",
        "back": back,
    }
    status = 422 if form.errors and not request.htmx else 200  # type: ignore[attr-defined]
    return page_or_part(request, "components/form_page.html", "sheet", context, status=status)
