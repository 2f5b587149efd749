"""How many orders each tab holds and a filter matches, counted no further than people read."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Sum

from core.models import Workspace
from core.money import Money
from orders.filters import TABS
from orders.models import Order
from orders.querysets import OrderQuerySet

MOST = 1000


@dataclass(frozen=True, slots=True)
class Tally:
    """How many match, at most MOST + 1, and what their labels would cost where all of it is known."""

    count: int
    price: Money | None = None


def tab_counts(workspace: Workspace, *, now: datetime) -> dict[str, int]:
    """Orders per tab, at most MOST + 1 each: one statement of bounded index scans, whatever the size of the shop."""
    parts: list[str] = []
    parameters: list[Any] = []
    for name in TABS:
        orders = Order.objects.of(workspace).tab(name, now=now).values("pk")[: MOST + 1]
        sql, values = orders.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS t_{name})")  # noqa: S608 - our own SQL
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)  # noqa: S608 - Django's own SQL
        return dict(zip(TABS, cursor.fetchone(), strict=True))


def tally(orders: OrderQuerySet) -> Tally:
    """How many of these there are, and their planned price if every one has one, in one currency."""
    some = orders.values("plan_price", "plan_currency")[: MOST + 1]
    found = some.aggregate(
        count=Count("*"),
        priced=Count("plan_price"),
        price=Sum("plan_price"),
        first=Min("plan_currency"),
        last=Max("plan_currency"),
    )
    complete = 0 < found["count"] <= MOST and found["priced"] == found["count"]
    if not complete or found["first"] != found["last"]:
        return Tally(found["count"])
    return Tally(found["count"], Money.of(Decimal(found["price"]), found["first"]))


def blocker_counts(orders: OrderQuerySet) -> dict[str, int]:
    """Blocker → how many of these orders it stops, the most frequent first; of the first MOST + 1 orders."""
    some = orders.values("blocker")[: MOST + 1]
    with connection.cursor() as cursor:
        sql, values = some.query.sql_with_params()
        cursor.execute(
            f"SELECT blocker, count(*) FROM ({sql}) AS t GROUP BY 1 ORDER BY 2 DESC, 1",  # noqa: S608 - our own SQL
            values,
        )
        return dict(cursor.fetchall())
