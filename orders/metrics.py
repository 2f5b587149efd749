"""What orders count for Prometheus: how far each shop is read, and what TikTok has yet to hear."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core.metrics import seconds
from orders.models import Dispatch, SyncCursor

MOST = 500  # shops with a line of their own: those that are furthest behind


def collect() -> Iterator[Metric]:
    """Four families from three queries."""
    now = timezone.now()
    yield from _freshness(now)
    yield from _dispatches(now)


def _freshness(now: datetime) -> Iterator[Metric]:
    connected = SyncCursor.objects.filter(
        shop__disconnected_at=None, shop__authorization__state="active"
    )
    family = GaugeMetricFamily(
        "creatorflow_freshness_seconds",
        "Age of the moment until which a shop's orders are complete, those furthest behind.",
        labels=["shop"],
    )
    behind = connected.exclude(complete_until=None).order_by("complete_until")
    for shop_id, until in behind.values_list("shop_id", "complete_until")[:MOST]:
        family.add_metric([str(shop_id)], seconds(until, now))
    yield family
    yield GaugeMetricFamily(
        "creatorflow_shops_backfilling",
        "Shops whose first reading is not finished.",
        value=connected.filter(backfilled_at=None).count(),
    )


def _dispatches(now: datetime) -> Iterator[Metric]:
    """Those that wait or hang; the settled ones are most of the table, and its index leaves them out."""
    rows = (
        Dispatch.objects.filter(state__in=["due", "telling", "unknown", "refused"])
        .values_list("state")
        .annotate(number=Count("id"), oldest=Min("due_at"))
        .order_by("state")
    )
    count = GaugeMetricFamily(
        "creatorflow_dispatches", "Shipped orders TikTok has yet to hear of.", labels=["state"]
    )
    late = GaugeMetricFamily(
        "creatorflow_dispatch_overdue_seconds",
        "How long the oldest of them is overdue.",
        labels=["state"],
    )
    for state, number, oldest in rows:
        count.add_metric([state], number)
        late.add_metric([state], seconds(oldest, now))
    yield from (count, late)
