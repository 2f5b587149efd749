"""What a newer copy of an order changed, and what was decided about it, as entries of its
timeline."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from orders.mapping import MappedOrder, Row
from orders.models import OrderEvent

_STAGES: Final = {
    "ready": "Ready to buy",
    "hold": "Waits",
    "fix": "Cannot be bought",
    "bought": "Has its label",
    "shipped": "Shipped",
    "closed": "Nothing to ship",
}
_BECAUSE: Final = {
    "fbt": "TikTok ships it",
    "cancelled": "it is cancelled",
    "unpaid": "it is not paid",
    "not_shippable": "its kind of order is not shipped from here",
    "unknown_status": "its status at TikTok is not known here",
    "on_hold": "TikTok holds it while the buyer may cancel",
    "held": "the team holds it",
    "cancel_requested": "the buyer asked to cancel",
    "part_shipped": "a part of it was shipped",
    "no_address": "TikTok gives no address",
    "masked_address": "TikTok hides the address",
    "bad_address": "the address cannot be delivered to",
    "no_weight": "a weight is missing",
    "no_ship_from": "there is no ship-from address",
    "no_account": "there is no label account",
    "no_rate": "no rate can be bought",
    "label_unknown": "whether its label was bought is not known",
    "dispatch_refused": "TikTok refused the tracking number",
}


def note_changes(page: list[MappedOrder], known: dict[str, Row], *, now: datetime) -> None:
    """Write timeline entries for orders that were there before, in one statement."""
    events = [
        OrderEvent(
            order_id=old["id"],
            at=_at(kind, one, now),
            kind=kind,
            text=text[:400],
            detail=decision(one.order) if kind == "decision" else {},
        )
        for one in page
        if (old := known.get(one.order["tiktok_id"])) is not None
        and one.order["updated_at"] >= old["updated_at"]
        for kind, text in changes(old, one.order)
    ]
    if events:
        OrderEvent.objects.bulk_create(events)


def _at(kind: str, one: MappedOrder, now: datetime) -> datetime:
    """When TikTok changed it; for an address when we learned of it, which ends quotes made
    before, and for a decision when it was made."""
    return now if kind in ("address", "decision") else min(one.order["updated_at"], now)


def changes(old: Row, new: Row) -> Iterator[tuple[str, str]]:
    """Kind and sentence for what a seller wants to know of the difference between two copies."""
    if old["status"] != new["status"]:
        yield "sync", f"TikTok: {words(old['status'])} → {words(new['status'])}."
    if new["is_cancel_requested"] and not old["is_cancel_requested"]:
        yield "sync", "The buyer asked to cancel."
    if old["is_cancel_requested"] and not new["is_cancel_requested"]:
        yield "sync", "The buyer no longer asks to cancel."
    if new["tracking_number"] and new["tracking_number"] != old["tracking_number"]:
        yield "sync", f"TikTok shows tracking number {new['tracking_number']}."
    if old["recipient"] and new["recipient"] and old["recipient"] != new["recipient"]:
        masked = new["address_state"] == "masked"
        told = "TikTok now hides the address." if masked else "The delivery address changed."
        yield "address", told
    if decision(old) != decision(new):
        yield "decision", decided({**old, **decision(new)})


def decision(row: Mapping[str, object]) -> dict[str, object]:
    """Where an order stands and why, as it is kept with the entry."""
    return {"stage": row["stage"], "blocker": row["blocker"]}


def decided(row: Mapping[str, object]) -> str:
    """ "Cannot be bought: a weight is missing." for an order's stage and blocker."""
    stage, blocker = str(row["stage"]), str(row["blocker"])
    because = _BECAUSE.get(blocker, words(blocker).lower())
    own = {"held": row.get("held_because"), "no_rate": row.get("rate_problem")}.get(blocker)
    if own:
        because = f"{because} ({str(own).rstrip('.')})"
    name = _STAGES.get(stage, words(stage))
    return f"{name}: {because}." if because else f"{name}."


def words(status: str) -> str:
    """TikTok's status as people read it: "Awaiting shipment"."""
    return status.replace("_", " ").capitalize()
