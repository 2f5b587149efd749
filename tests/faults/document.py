"""docs/faults.md, made from the same table that the product is held against."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.table import Cell, read

PATH = Path(__file__).parents[2] / "docs" / "faults.md"
INTRO = """# What happens when a provider fails

Made from `tests/faults/expected.tsv` by `tests/faults/test_document.py`; the same table is what
`tests/faults/test_matrix.py` holds the product against, call by call and fault by fault, over real
sockets to the simulated providers. Write neither by hand: see the head of `tests/faults/table.py`.

An *error* is a class of `core/errors.py` and says what may be done next. The *row* is what is left in
the database, *reads* what a person sees, and *afterwards* how it ends once the fault is over: by
itself, or after the person it asked has pressed the button. In every cell the wallets of the
simulated providers and our ledger agree; no purchase is charged twice, and none that was charged
ends as "not bought".

Five failures in a row open a circuit (`core/breaker.py`): after that nothing is sent for 15 seconds,
then twice as long with every failed try, up to five minutes. The cells show each fault met by a
closed circuit.

## The faults

| Fault | What it is | Carried out |
|---|---|---|
"""


def text() -> str:
    """The whole page."""
    faults = "".join(
        f"| {fault.name} | {fault.words} | {'yes' if fault.carried_out else 'no'} |\n"
        for fault in FAULTS
    )
    parts = [INTRO + faults]
    for provider, of_provider in groupby(read().values(), key=lambda cell: cell.provider):
        parts.append(f"\n## {provider}\n")
        for call, cells in groupby(of_provider, key=lambda cell: cell.call):
            parts.append(f"\n### {provider}: {call}\n\n{_table(cells)}")
    return "".join(parts)


def _table(cells: Iterable[Cell]) -> str:
    """One line for all faults that end alike, in the order of the first of them."""
    alike: dict[tuple[str, str, str, str], list[str]] = {}
    for cell in cells:
        alike.setdefault((cell.error, cell.row, cell.seen, cell.settled), []).append(cell.fault)
    head = "| Faults | Error | Row | Reads | Afterwards |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {', '.join(faults)} | {error} | {row} | {seen or '–'} | {settled} |\n"
        for (error, row, seen, settled), faults in alike.items()
    )
