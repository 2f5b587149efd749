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
from orders.models import Dispatch, Order
from orders.parts import ELSEWHERE, GONE
from orders.plan_notes import note_plans
from shipping import readdressed
from shipping.labels.states import GIVEN_BACK
from shipping.models import Label
from shipping.naming import full_name
from shipping.plan import context_for
from shipping.plan_notes import note_for
from shipping.providers.base import Can
from shipping.providers.registry import is_able
from shipping.views.labels import give_back


@dataclass(frozen=True, slots=True)
class Steps:
    """How far the exchange of a label is: `now` is void, wait, rates, buy, bought, stuck or
    nothing. Of several it is the one after `done` others."""

    now: str
    live: Label | None
    given_back: Label | None
    trouble: str = ""
    part: int = 0
    done: int = 0
    count: int = 1

    @property
    def place(self) -> int:
        """Which of them it is."""
        return min(self.done + 1, self.count)


@dataclass(frozen=True, slots=True)
class Told:
    """A new label, the number that TikTok has, or may have, for its parcel, and by what it was told
    that."""

    label: Label
    known: str
    dispatch: Dispatch | None

    @property
    def name(self) -> str:
        """Its service."""
        return full_name(self.label.carrier, self.label.service_name)

    @property
    def is_old(self) -> bool:
        """Whether TikTok has the number of the label before."""
        return bool(self.known) and self.known != self.label.tracking_number


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
        "known": known_number(order, steps.part),
        "told": [_told(order, one) for one in _renewed(order)] if steps.now == "bought" else [],
    }
    return page_or_part(request, "shipping/readdress.html", "steps", context)


@require_POST
@member(Right.BUY)
def next_step(request: MemberRequest, order_id: int) -> HttpResponse:
    """Give the old label back; once that is accepted, ask for new rates. Nothing is bought here."""
    order = _order(request, order_id)
    steps = _steps(order)
    was_void = steps.now == "void"
    if was_void and steps.live is not None:
        if give_back(request, steps.live, why="address") == "bought":
            messages.error(request, f"The label was not taken back: {steps.live.reason}")
        order = _order(request, order_id)
        steps = _steps(order)
    # What is noted of a price is the old address's, also where another label was exchanged before.
    if steps.now == "rates" or was_void and steps.now == "buy":
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
    """Those of the first label that can be, and is not yet, exchanged."""
    found = _by_parcel(order)
    if not found:
        return Steps("nothing", None, None)
    left = sorted((one for one in found if one.now != "bought"), key=lambda one: one.now == "stuck")
    return replace([*left, found[-1]][0], done=len(found) - len(left), count=len(found))


def _by_parcel(order: Order) -> list[Steps]:
    """The steps of each label that was, or is to be, exchanged; in the order of parcels."""
    rows = (
        order.labels.exclude(state__in=["dropped", "refused"])
        .select_related("account__shop__authorization", "account__workspace", "workspace")
        .select_related("order__shop", "money_back")
        .order_by("-pk")
    )
    by_part: dict[int, list[Label]] = {}
    if order.parts:  # labels of how it was divided before are history
        ours = [n for n, one in enumerate(order.parts, 1) if one["label"] not in (GONE, ELSEWHERE)]
        rows = rows.filter(split_version=order.split_version, part__in=ours)
    for label in rows:
        by_part.setdefault(label.part if order.parts else 0, []).append(label)
    found = [replace(_of_labels(order, by_part[part]), part=part) for part in sorted(by_part)]
    return [steps for steps in found if steps.now != "nothing"]


def _renewed(order: Order) -> list[Label]:
    return [one.live for one in _by_parcel(order) if one.now == "bought" and one.live]


def _told(order: Order, label: Label) -> Told:
    standing = order.dispatches.filter(part=label.part, state="done").order_by("-pk").first()
    return Told(label, known_number(order, label.part), standing)


def _of_labels(order: Order, labels: list[Label]) -> Steps:
    """Of one parcel's labels, the newest first."""
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
