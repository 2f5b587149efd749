"""Doing one thing to many orders, or to one: the words pages post → use cases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from core import events
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go
from core.models import User, Workspace
from core.states import IllegalMove, LostRace
from core.templatetags.ui import counted
from orders import actions, corrections, dispatch
from orders.filters import OrderFilter
from orders.forms import ActionForm
from orders.models import Order
from orders.plan_notes import forget_plans
from orders.rereading import AT_ONCE, reread, reread_many

# As many as one press may touch
MOST = 10_000
_LONGEST_ID = 18  # digits of a bigint that cannot overflow


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants done, to which of the workspace's orders, with the words an action needs."""

    workspace: Workspace
    user: User
    ids: list[int]
    words: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many orders it was done to, in words, and why it was not done to the others."""

    done: int
    words: str  # "held": after "3 orders"
    left_because: str = ""
    problems: tuple[str, ...] = ()
    in_background: bool = False


class NotClear(Exception):
    """Which orders are meant cannot be told; the text is for the person who pressed the button."""


type UseCase = Callable[[Asked], Outcome]


def _hold(asked: Asked) -> Outcome:
    days = asked.words["days"]
    until = timezone.now() + timedelta(days=int(days)) if days else None
    because = asked.words["because"]
    done = actions.hold(asked.workspace, asked.ids, because=because, until=until, user=asked.user)
    return Outcome(done, "held", "already bought, shipped or closed")


def _release(asked: Asked) -> Outcome:
    done = actions.release(asked.workspace, asked.ids, user=asked.user)
    return Outcome(done, "released", "not held by your team; TikTok's own hold ends by itself")


def _tag(asked: Asked) -> Outcome:
    done = actions.tag(asked.workspace, asked.ids, asked.words["tag"], user=asked.user)
    return Outcome(done, f"tagged “{asked.words['tag']}”", "tagged so before")


def _untag(asked: Asked) -> Outcome:
    done = actions.untag(asked.workspace, asked.ids, asked.words["tag"], user=asked.user)
    return Outcome(done, f"no longer tagged “{asked.words['tag']}”", "without that tag")


def _ask_rates(asked: Asked) -> Outcome:
    done = actions.ask_rates(asked.workspace, asked.ids, user=asked.user)
    return Outcome(done, "waiting for new rates", "not stopped by a missing rate")


def _reread(asked: Asked) -> Outcome:
    if len(asked.ids) > AT_ONCE:
        reread_many.later(workspace_id=asked.workspace.pk, order_ids=asked.ids)
        return Outcome(len(asked.ids), "being read from TikTok", in_background=True)
    result = reread(asked.workspace, asked.ids)
    return Outcome(result.read, "read from TikTok just now", "unchanged", tuple(result.problems))


def _ship_despite_cancel(asked: Asked) -> Outcome:
    done = actions.ship_despite_cancel(asked.workspace, asked.ids, user=asked.user)
    return Outcome(done, "to be shipped although the buyer asked to cancel", "not asked to cancel")


def _retry_dispatch(asked: Asked) -> Outcome:
    done = 0
    for order in Order.objects.of(asked.workspace).filter(pk__in=asked.ids):
        for refused in order.dispatches.filter(state="refused"):
            try:
                dispatch.retry(refused, asked.user)
            except (IllegalMove, LostRace):  # a colleague, or TikTok, was quicker
                continue
            done += 1
    return Outcome(done, "told to TikTok again", "not refused by TikTok any more")


def _unfix_address(asked: Asked) -> Outcome:
    orders = Order.objects.of(asked.workspace).filter(pk__in=asked.ids)
    done = sum(corrections.forget_address(order, user=asked.user) for order in orders)
    forget_plans(asked.ids)
    return Outcome(done, "back to TikTok's address", "without a corrected address")


BULK: dict[str, UseCase] = {
    "hold": _hold,
    "release": _release,
    "tag": _tag,
    "untag": _untag,
    "reread": _reread,
    "ask_rates": _ask_rates,
}
ONE: dict[str, UseCase] = BULK | {
    "ship_despite_cancel": _ship_despite_cancel,
    "retry_dispatch": _retry_dispatch,
    "unfix_address": _unfix_address,
}
# Actions that need a form of their own: where it is on the order's page
FORMS = {"measure": "#fix", "fix_address": "?open=address"}
# After these an order may be worth asking rates for
_WAKING = {"release", "reread", "ask_rates", "ship_despite_cancel", "unfix_address"}


@member(Right.HANDLE)
@require_POST
def bulk(request: MemberRequest) -> HttpResponse:
    """Do one thing to the ticked orders, or to all that match the filter (`all=1`, run again here)."""
    form = ActionForm(request.POST)
    if not form.is_valid() or form.cleaned_data["action"] not in BULK:
        return _unknown()
    try:
        ids, more = _selected(request)
    except NotClear as error:
        messages.error(request, str(error))
        return go(request, _back(request))
    if ids:
        _carry_out(request, BULK, form, ids)
    else:
        messages.warning(request, "No order was selected, so nothing was done.")
    if more:
        messages.warning(
            request,
            f"Only the first {MOST:,} matching orders were taken. Press again for the next ones.",
        )
    return go(request, _back(request))


@member(Right.HANDLE)
@require_POST
def act(request: MemberRequest, order_id: int) -> HttpResponse:
    """Do one thing to one order, from its page."""
    form = ActionForm(request.POST)
    name = form.cleaned_data["action"] if form.is_valid() else ""
    if name not in ONE and name not in FORMS:
        return _unknown()
    order = get_object_or_404(Order.objects.of(request.workspace).only("pk"), pk=order_id)
    if name in ONE:
        _carry_out(request, ONE, form, [order.pk])
    page = wreverse(request.workspace, "orders:detail", order_id=order.pk)
    return go(request, page + FORMS.get(name, ""))


def _carry_out(
    request: MemberRequest, table: dict[str, UseCase], form: ActionForm, ids: list[int]
) -> None:
    name = form.cleaned_data["action"]
    try:
        outcome = table[name](Asked(request.workspace, request.user, ids, form.cleaned_data))
    except actions.BadAction as error:
        messages.error(request, str(error))
        return
    if name in _WAKING:
        events.publish("orders.changed", workspace_id=request.workspace.pk)
    _tell(request, outcome, asked=len(ids))


def _tell(request: MemberRequest, outcome: Outcome, *, asked: int) -> None:
    """How many it was done to, how many not, and why."""
    left = asked - outcome.done
    parts = [f"{counted(outcome.done, 'order')} {outcome.words}."] if outcome.done else []
    if left and not outcome.problems:
        parts.append(f"{counted(left, 'order')} left out: {outcome.left_because}.")
    for problem in outcome.problems:
        messages.error(request, f"TikTok could not be asked. {problem}")
    if parts:
        # What went as wished goes away by itself; what was left out stays until it is read.
        level = messages.SUCCESS if not left else messages.WARNING
        messages.add_message(request, level, " ".join(parts))


def _selected(request: MemberRequest) -> tuple[list[int], bool]:
    """Ids of the workspace's orders that were meant, and whether there are more than one press may touch."""
    if request.POST.get("all") == "1":
        form = OrderFilter(QueryDict(request.POST.get("filter", "")), workspace=request.workspace)
        if form.errors:
            # A filter that is left out would take in orders nobody meant.
            raise NotClear("The search or a filter is not valid. Correct it, then select again.")
        orders = form.matching(now=timezone.now()).in_queue_order(newest=form.newest)
    else:
        sent = {text for text in request.POST.getlist("order") if _is_id(text)}
        orders = Order.objects.of(request.workspace).filter(pk__in=[int(text) for text in sent])
    ids = list(orders.values_list("pk", flat=True)[: MOST + 1])
    return ids[:MOST], len(ids) > MOST


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


def _back(request: MemberRequest) -> str:
    """The list as it was: its tab, filters and place."""
    query = QueryDict(request.POST.get("page") or request.POST.get("filter", "")).urlencode()
    page = wreverse(request.workspace, "orders:queue")
    return f"{page}?{query}" if query else page


def _unknown() -> HttpResponse:
    return HttpResponseBadRequest(
        "CreatorFlow does not know this action. Reload the page and try again.",
        content_type="text/plain; charset=utf-8",
    )
