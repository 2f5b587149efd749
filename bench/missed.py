"""Whether anything is missed when webhooks are dropped, doubled and overtake each other.

Input: 5,000 changes of orders in a shop of the sandbox within a minute and a half, each told by a
signed webhook; one in ten is dropped, one in twenty sent twice, a third delayed by up to ten
seconds, so that others overtake them. The web server receives, a worker process reads, both as they
are deployed, over loopback HTTP with our limit of 10 calls a second. The shop's poll goes on as
always.

Figure: the changed orders that are here as TikTok has them, status and update time, 60 seconds
after the first poll that began after the last change. Limit: all of them.
"""

import io
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.sync import _environment
from creatorflow.demo.processes import HOST, Processes, ask, free_port, start_sandbox, wait_for_web
from creatorflow.embedded_postgres import EmbeddedPostgres, temporary_folder

if TYPE_CHECKING:
    from orders.models import SyncCursor

ORDERS = 600
CHANGES = 5_000
PER_SECOND = 60.0
SEED = 11
WITHIN = 60.0
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "drop_webhook", "provider": "tiktok", "probability": 0.10, "times": -1},
    # drop and duplicate exclude each other: of the nine tenths that are left
    {"kind": "duplicate_webhook", "provider": "tiktok", "probability": 0.055, "times": -1},
    {
        "kind": "delay_webhook",
        "provider": "tiktok",
        "probability": 0.33,
        "seconds": 10.0,
        "times": -1,
    },
)


def run() -> dict[str, Any]:
    """Orders that are right 60 s after the last poll, and their share of those that changed."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("bench-missed-"))
        database = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        processes = stack.enter_context(Processes(folder, {}))
        sandbox = _start(folder, processes, database.start())
        changed = _change(sandbox)
        result = _settle(sandbox, changed)
        result |= _told(sandbox)
        from django.db import connections

        connections.close_all()
    right, count = result.pop("right"), len(changed)
    return {
        "figure": right,
        "unit": "orders right",
        "input": f"{CHANGES:,} changes of {count:,} orders, {PER_SECOND:.0f} a second",
        "limit": count,
        "ratio": round(right / count, 4),
        "missing": count - right,
        **result,
        "kept": right == count,
    }


def _start(folder: Path, processes: Processes, database: str) -> str:
    """Everything started and set up, and the shop read once; the sandbox's address."""
    web = f"http://{HOST}:{free_port(0)}"
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
    words = ["-m", "granian", "--interface", "wsgi", "--host", HOST, "--no-ws", "--workers", "1"]
    port = web.rpartition(":")[2]
    processes.start("web", [*words, "--port", port, "creatorflow.wsgi:application"])
    processes.start("worker", ["manage.py", "qcluster"])
    wait_for_web(f"{web}/accounts/login/", processes)
    # Without label accounts: asking for rates is not what is measured
    demo = set_up(sandbox, {})
    _until(_is_read, 90)
    _until(lambda: demo.shop.subscriptions.filter(state="active").exists(), 60)
    return sandbox


def _change(sandbox: str) -> list[str]:
    """Make the changes; the numbers of the orders that changed, once the last one has."""
    for fault in FAULTS:
        ask(f"{sandbox}/_control/faults", fault)
    burst = {"changes": CHANGES, "seed": SEED, "per_second": PER_SECOND}
    ids = ask(f"{sandbox}/_control/tiktok/churn", burst)["ids"]
    _until(lambda: ask(f"{sandbox}/_control/state")["churn_left"] == 0, 2 * CHANGES / PER_SECOND)
    return [str(number) for number in ids]


def _settle(sandbox: str, changed: list[str]) -> dict[str, Any]:
    """Wait for a poll that began after the last change, then count what is right, for at most 60
    seconds."""
    ended = datetime.now(UTC)
    before = len(changed) - len(_wrong(sandbox, changed))
    _until(lambda: (_cursor().complete_until or ended) > ended, 120)
    polled = time.monotonic()
    while (wrong := _wrong(sandbox, changed)) and time.monotonic() - polled < WITHIN:
        time.sleep(0.5)
    cursor = _cursor()
    return {
        "right": len(changed) - len(wrong),
        "right_before_the_poll": before,
        "seconds_until_polled": round((datetime.now(UTC) - ended).total_seconds(), 1),
        "seconds_after_the_poll": round(time.monotonic() - polled, 1),
        "missed_by_webhooks": cursor.missed,
        "hurried_because": cursor.hurried_because,
    }


def _wrong(sandbox: str, changed: list[str]) -> list[str]:
    """The orders that are not here, or not as the sandbox has them."""
    from orders.models import Order

    wanted = set(changed)
    theirs = {
        row["id"]: (row["status"], row["updated"])
        for row in ask(f"{sandbox}/_control/orders?limit={100 * ORDERS}")["orders"]
        if row["id"] in wanted
    }
    rows = Order.objects.filter(tiktok_id__in=wanted)
    ours = {
        number: (status, int(at.timestamp()))
        for number, status, at in rows.values_list("tiktok_id", "status", "updated_at")
    }
    return [number for number, fact in theirs.items() if ours.get(number) != fact]


def _told(sandbox: str) -> dict[str, Any]:
    """What became of the webhooks, at the sandbox and here."""
    from core.models import WebhookEvent

    state = ask(f"{sandbox}/_control/state")
    return {
        "webhooks_dropped": state["webhooks"]["dropped"],
        "webhooks_answered": state["webhooks"]["sent"].get("tiktok", 0),
        "webhooks_stored": WebhookEvent.objects.count(),
        "dead_letters": WebhookEvent.objects.filter(state="parked").count(),
    }


def _is_read() -> bool:
    from orders.models import SyncCursor

    return SyncCursor.objects.filter(backfilled_at__isnull=False).exists()


def _cursor() -> "SyncCursor":
    from orders.models import SyncCursor

    return SyncCursor.objects.get()


def _until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.25)
