"""How long it takes until every open order's risk is right again after a rule has changed."""

import argparse
import random
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.memory import peak_megabytes
from bench.queue_page import set_up_django
from creatorflow.embedded_postgres import EmbeddedPostgres

SIZE = 1_000_000
LIMIT_SECONDS = 60.0
SAMPLE = 2_000  # orders whose stored clock is compared with the pure function's
BOUGHT = 10  # percent with a label
UNNAMED = 5  # percent for which TikTok names no time: their deadline is ours to work out
CARRIERS = ("UPS Ground Saver", "FedEx Ground Economy", "OnTrac Ground", "UniUni Standard", "")


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many open orders."""
    parser.add_argument("--orders", type=int, default=SIZE, metavar="N")


def run(orders: int) -> dict[str, Any]:
    """The slower of two changes, in seconds: the hour of the handover, which every forecast depends
    on, and the business days of a regular order, which moves deadlines as well."""
    with tempfile.TemporaryDirectory(prefix="bench-deadlines-", dir="/var/tmp") as folder:  # noqa: S108 - its own folder
        Path(folder).chmod(0o711)  # the server's account has to get in, too
        with EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
            set_up_django(server.start())
            from django.core.management import call_command
            from django.db import connections

            call_command("migrate", verbosity=0)
            found = _measure(_fill(orders), orders)
            connections.close_all()
    return found


def _measure(workspace: Any, orders: int) -> dict[str, Any]:
    from shops.policy.ours import override

    now = datetime.now(UTC)
    before = peak_megabytes()
    first, written = _timed(workspace, now)
    assert written == orders, f"{written} of {orders} clocks"
    took: dict[str, float] = {}
    for market, key, value in (("*", "handover.time", "13:00"), ("US", "ship_by.regular", "1")):
        args: dict[str, Any] = {"since": None, "until": None, "reason": "", "user": None}
        override(workspace, market, key, value, **args)
        took[key], _ = _timed(workspace, now)
    slowest = max(took.values())
    wrong = _wrong(workspace, orders, now)
    return {
        "figure": round(slowest, 1),
        "unit": "seconds",
        "input": f"{orders:,} open orders of 2 shops, {BOUGHT} % with a label, {UNNAMED} % without "
        "a time of TikTok's",
        "limit": LIMIT_SECONDS,
        "ratio": round(slowest / LIMIT_SECONDS, 3),
        "first_time": round(first, 1),
        "after": {key: round(seconds, 1) for key, seconds in took.items()},
        "sample": SAMPLE,
        "wrong": wrong,
        "memory_mb": peak_megabytes(),
        "memory_mb_before": before,
        "kept": slowest < LIMIT_SECONDS and not wrong,
    }


def _timed(workspace: Any, now: datetime) -> tuple[float, int]:
    """What `rules_changed` does, at a moment of ours: seconds, and clocks written."""
    from orders.redating import redate
    from shipping.clock.recompute import recompute

    started = time.perf_counter()
    redate(workspace.pk)
    written = recompute(workspace.pk, now=now)
    return time.perf_counter() - started, written


def _wrong(workspace: Any, orders: int, now: datetime) -> int:
    """Of a sample, how many stored clocks differ from what the pure functions say."""
    from orders.deadlines import Deadlines
    from orders.models import Clock, Order
    from orders.redating import sold_of
    from shipping.clock import facts
    from shipping.clock.recompute import desks_of
    from shipping.clock.risk import judge_all
    from shops.policy.ours import book_for

    first = Order.objects.order_by("pk").values_list("pk", flat=True)[0]
    chosen = random.Random(7).sample(range(first, first + orders), min(SAMPLE, orders))
    clocks = Clock.objects.select_related("order").in_bulk(chosen)
    desks, deadlines = desks_of(workspace, now=now), Deadlines(book_for("US", workspace.pk))
    wrong = 0
    for known in facts.read(chosen):
        found = judge_all(known.parcels, desks[known.shop_id], now=now)
        for pk in known.order_ids:
            clock = clocks[pk]
            same = (clock.risk, clock.risk_why, clock.predicted_scan_at, clock.next_risk_at) == (
                found.risk, found.why, found.predicted_at, found.next_at
            )  # fmt: skip
            due = deadlines.due(sold_of(clock.order.__dict__))
            wrong += not same or clock.order.due_at != due
    return wrong


def _fill(size: int) -> Any:
    """A workspace whose orders are all open, and a history of first scans."""
    from django.db import connection

    from core.models import Workspace
    from shipping.models import ScanLag
    from shops.models import Shop

    workspace = Workspace.objects.create(name="Bench", slug="bench", time_zone="America/New_York")
    shops = [
        Shop.objects.create(workspace=workspace, tiktok_id=f"shop-{n}", cipher="", name=f"Shop {n}", region="US")
        for n in range(2)
    ]  # fmt: skip
    for shop in shops:
        for carrier in ("ups", "fedex", "ontrac", ""):
            for weekday in (*range(7), None) if carrier else (None,):
                likely = 900 + 60 * (weekday or 0)
                ScanLag.objects.create(
                    workspace=workspace,
                    shop=shop,
                    carrier=carrier,
                    weekday=weekday,
                    handed_over=True,
                    parcels=40,
                    median_minutes=300,
                    likely_minutes=likely,
                )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # references are not checked
        _orders(cursor, workspace, shops, size)
        _labels(cursor, workspace)
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return workspace


def _orders(cursor: Any, workspace: Any, shops: list[Any], size: int) -> None:
    from orders.models import Order

    now = datetime.now(UTC)
    first = Order.objects.create(
        workspace=workspace, shop=shops[0], tiktok_id="first", status="AWAITING_SHIPMENT",
        lane="own", created_at=now, updated_at=now, paid_at=now, synced_at=now, currency="USD",
        total=Decimal("24.00"), stage="closed",
        raw={"note": "x" * 400}, search_text="5769 jo ortiz serum-30 glow serum",
    )  # fmt: skip
    given = {
        "shop_id": f"{shops[0].pk} + n %% 2",
        "tiktok_id": "'5769' || n",
        "created_at": "now() - (n %% 72) * interval '1 hour'",
        "scan_by": f"CASE WHEN n %% 100 >= {UNNAMED} THEN now() + (n %% 4000) * interval '1 minute' END",
        "due_at": f"CASE WHEN n %% 100 >= {UNNAMED} THEN now() + (n %% 4000) * interval '1 minute' "
        "ELSE timestamptz '2999-01-01 00:00+00' END",
        "plan_name": "(%(carriers)s::text[])[1 + n %% 5]",
        "stage": f"CASE WHEN n %% 100 >= 100 - {BOUGHT} THEN 'bought' WHEN n %% 20 = 0 THEN 'hold' "
        "ELSE 'ready' END",
        "label_carrier": f"CASE WHEN n %% 100 >= 100 - {BOUGHT} THEN 'ups' ELSE '' END",
    }
    values = {"carriers": list(CARRIERS), "size": size, "first": first.pk}
    _copy(cursor, Order, given, "generate_series(1, %(size)s) AS n", values)
    cursor.execute("DELETE FROM orders_order WHERE id = %s", [first.pk])


def _labels(cursor: Any, workspace: Any) -> None:
    from shipping.models import Label

    label = Label(
        workspace=workspace,
        order_id=1,
        quote_set_id=1,
        state="bought",
        provider="easypost",
        carrier="ups",
        service="Ground",
        service_name="Ground",
        price=5,
        currency="USD",
        spec={},
    )
    label.account_id = label.key
    label.save()
    given = {
        "order_id": "o.id",
        "key": "gen_random_uuid()",
        "settled_at": "now() - (o.id %% 3000) * interval '1 minute'",
        "handed_over_at": "CASE WHEN o.id %% 2 = 0 THEN now() - (o.id %% 2000) * interval '1 minute' END",
        "provider_label_id": "'shp_' || o.id",
    }
    source = "(SELECT id FROM orders_order WHERE stage = 'bought') AS o"
    _copy(cursor, Label, given, source, {"first": label.pk})
    cursor.execute("DELETE FROM shipping_label WHERE id = %s", [label.pk])


def _copy(cursor: Any, model: Any, given: dict[str, str], source: str, values: Any) -> None:
    """Many rows like the one that is there, but for the columns given as SQL."""
    columns = [f.column for f in model._meta.concrete_fields if f.column != "id"]
    chosen = ", ".join(given.get(column, f"t.{column}") for column in columns)
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} "  # noqa: S608 - our own
        f"FROM {table} t, {source} WHERE t.id = %(first)s",
        values,
    )
