"""What crash trials run on: database, sandbox, web server and two hosts of workers, all to be
killed.

A host is one `manage.py qcluster` in a process group of its own, as one machine would run it. Every
wait of the product is shortened by PATIENCE alike; nothing else differs from production.
"""

import base64
import contextlib
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from creatorflow.demo.processes import HOST, Processes, ask, free_port, wait_for_web
from creatorflow.demo.start import APP
from creatorflow.embedded_postgres import EmbeddedPostgres, temporary_folder, url
from creatorflow.embedded_postgres.places import home_of, server_account

PATIENCE = "0.02"  # five minutes are six seconds
HOSTS, WORKERS = 2, 1  # workers for each of three queues
# The supervisor gives a database up that dies more often than five times a minute.
DATABASE_DEATHS = 4


@dataclass
class World:
    """The processes of a run of trials, and the ways to kill them."""

    folder: Path
    processes: Processes
    ports: dict[str, int]
    hosts: list[subprocess.Popen[bytes]] = field(default_factory=list)
    deaths: list[float] = field(default_factory=list)  # of the database
    reconnects: int = 0  # how often a person was asked to connect a shop again

    @property
    def sandbox(self) -> str:
        """Where the simulated third parties are."""
        return f"http://{HOST}:{self.ports['sandbox']}"

    @property
    def web(self) -> str:
        """Where webhooks are received."""
        return f"http://{HOST}:{self.ports['web']}"

    @property
    def thanked(self) -> Path:
        """The file that has the SHA-256 of every webhook's body that our receiver thanked for."""
        return self.folder / "thanked"

    @property
    def plan(self) -> Path:
        """The file that says at which step a process ends; see core/checkpoints.py."""
        return self.folder / "plan"

    # ---- starting ----------------------------------------------------------------------------

    def start_sandbox(self) -> None:
        """Start it, or start it again over what it had answered."""
        words = ["-m", "sandbox", "--port", str(self.ports["sandbox"]), "--orders", "20"]
        words += ["--durable", "--state", str(self.folder / "sandbox.json"), "--tiktok-rate", "0"]
        words += ["--document-delay", "0.3", "--webhook-url", f"{self.web}/hooks/tiktok"]
        words += ["--thanked", str(self.thanked)]
        words += ["--redirect-url", f"{self.web}/connect/tiktok/callback"]
        self.processes.start("sandbox", words)
        patient(lambda: ask(f"{self.sandbox}/_control/faults"))

    def start_web(self) -> None:
        """The web server as it is deployed, with one worker."""
        words = ["-m", "granian", "--interface", "wsgi", "--host", HOST, "--no-ws"]
        words += ["--port", str(self.ports["web"]), "--workers", "1", "--blocking-threads", "4"]
        self.processes.start("web", [*words, "creatorflow.wsgi:application"])

    def start_host(self) -> None:
        """One more machine with workers."""
        self.hosts.append(self.processes.start("worker", ["manage.py", "qcluster"]))

    # ---- killing -----------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """SIGKILL the sandbox or the web server, with all its processes, and start it again."""
        for one, process in self.processes.running:
            if one == name:
                self._end(process)
        {"sandbox": self.start_sandbox, "web": self.start_web}[name]()

    def kill_host(self, dice: random.Random) -> None:
        """A machine is gone with all its processes; another one takes its place."""
        self.lose_host(dice.choice(self.hosts))
        self.start_host()

    def lose_host(self, host: subprocess.Popen[bytes]) -> None:
        """A machine is gone with all its processes."""
        self.hosts.remove(host)
        self._end(host)

    def kill_process(self, dice: random.Random) -> None:
        """One process of one host is killed: watcher, worker, pusher or monitor."""
        host = dice.choice(self.hosts)
        victims = [pid for pid in group_of(host.pid) if pid != host.pid]
        if victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(victims), signal.SIGKILL)

    def kill_database(self) -> None:
        """PostgreSQL is stopped at once, without a checkpoint; its supervisor starts it again."""
        home = home_of(self.folder / "postgres", server_account())
        pid = int((home / "pgdata" / "postmaster.pid").read_text().split()[0])
        self.deaths.append(time.monotonic())
        os.kill(pid, signal.SIGQUIT)

    def may_kill_database(self) -> bool:
        """Whether its supervisor would start it once more."""
        return sum(at > time.monotonic() - 65 for at in self.deaths) < DATABASE_DEATHS

    def show_logs(self) -> None:
        """The last lines of every process's log."""
        for log in sorted(self.folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()[-6000:]}", file=sys.stderr)

    def mend(self) -> None:
        """What a service manager does: whatever ended is started again."""
        for name, process in list(self.processes.running):
            if process.poll() is not None:
                self._end(process)
                if name == "worker":
                    self.hosts.remove(process)
                {"sandbox": self.start_sandbox, "web": self.start_web, "worker": self.start_host}[
                    name
                ]()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
        self.processes.running = [
            (name, one) for name, one in self.processes.running if one is not process
        ]


