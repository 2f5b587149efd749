"""From a label to what its order says of it."""

from orders.label_notes import note_label
from orders.models import Order
from shipping.models import Label


def tell_order(label: Label, state: str, *, known: Order | None = None) -> None:
    """Have the order say bought, unknown, or "" (no label any more); for the label's parcel only,
    where it travels in several. `known` as orders.label_notes has it."""
    tracking = label.tracking_number if state == "bought" else ""
    note_label(label.order_id, state, label.carrier, tracking, part=label.part, known=known)
