"""Buyers who want their order called off: the requests with their clock, and what a person answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.audit_words import numbers
from core.errors import RemoteError
from core.htmx import go, page_or_part, toast
from core.templatetags.ui import counted, money
from orders.cancellations import answer, seller
from orders.models import Cancellation, CancellationAnswer, Order
from orders.parts import SOME
from shipping import readdressed
from shipping.labels import auto_void
from shipping.models import Label, MoneyBack
from shipping.views.settings import form_page, posted
from shops.tiktok_shop.returns import Reason

MOST = 500  # requests one press may answer
SHOWN = 100
LISTS = {
    "waiting": "To answer",
    "ended": "Ended",
    "labels": "Labels of cancelled orders",
    "address": "Address changed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One request, with what its answer would do to a label."""

    request: Cancellation
    label: str
    answer: CancellationAnswer | None


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """One list; those that wait come with their deadline, the nearest first."""
    name = request.GET.get("list", "")
    name = name if name in LISTS else "waiting"
    workspace = request.workspace
    automatic = auto_void.is_automatic(workspace.pk)
    waiting = Cancellation.objects.of(workspace).waiting()
    differing = readdressed.orders_of(workspace)
    context: dict[str, Any] = {
        "list": name,
        "lists": LISTS,
        "counts": {"waiting": waiting[: SHOWN + 1].count(), "address": len(differing)},
        "most": SHOWN,
        "automatic": automatic,
        "now": timezone.now(),
        "picked": _ids(request),
    }
    if name == "waiting":
        context["rows"] = _rows(waiting.order_by("answer_by", "pk"), automatic)
    elif name == "ended":
        ended = Cancellation.objects.of(workspace).exclude(status="pending")
        context["rows"] = _rows(ended.order_by("-updated_at", "-pk"), automatic)
    elif name == "labels":
        rows = MoneyBack.objects.of(workspace).filter(why="cancelled")
        rows = rows.select_related("label__order", "label__account")
        rows = rows.defer("label__spec", "label__order__raw", "label__order__search_text")
        context["rows"] = list(rows.order_by("-asked_at", "-pk")[:SHOWN])
    else:
        context["rows"] = differing
    return page_or_part(request, "shipping/cancellations.html", "requests", context)


def _rows(rows: Any, automatic: bool) -> list[Row]:
    light = rows.select_related("order__shop").defer("order__raw", "order__search_text")
    found = list(light[:SHOWN])
    answers = {
        one.cancellation_id: one
        for one in CancellationAnswer.objects.filter(cancellation__in=found).order_by("pk")
    }
    return [Row(one, words_for(one.order, automatic), answers.get(one.pk)) for one in found]


def words_for(order: Order, automatic: bool) -> str:
    """What approving does to a label that was bought; "" where there is none."""
    if order.label_state in ("buying", "unknown"):
        return "A label is being bought for it."
    if order.label_state not in ("bought", SOME):
        return ""
    several = sum(one["label"] == "bought" for one in order.parts) > 1
    its, it = ("Its labels are", "them") if several else ("Its label is", "it")
    if order.lane == "platform":
        return f"{its} TikTok's: TikTok takes {it} back with the order."
    if automatic:
        return f"{its} bought: approving voids {it} by itself, unless scanned before."
    return f"{its} bought, and nothing is voided by itself here: void that, too."


class RefuseForm(forms.Form):
    """One of TikTok's reasons, and words for the buyer."""

    reason = forms.ChoiceField(label="TikTok's reason")
    comment = forms.CharField(
        label="Words for the buyer", max_length=300, required=False, widget=forms.Textarea
    )

    def __init__(self, *parts: Any, reasons: Sequence[Reason], **options: Any) -> None:
        super().__init__(*parts, **options)
        self.reasons = {reason.name: reason for reason in reasons}
        choices = [(reason.name, reason.text) for reason in reasons]
        self.fields["reason"].choices = choices  # type: ignore[attr-defined]
        self.fields["comment"].widget.attrs["rows"] = 2

    def chosen(self) -> Reason:
        """The reason that was picked."""
        return self.reasons[self.cleaned_data["reason"]]


@require_POST
@member(Right.BUY)
def approve(request: MemberRequest) -> HttpResponse:
    """Agree to the requests that were sent: their orders are cancelled."""
    ids = _ids(request)
    if not ids:
        messages.warning(request, "No request was selected, so nothing was done.")
        return go(request, _back(request))
    outcome = answer.approve(request.workspace, ids, user=request.user)
    _say(request, outcome, "approved")
    return go(request, _back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.BUY)
def refuse(request: MemberRequest) -> HttpResponse:
    """Refuse the requests that were sent: first the reasons TikTok takes, then the answer. The
    order goes on."""
    ids = _ids(request)
    rows = Cancellation.objects.of(request.workspace).waiting().filter(pk__in=ids)
    first = rows.select_related("order__shop__authorization").order_by("answer_by", "pk").first()
    if first is None:
        messages.warning(request, "None of these requests waits for an answer any more.")
        return go(request, _back(request))
    try:
        reasons = answer.reasons_for(first)
    except RemoteError as error:
        return _without_reasons(request, error, ids)
    form = RefuseForm(posted(request) if "reason" in request.POST else None, reasons=reasons)
    if form.is_bound and form.is_valid():
        outcome = answer.reject(
            request.workspace,
            ids,
            form.chosen(),
            comment=form.cleaned_data["comment"].replace("\x00", ""),
            user=request.user,
        )
        _say(request, outcome, "refused")
        return go(request, _back(request))
    return form_page(
        request,
        form,
        f"Refuse {counted(rows.count(), 'request')}",
        f"Refuse {counted(rows.count(), 'request')}",
        text="The orders go on and are to be shipped in time. In the United States, shipping an "
        "order refuses its request as well.",
        back=_back(request),
        action=_address(request, ids),
    )


