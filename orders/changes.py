"""What a newer copy of an order changed, as entries of its timeline."""

from collections.abc import Iterator
from datetime import datetime

from orders.mapping import MappedOrder, Row
from orders.models import OrderEvent


def note_changes(page: list[MappedOrder], known: dict[str, Row], *, now: datetime) -> None:
    """Write timeline entries for orders that were there before, in one statement."""
    events = [
        OrderEvent(order_id=old["id"], at=_at(kind, one, now), kind=kind, text=text[:400])
        for one in page
        if (old := known.get(one.order["tiktok_id"])) is not None
        and one.order["updated_at"] >= old["updated_at"]
        for kind, text in changes(old, one.order)
    ]
    if events:
        OrderEvent.objects.bulk_create(events)


def _at(kind: str, one: MappedOrder, now: datetime) -> datetime:
    """When TikTok changed it; for an address when we learned of it, which ends quotes made
    before."""
    return now if kind == "address" else min(one.order["updated_at"], now)


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


def words(status: str) -> str:
    """TikTok's status as people read it: "Awaiting shipment"."""
    return status.replace("_", " ").capitalize()
