"""Orders that travel in several parcels, with labels of their parcels."""

from collections.abc import Sequence

from orders import parts
from orders.models import Order
from shipping.models import Label
from tests import factories


def spread(order: Order, groups: Sequence[Sequence[str]] | None = None, **states: str) -> Order:
    """Put the order's lines into parcels: these, else one line each. `states` are what is said of
    a parcel's label: p2="elsewhere"."""
    if groups is None:
        groups = [[line] for line in order.lines.order_by("pk").values_list("tiktok_id", flat=True)]
    order.parts = [parts.entry(group) for group in groups]
    for name, label in states.items():
        order.parts = parts.noted(order.parts, int(name[1:]), label, "", "")
    return _kept(order)


def bought(order: Order, number: int, **fields: object) -> Label:
    """A label in use for one of its parcels; the order knows."""
    tracking = f"1Z{order.pk:08}{number:08}"
    account = order.workspace.label_accounts.first() or factories.account(order.workspace)
    values = {"account": account, "tracking_number": tracking, "part": number}
    label = factories.label(order, **(values | fields))
    order.parts = parts.noted(order.parts, number, "bought", label.carrier, label.tracking_number)
    _kept(order)
    return label


def _kept(order: Order) -> Order:
    order.part = parts.in_turn(order.parts)
    order.label_state = parts.label_state(order.parts)
    if order.label_state == "bought" and order.stage == "ready":
        order.stage = "bought"
    order.save()
    return order
