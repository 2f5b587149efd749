"""Every call of every adapter under every fault: the error, the row, the words, the money."""

import os
import re

import pytest

from tests.faults import (
    cancel_calls,
    label_calls,
    listening_calls,
    package_calls,
    parcel_calls,
    part_calls,
    tiktok_calls,
    webhook_calls,
)
from tests.faults.bench import Bench, name_of
from tests.faults.faults import Fault
from tests.faults.subjects import HEAR, SPEND, Subject
from tests.faults.table import Cell, read
from tests.faults.watching import raised

CALLS: tuple[type[Subject], ...] = (
    *label_calls.CALLS,
    *listening_calls.CALLS,
    *parcel_calls.CALLS,
    *tiktok_calls.CALLS,
    *cancel_calls.CALLS,
    *package_calls.CALLS,
    *part_calls.CALLS,
    *webhook_calls.CALLS,
)
CELLS = [(call, fault) for call in CALLS for fault in call.faults()]
EXPECTED = read()
WRITING = bool(os.environ.get("WRITE_FAULT_TABLE"))

# An HTTP status, the name of an exception, or a code: support may want them, people do not.
CODES = re.compile(
    r"\b[1-5]\d\d\b|\b\d{6,}\b|http|Error\b|Exception|Timeout\b|[A-Z]{2,}_[A-Z_]+|[{}<>]"
)


def _id(value: object) -> str:
    if isinstance(value, Fault):
        return value.name.replace(" ", "-")
    assert isinstance(value, type)
    return f"{value.provider} {value.call}".replace(" ", "-")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("call", "fault"), CELLS, ids=_id)
def test_cell(
    call: type[Subject], fault: Fault, bench: Bench, written: dict[tuple[str, str, str], Cell]
) -> None:
    subject = call(bench)
    bench.strike(fault, call.method, call.path)
    with raised() as errors:
        subject.act()
    assert bench.line.met > 0 or call.kind == HEAR, "the fault met no call"
    row, seen = subject.row(), subject.seen()
    bench.lift()
    settled = subject.settle()
    found = Cell(call.provider, call.call, fault.name, name_of(errors), row, seen, settled)

    assert not CODES.search(seen), f"a person would read: {seen}"
    _money_is_right(bench, call, fault, found)
    if WRITING:
        written[found.key] = found
    else:
        assert found == EXPECTED.get(found.key)


def _money_is_right(bench: Bench, call: type[Subject], fault: Fault, found: Cell) -> None:
    """Never two charges, no charge that is not in our ledger, nothing refused that was paid."""
    charges = bench.charges()
    assert charges == bench.booked(), "the wallet and our ledger differ"
    if call.kind != SPEND:
        return
    assert charges == (1 if found.settled == "bought" else 0)
    if fault.carried_out:
        assert found.settled == "bought"
        assert not found.row.startswith(("ready", "refused")), "paid, and taken for not paid"


def test_the_table_has_no_other_cells() -> None:
    wanted = {(call.provider, call.call, fault.name) for call, fault in CELLS}
    assert wanted == EXPECTED.keys() or WRITING


def test_what_a_person_reads_is_a_sentence() -> None:
    for cell in EXPECTED.values():
        if cell.seen:
            assert cell.seen[0].isupper(), cell
            assert cell.seen.rstrip()[-1] in ".!”", cell
