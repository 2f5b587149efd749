"""How soon an order is up to date after TikTok told that it changed.

Input: 100 changes of orders a second for a minute in a shop of the sandbox, each told by a signed
webhook to the web server as `./dev run server` starts it; one worker with two processes and the
whole schedule, poll included, and our limit of 10 calls a second to TikTok. An event's time runs
from the moment it was stored until its order was read again, written and the event settled.

Figure: the 99th percentile. At the end every order has to be as TikTok has it, and no event may be
left over.
"""

import io
import os
import runpy
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.missed import _is_read, _until, _wrong
from bench.sync import _environment
from creatorflow.demo.processes import (
    HOST,
    ROOT,
    Processes,
    ask,
    free_port,
    start_sandbox,
    wait_for_web,
)
from creatorflow.embedded_postgres import EmbeddedPostgres, temporary_folder

ORDERS = 1_000
PER_SECOND = 100.0
SECONDS = 60
MOST_SECONDS = 5.0
SEED = 7


def run() -> dict[str, Any]:
    """Seconds from stored to done, at the 99th percentile of all events."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("bench-latency-"))
        database = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        processes = stack.enter_context(Processes(folder, {}))
        sandbox = _start(folder, processes, database.start())
        burst = {"changes": int(PER_SECOND * SECONDS), "seed": SEED, "per_second": PER_SECOND}
        changed = ask(f"{sandbox}/_control/tiktok/churn", burst)["ids"]
        _until(lambda: ask(f"{sandbox}/_control/state")["churn_left"] == 0, 2 * SECONDS)
        _until(_is_settled, 60)
        result = _figures(len(_wrong(sandbox, changed)))
        from django.db import connections

        connections.close_all()
    return result


def _start(folder: Path, processes: Processes, database: str) -> str:
    """Everything started, a shop connected, read and subscribed; the sandbox's address."""
    port = free_port(0)
    web = f"http://{HOST}:{port}"
    more = ("--tiktok-rate", "0")
    sandbox = start_sandbox(processes, port=0, orders=ORDERS, seed=SEED, web=web, more=more)
    os.environ.update(_environment(folder, database, sandbox))
    os.environ.update({"PUBLIC_URL": web, "REHEARSAL": "true", "WORKERS": "2"})
    import django

    django.setup()
    from django.core.management import call_command

    from creatorflow.demo.setting_up import set_up

    call_command("migrate", verbosity=0)
    call_command("apply_schedules", stdout=io.StringIO())
    command_line = runpy.run_path(str(ROOT / "dev"))["command_line"]
    processes.start("web", command_line("run", ["server", "--port", str(port)]))
    processes.start("worker", ["manage.py", "qcluster"])
    wait_for_web(f"{web}/accounts/login/", processes)
    demo = set_up(sandbox, {})  # no label accounts: asking for rates is not what is measured
    _until(_is_read, 90)
    _until(lambda: demo.shop.subscriptions.filter(state="active").exists(), 60)
    _until(_is_at_rest, 120)
    return sandbox


def _is_at_rest() -> bool:
    """Whether all is done that follows a shop's connection: products read, plans made."""
    from creatorflow.demo.setting_up import queued, waiting_work

    work = waiting_work()
    return not queued() and not work["skus"] and not work["unquoted"] and _is_settled()


def _is_settled() -> bool:
    from core.models import WebhookEvent

    return not WebhookEvent.objects.filter(state="waiting").exists()


def _figures(wrong: int) -> dict[str, Any]:
    from core.models import WebhookEvent

    rows = WebhookEvent.objects.filter(state="done").defer("body")
    seconds = sorted(row.delay for row in rows if row.delay is not None)
    count = len(seconds)
    told = int(PER_SECOND * SECONDS)
    parked = WebhookEvent.objects.filter(state="parked").count()
    p99 = seconds[int(count * 0.99)]
    return {
        "figure": round(p99, 2),
        "unit": "s, p99 from stored to order updated",
        "input": f"{count} events, {PER_SECOND:.0f} a second for {SECONDS} s",
        "limit": MOST_SECONDS,
        "ratio": round(p99 / MOST_SECONDS, 3),
        "p50": round(seconds[count // 2], 2),
        "most": round(seconds[-1], 2),
        "dead_letters": parked,
        "orders_wrong": wrong,
        "kept": p99 < MOST_SECONDS and not parked and not wrong and count >= told,
    }
