"""What a demo consists of, brought up in the shortest time and ended together."""

import argparse
import base64
import io
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from creatorflow.demo.processes import (
    HOST,
    ROOT,
    DidNotStart,
    Processes,
    free_port,
    launch_sandbox,
    sandbox_address,
    wait_for_web,
)
from creatorflow.demo.progress import step
from creatorflow.embedded_postgres import EmbeddedPostgres, url

if TYPE_CHECKING:
    from creatorflow.demo.setting_up import Demo

EMAIL = "demo@creatorflow.example"
PASSWORD = "print-pack-ship"  # noqa: S105 - a rehearsal on 127.0.0.1, printed on the terminal
APP = {  # the sandbox's own app; see sandbox/tiktok/store.py
    "TIKTOK_SHOP_APP_KEY": "sandboxapp",
    "TIKTOK_SHOP_APP_SECRET": "sandbox-app-secret-0123456789abcdef",
    "TIKTOK_SHOP_SERVICE_ID": "7300000000000000001",
    "TIKTOK_SHOP_ENVIRONMENT": "sandbox",
    "SHIPPO_RATE_PER_SECOND": "1000",  # it takes what a real test key would be refused
}


@dataclass(frozen=True, slots=True)
class Started:
    """A demo that runs: who signs in, where it is, where the simulated third parties are."""

    processes: Processes
    demo: "Demo"
    web: str
    sandbox: str


def home() -> Path:
    """The folder of `./dev demo`, made when it is not there."""
    folder = Path(os.environ.get("CREATORFLOW_DATA") or ROOT / ".data") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder: two demos would spoil each other's world. DidNotStart while one runs."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            port = _known_ports(folder).get("web", "")
            raise DidNotStart(f"it runs already, on http://{HOST}:{port}. Stop it first.") from None
        yield


@contextmanager
def started(folder: Path, given: argparse.Namespace, *, pages: bool) -> Iterator[Started]:
    """Database, sandbox, worker and (`pages`) web server, set up; all end with the context."""
    ports = _ports(folder, given.port)
    web = f"http://{HOST}:{ports['web']}"
    with ExitStack() as stack:
        processes = stack.enter_context(Processes(folder, {}))
        with step("Database and third parties") as bar:
            launch_sandbox(
                processes, port=ports["sandbox"], orders=given.orders, seed=given.seed, web=web
            )
            stack.enter_context(EmbeddedPostgres(folder / "postgres"))
            stack.callback(processes.stop)  # before the database goes
            sandbox = sandbox_address(processes)
            bar.at(1, 1, "on 127.0.0.1")
        # Without pages nobody could be told anything: TikTok is given no address then.
        public = web if pages else "http://nobody.invalid"
        processes.environment = _environment(folder, url(folder / "postgres"), sandbox, public)
        with step("Tables, worker, pages" if pages else "Tables and worker") as bar:
            _migrate(processes.environment)
            processes.start("worker", ["manage.py", "qcluster"])
            if pages:
                _serve(processes, ports["web"])
            bar.at(1, 1, "ready")
        with step("Workspace and connected shop") as bar:
            from creatorflow.demo.setting_up import listen, move_parcels, set_up

            demo = set_up(sandbox)
            if pages:
                listen(demo)
                move_parcels(sandbox)
                wait_for_web(f"{web}/accounts/login/", processes)
            bar.at(1, 1, demo.shop.name)
        yield Started(processes, demo, web, sandbox)


def _migrate(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("apply_schedules", stdout=io.StringIO())


def _serve(processes: Processes, port: int) -> None:
    words = ["-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    words += ["--no-ws", "--workers", "1", "--blocking-threads", "8"]
    processes.start("web", [*words, "creatorflow.wsgi:application"])


def _ports(folder: Path, wanted: int) -> dict[str, int]:
    """Free ports; the sandbox keeps its last one if it can: label links hold its address."""
    ports = {
        "web": free_port(wanted),
        "sandbox": free_port(_known_ports(folder).get("sandbox", 0)),
    }
    (folder / "ports.json").write_text(json.dumps(ports))
    return ports


def _known_ports(folder: Path) -> dict[str, int]:
    path = folder / "ports.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _secrets(folder: Path) -> dict[str, str]:
    """Secrets of this demo alone, made at its first start, and those that a later version added."""
    path = folder / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEYS": f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "SHIPPING_WEBHOOK_SECRET": secrets.token_urlsafe(24),
    }
    if made.keys() - kept.keys():
        path.touch(mode=0o600)
        path.write_text(json.dumps(made | kept))
    return made | kept


def _environment(folder: Path, database: str, sandbox: str, web: str) -> dict[str, str]:
    """A demo never meets a real shop's settings: no file of them, and every address is loopback."""
    return (
        _secrets(folder)
        | APP
        | {
            "DJANGO_SETTINGS_MODULE": "creatorflow.settings",
            "CREATORFLOW_ENV_FILE": os.devnull,
            "DATABASE_URL": database,
            "CREATORFLOW_DATA": str(folder),
            "FILE_STORE": str(folder / "files"),
            "DEBUG": "false",
            "REHEARSAL": "true",
            "PUBLIC_URL": web,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SMTP_HOST": "",
            "TIKTOK_SHOP_URL": sandbox,
            "TIKTOK_SHOP_AUTH_URL": sandbox,
            "TIKTOK_SHOP_AUTHORIZE_URL": sandbox,
            "TIKTOK_SHOP_AUTHORIZE_URL_US": sandbox,
            "EASYPOST_BASE_URL": f"{sandbox}/v2",
            "SHIPPO_BASE_URL": sandbox,
            "LOG_LEVEL": "WARNING",
        }
    )
