"""Why this rate: every offer of one order beside the one that was taken."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.access import MemberRequest, member
from core.htmx import page_or_part
from orders.models import Order
from shipping import why
from shipping.models import Label, LabelAccount, QuoteSet


@require_safe
@member()
def page(request: MemberRequest, order_id: int) -> HttpResponse:
    """The comparison for the quotes that the order's label was bought from, or `?quotes=`, or the
    newest."""
    orders = Order.objects.of(request.workspace).light().select_related("shop")
    order = get_object_or_404(orders, pk=order_id)
    labels = Label.objects.live().filter(order=order).select_related("quote_set")
    label = labels.order_by("-pk").first()
    quotes = _quotes(order, label, request.GET.get("quotes", ""))
    rows = LabelAccount.objects.filter(workspace=request.workspace)
    accounts = {
        str(pk): (name, state) for pk, name, state in rows.values_list("pk", "name", "state")
    }
    found = why.explain(quotes) if quotes else None
    now = timezone.now()
    context = {
        "order": order,
        "quotes": quotes,
        "why": found,
        "rows": [(row, accounts.get(row.account, ("", ""))[0]) for row in found.rows]
        if found
        else [],
        "bought": label if label and quotes and label.quote_set_id == quotes.pk else None,
        "expired": quotes is not None and quotes.expires_at <= now,
        # Who is paused is not asked at all, so the quotes cannot say it.
        "paused": sorted(name for name, state in accounts.values() if state == "paused"),
    }
    return page_or_part(request, "shipping/why.html", "why", context)


def _quotes(order: Order, label: Label | None, wanted: str) -> QuoteSet | None:
    if wanted:
        if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
            raise Http404("no such quotes")
        return get_object_or_404(QuoteSet, order=order, pk=int(wanted))
    if label is not None:
        return label.quote_set
    return order.quote_sets.order_by("-at").first()
