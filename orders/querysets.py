"""Order lists: who may see them, and the queue's tabs."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models

from core.models import Workspace

if TYPE_CHECKING:
    from orders.models import Order

LATE_RISK = timedelta(hours=12)
# Never null, so that one row comparison pages through the queue on its index
NO_DEADLINE = datetime(2999, 1, 1, tzinfo=UTC)


class OrderQuerySet(models.QuerySet["Order"]):
    """Filters over orders; every list starts with `of`."""

    def of(self, workspace: Workspace) -> "OrderQuerySet":
        """The workspace's orders."""
        return self.filter(workspace=workspace)

    def tab(self, name: str, *, now: datetime) -> "OrderQuerySet":
        """The orders of one tab of the queue; `all` is everything."""
        if name == "late":
            return self.filter(stage__in=["ready", "bought"], due_at__lt=now + LATE_RISK)
        if name == "all":
            return self
        return self.filter(stage=name)

    def light(self) -> "OrderQuerySet":
        """Without the raw document, which a list never shows."""
        return self.defer("raw", "search_text")

    def in_queue_order(self) -> "OrderQuerySet":
        """Nearest deadline first; the id makes it total, so keyset paging neither skips nor repeats."""
        return self.order_by("due_at", "id")

    def first_or_none(self, **lookup: Any) -> "Order | None":
        """The order that matches, or None."""
        return self.filter(**lookup).first()

    def search(self, words: str) -> "OrderQuerySet":
        """Orders in whose number, buyer, tracking, SKUs or product names every word occurs."""
        orders = self
        for word in words.split()[:6]:
            orders = orders.filter(search_text__icontains=word)
        return orders

    def with_sku(self, seller_sku: str) -> "OrderQuerySet":
        """Orders with a line of this seller SKU or TikTok SKU id."""
        line = self.model._meta.get_field("lines").related_model
        named = models.Q(seller_sku=seller_sku) | models.Q(sku_id=seller_sku)
        return self.filter(models.Exists(line.objects.filter(named, order=models.OuterRef("pk"))))

    def after(self, due_at: datetime, pk: int) -> "OrderQuerySet":
        """What comes behind this place in queue order: a range on the queue's index."""
        return self.filter(due_at__gte=due_at).exclude(due_at=due_at, id__lte=pk)

    def before(self, due_at: datetime, pk: int) -> "OrderQuerySet":
        """What comes in front of this place in queue order."""
        return self.filter(due_at__lte=due_at).exclude(due_at=due_at, id__gte=pk)
