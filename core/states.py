"""A state is changed by one function: a table of moves, then compare-and-swap in the database."""

from collections.abc import Mapping
from typing import Any

from django.db import models


class IllegalMove(Exception):
    """The table has no such move: a mistake of ours, or a second try at something already settled."""


class LostRace(Exception):
    """Somebody else moved the row first."""


class StateTable:
    """The moves a kind of row may make, e.g. ``StateTable({"ready": {"buying"}, "buying": set()})``."""

    def __init__(self, moves: Mapping[str, set[str]]) -> None:
        self.moves = {state: frozenset(targets) for state, targets in moves.items()}
        strangers = {t for targets in self.moves.values() for t in targets} - set(self.moves)
        if strangers:
            raise ValueError(f"moves into unknown states: {sorted(strangers)}")

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Model choices, in the table's order."""
        return [(state, state) for state in self.moves]

    def move(self, row: models.Model, to: str, **fields: Any) -> None:
        """Take `row` to `to` together with `fields`, in one UPDATE that fails if the row has moved meanwhile.

        IllegalMove when the table forbids it, LostRace when another process was first.
        """
        current: str = row.state  # type: ignore[attr-defined]
        if to not in self.moves[current]:
            raise IllegalMove(f"{row} cannot go from {current} to {to}")
        manager = type(row)._base_manager
        if not manager.filter(pk=row.pk, state=current).update(state=to, **fields):
            raise LostRace(f"{row} is no longer {current}")
        row.state = to  # type: ignore[attr-defined]
        for name, value in fields.items():
            setattr(row, name, value)
