"""What shipping would buy for an order, noted on the order itself so that lists and sums need no quotes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.money import Money
from orders.models import Order
from orders.staging import restage

COLUMNS = [
    "rate_problem",
    "plan_name",
    "plan_price",
    "plan_currency",
    "plan_why",
    "plan_parcel",
    "plan_until",
]


@dataclass(frozen=True, slots=True)
class PlanNote:
    """The plan of one order, or (`problem`) the sentence why there is none."""

    problem: str = ""
    name: str = ""
    price: Money | None = None
    why: str = ""
    parcel: Mapping[str, int | str] = field(default_factory=dict)
    until: datetime | None = None


def note_plans(notes: Mapping[int, PlanNote]) -> None:
    """Write the plans of orders, by their pk, and move those whose problem came or went."""
    if not notes:
        return
    before = dict(Order.objects.filter(pk__in=notes).values_list("pk", "rate_problem"))
    rows = []
    for pk, note in notes.items():
        if pk not in before:
            continue
        rows.append(
            Order(
                pk=pk,
                rate_problem=note.problem[:300],
                plan_name=note.name[:120],
                plan_price=note.price.amount if note.price else None,
                plan_currency=note.price.currency if note.price else "",
                plan_why=note.why[:500],
                plan_parcel=dict(note.parcel),
                plan_until=note.until,
            )
        )
    Order.objects.bulk_update(rows, COLUMNS, batch_size=200)
    restage([row.pk for row in rows if before[row.pk] != row.rate_problem])


def forget_plans(order_ids: Iterable[int]) -> None:
    """Something changed that a rate depends on: what was planned for these orders no longer holds."""
    Order.objects.filter(pk__in=list(order_ids)).update(
        plan_name="", plan_price=None, plan_currency="", plan_why="", plan_until=None
    )


def forget_problems(workspace_id: int) -> None:
    """The set-up changed: orders without a rate are worth another try."""
    stuck = Order.objects.filter(workspace=workspace_id, stage="fix").exclude(rate_problem="")
    ids = list(stuck.values_list("pk", flat=True))
    Order.objects.filter(pk__in=ids).update(rate_problem="")
    restage(ids)
