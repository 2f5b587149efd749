"""Proof of shipment as a file: for one order, or for all that are ticked."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from core import audit
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go
from orders.models import Order
from orders.querysets import OrderQuerySet
from shipping.handover import appeal
from shipping.handover.appeal_pdf import appeal_pdf
from shipping.selection import NothingSelected, resolve
from shipping.views.printing import paper


@require_GET
@csp_override({})
@member(Right.PACK)
def pack(request: MemberRequest, order_id: int) -> HttpResponse:
    """One order's proof."""
    orders = Order.objects.of(request.workspace).filter(pk=order_id)
    found = appeal.packs(request.workspace, orders)
    if not found:
        raise Http404("no such order")
    content = appeal_pdf(found, made_at=timezone.localtime())
    return paper(content, f"appeal-pack-{found[0].order}")


@require_POST
@csp_override({})
@member(Right.PACK)
def packs(request: MemberRequest) -> HttpResponse:
    """The proof of the selected orders in one file."""
    try:
        orders = _chosen(request)
    except NothingSelected as refusal:
        messages.warning(request, str(refusal))
        return go(request, wreverse(request.workspace, "orders:queue"))
    found = appeal.packs(request.workspace, orders)
    audit.record(
        request.workspace, "appeal.made", f"workspace:{request.workspace.pk}",
        f"Appeal packs of {len(found)} orders made", actor=request.user,
    )  # fmt: skip
    content = appeal_pdf(found, made_at=timezone.localtime())
    return paper(content, f"appeal-packs-{timezone.localdate():%Y-%m-%d}")


def _chosen(request: MemberRequest) -> OrderQuerySet:
    selection = resolve(request)
    if len(selection.ids) > appeal.MOST:
        words = f"Appeal packs are made for at most {appeal.MOST} orders at once. Select fewer."
        raise NothingSelected(words)
    return selection.orders
