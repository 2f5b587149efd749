"""How many orders each tab holds and a filter matches, counted no further than people read."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import connection
from django.db.models import Case, Count, Func, IntegerField, Max, Min, Sum, When
from django.db.models.functions import Coalesce, Greatest

from core.models import Workspace
from core.money import Money
from orders.filters import TABS
from orders.models import Order
from orders.paging import PAGE, recent
from orders.parts import open_parts
from orders.querysets import OrderQuerySet

MOST = 1000


class OpenParts(Func):
    """How many of an order's parcels need a label."""

    template = (
        "jsonb_array_length(jsonb_path_query_array(%(expressions)s, '$[*] ? (@.label == \"\")'))"
    )
    output_field = IntegerField()


# Parcels that need a label beside the one whose turn it is.
_FURTHER = Case(When(part__gt=0, then=Greatest(OpenParts("parts") - 1, 0)), default=0)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many match, no more than MOST, and what their labels would cost where all of it is known."""

    count: int
    price: Money | None = None
    is_open: bool = False  # there are, or may be, more
    further: int = 0  # labels beyond one for each, of orders in several parcels

    @classmethod
    def capped(cls, count: int, *, is_open: bool = False) -> Self:
        """Of a count that went no further than MOST + 1."""
        return cls(min(count, MOST), is_open=is_open or count > MOST)

    @property
    def words(self) -> str:
        """ "412", or "1,000+"."""
        return f"{self.count:,}{'+' if self.is_open else ''}"

    @property
    def labels(self) -> str:
        """What they need, as one says it: "1 label", "1,003+ labels"."""
        number = self.count + self.further
        return f"{number:,}{'+' if self.is_open else ''} label{'' if number == 1 else 's'}"


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


def tally(orders: OrderQuerySet, *, among: OrderQuerySet | None = None) -> Tally:
    """How many of these there are, and their planned price if every one has one, in one currency.

    `among` as for a page: where its newest part has more than a page of them, the rest is not counted.
    """
    part = recent(among) if among is not None else None
    if part is not None and (newest := orders.filter(part)[: MOST + 1].count()) > PAGE:
        return Tally.capped(newest, is_open=True)
    some = orders.values("plan_price", "plan_currency", beside=_FURTHER)[: MOST + 1]
    found = some.aggregate(
        count=Count("*"),
        further=Coalesce(Sum("beside"), 0),
        priced=Count("plan_price"),
        price=Sum("plan_price"),
        first=Min("plan_currency"),
        last=Max("plan_currency"),
    )
    complete = 0 < found["count"] <= MOST and found["priced"] == found["count"]
    if not complete or found["first"] != found["last"]:
        return replace(Tally.capped(found["count"]), further=found["further"])
    price = Money.of(Decimal(found["price"]), found["first"])
    return Tally(found["count"], price, further=found["further"])


def tally_of(orders: list[Order]) -> Tally:
    """The tally of orders that are all there are."""
    prices = [order.plan_price for order in orders if order.plan_price is not None]
    currencies = {order.plan_currency for order in orders}
    further = sum(max(len(open_parts(order)) - 1, 0) for order in orders)
    if not prices or len(prices) < len(orders) or len(currencies) > 1:
        return Tally(len(orders), further=further)
    return Tally(len(orders), Money.of(sum(prices, Decimal(0)), currencies.pop()), further=further)


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
