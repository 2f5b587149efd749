"""Before a label is bought for a box of several orders: each of them is read again as well."""

from collections.abc import Iterable

from orders import boxes
from orders.box_mates import mates_of
from orders.models import Order
from orders.sync import read_orders
from shops.models import Shop


def gone_from(shop: Shop, leads: Iterable[Order]) -> dict[int, str]:
    """Why the box of a lead is not what was confirmed, by the lead's pk: an order in it may no
    longer travel there, and was taken out. Makes a remote call where a box holds several orders;
    raises core.errors."""
    by_pk = {lead.pk: lead for lead in leads}
    mates = mates_of(by_pk)
    if not mates:
        return {}
    numbers = [one.tiktok_id for others in mates.values() for one in others]
    known = {order.pk for order in read_orders(shop, numbers)}
    sentences = {}
    for pk, others in mates.items():
        missing = [one for one in others if one.pk not in known]
        if gone := [*boxes.changed_mates(by_pk[pk]), *missing]:
            boxes.leave(gone, user=None, why="It changed on TikTok.")
            named = ", ".join(dict.fromkeys(one.tiktok_id for one in gone))
            sentences[pk] = (
                f"Order {named} of the same box changed on TikTok and was taken out of it. "
                "Buy the rest again."
            )
    return sentences
