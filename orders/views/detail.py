"""One order: what happened, what is in it, what stands in its way, and the form that puts it right."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from core import events
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from orders import actions, changes, timeline
from orders.blockers import blocker_of, sentence
from orders.forms import ActionForm, AddressForm, NoteForm, WeightForm
from orders.models import Order
from orders.plan_notes import forget_plans
from orders.staging import restage
from orders.units import group_lines
from orders.views.packages import packages_context
from orders.views.parcel_cards import parcels_context
from shops.catalog import reading
from shops.catalog.models import Sku


@member()
@require_GET
def detail(request: MemberRequest, order_id: int) -> HttpResponse:
    """The order's page; `open=address` brings up that form."""
    return order_page(request, _order(request, order_id))


@member(Right.HANDLE)
@require_POST
def fix_address(request: MemberRequest, order_id: int) -> HttpResponse:
    """Keep a person's address for the order; it wins over TikTok's."""
    order = _order(request, order_id)
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            actions.fix_address(order, form.cleaned_data, user=request.user)
        except actions.BadAction as error:
            form.add_error(None, str(error))
    if not form.is_valid():
        return order_page(request, order, address_form=form, status=422)
    forget_plans([order.pk])
    return _outcome(request, order, "The address is kept for this order.")


@member(Right.HANDLE)
@require_POST
def fix_weights(request: MemberRequest, order_id: int) -> HttpResponse:
    """Keep the weight of each SKU a person weighed: for this order and every later one."""
    order = _order(request, order_id)
    form = WeightForm(request.POST, skus=_unweighed(order))
    if form.is_valid():
        for sku, grams in form.weights():
            try:
                reading.measure(sku, weight_g=grams, user=request.user)
            except reading.BadMeasure as error:
                form.add_error(f"sku_{sku.pk}", str(error))
    # Also the weights before a refused one are kept, and count.
    restage([order.pk])
    if not form.is_valid():
        return order_page(request, order, weight_form=form, status=422)
    return _outcome(request, order, "The weight is kept, for later orders, too.")


@member(Right.HANDLE)
@require_POST
def save_note(request: MemberRequest, order_id: int) -> HttpResponse:
    """Keep the team's note."""
    order = _order(request, order_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return order_page(request, order, note_form=form, status=422)
    actions.set_note(order, form.cleaned_data["note"], user=request.user)
    messages.success(request, "Note saved.")
    return go(request, _url(request, order))


def _outcome(request: MemberRequest, order: Order, kept: str) -> HttpResponse:
    """Back to the order, with where it stands now; whoever prepares rates is told."""
    events.publish("orders.changed", workspace_id=request.workspace.pk)
    order.refresh_from_db(fields=["stage", "blocker", "rate_problem", "fixed_recipient"])
    if order.stage == "ready":
        messages.success(request, f"{kept} The order is ready to buy.")
    else:
        messages.warning(request, f"{kept} {sentence(order)}".strip())
    return go(request, _url(request, order))


def _order(request: MemberRequest, order_id: int) -> Order:
    orders = Order.objects.of(request.workspace).select_related("shop", "workspace", "clock")
    return get_object_or_404(orders, pk=order_id)


def _url(request: MemberRequest, order: Order) -> str:
    return wreverse(request.workspace, "orders:detail", order_id=order.pk)


def _unweighed(order: Order) -> list[Sku]:
    """SKUs of units that are still to be shipped and whose weight nobody knows."""
    ids = order.lines.exclude(status="CANCELLED").values("sku_id")
    skus = Sku.objects.filter(shop=order.shop_id, tiktok_id__in=ids)
    # Zero is what some sellers enter for "not known".
    return list(skus.exclude(weight_g__gt=0).select_related("shop").order_by("seller_sku", "id"))


def order_page(
    request: MemberRequest,
    order: Order,
    *,
    status: int = 200,
    chosen: Mapping[str, int] | None = None,
    **forms: Any,
) -> HttpResponse:
    """The order's page; `forms` are what a person has filled in and gets back, `chosen` the parcel
    by line."""
    context = _context(request, order, chosen) | forms
    return page_or_part(request, "orders/detail.html", "order", context, status=status)


def _context(
    request: MemberRequest, order: Order, chosen: Mapping[str, int] | None
) -> dict[str, Any]:
    unweighed = _unweighed(order) if order.blocker == "no_weight" else []
    dispatches = list(order.dispatches.order_by("-created_at", "-id"))
    lines = list(order.lines.order_by("id"))
    packages = packages_context(order, dispatches)
    shown = [one["row"] for one in packages["packages"]]
    part = request.GET.get("part", "")
    return {
        "order": order,
        "status": changes.words(order.status),
        "groups": group_lines(lines),
        "timeline": timeline.page(order),
        "dispatches": dispatches,
        "blocker": blocker_of(order),
        "problem": sentence(order),
        "days": ActionForm.DAYS,
        "address_form": AddressForm(address=order.address or {"country": order.shop.region}),
        "open_address": request.GET.get("open") == "address",
        "weight_form": WeightForm(skus=unweighed) if unweighed else None,
        "note_form": NoteForm(initial={"note": order.note}),
        "raw": json.dumps(order.raw, indent=2, ensure_ascii=False, sort_keys=True),
        "part": part if part.isascii() and part.isdigit() and len(part) < 4 else "",
        **packages,
        **parcels_context(order, lines, shown, chosen=chosen),
    }
