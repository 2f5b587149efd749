"""A label noted on an order that was read a moment ago: columns, stage and timeline in one
statement, once for every label that is bought."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import connection

from orders.changes import decided
from orders.models import Order
from orders.readiness import LABELLED, Facts, decide

# All that the stage of an order with a label depends on, beside the label and a refused dispatch.
_FACTS = ("status", "lane", "shipping_type", "order_type")
_NOTE = """
WITH noted AS (
    UPDATE orders_order o SET label_state = %(label_state)s, label_carrier = %(label_carrier)s,
        label_tracking = %(label_tracking)s, stage = v.stage, blocker = v.blocker
    FROM (VALUES
        (FALSE, %(stage)s, %(blocker)s, %(decision)s),
        (TRUE, %(stage_refused)s, %(blocker_refused)s, %(decision_refused)s)
    ) AS v (refused, stage, blocker, decision)
    WHERE o.id = %(id)s
        AND (o.status, o.lane, o.shipping_type, o.order_type, o.stage, o.blocker)
            = (%(status)s, %(lane)s, %(shipping_type)s, %(order_type)s, %(before)s, %(because)s)
        AND (o.label_state, o.label_carrier, o.label_tracking)
            <> (%(label_state)s, %(label_carrier)s, %(label_tracking)s)
        AND v.refused = EXISTS (
            SELECT FROM orders_dispatch d WHERE d.order_id = o.id AND d.state = 'refused')
    RETURNING o.id, v.stage, v.blocker, v.decision)
INSERT INTO orders_orderevent (order_id, at, kind, text, detail)
SELECT id, %(at)s::timestamptz, 'label', %(text)s, '{}'::jsonb FROM noted
UNION ALL
SELECT id, %(at)s::timestamptz, 'decision', decision,
    jsonb_build_object('stage', stage, 'blocker', blocker)
FROM noted WHERE decision <> ''
"""


def note(order: Order, label: Mapping[str, str], text: str, *, now: datetime) -> bool:
    """Write the label's columns; False when nothing was written: the stage depends on more, or
    `order` is not as it was read any more, or the label was noted before."""
    if label["label_state"] not in LABELLED or order.relabel:
        return False
    known = {name: getattr(order, name) for name in _FACTS}
    facts = Facts(**known, label_state=label["label_state"])
    values = {
        **label,
        **known,
        **_decision(order, facts, now, ""),
        **_decision(order, replace(facts, dispatch_refused=True), now, "_refused"),
        "id": order.pk,
        "before": order.stage,
        "because": order.blocker,
        "at": now,
        "text": text,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
        return bool(cursor.rowcount)


def _decision(order: Order, facts: Facts, now: datetime, name: str) -> dict[str, str]:
    """Where the order stands by these facts, and its timeline's words for it where that is new."""
    found = decide(facts, now=now)
    place = {"stage": found.stage, "blocker": found.blocker}
    is_new = (found.stage, found.blocker) != (order.stage, order.blocker)
    words = decided(place)[:400] if is_new else ""
    return {
        f"stage{name}": found.stage,
        f"blocker{name}": found.blocker,
        f"decision{name}": words,
    }
