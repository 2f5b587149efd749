"""Orders that could share a box: what it would save, what waiting would cost, and doing it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.errors import RemoteError
from core.htmx import go, page_or_part
from core.templatetags.ui import counted
from orders import combining
from orders.models import CombineGroup, Order
from shops.models import Shop


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """Every group of orders that may share a box, the largest saving first."""
    now = timezone.now()
    offers = combining.offers(request.workspace, now=now)
    context = {
        "offers": offers,
        "most": combining.SHOWN,
        "saving": combining.total_saving(offers),
        "shops": list(Shop.objects.of(request.workspace).filter(disconnected_at=None)),
        "now": now,
    }
    return page_or_part(request, "orders/combine.html", "groups", context)


@require_POST
@member(Right.HANDLE)
def look(request: MemberRequest) -> HttpResponse:
    """Ask TikTok which orders it would combine, shop by shop."""
    shops = Shop.objects.of(request.workspace).filter(disconnected_at=None)
    found, asked = 0, 0
    for shop in shops.select_related("authorization"):
        try:
            found += combining.look(shop, now=timezone.now())
        except RemoteError as error:
            messages.error(request, f"{shop.name}: {error.message}")
        else:
            asked += 1
    if asked:
        offered = f"{counted(found, 'group')} of orders to combine"
        messages.success(request, f"TikTok offers {offered}.")
    return _back(request)


@require_POST
@member(Right.HANDLE)
def join(request: MemberRequest, group_id: int) -> HttpResponse:
    """Let the group's orders travel in one box."""
    rows = CombineGroup.objects.filter(workspace=request.workspace, state="offered")
    group = get_object_or_404(rows.select_related("shop__authorization"), pk=group_id)
    try:
        lead = combining.join(group, user=request.user)
    except combining.CannotCombine as problem:
        messages.error(request, str(problem))
        return _back(request)
    messages.success(request, f"{len(group.order_ids)} orders travel in one box now.")
    return go(request, wreverse(request.workspace, "orders:detail", order_id=lead.pk))


@require_POST
@member(Right.HANDLE)
def leave(request: MemberRequest, order_id: int) -> HttpResponse:
    """Take one order out of the box it travels in; the rest stays together."""
    orders = Order.objects.of(request.workspace).light().select_related("shop__authorization")
    order = get_object_or_404(orders, pk=order_id)
    try:
        done = combining.leave(order, user=request.user)
    except combining.CannotCombine as problem:
        messages.error(request, str(problem))
    else:
        if done:
            messages.success(request, "The order has a box of its own again.")
        else:
            messages.warning(request, "The order does not travel in another one's box.")
    return go(request, wreverse(request.workspace, "orders:detail", order_id=order.pk))


def _back(request: MemberRequest) -> HttpResponse:
    return go(request, wreverse(request.workspace, "orders:combine"))
