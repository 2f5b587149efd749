"""How carriers treat parcels: punctual unless told otherwise, or late by weekday, with shares that
are never scanned, lost or returned. Drawn once per parcel when its label is made, from the seed."""

import zlib
from datetime import timedelta
from typing import Any

from sandbox.journeys import accepted_at
from sandbox.world import World

Json = dict[str, Any]
FATES = ("never", "lost", "returned")
PUNCTUAL: Json = {"late": False, "never": 0.0, "lost": 0.0, "returned": 0.0, "pace": 1.0}
# By carrier, Monday to Sunday: the share of parcels that wait a day more for their first scan.
LATE = {
    "USPS": (0.30, 0.15, 0.12, 0.12, 0.25, 0.40, 0.60),
    "UPS": (0.12, 0.06, 0.05, 0.05, 0.10, 0.70, 0.80),
    "FedEx": (0.15, 0.08, 0.06, 0.06, 0.12, 0.50, 0.80),
}
ANY = (0.20, 0.10, 0.10, 0.10, 0.20, 0.60, 0.70)


def habits(world: World) -> Json:
    """What carriers do in this world: `late` (by weekday), shares from 0 to 1, and how many times
    faster than real ones they are (`pace`)."""
    return {**PUNCTUAL, **world.section("carriers").get("habits", {})}


def set_habits(world: World, changes: Json) -> Json:
    """Other habits for parcels made from now on. KeyError for a name that is none."""
    for name in changes:
        if name not in PUNCTUAL:
            raise KeyError(name)
    wanted = {**habits(world), **changes}
    if wanted["pace"] <= 0:
        raise ValueError("pace must be above 0")
    world.section("carriers")["habits"] = {
        name: bool(value) if name == "late" else float(value) for name, value in wanted.items()
    }
    world.touch()
    return habits(world)


def parcel(world: World, number: str) -> Json:
    """What is special about a parcel: `fate`, `late` (seconds), `pace`, `moved` ([stop, seconds
    earlier]) and `told` (scans told of); {} for one like all others."""
    found: Json = _parcels(world).get(number, {})
    return found


def take(world: World, number: str, carrier: str) -> None:
    """Draw the parcel's way once, as its label is made."""
    wanted = habits(world)
    if wanted == PUNCTUAL or number in _parcels(world):
        return
    luck = _luck(world, number, "fate")
    edge, fate = 0.0, ""
    for name in FATES:
        edge += wanted[name]
        if not fate and luck < edge:
            fate = name
    late = _late(world, number, carrier) if wanted["late"] else timedelta(0)
    if fate or late or wanted["pace"] != 1:
        _parcels(world)[number] = {
            "fate": fate,
            "late": late.total_seconds(),
            "pace": wanted["pace"],
        }
        world.touch()


def change(world: World, number: str) -> Json:
    """The parcel's own record, made where it had none, to be changed by hand."""
    world.touch()
    made: Json = _parcels(world).setdefault(number, {"fate": "", "late": 0.0, "pace": 1.0})
    return made


def told(world: World, number: str, place: int) -> bool:
    """Note that the scan at this place was told of; False when it was before."""
    special = parcel(world, number)
    if not special:
        return True
    if place < special.get("told", 0):
        return False
    special["told"] = place + 1
    return True


def _late(world: World, number: str, carrier: str) -> timedelta:
    """Whole days, each with the chance of its weekday, four at most."""
    shares = LATE.get(carrier, ANY)
    at = accepted_at(number, world.now())
    waited = 0
    while waited < 4 and _luck(world, number, f"day{waited}") < shares[at.weekday()]:
        waited += 1
        at += timedelta(days=1)
    return timedelta(days=waited)


def _luck(world: World, number: str, what: str) -> float:
    return zlib.crc32(f"{world.seed}:{what}:{number}".encode()) / 2**32


def _parcels(world: World) -> dict[str, Json]:
    parcels: dict[str, Json] = world.section("carriers").setdefault("parcels", {})
    return parcels
