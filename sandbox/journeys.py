"""How a parcel travels: the scans between purchase and delivery, a pure function of the clock."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Stop:
    """One scan; `status` is pre_transit, in_transit, out_for_delivery, delivered or
    return_to_sender."""

    status: str
    detail: str
    message: str
    at: datetime
    city: str | None = None
    state: str | None = None
    zip: str | None = None


def accepted_at(tracking: str, bought: datetime) -> datetime:
    """When a punctual carrier scans a parcel whose label was bought at that moment."""
    return bought + timedelta(hours=14 + zlib.crc32(tracking.encode()) % 9)


def journey(
    bought: datetime, days: int, carrier: str, tracking: str,
    origin: dict[str, Any], destination: dict[str, Any], special: dict[str, Any] | None = None,
) -> list[Stop]:  # fmt: skip
    """All scans the parcel will ever have, in order; the first is due a second after purchase.
    `special` is what `sandbox.carriers.parcel` says of it."""
    special = special or {}
    luck = zlib.crc32(tracking.encode())
    accepted = accepted_at(tracking, bought) + timedelta(seconds=special.get("late", 0))
    delivered = accepted + timedelta(days=days, hours=luck % 5)
    here = (origin.get("city"), origin.get("state"), origin.get("zip"))
    there = (destination.get("city"), destination.get("state"), destination.get("zip"))
    half = accepted + (delivered - accepted) / 2
    second = timedelta(seconds=1)
    stops = [
        Stop("pre_transit", "status_update", f"Pre-Shipment Info Sent to {carrier}",
             bought + second),
        Stop("pre_transit", "label_created", "Shipping Label Created", bought + 2 * second, *here),
        Stop("in_transit", "arrived_at_facility", f"Accepted at {carrier} Origin Facility",
             accepted, *here),
        Stop("in_transit", "departed_facility", f"Departed {carrier} Facility",
             accepted + timedelta(hours=4), *here),
        Stop("in_transit", "arrived_at_facility", f"Arrived at {carrier} Facility", half, *there),
        Stop("out_for_delivery", "out_for_delivery", "Out for Delivery",
             delivered - timedelta(hours=6), *there),
        Stop("delivered", "arrived_at_destination", "Delivered", delivered, *there),
    ]  # fmt: skip
    back = Stop("return_to_sender", "return", "Returned to Sender",
                delivered + timedelta(days=1), *here)  # fmt: skip
    ended = _ended(stops, back, special.get("fate", ""))
    pace = special.get("pace", 1)
    if pace != 1:
        ended = [replace(stop, at=bought + (stop.at - bought) / pace) for stop in ended]
    return _moved(ended, special.get("moved", []))


def _ended(stops: list[Stop], back: Stop, fate: str) -> list[Stop]:
    """The scans of a parcel that is never handed over, gets lost on its way, or comes back."""
    if fate == "never":
        return [stop for stop in stops if stop.status == "pre_transit"]
    if fate == "lost":
        return stops[:-2]
    return [*stops[:-1], back] if fate == "returned" else stops


def _moved(stops: list[Stop], moves: list[list[float]]) -> list[Stop]:
    """From a stop on everything happens some seconds earlier, a move after the other."""
    for place, seconds in moves:
        early = timedelta(seconds=seconds)
        later = [replace(stop, at=stop.at - early) for stop in stops[int(place) :]]
        stops = [*stops[: int(place)], *later]
    return stops


def so_far(stops: list[Stop], now: datetime, voided_at: datetime | None = None) -> list[Stop]:
    """The scans up to `now`; a label voided before its first scan never moves again."""
    seen = [stop for stop in stops if stop.at <= now]
    if voided_at is not None and not scanned(stops, voided_at):
        seen = [stop for stop in seen if stop.status == "pre_transit"]
    return seen


def scanned(stops: list[Stop], now: datetime) -> bool:
    """Whether the carrier has had the parcel in its hands by `now`."""
    return any(stop.status != "pre_transit" and stop.at <= now for stop in stops)
