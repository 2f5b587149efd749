"""The derived columns `stage` and `blocker`: facts gathered in bulk, decided by
orders.readiness."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import connection, transaction
from django.db.models import Value
from django.utils import timezone

from core.jobs import job
from core.models import Workspace
from core.queues import Queue
from orders import parts
from orders.changes import decided
from orders.models import Dispatch, Line, Order
from orders.readiness import Facts, Readiness, decide

_CHUNK = 1000
# What is left when only weight, ship-from address and account have not been looked at.
_ALMOST = (Readiness("ready"), Readiness("fix", "no_rate"))
# Labels in these states may have a number that TikTok refused
_TELLABLE = ("bought", "part")
_OPEN_STAGES = ("ready", "hold", "fix", "bought")
_FACTS = (
    "id",
    "workspace_id",
    "stage",
    "blocker",
    "fixed_recipient",
    "parcel",
    "parts",
    "part",
    "status",
    "lane",
    "shipping_type",
    "order_type",
    "is_on_hold",
    "is_cancel_requested",
    "held_because",
    "held_until",
    "ship_despite_cancel",
    "relabel",
    "address_state",
    "label_state",
    "rate_problem",
)
_WEIGHTLESS = """
SELECT o.id FROM orders_order o WHERE o.id = ANY(%s) AND (
    NOT EXISTS (SELECT FROM orders_line l WHERE l.order_id = o.id AND l.status <> 'CANCELLED')
    OR EXISTS (
        SELECT FROM orders_line l
        LEFT JOIN catalog_sku s ON s.shop_id = o.shop_id AND s.tiktok_id = l.sku_id
        WHERE l.order_id = o.id AND l.status <> 'CANCELLED' AND COALESCE(s.weight_g, 0) = 0))
"""
# The decision and its entry in the timeline are one statement: bulk restaging stays cheap.
_WRITE = """
WITH moved AS (
    UPDATE orders_order o SET stage = v.stage, blocker = v.blocker
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS v (id, stage, blocker, text)
    WHERE o.id = v.id RETURNING o.id, v.stage, v.blocker, v.text)
