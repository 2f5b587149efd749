"""Taking back what a person corrected on an order."""

from django.db import transaction

from core import audit
from core.models import User
from orders.models import Order, OrderEvent
from orders.staging import restage


def forget_address(order: Order, *, user: User | None) -> bool:
    """Use TikTok's address again; False when nobody had corrected it."""
    corrected = Order.objects.filter(pk=order.pk).exclude(fixed_recipient={})
    with transaction.atomic():
        if not corrected.update(fixed_recipient={}, rate_problem=""):
            return False
        text = "TikTok's address is used again."
        OrderEvent.objects.create(order=order, kind="address", text=text, actor=user)
        audit.record(order.workspace_id, "order.address", f"order:{order.pk}", text, actor=user)
        restage([order.pk])
    return True
