"""An order's history: the panel of its page, and more of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from core.access import MemberRequest, member
from core.htmx import page_or_part
from orders import timeline
from orders.models import Order


@member()
@require_GET
def history(request: MemberRequest, order_id: int) -> HttpResponse:
    """The entries that follow `after`, as a part of the order's page or as a page of their own."""
    orders = Order.objects.of(request.workspace).select_related("shop")
    order = get_object_or_404(orders.defer("raw", "search_text"), pk=order_id)
    after = request.GET.get("after", "")
    found = timeline.page(order, after=after)
    context = {"order": order, "timeline": found, "continued": bool(after)}
    return page_or_part(request, "orders/timeline.html", "entries", context)
