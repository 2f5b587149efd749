"""What shipping says of an order's label, or of the labels of its parcels: columns, stage and
timeline."""

import logging

from django.db import transaction
from django.utils import timezone

from core.carriers import carrier_name
from orders import box_mates, labelled, parts
from orders.models import Order, OrderEvent
from orders.staging import restage
from orders.tidying import tidied

log = logging.getLogger(__name__)


def note_label(
    order_id: int,
    state: str,
    carrier: str,
    tracking: str,
    *,
    part: int = 0,
    known: Order | None = None,
) -> None:
    """Shipping's word on an order's label: "" (none), buying, bought or unknown. `known` is the
    order as it was a moment ago: it saves looking at it, if it is still so. `part` is the parcel it
    is for, where the order travels in several."""
    # Part of a purchase's own transaction, once per label: savepoints would be trips for nothing.
    with transaction.atomic(savepoint=False):
        fields = {"label_state": state, "label_carrier": carrier, "label_tracking": tracking}
        words = _label_words(state, carrier, tracking)
        if part:
            _note_parcel(order_id, part, fields, words)
            return
        if known and labelled.note(known, fields, words, now=timezone.now()):
            return
        changed = Order.objects.filter(pk=order_id).exclude(**fields)
        if changed.update(**fields):
            OrderEvent.objects.create(order_id=order_id, kind="label", text=words)
        restage([order_id])
        box_mates.follow(order_id, state, carrier, tracking)


def _note_parcel(order_id: int, part: int, label: dict[str, str], words: str) -> None:
    # Two parcels' labels may be settled at once: whoever comes second sees the first one's word.
    order = Order.objects.select_for_update(no_key=True).only("parts").get(pk=order_id)
    if part > len(order.parts):
        log.error("order %s has no parcel %s any more: %s", order_id, part, words)
        return
    found = parts.noted(order.parts, part, *label.values())
    if not label["label_state"]:  # its label was given back: perhaps because nothing is left in it
        found = tidied(order, found)
    if found == order.parts:
        return
    columns = {"parts": found, "part": parts.in_turn(found)}
    columns |= label | {"label_state": parts.label_state(found)}
    if columns["label_state"] in ("", parts.SOME):
        # What is left to be bought costs something else, and may have a rate
        columns |= {"plan_price": None, "rate_problem": ""}
    Order.objects.filter(pk=order_id).update(**columns)
    text = f"{parts.name(part, found).capitalize()}: {words}"
    OrderEvent.objects.create(order_id=order_id, kind="label", text=text[:400])
    restage([order_id])


def _label_words(state: str, carrier: str, tracking: str) -> str:
    if state == "bought":
        return f"Label bought: {carrier_name(carrier)} {tracking}".strip() + "."
    return {
        "buying": "A label is being bought.",
        "unknown": "Whether the label was paid is being found out.",
        "": "There is no label any more.",
    }.get(state, f"Label: {state}.")
