"""The part of an order's page about its packages at TikTok: reading them, and correcting a number."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_list_or_404, get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.access import MemberRequest, Right, member, wreverse
from core.audit_words import numbers
from core.errors import RemoteError
from core.htmx import go
from orders import packages, parts, tracking_edit
from orders.carriers import provider_for
from orders.models import BoxMate, Dispatch, Order
from orders.number_checks import normal
from shops.models import DeliveryProviders


@require_POST
@member(Right.HANDLE)
def read(request: MemberRequest, order_id: int) -> HttpResponse:
    """Ask TikTok for the order's packages."""
    order = _order(request, order_id)
    try:
        found = packages.read_order(order, now=timezone.now())
    except RemoteError as error:
        messages.error(request, f"The packages could not be read: {error.message}")
    else:
        count = f"{len(found)} package{'' if len(found) == 1 else 's'}"
        messages.success(request, f"TikTok shows {count} for this order.")
    return _back(request, order)


@require_POST
@member(Right.BUY)
def edit_tracking(request: MemberRequest, order_id: int) -> HttpResponse:
    """Put another tracking number in place of the one TikTok has; `dispatch` (pk) says of which
    parcel, where the order has several."""
    order = _order(request, order_id)
    rows = Dispatch.objects.select_related("order__shop__authorization")
    rows = rows.filter(order=order, state="done").order_by("part")
    if wanted := request.POST.get("dispatch"):
        rows = rows.filter(pk__in=numbers([wanted]))
    dispatch = get_list_or_404(rows)[0]
    if len(rows) > 1:
        messages.error(request, "Say which parcel's number is to be corrected.")
        return _back(request, order)
    number = request.POST.get("number", "").replace("\x00", "")[:120]
    carrier = request.POST.get("carrier", "").replace("\x00", "")[:40]
    try:
        row = tracking_edit.edit(dispatch, number, carrier, user=request.user)
    except tracking_edit.CannotEdit as problem:
        messages.error(request, str(problem))
    else:
        if row.state == "done":
            messages.success(request, f"TikTok has {row.tracking_number} now.")
        else:
            messages.warning(
                request, "TikTok's answer was lost: the order is read to see which number it has."
            )
    return _back(request, order)


def packages_context(order: Order, dispatches: Sequence[Dispatch]) -> dict[str, Any]:
    """What the order's page shows of packages, of its box, and of corrections."""
    boxed = list(
        BoxMate.objects.filter(Q(order=order) | Q(lead=order))
        .select_related("lead", "order")
        .only("package_id", "lead__tiktok_id", "order__tiktok_id")
    )
    box = next((row for row in boxed if row.order_id == order.pk), None)
    return {
        "packages": [
            {
                "row": row,
                "words": packages.words(row),
                "tone": packages.TONES.get(row.status, "grey"),
            }
            for row in packages.packages_of(order)
        ],
        "box": box,
        "mates": [row.order for row in boxed if row.lead_id == order.pk],
        "corrections": [_correction(order, one) for one in dispatches if one.state == "done"],
    }


def _correction(order: Order, told: Dispatch) -> dict[str, Any]:
    """What may be corrected of one number that TikTok has, and what was."""
    told.order = order
    carrier, number = _label_of(order, told.part)
    return {
        "told": told,
        "name": parts.name(told.part, order.parts),
        "edit": tracking_edit.allowance(told, now=timezone.now()),
        "past": list(told.edits.order_by("-pk")),
        "carriers": _carriers(order, carrier or told.carrier),
        # of a label bought since, which TikTok does not have
        "new_number": "" if number == told.tracking_number else number,
    }


def _label_of(order: Order, part: int) -> tuple[str, str]:
    """Carrier and number of the label in use for that parcel; "" where there is none."""
    if not part:
        number = normal(order.label_tracking) if order.label_state == "bought" else ""
        return order.label_carrier, number
    if part > len(order.parts):
        return "", ""
    found = order.parts[part - 1]
    number = normal(found["tracking"]) if found["label"] == "bought" else ""
    return found["carrier"], number


def _carriers(order: Order, used: str) -> list[tuple[str, bool]]:
    """Names of the carriers that TikTok takes for the order's delivery option, as kept, and which
    of them the label in use has."""
    kept = DeliveryProviders.objects.filter(
        shop=order.shop_id, delivery_option_id=order.delivery_option_id
    ).first()
    if kept is None or not kept.providers:
        return [(used, True)]
    chosen = provider_for(used, kept.providers)
    return [(str(entry["name"]), entry["id"] == chosen) for entry in kept.providers]


def _order(request: MemberRequest, order_id: int) -> Order:
    orders = Order.objects.of(request.workspace).select_related("shop__authorization", "workspace")
    return get_object_or_404(orders.light(), pk=order_id)


def _back(request: MemberRequest, order: Order) -> HttpResponse:
    return go(request, wreverse(request.workspace, "orders:detail", order_id=order.pk))
