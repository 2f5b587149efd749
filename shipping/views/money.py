"""Money due back: what providers still owe for labels that were given back, and how it ended."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from core.money import Money
from core.spreadsheets import csv_file
from core.states import IllegalMove, LostRace
from core.templatetags.ui import counted
from shipping import money_due
from shipping.labels import settling
from shipping.models import MoneyBack
from shipping.naming import name_of
from shipping.providers.base import Can
from shipping.providers.registry import is_able
from shipping.views.settings import form_page, posted

_EMPTY = {
    "late": "Nothing is late",
    "pending": "No money is on its way back",
    "credited": "Nothing was credited yet",
    "refused": "Nothing was refused",
    "kept": "Every label of a cancelled order was given back",
}
_EMPTY_MORE = {
    "late": "Money that the dated rules say should be here, and is not, appears here first.",
    "pending": "A label that is voided appears here with the day its money is expected, by the "
    "provider's own rules.",
    "credited": "What came back is kept here, with the label it had been paid for.",
    "refused": "A label whose money is declined is kept here, with the reason that was given.",
    "kept": "A label that was not used and whose money nobody asked for appears here.",
}
_SETTLED = ("pending", "credited")


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The sums, and one list."""
    now = timezone.now()
    name = request.GET.get("list", "")
    name = name if name in money_due.LISTS else "pending"
    span, since = money_due.span(request.GET.get("span", ""), now=now)
    rows = money_due.rows_of(request.workspace, name, now=now)
    found, after = money_due.page_of(rows, after=request.GET.get("after", ""))
    context: dict[str, Any] = {
        "money_tab": "back",
        "list": name,
        "lists": money_due.LISTS,
        "counts": money_due.counts(request.workspace, now=now),
        "most": money_due.MOST,
        "totals": money_due.totals(request.workspace, since=since),
        "span": span,
        "spans": money_due.SPANS,
        "rows": [_row(row) for row in found],
        "after": after,
        "is_first": not request.GET.get("after"),
        "empty": _EMPTY[name],
        "empty_more": _EMPTY_MORE[name],
    }
    return page_or_part(request, "shipping/money.html", "money", context)


def _row(row: MoneyBack) -> dict[str, Any]:
    label = row.label
    return {
        "row": row,
        "name": name_of(label),
        "can_ask": row.outcome == "pending" and is_able(label.provider, Can.VOID),
        "can_settle": row.outcome in _SETTLED and label.state in ("refunding", "voided"),
    }


@require_safe
@member(Right.VIEW)
def export(request: MemberRequest) -> StreamingHttpResponse:
    """A list as CSV."""
    name = request.GET.get("list", "")
    now = timezone.now()
    rows = MoneyBack.objects.of(request.workspace)
    if name in money_due.LISTS:
        rows = money_due.rows_of(request.workspace, name, now=now)
    else:
        name = ""
    return csv_file(money_due.table(rows), f"money-due-back-{name or 'all'}-{now:%Y-%m-%d}.csv")


@require_POST
@member(Right.BUY)
def ask_late(request: MemberRequest) -> HttpResponse:
    """Ask the providers again about everything that should have come."""
    asked = money_due.ask_late(request.workspace, now=timezone.now())
    if asked:
        words = f"Providers are asked about {counted(asked, 'label')}. What they say appears here."
        messages.success(request, words)
    else:
        messages.info(request, "Nothing is late any more.")
    return go(request, f"{_url(request)}?list=late")


class CameForm(forms.Form):
    """What a person read in the provider's own statement."""

    amount = forms.DecimalField(
        min_value=0, max_digits=10, decimal_places=2, label="How much came back"
    )
    note = forms.CharField(max_length=200, required=False, label="Where you saw it")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.BUY)
def settle(request: MemberRequest, label_id: int) -> HttpResponse:
    """A person says what came back, or that nothing will (`outcome` = kept)."""
    row = _found(request, label_id)
    form = CameForm(posted(request), initial={"amount": row.credited or row.charged})
    if request.method == "POST":
        if request.POST.get("outcome") == "kept" and row.outcome == "pending":
            return _settled(request, row, None, request.POST.get("note", ""))
        if form.is_valid():
            amount = Money(form.cleaned_data["amount"], row.currency)
            return _settled(request, row, amount, form.cleaned_data["note"])
    other = ("outcome", "kept", "Nothing will come") if row.outcome == "pending" else None
    return form_page(
        request,
        form,
        "What came back?",
        "Book it",
        text=f"Look at the statement of {row.label.account.name}. {row.money} was paid for label "
        f"{row.label.tracking_number} of order {row.label.order.tiktok_id}.",
        other=other,
        back=_url(request),
        action=wreverse(request.workspace, "shipping:money-settle", label_id=label_id),
    )


def _settled(
    request: MemberRequest, row: MoneyBack, amount: Money | None, note: str
) -> HttpResponse:
    try:
        words = settling.settle(row, amount, note.replace("\x00", "").strip(), user=request.user)
    except (IllegalMove, LostRace):
        messages.warning(request, "Its provider, or somebody else, settled it meanwhile.")
    else:
        messages.success(request, words)
    return go(request, _url(request))


def _url(request: MemberRequest) -> str:
    return wreverse(request.workspace, "shipping:money")


def _found(request: MemberRequest, label_id: int) -> MoneyBack:
    parts = ("label__order", "label__account", "label__workspace")
    rows = MoneyBack.objects.of(request.workspace).filter(
        outcome__in=_SETTLED, label__state__in=["refunding", "voided"]
    )
    return get_object_or_404(rows.select_related(*parts), label=label_id)
