"""How many webhooks a second reach the inbox, against what the database takes.

Input: signed order-status events of TikTok (2,353 bytes) over 16 kept-open connections to the
server as `./dev run server` starts it, one in twenty sent twice, one in fifty forged. Only events
that were stored count. Limit: pgbench, the same statement, prepared, with the same body, into the
same table over 8 connections, as many as the server has threads. Both take turns, so that whatever
else runs on this machine slows both. Everything is synced to disk.
"""

import json
import re
import runpy
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from bench.sync import _environment
from bench.webhook_client import APP_KEY, APP_SECRET, event
from creatorflow.demo.processes import ROOT, Processes, free_port, wait_for_web
from creatorflow.embedded_postgres import EmbeddedPostgres, temporary_folder
from creatorflow.embedded_postgres.places import find_binaries

ROUNDS = 4
SECONDS = 5
CONNECTIONS = 16
DIRECT = 8
LEAST_RATIO = 0.30
MOST_MS = 100.0


def run() -> dict[str, Any]:
    """Events stored a second, and their share of what pgbench inserts."""
    with (
        temporary_folder("bench-webhooks-") as folder,
        EmbeddedPostgres(folder / "postgres") as database,
        Processes(folder, _environment(folder, database.start(), "http://127.0.0.1:9")) as started,
    ):
        started.environment |= {
            "TIKTOK_SHOP_APP_KEY": APP_KEY,
            "TIKTOK_SHOP_APP_SECRET": APP_SECRET,
            "REHEARSAL": "true",  # the page that is waited for has its files where they lie
        }
        return _figures(*_measure(started, folder, database.start()))


def serve(processes: Processes) -> int:
    """Migrate, start the production server and wait for it; its port."""
    done = processes.start("migrate", ["manage.py", "migrate", "--verbosity", "0"])
    assert done.wait(120) == 0
    processes.running.pop()
    port = free_port(0)
    command_line = runpy.run_path(str(ROOT / "dev"))["command_line"]
    processes.start("web", command_line("run", ["server", "--port", str(port)]))
    wait_for_web(f"http://127.0.0.1:{port}/accounts/login/", processes)
    return port


def _measure(processes: Processes, folder: Path, url: str) -> tuple[list[dict], list[float], Any]:
    port = serve(processes)
    ours: list[dict[str, Any]] = []
    direct: list[float] = []
    for number in range(-1, ROUNDS):
        found = _send(folder, port, number + 2)
        inserts = _pgbench(folder, url)
        if number >= 0:  # the first round warms both up
            direct.append(inserts)
            ours.append(found)
        else:
            ours_first = found
    thanked = [one for found in [ours_first, *ours] for one in found["thanked"]]
    return ours, direct, _compare(url, thanked)


def _send(folder: Path, port: int, number: int) -> dict[str, Any]:
    plan = {
        "port": port,
        "round": number,
        "seed": number,
        "events": 4_500 * SECONDS,
        "seconds": SECONDS,
        "connections": CONNECTIONS,
        "shop": "7494049642642441621",
        "repeated": 0.05,
        "forged": 0.02,
    }
    file = folder / "plan.json"
    file.write_text(json.dumps(plan))
    words = [sys.executable, "-m", "bench.webhook_client", str(file)]
    done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def _pgbench(folder: Path, url: str) -> float:
    """Inserts a second of the receiver's own statement by pgbench, prepared, at 8 connections."""
    from core.inbox_store import STORE

    body = event("0" * 18, "5" * 18, "7" * 19).decode()
    values = {
        "provider": "direct",
        "event": "1",
        "owner": "7494049642642441621",
        "subject": "576900000000000001",
        "body": body,
        "sent_at": "2026-11-23 12:00:00+00",
        "state": "waiting",
    }
    order = ["provider", "event", "dedupe", "owner", "subject", "body", "sent_at", "state"]
    places = iter([*(f":{name}" for name in order), "''"])  # no reason: pgbench has no empty texts
    statement = re.sub("%[sb]", lambda _: next(places), STORE)
    script = folder / "insert.sql"
    script.write_text(
        f"\\set dedupe random(1, 9000000000000000000)\n{' '.join(statement.split())};\n"
    )
    words = [str(find_binaries() / "pgbench"), "-n", "-M", "prepared", "-f", str(script)]
    words += ["-c", str(DIRECT), "-j", "2", "-T", str(SECONDS)]
    words += [f"--define={name}={value}" for name, value in values.items()]
    done = subprocess.run([*words, url], stdout=subprocess.PIPE, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found is not None
    return float(found[1])


def _compare(url: str, thanked: list[str]) -> dict[str, int]:
    """Whoever was thanked is there, once, and nobody else."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT dedupe FROM core_webhookevent WHERE provider = 'tiktok'"
        ).fetchall()
    stored = [dedupe for (dedupe,) in rows]
    return {
        "lost": len(set(thanked) - set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "unproven": len(set(stored) - set(thanked)),
    }


def _figures(
    ours: list[dict[str, Any]], direct: list[float], books: dict[str, int]
) -> dict[str, Any]:
    seconds = sum(found["seconds"] for found in ours)
    stored = sum(len(set(found["thanked"])) for found in ours)
    rate, limit = stored / seconds, statistics.fmean(direct)
    times = statistics.quantiles([ms for one in ours for ms in one["milliseconds"]], n=100)
    statuses: dict[str, int] = {}
    for found in ours:
        for status, count in found["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "figure": round(rate, 1),
        "unit": "events/s stored",
        "input": f"{sum(statuses.values())} deliveries of 2,353 bytes, {CONNECTIONS} connections",
        "limit": round(limit, 1),
        "ratio": round(rate / limit, 3),
        "p50_ms": round(times[49], 1),
        "p99_ms": round(times[98], 1),
        "answers": statuses,
        "client_cpu_share": round(sum(one["cpu_seconds"] for one in ours) / seconds, 2),
        **books,
        "kept": rate / limit >= LEAST_RATIO
        and times[98] < MOST_MS
        and not any(books.values())
        and set(statuses) == {"200", "401"},
    }
