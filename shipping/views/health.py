"""Shop health: what a week's budgets have left, what TikTok says, and what forecasts are made of."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.clock import health
from shipping.clock.budgets import METRICS
from shipping.clock.lags import default_lag, defaults
from shops.models import Shop

_NOON = time(12, tzinfo=UTC)


class ReadingForm(forms.Form):
    """What TikTok shows for a metric of a week."""

    metric = forms.ChoiceField(choices=list(METRICS.items()))
    week = forms.DateField()
    percent = forms.DecimalField(min_value=0, max_value=100, max_digits=5, decimal_places=2)


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """Every connected shop's week; the week is in the address, this one when it is not."""
    now = timezone.now()
    on = moment_of(request.GET.get("week", ""), now)
    shops = list(
        Shop.objects.of(request.workspace).filter(disconnected_at=None).order_by("name", "pk")
    )
    weeks = health.weeks(request.workspace, shops, on=on, now=now)
    context: dict[str, Any] = {
        "weeks": weeks,
        "week": weeks[0].week if weeks else on.date(),
        "is_now": all(week.ends > now for week in weeks),
        "previous": (on - health.WEEK).date(),
        "next": (on + health.WEEK).date(),
        "learned": health.learned(request.workspace, shops),
        "share": defaults()["likely_percent"],
        "days": defaults()["history_days"],
        "least": defaults()["least_parcels"],
        "assumed": default_lag(),
    }
    return page_or_part(request, "shipping/health.html", "health", context)


@require_POST
@member(Right.HANDLE)
def note(request: MemberRequest, shop_id: int) -> HttpResponse:
    """Keep TikTok's own figure for a metric of a week."""
    shop = get_object_or_404(
        Shop.objects.of(request.workspace).select_related("workspace"), pk=shop_id
    )
    form = ReadingForm(request.POST)
    if form.is_valid():
        found = form.cleaned_data
        week = found["week"] - timedelta(days=found["week"].weekday())
        health.note_reading(shop, found["metric"], week, found["percent"], user=request.user)
        messages.success(request, f"{METRICS[found['metric']]}: TikTok's figure is kept.")
    else:
        messages.error(request, "TikTok's figure is a number from 0 to 100, in percent.")
    back = wreverse(request.workspace, "shipping:health")
    day = parse_date_or_none(request.POST.get("week", ""))
    return go(request, f"{back}?week={day.isoformat()}" if day else back)


def moment_of(text: str, now: datetime) -> datetime:
    """Noon of the day in the address; now for this week's, and for what is no day."""
    day = parse_date_or_none(text)
    if day is None or not date(2020, 1, 1) <= day <= now.date() + health.WEEK:
        return now
    return datetime.combine(day, _NOON)


def parse_date_or_none(text: str) -> date | None:
    """The day in that text, or None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None
