"""Settings → Spend limits, and the questions to a second person."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import MemberRequest, Right, may, member, wreverse
from core.htmx import go, page_or_part
from core.money import Money
from orders.models import Order
from shipping import approvals, batches, ceilings
from shipping.models import SpendApproval, SpendLimits, UsualPrice
from shipping.spend import changes, limits
from shipping.spend.forms import SpendLimitsForm
from shipping.spend.guard import is_passing
from shipping.spend.usual import ANY, area_words, kind_words

USUAL_SHOWN = 40
QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Section:
    """The limits in one currency, as the page shows them."""

    limits: SpendLimits
    spent: Money
    passing: bool
    percent: int | None  # of the daily cap


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The limits, how far they are used today, what parcels usually cost, and the questions."""
    now = timezone.now()
    usual = UsualPrice.objects.filter(workspace=request.workspace).order_by("-count", "service")
    rows = list(usual.exclude(service=ANY)[: USUAL_SHOWN + 1])
    context = {
        "sections": _sections(request, now),
        "questions": list(approvals.of(request.workspace)[:QUESTIONS]),
        "usual": [
            (row, kind_words(row.kind), area_words(row.area), Money(row.median, row.currency))
            for row in rows[:USUAL_SHOWN]
        ],
        "more_usual": len(rows) > USUAL_SHOWN,
    }
    return page_or_part(request, "shipping/spending.html", "spending", context)


def _sections(request: MemberRequest, now: datetime) -> list[Section]:
    known = limits.limits_of(request.workspace)
    currencies = sorted({*_currencies(request), *known})
    return [
        _section(limits.of_currency(known, request.workspace, currency), now)
        for currency in currencies
    ]


def _currencies(request: MemberRequest) -> set[str]:
    """What the newest orders are paid in; dollars where there are none."""
    newest = Order.objects.of(request.workspace).order_by("-pk")
    return {
        currency for currency in newest.values_list("currency", flat=True)[:50] if currency
    } or {"USD"}


def _section(row: SpendLimits, now: datetime) -> Section:
    spent = limits.spent_today(row.workspace, row.currency, now=now)
    percent = None
    if row.daily_cap is not None:
        percent = min(100, round(100 * spent.amount / max(row.daily_cap, Decimal("0.01"))))
    return Section(row, spent, is_passing(row, now), percent)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.RULES)
def change(request: MemberRequest) -> HttpResponse:
    """Change the limits in the currency of the address."""
    currency = request.GET.get("currency", "USD").upper()
    if not (currency.isascii() and currency.isalpha() and len(currency) == 3):
        messages.error(request, "There is no such currency.")
        return go(request, wreverse(request.workspace, "shipping:spending"))
    known = limits.limits_of(request.workspace)
    row = limits.of_currency(known, request.workspace, currency)
    form = SpendLimitsForm(
        request.POST if request.method == "POST" else None,
        instance=row,
        may_need_second=approvals.others_who_may(request.workspace, request.user),
    )
    if request.method == "POST" and form.is_valid():
        changes.change(request.workspace, currency, form.cleaned_data, user=request.user)
        messages.success(request, "The new limits hold from now on.")
        return go(request, wreverse(request.workspace, "shipping:spending"))
    context = {
        "title": f"Spend limits in {currency}",
        "text": "They hold for everybody, also for batches that are running. An empty field is no "
        "limit.",
        "form": form,
        "action": request.get_full_path(),
        "button": "Use these limits",
        "back": wreverse(request.workspace, "shipping:spending"),
    }
    status = 422 if form.errors and not request.htmx else 200  # type: ignore[attr-defined]
    return page_or_part(request, "components/form_page.html", "sheet", context, status=status)


@require_POST
@member(Right.RULES)
def let_pass(request: MemberRequest) -> HttpResponse:
    """Let unusual prices pass until midnight, or (`stop`) no longer."""
    currency = request.POST.get("currency", "")
    known = limits.limits_of(request.workspace)
    if currency not in {*known, *_currencies(request)}:
        messages.error(request, "There is no such currency.")
    elif request.POST.get("stop"):
        changes.stop_passing(request.workspace, currency, user=request.user)
        messages.success(request, "Unusual prices are stopped again.")
    else:
        changes.let_pass(request.workspace, currency, user=request.user, now=timezone.now())
        messages.success(request, "Unusual prices may be paid until midnight.")
    return go(request, wreverse(request.workspace, "shipping:spending"))


@require_safe
@member(Right.VIEW)
def question(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """One purchase that waits, or waited, for a second person: what would be bought now."""
    return _question(request, _find(request, approval_id))


def _question(
    request: MemberRequest, found: SpendApproval, *, notice: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    is_open = found.state == "asked" and found.expires_at > now
    shown = ceilings.from_json(found.prices)
    offer = None
    if is_open:
        orders = Order.objects.of(request.workspace).filter(pk__in=list(shown))
        offer = batches.sheet(request.workspace, orders, now=now)
    dearest = sorted(shown.items(), key=lambda row: -row[1].amount)[:10]
    numbers = Order.objects.of(request.workspace).in_bulk([pk for pk, _ in dearest])
    context = {
        "question": found,
        "total": approvals.money_of(found),
        "is_open": is_open,
        "offer": offer,
        "mine": found.asked_by_id == request.user.pk,
        "may_decide": is_open and may(request, Right.BUY),
        "dearest": [(numbers[pk], price) for pk, price in dearest if pk in numbers],
        "notice": notice,
    }
    return page_or_part(request, "shipping/approval.html", "question", context, status=status)


def _find(request: MemberRequest, approval_id: UUID) -> SpendApproval:
    return get_object_or_404(approvals.of(request.workspace), pk=approval_id)


@require_POST
@member(Right.BUY)
def approve(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """Say yes: the purchase starts."""
    found = _find(request, approval_id)
    try:
        batch = approvals.approve(found, request.user, now=timezone.now())
    except approvals.Refused as refusal:
        return _question(request, _find(request, approval_id), notice=str(refusal), status=422)
    return go(request, wreverse(request.workspace, "shipping:batch", batch_id=batch.public_id))


@require_POST
@member(Right.BUY)
def refuse(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """Say no, or take one's own question back."""
    found = _find(request, approval_id)
    try:
        state = approvals.refuse(found, request.user, now=timezone.now())
    except approvals.Refused as refusal:
        return _question(request, _find(request, approval_id), notice=str(refusal), status=422)
    messages.success(request, f"It is {state}. Nothing was bought.")
    return go(request, wreverse(request.workspace, "shipping:spending"))