@contextmanager
def world(hosts: int = HOSTS) -> Iterator[World]:
    """Everything started, migrated and set up; once a process, as Django reads its settings once."""
    with (
        temporary_folder("creatorflow-crash-") as folder,
        EmbeddedPostgres(folder / "postgres"),
        Processes(folder, {}) as processes,
    ):
        made = World(folder, processes, {"sandbox": free_port(0), "web": free_port(0)})
        os.environ.update(_environment(made))
        made.start_sandbox()
        _migrate()
        processes.environment = {"CREATORFLOW_CRASH_AT": str(made.plan)}
        made.start_web()
        for _ in range(hosts):
            made.start_host()
        wait_for_web(f"{made.web}/accounts/login/", processes)
        try:
            yield made
        except BaseException:
            made.show_logs()
            raise
        from django.db import connections

        connections.close_all()


def _environment(made: World) -> dict[str, str]:
    hosts = ("SHOP_URL", "SHOP_AUTH_URL", "SHOP_AUTHORIZE_URL", "SHOP_AUTHORIZE_URL_US")
    return (
        APP
        | {f"TIKTOK_{name}": made.sandbox for name in hosts}
        | {
            "DJANGO_SETTINGS_MODULE": "creatorflow.settings",
            "CREATORFLOW_ENV_FILE": os.devnull,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "VAULT_KEYS": f"crash:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "DATABASE_URL": url(made.folder / "postgres"),
            "CREATORFLOW_DATA": str(made.folder),
            "FILE_STORE": str(made.folder / "files"),
            "DEBUG": "false",
            "REHEARSAL": "true",
            "PATIENCE": PATIENCE,
            "PUBLIC_URL": made.web,
            "TIKTOK_SHOP_RATE_PER_SECOND": "200",
            "EASYPOST_BASE_URL": f"{made.sandbox}/v2",
            "SHIPPO_BASE_URL": made.sandbox,
            "SHIPPING_WEBHOOK_SECRET": secrets.token_urlsafe(24),
            "WORKERS": str(WORKERS),
            "LOG_LEVEL": "WARNING",
        }
    )


def _migrate() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def group_of(leader: int) -> list[int]:
    """The living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            if after_name[0] != "Z" and int(after_name[2]) == leader:
                found.append(int(entry.name))
    return found


def patient[T](work: Callable[[], T], *, seconds: float = 30) -> T:
    """`work()`, again and again while the database or the sandbox is away."""
    from django.db import InterfaceError, OperationalError, connection

    until = time.monotonic() + seconds
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError, OSError):
            if time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.1)


class Clock:
    """Queues the sweeps of creatorflow/schedules.py every second, as the scheduler does every
    minute."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def __enter__(self) -> "Clock":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        from django.db import connection

        try:
            while not self._stop.wait(1.0):
                patient(self._tick)
        finally:
            connection.close()

    def _tick(self) -> None:
        from django.utils import timezone
        from django.utils.module_loading import import_string
        from django_q.models import OrmQ

        from creatorflow.schedules import SCHEDULES

        waiting = {task.name() for task in OrmQ.objects.filter(lock__lte=timezone.now())}
        for path, minutes in SCHEDULES.values():
            if minutes <= 5 and path.rpartition(".")[2] not in waiting:
                import_string(path).later()
