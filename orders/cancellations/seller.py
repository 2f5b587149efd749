"""A seller calls a whole order off. The call has no key: after a lost answer the order is read, and
nothing is sent again by itself."""

from collections.abc import Mapping
from typing import Final

from core import audit
from core.errors import OutcomeUnknown, Rejected, RemoteError
from core.http import about
from core.models import User
from orders.cancellations.read import may_read, read_of
from orders.models import Order, OrderEvent
from orders.readiness import CANCELLED, OPEN
from orders.sync import read_orders
from shops.clients import tiktok_client
from shops.tiktok_shop.returns import Reason, cancel_order

OUT_OF_STOCK: Final = "seller_cancel_reason_out_of_stock"
WRONG_PRICE: Final = "seller_cancel_reason_wrong_price"
# TikTok's names for an order that is paid and not shipped, and its words for them
_PAID: Final = (
    Reason("seller_cancel_paid_reason_buyer_requested_cancellation", "Buyer asked to cancel"),
    Reason("seller_cancel_paid_reason_address_not_deliver", "Address cannot be delivered to"),
    Reason(OUT_OF_STOCK, "Out of stock"),
    Reason(WRONG_PRICE, "Wrong price"),
)
REASONS: Final[Mapping[str, tuple[Reason, ...]]] = {"US": _PAID}
# They count as the seller's fault in TikTok's cancellation rate.
SELLERS_FAULT: Final = frozenset({OUT_OF_STOCK, WRONG_PRICE})


class CannotCancel(Exception):
    """The order was not cancelled; the text is for the person who tried."""


def reasons_for(order: Order) -> tuple[Reason, ...]:
    """What a seller may name for calling this order off; none where it cannot be done from here."""
    if order.status not in OPEN or order.lane == "fbt":
        return ()
    return REASONS.get(order.shop.region, ())


def cancel(order: Order, reason_name: str, *, user: User | None) -> Order:
    """Call the order off and answer it as TikTok has it then. CannotCancel with words when TikTok
    refuses, or when whether it heard us is not known."""
    reason = next((one for one in reasons_for(order) if one.name == reason_name), None)
    if reason is None:
        raise CannotCancel("Choose one of TikTok's reasons.")
    audit.record(
        order.workspace_id,
        "order.called_off",
        f"order:{order.pk}",
        f"Cancellation asked of TikTok: {reason.text}",
        actor=user,
        reason=reason.name,
    )
    trouble = _tell(order, reason)
    order = _fresh(order)
    if order.status in CANCELLED:
        words = f"Cancelled by the seller: {reason.text}."
        OrderEvent.objects.create(order=order, kind="cancel", text=words, actor=user)
        return order
    raise CannotCancel(trouble or "TikTok has the request and has not cancelled the order yet.")


def _tell(order: Order, reason: Reason) -> str:
    """The one call; what went wrong as a sentence."""
    try:
        with about(order.tiktok_id):
            client = tiktok_client(order.shop)
            cancel_order(client, order_id=order.tiktok_id, reason=reason.name)
    except OutcomeUnknown:
        return (
            "Whether TikTok heard it is not known, and the order is not cancelled as of now. Look "
            "again in a minute before you try again."
        )
    except Rejected as error:
        return f"TikTok did not cancel the order: {error.message}"
    except RemoteError as error:
        return f"TikTok could not be asked, so nothing was cancelled: {error.message}"
    return ""


def _fresh(order: Order) -> Order:
    """The order as TikTok shows it now; as we had it where TikTok cannot be asked."""
    shop = order.shop
    try:
        found = read_orders(shop, [order.tiktok_id])
        if may_read(shop):
            read_of(shop, [order.tiktok_id])
    except RemoteError:
        order.refresh_from_db()
        return order
    return found[0] if found else order
