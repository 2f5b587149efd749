"""The clocks of orders, written in bulk: shipping works them out, lists and counts read them here."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

_COLUMNS = "order_id, workspace_id, risk, risk_why, predicted_scan_at, next_risk_at, basis"
_TYPES = ("int8", "int8", "text", "text", "timestamptz", "timestamptz", "int8")
_ROOM = """
CREATE TEMP TABLE IF NOT EXISTS incoming_clock (LIKE orders_clock) ON COMMIT DELETE ROWS;
DELETE FROM incoming_clock
"""
# Orders that went away meanwhile are left out; rows that say the same are not written again.
_MERGE = f"""
INSERT INTO orders_clock AS c ({_COLUMNS})
SELECT i.* FROM (SELECT {_COLUMNS} FROM incoming_clock) i
WHERE i.order_id IN (SELECT id FROM orders_order WHERE id BETWEEN %s AND %s)
ON CONFLICT (order_id) DO UPDATE SET
    workspace_id = EXCLUDED.workspace_id, risk = EXCLUDED.risk, risk_why = EXCLUDED.risk_why,
    predicted_scan_at = EXCLUDED.predicted_scan_at, next_risk_at = EXCLUDED.next_risk_at,
    basis = EXCLUDED.basis
WHERE (c.risk, c.risk_why, c.next_risk_at, c.basis, c.predicted_scan_at)
    IS DISTINCT FROM (EXCLUDED.risk, EXCLUDED.risk_why, EXCLUDED.next_risk_at, EXCLUDED.basis,
        EXCLUDED.predicted_scan_at)
"""  # noqa: S608 - our own names


class ClockNote(NamedTuple):
    """The clock of one order, in the order of its columns; `basis` tells when it was worked out
    from something else."""

    order_id: int
    workspace_id: int
    risk: str
    why: str
    predicted_at: datetime | None
    next_at: datetime | None
    basis: int


def note_clocks(notes: Iterable[ClockNote]) -> int:
    """Write the clocks of some thousand orders at a time; answers how many were written anew."""
    found = list(notes)  # read to their end before the connection is busy with copying
    if not found:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ROOM)
        with cursor.copy(f"COPY incoming_clock ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_TYPES)
            for one in found:
                copy.write_row(one)
        ids = [one.order_id for one in found]
        cursor.execute(_MERGE, [min(ids), max(ids)])
        return int(cursor.rowcount)
