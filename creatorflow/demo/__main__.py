"""`./dev demo`: everything on 127.0.0.1, third parties simulated; --headless does the main job and ends."""

import argparse
import base64
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from creatorflow.demo.processes import (
    HOST,
    DidNotStart,
    Processes,
    free_port,
    start_sandbox,
    wait_for_web,
)
from creatorflow.demo.progress import step
from creatorflow.embedded_postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    temporary_folder,
    url,
)

APP = {  # the sandbox's own app; see sandbox/tiktok/store.py
    "TIKTOK_SHOP_APP_KEY": "sandboxapp",
    "TIKTOK_SHOP_APP_SECRET": "sandbox-app-secret-0123456789abcdef",
    "TIKTOK_SHOP_SERVICE_ID": "7300000000000000001",
    "TIKTOK_SHOP_ENVIRONMENT": "sandbox",
}


def main() -> int:
    """Run the demo; 0 when all went well."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with _folder(given) as folder:
            return _headless(folder, given) if given.headless else _with_pages(folder, given)
    except (DidNotStart, EmbeddedPostgresError) as problem:
        print(f"The demo cannot run: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. `./dev demo` continues where this ended.", file=sys.stderr)
        return 0 if not given.headless else 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--headless", action="store_true", help="the main job without a browser")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where --headless writes its figures")
    parser.add_argument("--port", type=int, default=8000, help="of the web server")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier starts left")
    given = parser.parse_args()
    if not 1 <= given.orders <= 20_000:
        parser.error("--orders is a number from 1 to 20000")
    return given


@contextmanager
def _folder(given: argparse.Namespace) -> Iterator[Path]:
    """The demo's folder: kept between starts, or (headless) a fresh one that is removed."""
    if given.headless:
        with temporary_folder() as folder:
            yield folder
        return
    root = Path(__file__).resolve().parent.parent.parent
    folder = Path(os.environ.get("CREATORFLOW_DATA") or root / ".data") / "demo"
    if given.fresh and folder.exists():
        import shutil

        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def _secrets(folder: Path) -> dict[str, str]:
    """Secrets of this demo alone, made at its first start."""
    path = folder / "secrets.json"
    if not path.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        made = {"SECRET_KEY": secrets.token_urlsafe(50), "VAULT_KEYS": f"demo:{key}"}
        path.write_text(json.dumps(made))
        path.chmod(0o600)
    return dict(json.loads(path.read_text()))


def _environment(folder: Path, database: str, sandbox: str, web: str) -> dict[str, str]:
    return _secrets(folder) | APP | {
        "DJANGO_SETTINGS_MODULE": "creatorflow.settings",
        "CREATORFLOW_ENV_FILE": os.devnull,  # a demo never meets a real shop's settings
        "DATABASE_URL": database,
        "CREATORFLOW_DATA": str(folder),
        "FILE_STORE": str(folder / "files"),
        "DEBUG": "false",
        "REHEARSAL": "true",
        "PUBLIC_URL": web,
        "TIKTOK_SHOP_URL": sandbox,
        "TIKTOK_SHOP_AUTH_URL": sandbox,
        "TIKTOK_SHOP_AUTHORIZE_URL": sandbox,
        "TIKTOK_SHOP_AUTHORIZE_URL_US": sandbox,
        "EASYPOST_BASE_URL": f"{sandbox}/v2",
        "SHIPPO_BASE_URL": sandbox,
        "LOG_LEVEL": "WARNING",
    }


def _prepare(environment: dict[str, str], sandbox: str) -> Any:
    """Migrate and set the workspace up; answers the Demo."""
    os.environ.update(environment)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("apply_schedules", verbosity=0)
    from creatorflow.demo.setting_up import set_up

    return set_up(sandbox)


@contextmanager
def _running(folder: Path, given: argparse.Namespace) -> Iterator[tuple[Processes, Any, str, str]]:
    """Database, sandbox and worker, set up; everything ends with the context."""
    with EmbeddedPostgres(folder / "postgres"), Processes(folder, {}) as processes:
        with step("Database and simulated third parties") as bar:
            port = _ports(folder, given.port)
            web = f"http://{HOST}:{port['web']}"
            sandbox = start_sandbox(
                processes, port=port["sandbox"], orders=given.orders, seed=given.seed, web=web
            )
            bar.at(1, 1, "on 127.0.0.1")
        processes.environment = _environment(folder, url(folder / "postgres"), sandbox, web)
        with step("Tables, workspace, connected shop") as bar:
            demo = _prepare(processes.environment, sandbox)
            processes.start("worker", ["manage.py", "qcluster"])
            bar.at(1, 1, demo.shop.name)
        yield processes, demo, sandbox, web


def _ports(folder: Path, wanted: int) -> dict[str, int]:
    """The ports of the last start where they are free: the sandbox's address is stored in rates and label links."""
    path = folder / "ports.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    ports = {"web": free_port(wanted), "sandbox": free_port(known.get("sandbox", 0))}
    path.write_text(json.dumps(ports))
    return ports


def _with_pages(folder: Path, given: argparse.Namespace) -> int:
    with _running(folder, given) as (processes, demo, sandbox, web):
        granian = ["-m", "granian", "--interface", "wsgi", "--host", HOST, "--no-ws"]
        granian += ["--port", web.rpartition(":")[2], "--workers", "1", "--blocking-threads", "8"]
        processes.start("web", [*granian, "creatorflow.wsgi:application"])
        wait_for_web(f"{web}/accounts/login/", processes)
        from creatorflow.demo import job
        from creatorflow.demo.setting_up import EMAIL, PASSWORD

        watch = job.Watch(demo, processes)
        job.read_orders(watch)
        print(f"\n  CreatorFlow   {web}\n  sign in       {EMAIL}   {PASSWORD}")
        print(f"  third parties {sandbox}/_control/   (simulated)\n  Ctrl-C stops all of it.\n")
        sys.stdout.flush()
        job.prepare_quotes(watch)
        while not (name := processes.ended()):
            time.sleep(0.5)
        raise DidNotStart(f"{name} ended; see {folder}/{name}.log")


def _headless(folder: Path, given: argparse.Namespace) -> int:
    started = time.monotonic()
    with _running(folder, given) as (processes, demo, sandbox, _):
        from creatorflow.demo import job

        watch = job.Watch(demo, processes)
        try:
            job.read_orders(watch)
            job.prepare_quotes(watch)
            eligible = job.ready_orders(demo).count()
            made = job.buy_all(watch, limit=1000)
            pages = job.print_files(watch, made)
            job.tell_tiktok(watch)
        except job.GotStuck as problem:
            print(f"The job did not end: {problem}", file=sys.stderr)
            return 1
        seconds = time.monotonic() - started
        result = job.outcome(demo, sandbox, eligible=eligible, pages=pages, seconds=seconds)
    text = json.dumps(result, indent=2)
    if given.json:
        given.json.write_text(text + "\n")
    print(text)
    return 0 if _ties_out(result) else 1


def _ties_out(result: dict[str, Any]) -> bool:
    """Whether our ledger and the providers' wallets agree to the cent, and nothing was paid twice or lost."""
    if result["spend"] != result["sandbox_charged"] or result["duplicate_purchases"]:
        print("Our ledger and the sandbox's wallet do not agree.", file=sys.stderr)
        return False
    return result["labels_unknown"] == 0


if __name__ == "__main__":
    sys.exit(main())
