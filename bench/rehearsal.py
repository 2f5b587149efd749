"""A fresh database, the sandbox and a connected shop in this process: the ground of benches."""

import os
import secrets
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creatorflow.demo.processes import Processes, ask, start_sandbox
from creatorflow.embedded_postgres import EmbeddedPostgres, url

if TYPE_CHECKING:
    from creatorflow.demo.setting_up import Demo

WEB = "http://127.0.0.1:8000"  # nobody listens there; links in mails and the way back from TikTok


@dataclass(frozen=True, slots=True)
class Ground:
    """What a bench stands on; `sandbox` is the address of the simulated third parties."""

    demo: "Demo"
    sandbox: str

    def state(self) -> dict[str, Any]:
        """The sandbox's own view: calls, wallets, shipped orders."""
        return dict(ask(f"{self.sandbox}/_control/state"))


@contextmanager
def rehearsal(*, orders: int, seed: int = 1, more: tuple[str, ...] = ()) -> Iterator[Ground]:
    """Everything set up and migrated; `more` are words for the sandbox's command line. Once a
    process: Django reads its settings only once."""
    with tempfile.TemporaryDirectory(prefix="creatorflow-bench-", dir="/var/tmp") as name:  # noqa: S108 - its own folder
        folder = Path(name)
        folder.chmod(0o711)  # the database server's own account has to get in
        with EmbeddedPostgres(folder / "postgres"), Processes(folder, {}) as processes:
            sandbox = start_sandbox(processes, port=0, orders=orders, seed=seed, web=WEB, more=more)
            os.environ.update(_environment(folder, sandbox))
            yield Ground(_set_up(sandbox), sandbox)
            from django.db import connections

            connections.close_all()


def _environment(folder: Path, sandbox: str) -> dict[str, str]:
    from creatorflow.demo.start import APP

    return APP | {
        "DJANGO_SETTINGS_MODULE": "creatorflow.settings",
        "CREATORFLOW_ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEYS": f"bench:{b64encode(secrets.token_bytes(32)).decode()}",
        "DATABASE_URL": url(folder / "postgres"),
        "CREATORFLOW_DATA": str(folder),
        "FILE_STORE": str(folder / "files"),
        "DEBUG": "false",
        "PUBLIC_URL": WEB,
        "TIKTOK_SHOP_URL": sandbox,
        "TIKTOK_SHOP_AUTH_URL": sandbox,
        "TIKTOK_SHOP_AUTHORIZE_URL": sandbox,
        "TIKTOK_SHOP_AUTHORIZE_URL_US": sandbox,
        "EASYPOST_BASE_URL": f"{sandbox}/v2",
        "SHIPPO_BASE_URL": sandbox,
        "LOG_LEVEL": "WARNING",
    }


def _set_up(sandbox: str) -> "Demo":
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from creatorflow.demo.setting_up import set_up

    return set_up(sandbox)
