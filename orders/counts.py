"""How many orders each tab holds, counted no further than people read."""

from datetime import datetime

from django.db import connection

from core.models import Workspace
from orders.filters import TABS
from orders.models import Order

MOST = 1000


def tab_counts(workspace: Workspace, *, now: datetime) -> dict[str, int]:
    """Orders per tab, at most MOST + 1 each: one statement of bounded index scans, whatever the size of the shop."""
    parts, parameters = [], []
    for name in TABS:
        orders = Order.objects.of(workspace).tab(name, now=now).values("pk")[: MOST + 1]
        sql, values = orders.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS t_{name})")
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)  # noqa: S608 - our own SQL
        return dict(zip(TABS, cursor.fetchone(), strict=True))