def _without_reasons(request: MemberRequest, error: RemoteError, ids: list[int]) -> HttpResponse:
    """TikTok does not tell its reasons now: what was selected stays selected."""
    kept = " The selection is kept: try again in a moment." if len(ids) > 1 else ""
    text = f"TikTok's reasons could not be read, so nothing was refused: {error.message}{kept}"
    if request.htmx:  # type: ignore[attr-defined]
        return toast(HttpResponse(status=204), text, level="bad")
    messages.error(request, text)
    back = _back(request)
    named = "&".join(f"cancellation={pk}" for pk in ids)
    return go(request, back if _sent(request, "order") else f"{back}?{named}")


def _address(request: MemberRequest, ids: list[int]) -> str:
    """Where the form goes: which requests are meant stays in the address."""
    url = wreverse(request.workspace, "shipping:cancellations-refuse")
    named = "&".join(f"cancellation={pk}" for pk in ids)
    order = _sent(request, "order")[:1]
    return f"{url}?{named}" + (f"&order={order[0]}" if order else "")


class CallOffForm(forms.Form):
    """Why the seller calls an order off."""

    reason = forms.ChoiceField(label="Why", widget=forms.RadioSelect)

    def __init__(self, *parts: Any, order: Order, **options: Any) -> None:
        super().__init__(*parts, **options)
        fault = {name: " (counts as your fault)" for name in seller.SELLERS_FAULT}
        choices = [(r.name, r.text + fault.get(r.name, "")) for r in seller.reasons_for(order)]
        self.fields["reason"].choices = choices  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.BUY)
def call_off(request: MemberRequest, order_id: int) -> HttpResponse:
    """The seller cancels the order on TikTok, for one of its reasons."""
    orders = Order.objects.of(request.workspace).select_related("shop__authorization", "workspace")
    order = get_object_or_404(orders, pk=order_id)
    url = wreverse(request.workspace, "orders:detail", order_id=order.pk)
    if not seller.reasons_for(order):
        messages.error(request, "This order cannot be cancelled from here any more.")
        return go(request, url)
    form = CallOffForm(posted(request), order=order)
    if form.is_bound and form.is_valid():
        try:
            seller.cancel(order, form.cleaned_data["reason"], user=request.user)
        except seller.CannotCancel as refusal:
            messages.error(request, str(refusal))
        else:
            auto_void.void_cancelled.later()
            messages.success(request, "The order is cancelled on TikTok.")
        return go(request, url)
    label = words_for(order, auto_void.is_automatic(request.workspace.pk))
    return form_page(
        request,
        form,
        "Cancel this order?",
        "Cancel the order",
        text=f"TikTok pays {money(order.total, order.currency)} back to the buyer; this cannot be "
        "undone. " + label.replace("approving voids", "cancelling voids"),
        back=url,
        danger=True,
        leave="Keep the order",
        action=request.path,
    )


@require_POST
@member(Right.SET_UP)
def automatic(request: MemberRequest) -> HttpResponse:
    """Whether labels of cancelled orders are voided by themselves."""
    wanted = request.POST.get("wanted") == "yes"
    auto_void.set_automatic(request.workspace, wanted, user=request.user)
    if wanted:
        auto_void.void_cancelled.later()
        messages.success(request, "Labels of cancelled orders are voided by themselves.")
    else:
        messages.warning(request, "Labels of cancelled orders are kept until somebody voids them.")
    return go(request, wreverse(request.workspace, "shipping:cancellations"))


def _say(request: MemberRequest, outcome: answer.Outcome, done: str) -> None:
    if outcome.done:
        messages.success(request, f"{counted(outcome.done, 'request')} {done}.")
        auto_void.void_cancelled.later()
    if outcome.under_way:
        words = "to TikTok; the list shows what became of them"
        messages.info(request, f"{counted(outcome.under_way, 'answer')} on the way {words}.")
    for problem in outcome.problems[:5]:
        messages.error(request, problem)
    if len(outcome.problems) > 5:
        messages.error(request, f"… and {len(outcome.problems) - 5} more.")


def _sent(request: MemberRequest, name: str) -> list[str]:
    """Ids by that name, from the form or, where it has none, from the address."""
    sent = request.POST.getlist(name) or request.GET.getlist(name)
    return [str(number) for number in numbers(sent)]


def _ids(request: MemberRequest) -> list[int]:
    return [int(text) for text in dict.fromkeys(_sent(request, "cancellation"))][:MOST]


def _back(request: MemberRequest) -> str:
    """To the order the button was pressed on, else the list."""
    for pk in _sent(request, "order")[:1]:
        return wreverse(request.workspace, "orders:detail", order_id=int(pk))
    return wreverse(request.workspace, "shipping:cancellations")


def part_of(order: Order) -> dict[str, Any]:
    """What the order's page shows of its newest request; empty where none was made."""
    row = order.cancellations.order_by("-asked_at", "-pk").first()
    if row is None:
        return {}
    row.order = order
    return {
        "request": row,
        "answer": row.answers.order_by("-pk").first(),
        "label": words_for(order, auto_void.is_automatic(order.workspace_id)),
        "has_label": Label.objects.live().filter(order=order).exists(),
    }
