"""Whether TikTok would take a tracking number for an order: asked before it is told."""

from datetime import timedelta

from django.utils import timezone

from core.carriers import carrier_name
from orders.carriers import provider_for
from orders.models import Dispatch, Order
from shops.logistics import delivery_providers
from shops.policy.book import NoRule, market_of
from shops.policy.ours import book_for
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.fulfillment import validate_tracking


class Refused(Exception):
    """TikTok must not, or will not, take the number; the text is for a person."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.text, self.code = text, code


def normal(tracking_number: str) -> str:
    """A tracking number as it is compared: without blanks, in upper case."""
    return "".join(tracking_number.split()).upper()[:120]


def check(
    client: TikTokShopClient, order: Order, number: str, carrier: str, *, told_by: int = 0
) -> str:
    """TikTok's id of the carrier. Refused where TikTok would not take the number; raises core.errors
    when it cannot be asked. `told_by` is the dispatch that asks."""
    provider_id = _carrier_id(order, carrier)
    if words := _shared(order, number, told_by):
        raise Refused(words)
    if validate_tracking(client, tracking_number=number):
        raise Refused("This number belongs to a label bought from TikTok, not to one of your own.")
    return provider_id


def _carrier_id(order: Order, carrier: str) -> str:
    if not order.delivery_option_id:
        raise Refused("TikTok names no delivery option for this order, so no carrier can be named.")
    provider_id = provider_for(
        carrier, delivery_providers(order.shop, order.delivery_option_id)
    ) or provider_for(
        carrier,
        delivery_providers(order.shop, order.delivery_option_id, life=timedelta(minutes=5)),
    )
    if not provider_id:
        option = order.delivery_option_name or "this delivery option"
        raise Refused(
            f"TikTok does not take {carrier_name(carrier)} for “{option}”. Void the label and "
            "buy one of another carrier."
        )
    return provider_id


def _shared(order: Order, number: str, told_by: int) -> str:
    """Why the number may not stand on this order as well as on the others that have it."""
    rows = Dispatch.objects.filter(tracking_number=number, order__shop=order.shop_id)
    others = list(
        rows.exclude(state="withdrawn")
        .exclude(pk=told_by)
        .exclude(order=order)
        .select_related("order")
        .only("order__buyer_id", "order__tiktok_id")
    )
    if not others:
        return ""
    if other := next((row.order for row in others if row.order.buyer_id != order.buyer_id), None):
        return f"This number stands on order {other.tiktok_id} of another buyer already."
    book = book_for(market_of(order.shop.region), order.workspace_id)
    try:
        most = int(book.rule("tracking.most_orders", on=timezone.now().date()).number)
    except NoRule:
        return ""
    if len(others) + 1 > most:
        return f"This number stands on {len(others)} orders already; TikTok allows {most}."
    return ""
