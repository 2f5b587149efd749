"""How long a shop's parcels wait for their first scan: the most particular history that is large
enough, else the stated default. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from shipping.providers.carriers import display_name

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

# carrier ("": all), weekday (None: all), counted from the handover on
type Key = tuple[str, int | None, bool]


@cache
def defaults() -> Mapping[str, Any]:
    """The stated defaults, from the data file that comes with the product."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("defaults.json").read_text())
    return found


@dataclass(frozen=True, slots=True)
class Lag:
    """How long parcels waited: half of them, and `likely_percent` of them; `words` say whose."""

    median: timedelta
    likely: timedelta
    parcels: int  # 0: the stated default
    words: str


@cache
def default_lag() -> Lag:
    """What is expected until there is history."""
    found = defaults()
    return Lag(
        timedelta(minutes=found["median_minutes"]),
        timedelta(minutes=found["likely_minutes"]),
        0,
        f"assumed until {found['least_parcels']} parcels are known",
    )


class Lags:
    """One shop's history; empty for a new one."""

    def __init__(self, rows: Mapping[Key, tuple[int, int, int]]) -> None:
        """`rows`: key → parcels, minutes until half were scanned, until the likely percent were."""
        least = defaults()["least_parcels"]
        self._rows = {key: row for key, row in rows.items() if row[0] >= least}
        self._found: dict[Key, Lag | None] = {}

    def best(self, carrier: str, start: datetime, *, handed_over: bool) -> Lag | None:
        """The history of the carrier on that weekday, else of the carrier, else of the shop; None
        where each has too few parcels. `start` is in the workspace's time zone."""
        key = (carrier, start.weekday(), handed_over)
        if key not in self._found:
            self._found[key] = self._look(carrier, start.weekday(), handed_over=handed_over)
        return self._found[key]

    def _look(self, carrier: str, weekday: int, *, handed_over: bool) -> Lag | None:
        name = display_name(carrier)
        tried: list[tuple[Key, str]] = [
            ((carrier, weekday, handed_over), f"{name} parcels on {_DAYS[weekday]}"),
            ((carrier, None, handed_over), f"{name} parcels"),
            (("", None, handed_over), "parcels of this shop"),
        ]
        for key, words in tried if carrier else tried[-1:]:
            if row := self._rows.get(key):
                parcels, median, likely = row
                said = f"of {parcels:,} {words}"
                return Lag(timedelta(minutes=median), timedelta(minutes=likely), parcels, said)
        return None
