"""How label providers treat wishes for money back: by the carrier's usual days and without a word,
unless told otherwise: later, some never decided, some refused. Drawn per wish from the seed."""

import zlib
from datetime import timedelta
from typing import Any

from sandbox.world import World

Json = dict[str, Any]
# Days until a carrier decides
USUAL_DAYS = {"USPS": 15}
OTHER_DAYS = 2
# `late_days` come on top for the share `late`; the share `refused` is turned down, the share `silent`
# is never decided.
HONEST: Json = {"late": 0.0, "late_days": 0.0, "refused": 0.0, "silent": 0.0}


def habits(world: World) -> Json:
    """What providers do with wishes made from now on."""
    return {**HONEST, **world.section("refunds").get("habits", {})}


def set_habits(world: World, changes: Json) -> Json:
    """Other habits. KeyError for a name that is none, ValueError for a share that is none."""
    for name, value in changes.items():
        if name not in HONEST:
            raise KeyError(name)
        if float(value) < 0 or (name != "late_days" and float(value) > 1):
            raise ValueError(f"{name} is a share from 0 to 1, late_days a number of days")
    wanted = {**habits(world), **changes}
    world.section("refunds")["habits"] = {name: float(value) for name, value in wanted.items()}
    world.touch()
    return habits(world)


def wish(world: World, reference: str, carrier: str) -> float | None:
    """When the wish is decided, in Unix seconds of the world; None: never."""
    wanted = habits(world)
    if _luck(world, reference, "silent") < wanted["silent"]:
        return None
    days = float(USUAL_DAYS.get(carrier, OTHER_DAYS))
    if _luck(world, reference, "late") < wanted["late"]:
        days += wanted["late_days"]
    if _luck(world, reference, "refused") < wanted["refused"]:
        world.section("refunds").setdefault("refused", []).append(reference)
    return (world.now() + timedelta(days=days)).timestamp()


def is_refused(world: World, reference: str) -> bool:
    """Whether the provider keeps the money although nobody scanned the label."""
    return reference in world.section("refunds").get("refused", [])


def _luck(world: World, reference: str, what: str) -> float:
    return zlib.crc32(f"{world.seed}:refund {what}:{reference}".encode()) / 2**32
