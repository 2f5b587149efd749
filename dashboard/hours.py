"""The next 24 hours: how many orders must be scanned in each, and how they stand."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncHour

from core.access import zone
from core.models import Workspace
from orders.models import Order, Risk

HOURS = 24
_RISKY = (Risk.RISK, Risk.LATE)
# From the bottom up: what is done, what is on its way, what is still to do, what is in danger.
_SERIES = (
    ("shipped", "Shipped", "green"),
    ("bought", "Bought", "blue"),
    ("ready", "Ready", "amber"),
    ("at_risk", "At risk", "red"),
)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour and how many orders must be scanned in it: those whose scan is expected too late,
    and the others by how far they are."""

    start: datetime  # in the workspace's clock
    ready: int
    bought: int
    shipped: int
    at_risk: int


def next_hours(workspace: Workspace, *, now: datetime) -> list[Hour]:
    """The next 24 hours; orders of one day on the queue's own index."""
    here = zone(workspace)
    start = now.astimezone(here).replace(minute=0, second=0, microsecond=0)
    rows = (
        Order.objects.of(workspace)
        .filter(stage__in=["ready", "bought", "shipped"])
        .filter(due_at__gte=start, due_at__lt=start + timedelta(hours=HOURS))
        .order_by()
        .annotate(hour=TruncHour("due_at", tzinfo=here))
        .values_list("hour", "stage", "clock__risk")
        .annotate(n=Count("pk"))
    )
    found: dict[tuple[datetime, str], int] = {}
    for hour, stage, risk, n in rows:
        key = (hour, "at_risk" if risk in _RISKY else stage)
        found[key] = found.get(key, 0) + n
    return [
        Hour(
            hour,
            *(found.get((hour, name), 0) for name in ("ready", "bought", "shipped", "at_risk")),
        )
        for hour in (start + timedelta(hours=n) for n in range(HOURS))
    ]


def chart(hours: list[Hour]) -> dict[str, Any]:
    """The hours as bars coloured by state, and as a table."""
    return {
        "kind": "stacked",
        "x_title": "Hour",
        "labels": [f"{hour.start:%H}" for hour in hours],
        "series": [
            {"title": title, "tone": tone, "values": [asdict(hour)[name] for hour in hours]}
            for name, title, tone in _SERIES
        ],
        "table": [
            [f"{hour.start:%a %H}:00", *(f"{asdict(hour)[name]:,}" for name, _, _ in _SERIES)]
            for hour in hours
        ],
        "total": sum(asdict(hour)[name] for hour in hours for name, _, _ in _SERIES),
    }
