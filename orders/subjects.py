"""Orders by name, for the audit trail."""

from collections.abc import Collection

from core.audit_words import Subject, numbers
from core.models import Workspace
from core.shell import address
from core.templatetags.ui import short_id
from orders.models import Order


def orders(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of orders as text → "Order 5769…231" and its page."""
    rows = Order.objects.of(workspace).filter(pk__in=numbers(keys)).values_list("pk", "tiktok_id")
    return {
        str(pk): Subject(
            f"Order {short_id(number)}", address("orders:detail", workspace.slug, order_id=pk)
        )
        for pk, number in rows
    }
