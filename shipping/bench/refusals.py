"""Why an order is not packed now, in a packer's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from orders.models import Order, Stage
from orders.parts import name, open_parts
from orders.readiness import CANCELLED
from shipping.models import Label

# Labels that are not, or no longer, to be put on a parcel
_GIVEN_BACK = {"voiding", "refunding"}


def why_not(order: Order) -> str:
    """Why the order is not packed; "" when it may be. `order` is as it was read last."""
    if order.status in CANCELLED:
        return "Stop: this order is cancelled. Put its items back."
    if order.is_cancel_requested and not order.ship_despite_cancel:
        return "Stop: the buyer asked to cancel. Somebody has to decide it first."
    if order.held_because and order.stage == Stage.HOLD:
        return f"This order is held: {order.held_because}"
    if order.stage == Stage.HOLD:
        return "TikTok still holds this order: the buyer may cancel."
    if order.stage == Stage.CLOSED:
        return "There is nothing to pack: this order is not ours to ship."
    return ""


def labels_of(order_id: int) -> list[Label]:
    """The order's labels in use, parcel by parcel: one, for most orders."""
    rows = Label.objects.filter(order=order_id, state__in=["buying", "unknown", "bought"])
    return list(rows.order_by("part", "pk"))


def parcels_without(order: Order) -> list[int]:
    """Numbers of the parcels that a label is still to be bought for; [0] is an order in one parcel
    that has none."""
    taken = {label.part for label in labels_of(order.pk)}
    return [number for number in open_parts(order) if number not in taken]


def why_no_label(order: Order) -> str:
    """What is missing before the parcel can go, where the order, or a parcel of it, has no label in
    use."""
    missing = parcels_without(order)
    if order.parts and missing:
        return f"{words_of(missing, order.parts)} no label yet."
    if Label.objects.filter(order=order.pk, state__in=_GIVEN_BACK).exists():
        return "Its label was given back. It needs a new one."
    return "It has no label yet."


def words_of(numbers: Sequence[int], parts: Sequence[Mapping[str, Any]]) -> str:
    """ "Parcel 2 of 3 has", or "Parcels 2, 3 of 3 have"."""
    if len(numbers) == 1:
        return f"{name(numbers[0], parts).capitalize()} has"
    return f"Parcels {', '.join(map(str, numbers))} of {len(parts)} have"
