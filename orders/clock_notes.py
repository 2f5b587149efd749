"""The clocks of orders, written in bulk: shipping works them out, lists and counts read them here."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

_COLUMNS = "workspace_id, risk, risk_why, predicted_scan_at, next_risk_at, basis"
_TYPES = ("text", "int8", "text", "text", "timestamptz", "timestamptz", "int8")
_ROOM = f"""
CREATE TEMP TABLE IF NOT EXISTS incoming_clock ON COMMIT DELETE ROWS AS
    SELECT ''::text AS orders, {_COLUMNS} FROM orders_clock WITH NO DATA;
DELETE FROM incoming_clock
"""  # noqa: S608 - our own names
_GIVEN = "incoming_clock i CROSS JOIN LATERAL unnest(i.orders::bigint[]) AS n(id)"
# Rows that say the same are not written again. No key is touched, so no reference is checked and
# no index written where the risk stays: half of what an upsert costs.
_UPDATE = f"""
UPDATE orders_clock c SET risk = i.risk, risk_why = i.risk_why,
    predicted_scan_at = i.predicted_scan_at, next_risk_at = i.next_risk_at, basis = i.basis
FROM {_GIVEN}
WHERE c.order_id = n.id
    AND (c.risk, c.risk_why, c.next_risk_at, c.basis, c.predicted_scan_at)
    IS DISTINCT FROM (i.risk, i.risk_why, i.next_risk_at, i.basis, i.predicted_scan_at)
"""  # noqa: S608 - our own names
# Orders that went away meanwhile are left out; one whose clock somebody wrote just now keeps it.
_INSERT = f"""
WITH missing AS MATERIALIZED (
    SELECT i.*, n.id FROM {_GIVEN} LEFT JOIN orders_clock c ON c.order_id = n.id
    WHERE c.order_id IS NULL)
INSERT INTO orders_clock (order_id, {_COLUMNS})
SELECT m.id, {_COLUMNS.replace("workspace_id", "m.workspace_id")}
FROM missing m JOIN orders_order o ON o.id = m.id
ON CONFLICT (order_id) DO NOTHING
"""  # noqa: S608 - our own names


class ClockNote(NamedTuple):
    """The clock of orders that are alike (their ids as PostgreSQL writes an array: "{1,2}"), in
    the order of its columns; `basis` tells when it was worked out from something else."""

    orders: str
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
        names = f"orders, {_COLUMNS}"
        with cursor.copy(f"COPY incoming_clock ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_TYPES)
            for one in found:
                copy.write_row(one)
        cursor.execute(_UPDATE)
        updated = int(cursor.rowcount)
        cursor.execute(_INSERT)
        return updated + int(cursor.rowcount)
