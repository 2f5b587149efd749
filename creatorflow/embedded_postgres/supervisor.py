"""The process that keeps one embedded PostgreSQL; imports only the standard library.

It holds a lock on the home folder, makes the cluster if there is none, runs the postmaster as its
child, starts it again if it dies, and stops it when the last connection to its control socket
closes. A connection closes when its process ends in whatever way, so a killed owner leaves no
server behind.
"""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any, cast

from creatorflow.embedded_postgres.cluster import Cluster, Failed

FIRST_OWNER_SECONDS = 15.0
LOG_BYTES = 5_000_000
DEATHS_PER_MINUTE = 5


class Terminated(BaseException):
    """Somebody asked this process to end."""


class Reception:
    """Counts the owners of a running cluster by their open connections."""

    def __init__(self, cluster: Cluster, listener: socket.socket) -> None:
        """Serves connections to `listener`, which owners may already be waiting on."""
        self.cluster = cluster
        self.listener = listener
        self.owners: set[socket.socket] = set()
        self.leaving: list[socket.socket] = []
        self.deaths: list[float] = []
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Stop the cluster when the last owner has gone, or when nobody came at all."""
        opened, visited = time.monotonic(), False
        while self.owners or (not visited and time.monotonic() < opened + FIRST_OWNER_SECONDS):
            for key, _ in self.selector.select(timeout=0.5):
                if key.fileobj is self.listener:
                    self._welcome()
                    visited = True
                else:
                    self._hear(cast(socket.socket, key.fileobj))
            self._revive()
        self.cluster.stop()
        for owner in self.leaving:
            owner.close()

    def _welcome(self) -> None:
        owner = self.listener.accept()[0]
        # Gone before it was greeted? The next read says so, too.
        with contextlib.suppress(ConnectionError):
            owner.sendall(b"ready\n")
        self.owners.add(owner)
        self.selector.register(owner, selectors.EVENT_READ)

    def _hear(self, owner: socket.socket) -> None:
        """An owner said good-bye or ended; the last one's good-bye is answered after the stop."""
        try:
            word = owner.recv(100)
        except ConnectionError:
            word = b""
        self.selector.unregister(owner)
        self.owners.discard(owner)
        if word and not self.owners:
            self.leaving.append(owner)
        else:
            owner.close()

    def _revive(self) -> None:
        if self.cluster.postmaster is None or self.cluster.postmaster.poll() is None:
            return
        now = time.monotonic()
        self.deaths = [death for death in self.deaths if death > now - 60] + [now]
        if len(self.deaths) > DEATHS_PER_MINUTE:
            raise Failed("PostgreSQL keeps dying")
        self.cluster.launch()


def refuse(listener: socket.socket, reason: str) -> None:
    """Tell everyone who is waiting why there will be no server."""
    listener.settimeout(1.0)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            with listener.accept()[0] as owner:
                owner.sendall(f"failed: {' '.join(reason.split())}\n".encode())


def main(plan: dict[str, Any]) -> int:
    """Keep the cluster of `plan`; 0 when it ended in order or another supervisor keeps it."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    cluster = Cluster(plan)
    with (
        (cluster.sockets / "lock").open("w") as lock,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
    ):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        control = cluster.sockets / "control"
        control.unlink(missing_ok=True)
        listener.bind(str(control))
        listener.listen(128)
        # Whoever asked waits for this half only, and keeps no child that outlives its interest.
        if os.fork():
            os._exit(0)
        try:
            return _keep(cluster, listener)
        finally:
            control.unlink(missing_ok=True)


def _keep(cluster: Cluster, listener: socket.socket) -> int:
    try:
        if os.fstat(sys.stdout.fileno()).st_size > LOG_BYTES:
            os.ftruncate(sys.stdout.fileno(), 0)
        cluster.prepare()
        cluster.launch()
        Reception(cluster, listener).run()
    except (Failed, OSError) as error:
        cluster.stop()
        refuse(listener, str(error))
        return 1
    except Terminated:
        cluster.stop()
    return 0


def _terminate(number: int, frame: object) -> None:
    raise Terminated


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
