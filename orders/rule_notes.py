"""What automation rules decided about orders, and what presets want for them, written on the orders
themselves: bulk statements, however many orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from core.models import User, Workspace
from orders.models import Order, OrderEvent
from orders.own_parcels import note_many
from orders.plan_notes import forget_plans
from orders.staging import restage

_LOOKED = """
UPDATE orders_order SET ruled_by = %s, ruled_at = updated_at
WHERE id = ANY(%s) AND (ruled_by, ruled_at) IS DISTINCT FROM (%s, updated_at)
"""
_WRITE = """
UPDATE orders_order o SET ruled = v.ruled, tags = v.tags, held_because = v.held_because,
    held_until = v.held_until
FROM (SELECT * FROM unnest(%s::bigint[], %s::jsonb[], %s::text[], %s::text[], %s::timestamptz[])
    AS u (id, ruled, tags_text, held_because, held_until)
    CROSS JOIN LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(u.tags_text::jsonb))
        ::varchar(40)[] AS tags) t) v
WHERE o.id = v.id
"""


@dataclass(frozen=True, slots=True)
class RuleNote:
    """One order's columns after its rules were applied, and what its timeline says about it."""

    ruled: Mapping[str, Any]
    tags: list[str]
    held_because: str
    held_until: datetime | None
    text: str
    changes_plan: bool  # its parcel, service, account or extras are others than before
    changes_hold: bool


def note_rules(looked_at: list[int], notes: Mapping[int, RuleNote], *, number: int) -> None:
    """Write what rule set `number` came to: `looked_at` are all orders that were asked about,
    `notes` those for which something changed. Inside the transaction that locked them."""
    if notes:
        _write(notes)
    with connection.cursor() as cursor:
        cursor.execute(_LOOKED, [number, looked_at, number])


def _write(notes: Mapping[int, RuleNote]) -> None:
    columns = (
        list(notes),
        [Jsonb(dict(note.ruled)) for note in notes.values()],
        [dumps(note.tags) for note in notes.values()],
        [note.held_because for note in notes.values()],
        [note.held_until for note in notes.values()],
    )
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, columns)
        OrderEvent.objects.bulk_create(
            [
                OrderEvent(order_id=pk, kind="rule", text=note.text[:400])
                for pk, note in notes.items()
                if note.text
            ],
            batch_size=1000,
        )
        replanned = [pk for pk, note in notes.items() if note.changes_plan]
        if replanned:
            forget_plans(replanned)
            stuck = Order.objects.filter(pk__in=replanned).exclude(rate_problem="")
            stuck.update(rate_problem="")
        moved = [pk for pk, note in notes.items() if note.changes_hold or note.changes_plan]
        if moved:
            restage(moved)


def set_wishes(
    workspace: Workspace,
    wanted: Mapping[int, Mapping[str, Any]],
    *,
    text: str,
    user: User | None,
) -> None:
    """Keep what a person's preset wants for open orders, by id; their prices are asked for, or
    chosen, anew. Inside the caller's transaction."""
    rows = list(Order.objects.of(workspace).filter(pk__in=list(wanted)).only("pk", "wish"))
    for row in rows:
        row.wish, row.rate_problem = dict(wanted[row.pk]), ""
    Order.objects.bulk_update(rows, ["wish", "rate_problem"], batch_size=500)
    ids = [row.pk for row in rows]
    note_many(workspace, ids, "service", text, user=user)
    forget_plans(ids)
    restage(ids)
