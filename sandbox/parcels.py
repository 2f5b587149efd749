"""Single parcels by hand: the next scan now, or another end of the journey, wherever the label was
bought."""

from typing import Any

from sandbox import carriers, easypost_documents, shippo_tracks
from sandbox.journeys import Stop
from sandbox.tiktok.store import Store
from sandbox.world import World

Json = dict[str, Any]


def act(store: Store, number: str, do: str) -> Json:
    """`advance` makes the next scan happen now; never, lost and returned say how it ends, and ""
    that it ends well. KeyError for a number no label has, or another word."""
    world = store.world
    label = _label(world, number)
    packages = [one for one in store.packages.values() if one["tracking"] == number]
    if label is None and not packages:
        raise KeyError(number)
    special = carriers.change(world, number)
    if do == "advance":
        if label is not None:
            _advance(world, label, special)
        for package in packages:
            store.move_on(package["id"])
    elif do in ("", *carriers.FATES):
        special["fate"] = do
    else:
        raise KeyError(do)
    return {"number": number, **special}


def _advance(world: World, label: tuple[str, str, Json], special: Json) -> None:
    provider, ref, bought = label
    stops = _stops(world, provider, bought)
    now = world.now()
    place = next((at for at, stop in enumerate(stops) if stop.at > now), None)
    if place is None:
        return
    early = (stops[place].at - now).total_seconds()
    special.setdefault("moved", []).append([place, early])
    special["told"] = max(special.get("told", 0), place)
    world.schedule(now.timestamp(), f"{provider}.scan", f"{ref}:{place}")
    world.run_timers()


def _stops(world: World, provider: str, bought: Json) -> list[Stop]:
    if provider == "easypost":
        return easypost_documents.stops_of(world, bought)
    return shippo_tracks.stops_of(world, bought)


def _label(world: World, number: str) -> tuple[str, str, Json] | None:
    """Provider, the id its timers know, and the record of the label with that number."""
    for provider, kind in (("easypost", "shipments"), ("shippo", "transactions")):
        section = world.section(provider)
        ref = section.get("codes", {}).get(number)
        if ref is not None:
            return provider, str(ref), section[kind][ref]
    return None
