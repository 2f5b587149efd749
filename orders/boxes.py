"""Putting orders of one buyer into one box, and taking them out of it."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from core import audit
from core.models import User
from orders import actions
from orders.box_mates import mates_of
from orders.models import BoxMate, Order
from orders.plan_notes import forget_plans
from shops.policy.book import NoRule, market_of
from shops.policy.ours import book_for

_WAITS = "AWAITING_SHIPMENT"


class CannotJoin(ValueError):
    """The orders cannot share a box; the text is for the person who tried."""


def most_orders(order: Order, *, on: date) -> int:
    """How many orders may share a box in the order's market; 1 where nothing is known."""
    book = book_for(market_of(order.shop.region), order.workspace_id)
    try:
        return int(book.rule("combine.most_orders", on=on).number)
    except NoRule:
        return 1


def why_not(lead: Order, others: Sequence[Order], *, most: int) -> str:
    """Why these orders cannot share the lead's box; "" when they can."""
    if not others:
        return "One order alone is no combination."
    if len(others) + 1 > most:
        return f"TikTok lets at most {most} orders share a box."
    for order in (lead, *others):
        number = f"Order {order.tiktok_id}"
        if order.status != _WAITS or order.label_state:
            return f"{number} is not waiting for its label."
        if order.is_cancel_requested:
            return f"{number}: the buyer asked to cancel."
        if order.parts:
            return f"{number} travels in several parcels."
        if order.stage not in ("ready", "fix"):
            return f"{number} is held back."
    return next((words for order in others if (words := _unlike(lead, order))), "")


def _unlike(lead: Order, order: Order) -> str:
    number = f"Order {order.tiktok_id}"
    if (order.shop_id, order.buyer_id) != (lead.shop_id, lead.buyer_id) or not lead.buyer_id:
        return f"{number} is another buyer's."
    if order.address != lead.address:
        return f"{number} goes to another address."
    if (order.delivery_option_id, order.lane) != (lead.delivery_option_id, lead.lane):
        return f"{number} has another delivery option."
    return ""


def join(lead: Order, others: Sequence[Order], *, package_id: str, user: User | None) -> None:
    """Let `others` travel in the lead's box. CannotJoin says why not; nothing is changed then."""
    ids = [lead.pk, *(order.pk for order in others)]
    with transaction.atomic():
        locked = Order.objects.select_for_update(no_key=True).filter(pk__in=ids)
        fresh = {
            order.pk: order
            for order in locked.order_by("shop_id", "tiktok_id").defer("raw", "search_text")
        }
        first, rest = fresh[lead.pk], [fresh[pk] for pk in ids[1:]]
        first.shop = lead.shop
        if words := why_not(first, rest, most=most_orders(first, on=timezone.now().date())):
            raise CannotJoin(words)
        if BoxMate.objects.filter(order__in=ids).exists():
            raise CannotJoin("One of the orders is in a box already.")
        BoxMate.objects.bulk_create(
            BoxMate(order_id=pk, lead_id=lead.pk, package_id=package_id, actor=user)
            for pk in ids[1:]
        )
        because = f"Travels in the box of order {lead.tiktok_id}"
        actions.hold(lead.workspace, ids[1:], because=because, user=user)
        _note(lead, f"{len(others)} more orders travel in this box.", user)


def leave(orders: Sequence[Order], *, user: User | None, why: str = "") -> int:
    """Take these orders out of the boxes they travel in; answers how many were in one. Orders whose
    label is bought stay."""
    with transaction.atomic():
        rows = BoxMate.objects.filter(order__in=orders, order__label_state="")
        found = list(rows.select_related("order__workspace", "lead__workspace"))
        BoxMate.objects.filter(pk__in=[row.pk for row in found]).delete()
        for row in found:
            actions.release(row.order.workspace, [row.order_id], user=user)
            words = f"Order {row.order.tiktok_id} no longer travels in this box. {why}".strip()
            _note(row.lead, words, user)
    return len(found)


def changed_mates(lead: Order) -> list[Order]:
    """The orders in the lead's box that may no longer travel in it, as they were just read."""
    return [
        order
        for order in mates_of([lead.pk]).get(lead.pk, ())
        if order.status != _WAITS
        or (order.is_cancel_requested and not order.ship_despite_cancel)
        or _unlike(lead, order)
    ]


def _note(lead: Order, words: str, user: User | None) -> None:
    lead.events.create(kind="parcel", text=words[:400], actor=user)
    forget_plans([lead.pk])  # they were for another parcel
    audit.record(lead.workspace, "order.box", f"order:{lead.pk}", words, actor=user)
