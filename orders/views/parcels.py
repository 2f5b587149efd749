"""Spreading an order over several parcels from its page, and taking that back."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from core.access import MemberRequest, Right, member, wreverse
from core.errors import RemoteError
from core.htmx import go
from orders import splitting
from orders.models import Order
from orders.views.detail import order_page

_TOO_LONG = 4  # digits of a parcel's number


@require_POST
@member(Right.HANDLE)
def parcels(request: MemberRequest, order_id: int) -> HttpResponse:
    """`op=split` takes the parcels that were chosen, `op=adopt` those that TikTok shows,
    `op=undo` makes them one again. A refused choice comes back as it was made, with why."""
    order = _order(request, order_id)
    op = request.POST.get("op", "")
    try:
        if op == "split":
            _split(request, order)
        elif op == "adopt":
            splitting.adopt(order, user=request.user)
        elif op == "undo":
            splitting.undo(order, user=request.user)
        else:
            return HttpResponseBadRequest("op is split, adopt or undo")
    except splitting.CannotSplit as refusal:
        return _refused(request, order_id, op, str(refusal))
    except RemoteError as error:
        words = f"TikTok did not take part: {error.message} Nothing was changed here."
        return _refused(request, order_id, op, words)
    order = _order(request, order_id)
    count = len(order.parts)
    words = f"It travels in {count} parcels now." if count else "It travels in one parcel again."
    messages.success(request, f"{words} Rates are asked for by themselves.")
    return _back(request, order)


def _split(request: MemberRequest, order: Order) -> None:
    if request.POST.get("version", "") != str(order.split_version):
        raise splitting.CannotSplit(splitting.CHANGED)
    splitting.split(order, _groups(_chosen(request)), user=request.user)


def _chosen(request: MemberRequest) -> dict[str, int]:
    """Parcel by line, as the dialog was sent."""
    found: dict[str, int] = {}
    rows = zip(request.POST.getlist("lines"), request.POST.getlist("number"), strict=False)
    for lines, text in rows:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < _TOO_LONG else 1
        found |= dict.fromkeys(lines.split(","), max(number, 1))
    return found


def _groups(chosen: Mapping[str, int]) -> list[list[str]]:
    """The lines of each parcel that has any."""
    groups: dict[int, list[str]] = {}
    for line, number in chosen.items():
        groups.setdefault(number, []).append(line)
    return [groups[number] for number in sorted(groups)]


def _refused(request: MemberRequest, order_id: int, op: str, words: str) -> HttpResponse:
    """With the order as it is by now: TikTok was read meanwhile."""
    order = _order(request, order_id)
    if op != "split":
        messages.error(request, words)
        return _back(request, order)
    return order_page(
        request, order, status=422, chosen=_chosen(request), parcels_error=words, open_parcels=True
    )


def _order(request: MemberRequest, order_id: int) -> Order:
    orders = Order.objects.of(request.workspace)
    related = ("shop__authorization", "workspace", "clock")
    return get_object_or_404(orders.select_related(*related), pk=order_id)


def _back(request: MemberRequest, order: Order) -> HttpResponse:
    return go(request, wreverse(request.workspace, "orders:detail", order_id=order.pk))
