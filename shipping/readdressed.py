"""Labels that carry another address than their order has now: the buyer, or a person, changed it
after the purchase."""

from dataclasses import dataclass
from typing import Any, Final

from core.models import Workspace
from orders.addresses import PARTS
from orders.models import Order
from orders.models.orders import NOT_COLLECTED
from orders.parts import SOME
from shipping.models import Label

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Differing:
    """An order, a label of it that is in use, and both addresses as lines."""

    order: Order
    label: Label
    printed: tuple[str, ...]
    wanted: tuple[str, ...]


def orders_of(workspace: Workspace) -> list[Differing]:
    """Those of the workspace whose parcel no carrier has yet, oldest first; one query on the few
    orders that an address was changed on, and one for their labels."""
    # Worded like the condition of the index order_readdressed, which holds nothing else.
    orders = Order.objects.of(workspace).filter(
        label_state__in=["bought", SOME], lane="own", status__in=NOT_COLLECTED
    )
    orders = orders.filter(address_changed=True) | orders.exclude(fixed_recipient={})
    rows = orders.order_by("id").defer("raw", "search_text").select_related("shop")[:SHOWN]
    by_order = {order.pk: order for order in rows}
    labels = Label.objects.filter(order__in=by_order, state="bought", first_scan_at=None)
    found = []
    for label in labels.order_by("order_id", "part"):
        label.order = by_order[label.order_id]
        if row := differing(label.order, label):
            found.append(row)
    return found


def differing(order: Order, label: Label) -> Differing | None:
    """Both addresses, where the label's is not the order's; None where it is, and where one of them
    is not known."""
    printed, wanted = label.spec.get("recipient"), order.address
    if not printed or not wanted.get("street1"):
        return None
    # Another telephone number does not send a parcel elsewhere.
    if all(_plain(printed, name) == _plain(wanted, name) for name in PARTS):
        return None
    return Differing(order, label, lines(printed), lines(wanted))


def of_order(order: Order) -> Differing | None:
    """The same for one order's label in use."""
    if order.lane != "own" or order.label_state not in ("bought", SOME):
        return None
    labels = order.labels.filter(state="bought").select_related("account").order_by("part")
    return next((found for label in labels if (found := differing(order, label))), None)


def _plain(address: dict[str, Any], name: str) -> str:
    return " ".join(str(address.get(name) or "").casefold().replace(",", " ").split())


def lines(address: dict[str, Any]) -> tuple[str, ...]:
    """An address as it is written on a parcel."""
    place = " ".join(str(address.get(name) or "") for name in ("city", "state", "postal_code"))
    parts = [str(address.get(name) or "") for name in ("name", "company", "street1", "street2")]
    return tuple(" ".join(part.split()) for part in [*parts, place] if part.strip())
