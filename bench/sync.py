"""How fast a newly connected shop is read: every order with its lines, from zero to complete.

Input: the sandbox's shop over loopback HTTP (its own rate limit is off, ours of 10 calls a second
is on), a fresh database that syncs every commit to disk, one process that reads. The clock runs
from the first call until the back-fill is complete; every order and line is then compared.

Limit: the lower of what TikTok hands out, 100 orders a page times 10 pages a second, and what one
connection to the same server inserts: the same rows, prepared, into tables with the same indexes,
100 orders with their lines a commit, without HTTP, mapping or decisions. The reading process may
need at most a fifth more memory for 20,000 orders than for 2,000.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.memory import peak_megabytes
from creatorflow.demo.processes import Processes, ask, sandbox_address
from creatorflow.demo.start import APP
from creatorflow.embedded_postgres import EmbeddedPostgres, temporary_folder

ORDERS = 20_000
FEW_ORDERS = 2_000
PAGE = 100
CALLS_PER_SECOND = 10
LEAST_RATIO = 0.80
MOST_GROWTH = 1.20


def run() -> dict[str, Any]:
    """Orders per second for the large shop, and the memory of the reading process for both."""
    few = _read_shop(FEW_ORDERS)
    many = _read_shop(ORDERS, floor=True)
    figure = many["orders"] / many["seconds"]
    limit = min(PAGE * CALLS_PER_SECOND, many["inserts_per_second"])
    growth = many["megabytes"] / few["megabytes"]
    return {
        "figure": round(figure, 1),
        "unit": "orders/s",
        "input": f"{many['orders']} orders with {many['lines']} lines, from zero",
        "limit": round(limit, 1),
        "ratio": round(figure / limit, 3),
        "seconds": round(many["seconds"], 2),
        "cpu_seconds": round(many["cpu_seconds"], 2),
        "inserts_per_second": round(many["inserts_per_second"], 1),
        "memory_mb": round(many["megabytes"], 1),
        "memory_mb_of_2000": round(few["megabytes"], 1),
        "memory_growth": round(growth, 3),
        "kept": figure / limit >= LEAST_RATIO and growth <= MOST_GROWTH,
    }


def _read_shop(count: int, *, floor: bool = False) -> dict[str, Any]:
    """Read a shop of `count` orders into its own database; `floor` measures inserts as well."""
    with (
        temporary_folder("bench-sync-") as folder,
        EmbeddedPostgres(folder / "postgres") as database,
        Processes(folder, {}) as processes,
    ):
        sandbox = _start_sandbox(processes, count)
        environment = _environment(folder, database.start(), sandbox)
        _step("prepare", environment)
        measured = _step("measure", environment)
        measured |= _step("compare", environment)
        return measured | (_step("insert", environment) if floor else {})


def _start_sandbox(processes: Processes, count: int) -> str:
    """The sandbox's address. It keeps its world in memory, as writing it down costs our time."""
    ready = processes.folder / "sandbox.ready"
    words = ["-m", "sandbox", "--orders", str(count), "--tiktok-rate", "0"]
    processes.start("sandbox", [*words, "--ready-file", str(ready)])
    return sandbox_address(processes)


def _environment(folder: Path, database: str, sandbox: str) -> dict[str, str]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    hosts = ("SHOP_URL", "SHOP_AUTH_URL", "SHOP_AUTHORIZE_URL", "SHOP_AUTHORIZE_URL_US")
    return (
        {"DJANGO_SETTINGS_MODULE": "creatorflow.settings"}
        | dict(os.environ)
        | APP
        | {f"TIKTOK_{name}": sandbox for name in hosts}
        | {
            "TIKTOK_SHOP_RATE_PER_SECOND": str(CALLS_PER_SECOND),
            "CREATORFLOW_ENV_FILE": os.devnull,
            "CREATORFLOW_DATA": str(folder),
            "DATABASE_URL": database,
            "DEBUG": "false",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "VAULT_KEYS": f"bench:{key}",
            "EASYPOST_BASE_URL": f"{sandbox}/v2",
            "SHIPPO_BASE_URL": sandbox,
            "LOG_LEVEL": "WARNING",
            "BENCH_SANDBOX": sandbox,
        }
    )