INSERT INTO orders_orderevent (order_id, at, kind, text, detail)
SELECT id, %s, 'decision', left(text, 400), jsonb_build_object('stage', stage, 'blocker', blocker)
FROM moved
"""


def restage(order_ids: Iterable[int]) -> int:
    """Decide these orders anew; answers how many changed. The same few queries for one or 1,000."""
    changed = 0
    for chunk in batched(order_ids, _CHUNK):
        with transaction.atomic(savepoint=False):
            changed += _restage_chunk(list(chunk), now=timezone.now())
    return changed


@job(queue=Queue.READING)
def restage_workspace(*, workspace_id: int) -> int:
    """Decide every open order anew, e.g. after the first ship-from address or label account."""
    orders = Order.objects.filter(workspace_id=workspace_id, stage__in=_OPEN_STAGES)
    return restage(list(orders.values_list("id", flat=True)))


@job(queue=Queue.READING)
def restage_skus(*, shop_id: int, sku_ids: list[str]) -> int:
    """Decide the open orders anew that hold one of these SKUs: their weights have changed."""
    lines = Line.objects.filter(
        sku_id__in=sku_ids, order__shop_id=shop_id, order__stage__in=("ready", "fix")
    )
    return restage(list(lines.values_list("order_id", flat=True).distinct()))


def requirements(workspace_ids: Iterable[int]) -> tuple[set[int], set[int]]:
    """Which workspaces have a ship-from address, and which an active label account of their own.

    Addresses and accounts belong to shipping, above us; only whether there are any matters here.
    """
    rows = Workspace.objects.filter(pk__in=set(workspace_ids))
    addresses = rows.filter(ship_from__isnull=False).values_list("pk", Value("address"))
    accounts = rows.filter(
        label_accounts__state="active", label_accounts__shop__isnull=True
    ).values_list("pk", Value("account"))
    found = set(addresses.union(accounts))
    return {pk for pk, what in found if what == "address"}, {
        pk for pk, what in found if what == "account"
    }


def refused_of(order_ids: Iterable[int]) -> set[int]:
    """Those of these orders whose tracking number TikTok refused; no query for none."""
    ids = list(order_ids)
    if not ids:
        return set()
    rows = Dispatch.objects.filter(order__in=ids, state="refused")
    return set(rows.values_list("order_id", flat=True))


def entered(row: Mapping[str, Any]) -> bool:
    """Whether a person entered the parcel that is shipped next: `parcel`, `parts` and `part` of an
    order."""
    if row["parts"]:
        return bool(row["parts"][row["part"] - 1]["parcel"])
    return bool(row["parcel"])


def is_almost_ready(decision: Readiness) -> bool:
    """Whether nothing else stands in the way than what `settle` looks at."""
    return decision in _ALMOST


def settle(
    facts: Facts, *, weight_known: bool, has_ship_from: bool, has_account: bool, now: datetime
) -> Readiness:
    """The decision with what only an otherwise ready order depends on."""
    return decide(
        replace(
            facts,
            weight_known=weight_known,
            has_ship_from=has_ship_from,
            has_account=has_account or facts.lane != "own",
        ),
        now=now,
    )


def _restage_chunk(order_ids: Sequence[int], *, now: datetime) -> int:
    # Locked in the order every writer of orders uses, so that two of them never wait in a ring.
    rows = list(
        Order.objects.select_for_update(no_key=True)
        .filter(pk__in=order_ids)
        .order_by("shop_id", "tiktok_id")
        .values(*_FACTS)
    )
    refused = refused_of(row["id"] for row in rows if row["label_state"] in _TELLABLE)
    facts = {row["id"]: _facts(row, dispatch_refused=row["id"] in refused) for row in rows}
    decisions = {pk: decide(fact, now=now) for pk, fact in facts.items()}
    ready = [row for row in rows if is_almost_ready(decisions[row["id"]])]
    decisions |= dict(_settle_ready(ready, facts, now=now)) if ready else {}
    changed = [
        (row["id"], found.stage, found.blocker, decided({**row, **asdict(found)}))
        for row in rows
        if (found := decisions[row["id"]])
        and (found.stage, found.blocker) != (row["stage"], row["blocker"])
    ]
    if changed:
        with connection.cursor() as cursor:
            columns = [list(column) for column in zip(*changed, strict=True)]
            cursor.execute(_WRITE, [*columns, now])
    return len(changed)


def _settle_ready(
    rows: list[dict[str, object]], facts: dict[int, Facts], *, now: datetime
) -> Iterator[tuple[int, Readiness]]:
    """What is ready as far as the order goes: look at weights, addresses and accounts as well."""
    weightless = _weightless([int(str(row["id"])) for row in rows if not entered(row)])
    addresses, accounts = requirements(int(str(row["workspace_id"])) for row in rows)
    for row in rows:
        pk = int(str(row["id"]))
        yield (
            pk,
            settle(
                facts[pk],
                weight_known=pk not in weightless,
                has_ship_from=row["workspace_id"] in addresses,
                has_account=row["workspace_id"] in accounts,
                now=now,
            ),
        )


def _facts(row: dict[str, object], *, dispatch_refused: bool) -> Facts:
    values = {name: row[name] for name in _FACTS[8:]}
    if row["fixed_recipient"]:  # checked when it was entered
        values["address_state"] = "good"
    values["split"] = bool(row["parts"])
    values["nothing_left"] = parts.nothing_left(row["parts"])  # type: ignore[arg-type]
    return Facts(**values, dispatch_refused=dispatch_refused)  # type: ignore[arg-type]


def _weightless(order_ids: list[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_WEIGHTLESS, [order_ids])
        return {row[0] for row in cursor.fetchall()}
