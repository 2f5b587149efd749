"""The processes of a demo: sandbox, web server, worker. All on loopback, all ended with it."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class DidNotStart(Exception):
    """A process ended, or said nothing, while the demo waited for it."""


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return int(probe.getsockname()[1])
    raise DidNotStart("no free port on 127.0.0.1")


class Processes:
    """Children in the order they were started; leaving the context ends them in reverse."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, words: Sequence[str]) -> subprocess.Popen[bytes]:
        """Run `python words…`; its output goes to a log file of its own in the demo's folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, *words],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we end the others in order
                preexec_fn=_end_with_parent,
            )
        self.running.append((name, process))
        return process

    def ended(self) -> str:
        """The name of a child that ended by itself, or nothing."""
        return next((name for name, process in self.running if process.poll() is not None), "")

    def stop(self) -> None:
        """End all children, last one first: politely, then for certain, with all they started."""
        with _undisturbed():
            while self.running:
                _end(self.running[-1][1])
                self.running.pop()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C, out of impatience, must not leave processes behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent() -> None:
    """Linux ends the children of a demo that was killed outright and could not do so itself."""
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def start_sandbox(
    processes: Processes, *, port: int, orders: int, seed: int, web: str, more: Sequence[str] = ()
) -> str:
    """Start the sandbox and wait for it; its address."""
    launch_sandbox(processes, port=port, orders=orders, seed=seed, web=web, more=more)
    return sandbox_address(processes)


def launch_sandbox(
    processes: Processes, *, port: int, orders: int, seed: int, web: str, more: Sequence[str] = ()
) -> None:
    """Start the sandbox. It keeps its world between starts; orders and seed are for a new one."""
    ready = processes.folder / "sandbox.ready"
    ready.unlink(missing_ok=True)
    words = ["-m", "sandbox", "--port", str(port), "--orders", str(orders), "--seed", str(seed)]
    words += ["--state", str(processes.folder / "sandbox.json"), "--ready-file", str(ready)]
    words += ["--redirect-url", f"{web}/connect/tiktok/callback", *more]
    processes.start("sandbox", words)


def sandbox_address(processes: Processes) -> str:
    """Where the launched sandbox listens, once it does."""
    ready = processes.folder / "sandbox.ready"
    until = time.monotonic() + START_SECONDS
    while not ready.exists():
        if processes.ended() or time.monotonic() > until:
            raise DidNotStart(f"the sandbox did not start; see {processes.folder}/sandbox.log")
        time.sleep(0.05)
    return str(json.loads(ready.read_text())["url"])


def ask(url: str, data: dict[str, Any] | None = None) -> Any:
    """GET, or POST `data` to, one of the sandbox's control pages; the JSON it answers."""
    request = urllib.request.Request(  # noqa: S310 - loopback only
        url,
        data=None if data is None else json.dumps(data).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback only
        return json.load(answer)


def wait_for_web(url: str, processes: Processes) -> None:
    """Until the web server answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - loopback only
            return
        if name := processes.ended():
            raise DidNotStart(f"{name} ended; see {processes.folder}/{name}.log")
        if time.monotonic() > until:
            raise DidNotStart(f"the web server did not answer; see {processes.folder}/web.log")
        time.sleep(0.1)