def _step(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run one function of this module in a process of its own; what it prints last, as JSON."""
    code = f"import django; django.setup(); from bench import sync; sync.{name}()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def prepare() -> None:
    """Tables, and a workspace with a connected shop, an address and accounts, as a seller has."""
    from django.core.management import call_command

    from creatorflow.demo.setting_up import set_up

    call_command("migrate", verbosity=0)
    demo = set_up(os.environ["BENCH_SANDBOX"])
    print(json.dumps({"shop": demo.shop.pk}))


def measure() -> None:
    """Read the shop; print seconds, this process's CPU seconds and its peak of memory."""
    from orders.models import SyncCursor
    from orders.sync import start_sync, sync_shop
    from shops.models import Shop

    shop = Shop.objects.get()
    used = time.process_time()
    started = time.perf_counter()
    cursor = start_sync(shop)
    while cursor.backfilled_at is None:
        sync_shop(shop_id=shop.pk)
        cursor = SyncCursor.objects.get(shop=shop)
        assert not cursor.last_error, cursor.last_error
    seconds = time.perf_counter() - started
    used = time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu_seconds": used, "megabytes": peak_megabytes()}))


def compare() -> None:
    """Hold every order and line against the sandbox's; print how many there are.

    The sandbox's world goes on meanwhile: what moved after `complete_until` is the next poll's.
    """
    from orders.models import Line, Order, SyncCursor

    cursor = SyncCursor.objects.get()
    assert cursor.complete_until is not None
    rows = ask(f"{os.environ['BENCH_SANDBOX']}/_control/orders?limit={ORDERS}")["orders"]
    wanted = {
        row["id"]: (row["status"], {line["id"] for line in row["lines"]})
        for row in rows
        if cursor.backfill_from.timestamp() <= row["updated"] < cursor.complete_until.timestamp()
    }
    lines: dict[str, set[str]] = {}
    for number, line in Line.objects.values_list("order__tiktok_id", "tiktok_id"):
        lines.setdefault(number, set()).add(line)
    found = {
        number: (status, lines[number])
        for number, status in Order.objects.values_list("tiktok_id", "status")
    }
    wrong = [number for number, content in wanted.items() if found.get(number) != content]
    assert not wrong, f"{len(wrong)} orders are missing or differ, such as {wrong[0]}"
    assert len(found) <= len(wanted) + 0.01 * len(rows)
    print(json.dumps({"orders": len(found), "lines": sum(map(len, lines.values()))}))


def insert() -> None:
    """What one connection inserts of these rows when all of them lie ready; print orders/s."""
    from django.db import connection, transaction

    tables = ("orders_order", "orders_line")
    with connection.cursor() as cursor:
        pages = _prepared(cursor)
        for table in tables:
            cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
        for table, column, target in (
            ("orders_order", "workspace_id", "core_workspace"),
            ("orders_order", "shop_id", "shops_shop"),
            ("orders_line", "order_id", "bench_orders_order"),
        ):
            key = f"FOREIGN KEY ({column}) REFERENCES {target} DEFERRABLE INITIALLY DEFERRED"
            cursor.execute(f"ALTER TABLE bench_{table} ADD {key}")
        cursor.execute("CHECKPOINT")
        started = time.perf_counter()
        for page in pages:
            with transaction.atomic():
                for table, content in zip(tables, page, strict=True):
                    with cursor.copy(f"COPY bench_{table} FROM STDIN") as copy:
                        copy.write(content)
        seconds = time.perf_counter() - started
        cursor.execute("SELECT count(*) FROM bench_orders_order")
        count = cursor.fetchone()[0]
    print(json.dumps({"inserts_per_second": count / seconds}))


def _prepared(cursor: Any) -> list[tuple[bytes, bytes]]:
    """The rows as COPY takes them: pages of 100 orders, each with its lines."""
    orders, lines = (
        "SELECT {} FROM orders_order ORDER BY id",
        "SELECT {} FROM orders_line ORDER BY order_id, id",
    )
    cursor.execute(orders.format("id"))
    page_of = {pk: place // PAGE for place, (pk,) in enumerate(cursor.fetchall())}
    cursor.execute(lines.format("order_id"))
    pages_of_lines = [page_of[pk] for (pk,) in cursor.fetchall()]
    pages = [(bytearray(), bytearray()) for _ in range(1 + max(page_of.values()))]
    for part, query, places in ((0, orders, page_of.values()), (1, lines, pages_of_lines)):
        with cursor.copy(f"COPY ({query.format('*')}) TO STDOUT") as copy:
            for place, row in zip(places, copy, strict=True):
                pages[place][part].extend(row)
    return [(bytes(rows), bytes(of_lines)) for rows, of_lines in pages]
