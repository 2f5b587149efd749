"""A state is changed by one function: a table of moves, then compare-and-swap in the database."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from core import writes


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

    def move(
        self, row: models.Model, to: str, given: writes.Given | None = None, /, **fields: Any
    ) -> None:
        """Take `row` to `to` together with `fields`, in one UPDATE that fails if the row has moved meanwhile.

        IllegalMove when the table forbids it, LostRace when another process was first, or `given` does not hold.
        """
        current: str = row.state  # type: ignore[attr-defined]
        if to not in self.moves[current]:
            raise IllegalMove(f"{row} cannot go from {current} to {to}")
        if not self._swap(row, current, {"state": to, **fields}, given):
            raise LostRace(f"{row} is no longer {current}")
        row.state = to  # type: ignore[attr-defined]
        for name, value in fields.items():
            setattr(row, name, value)

    @staticmethod
    def _swap(
        row: models.Model, current: str, fields: Mapping[str, Any], given: writes.Given | None
    ) -> bool:
        if given is None and any(hasattr(value, "resolve_expression") for value in fields.values()):
            mine = type(row)._base_manager.filter(pk=row.pk, state=current)
            return bool(mine.update(**fields))
        return writes.change(row, fields, state=current, given=given)
