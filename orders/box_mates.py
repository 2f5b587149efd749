"""Orders that travel in the box of another one: one label and one number serve them all."""

from collections import defaultdict
from collections.abc import Iterable

from orders.models import BoxMate, Order, OrderEvent
from orders.staging import restage


def mates_of(lead_ids: Iterable[int]) -> dict[int, list[Order]]:
    """The other orders in the box of each of these, by the lead's pk; one query. Leads without any
    are left out."""
    found: dict[int, list[Order]] = defaultdict(list)
    rows = BoxMate.objects.filter(lead__in=list(lead_ids)).select_related("order__shop")
    for row in rows.defer("order__raw", "order__search_text").order_by("order__tiktok_id"):
        found[row.lead_id].append(row.order)
    return dict(found)


def together(order: Order) -> list[Order]:
    """The order and those in its box."""
    return [order, *mates_of([order.pk]).get(order.pk, ())]


def follow(lead_id: int, state: str, carrier: str, tracking: str) -> None:
    """What is noted about the label of a box holds for every order in it."""
    fields = {"label_state": state, "label_carrier": carrier, "label_tracking": tracking}
    words = "The label of the box it travels in: " + (state or "there is none any more") + "."
    ids = list(BoxMate.objects.filter(lead=lead_id).values_list("order_id", flat=True))
    if not ids:
        return
    changed = list(Order.objects.filter(pk__in=ids).exclude(**fields).values_list("pk", flat=True))
    Order.objects.filter(pk__in=changed).update(**fields)
    OrderEvent.objects.bulk_create(
        [OrderEvent(order_id=pk, kind="label", text=words[:400]) for pk in changed]
    )
    restage(changed)
