"""The table of expected cells, one line each: tests hold the product against it, and docs/faults.md
is made from it. WRITE_FAULT_TABLE=1 has a test run write it anew, to be read before it is kept."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

PATH = Path(__file__).with_name("expected.tsv")


@dataclass(frozen=True, slots=True)
class Cell:
    """What becomes of one call under one fault: the error, the row's state, what a person reads,
    and how it ends once the fault is over."""

    provider: str
    call: str
    fault: str
    error: str
    row: str
    seen: str
    settled: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Which cell it is."""
        return self.provider, self.call, self.fault


def read() -> dict[tuple[str, str, str], Cell]:
    """The table as it is kept, in its order."""
    if not PATH.exists():
        return {}
    with PATH.open(newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        cells = [Cell(*row) for row in rows]
    return {cell.key: cell for cell in cells}


def write(cells: Iterable[Cell]) -> None:
    """Keep these cells, provider by provider, otherwise in this order."""
    with PATH.open("w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(
            lines, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n"
        )
        rows.writerow([one.name for one in fields(Cell)])
        rows.writerows(astuple(cell) for cell in sorted(cells, key=lambda cell: cell.provider))
