"""A new label for an order whose address changed after the purchase: the old label is given back, and
only when that is accepted are rates asked for and another one bought. Never two labels in use: the
database itself refuses a second one."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from orders import actions
from orders.blockers import sentence
from orders.dispatch import known_number
from orders.models import Order
from orders.plan_notes import note_plans
from shipping import readdressed
from shipping.labels.states import GIVEN_BACK
from shipping.models import Label
from shipping.naming import full_name
from shipping.plan import context_for
from shipping.providers.base import Can
from shipping.providers.registry import is_able
from shipping.quoting import note_for
from shipping.views.labels import give_back


@dataclass(frozen=True, slots=True)
class Steps:
    """How far the exchange is: `now` is void, wait, rates, buy, bought, stuck or nothing."""

    now: str
    live: Label | None
    given_back: Label | None
    trouble: str = ""


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest, order_id: int) -> HttpResponse:
    """Where the exchange of labels stands, and the one next thing to press."""
    order = _order(request, order_id)
    steps = _steps(order)
    label = steps.live or steps.given_back
    context: dict[str, Any] = {
        "order": order,
        "steps": steps,
        "label": label,
        "name": full_name(label.carrier, label.service_name) if label else "",
        "printed": readdressed.lines(label.spec.get("recipient") or {}) if label else (),
        "wanted": readdressed.lines(order.address),
        "known": known_number(order),
    }
    return page_or_part(request, "shipping/readdress.html", "steps", context)


@require_POST
@member(Right.BUY)
def next_step(request: MemberRequest, order_id: int) -> HttpResponse:
    """Give the old label back; once that is accepted, ask for new rates. Nothing is bought here."""
    order = _order(request, order_id)
    steps = _steps(order)
    if steps.now == "void" and steps.live is not None:
        if give_back(request, steps.live, why="address") == "bought":
            messages.error(request, f"The label was not taken back: {steps.live.reason}")
        order = _order(request, order_id)
        steps = _steps(order)
    if steps.now == "rates":
        actions.want_new_label(order, user=request.user)
        order = _order(request, order_id)
        if order.stage == "ready":
            _price(order)
    return go(request, wreverse(request.workspace, "shipping:readdress", order_id=order.pk))


def _price(order: Order) -> None:
    """Rates for the new address, noted as the order's plan; free."""
    note = note_for(order, timezone.now(), replace(context_for([order]), latest={}))
    if note is not None:
        note_plans({order.pk: note})


def _steps(order: Order) -> Steps:
    labels = list(
        order.labels.exclude(state__in=["dropped", "refused"])
        .select_related("account__shop__authorization", "account__workspace", "workspace")
        .select_related("order__shop", "money_back")
        .order_by("-pk")
    )
    live = next((one for one in labels if one.state not in GIVEN_BACK), None)
    old = next((one for one in labels if one.state in GIVEN_BACK), None)
    if live is not None:
        return _with_label(order, live, old)
    if old is None:
        return Steps("nothing", None, None)
    if not order.relabel or order.plan_price is None and order.stage == "ready":
        return Steps("rates", None, old)
    if order.stage == "ready":
        return Steps("buy", None, old)
    return Steps("stuck", None, old, sentence(order))


def _with_label(order: Order, live: Label, old: Label | None) -> Steps:
    if live.state == "voiding":
        return Steps("wait", live, old, live.reason)
    if live.state != "bought":
        return Steps("buying", live, old)
    if readdressed.differing(order, live) is None:
        return Steps("bought" if old else "nothing", live, old)
    if not is_able(live.provider, Can.VOID):
        return Steps("stuck", live, old, "TikTok sold this label: cancel its package on TikTok.")
    if live.first_scan_at is not None:
        words = "A carrier has scanned it: ask the carrier to redirect the parcel."
        return Steps("stuck", live, old, words)
    return Steps("void", live, old)


def _order(request: MemberRequest, order_id: int) -> Order:
    orders = Order.objects.of(request.workspace).filter(lane="own").defer("raw", "search_text")
    return get_object_or_404(orders.select_related("shop", "workspace"), pk=order_id)
