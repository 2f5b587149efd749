"""Why an order is not packed now, in a packer's words."""

from orders.models import Order, Stage
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


def label_of(order_id: int) -> Label | None:
    """The order's label in use, if it has one."""
    rows = Label.objects.filter(order=order_id, state__in=["buying", "unknown", "bought"])
    return rows.order_by("-pk").first()


def why_no_label(order: Order) -> str:
    """What is missing before the parcel can go, where the order has no label in use."""
    if Label.objects.filter(order=order.pk, state__in=_GIVEN_BACK).exists():
        return "Its label was given back. It needs a new one."
    return "It has no label yet."
