"""`./dev demo`: one address to open, Ctrl-C that stops everything, a second start that goes on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from creatorflow.demo.processes import ROOT
from creatorflow.demo.start import EMAIL, PASSWORD
from creatorflow.embedded_postgres import temporary_folder
from tests.demo.test_headless import demo

PROC = Path("/proc")
LINUX = pytest.mark.skipif(not PROC.exists(), reason="looks for processes in /proc: Linux only")
START = 90.0


class Demo:
    """A demo started on a terminal's behalf, with its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        words = ["-m", "creatorflow.demo", "--orders", "12", "--seed", "5", "--port", "0"]
        self.output = folder / "terminal.txt"
        with self.output.open("w") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=os.environ | {"CREATORFLOW_DATA": str(folder)},
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )

    def said(self, pattern: str) -> re.Match[str]:
        """Wait for these words."""
        until = time.monotonic() + START
        while not (found := re.search(pattern, self.output.read_text())):
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < until, self.output.read_text()
            time.sleep(0.1)
        return found

    def orders(self) -> set[str]:
        """Sign in with what the terminal says; the orders that the queue lists."""
        address = self.said(r"CreatorFlow\s+(http\S+)")[1]
        with httpx.Client(base_url=address, follow_redirects=True, trust_env=False) as http:
            page = http.get("/accounts/login/").text
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
            assert token is not None
            form = {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
            plan = http.post("/accounts/login/", data=form)
            assert "Rehearsal" in plan.text
            third_parties = self.said(r"third parties\s+(http\S+)")[1]
            assert "simulated" in http.get(third_parties).text
            listed = http.get("/w/glow-and-gather/queue/?tab=all").text
        return set(re.findall(r'title="(\d{18})"', listed))

    def stop(self) -> int:
        """Ctrl-C, pressed twice by somebody impatient; the exit code."""
        self.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=40)


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder("creatorflow-demo-test-") as made:
        yield made


@LINUX
@pytest.mark.timeout(240)
def test_ctrl_c_leaves_nothing_behind_and_a_second_start_goes_on(folder: Path) -> None:
    first = Demo(folder)
    try:
        seen = first.orders()
        processes = belonging_to(folder)
        second = demo("--port", "0", CREATORFLOW_DATA=str(folder))
        assert (second.returncode, "runs already" in second.stderr) == (1, True)
    finally:
        code = first.stop()
    assert code == 0
    assert len(seen) == 12
    assert len(processes) > 5  # the demo, sandbox, worker, pages, PostgreSQL and their children
    assert gone(processes) == set()

    again = Demo(folder)
    try:
        assert again.orders() == seen
        processes = belonging_to(folder)
    finally:
        again.process.kill()
        again.process.wait()
    assert gone(processes, but=again.process.pid) == set()  # killed outright: the same


def belonging_to(folder: Path) -> set[tuple[int, str]]:
    """Process ids, with the moment each began, of all that were started for this folder."""
    parents = {pid: _stat(pid) for pid in _pids()}
    found = {pid for pid in parents if str(folder) in _words(pid)}
    while more := {p for p, (parent, _) in parents.items() if parent in found} - found:
        found |= more
    return {(pid, parents[pid][1]) for pid in found}


def gone(processes: set[tuple[int, str]], *, but: int = 0) -> set[tuple[int, str]]:
    """Those that are still there after a while."""
    until = time.monotonic() + 20
    while left := {p for p in processes if _stat(p[0])[1] == p[1] and p[0] != but}:
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    return left


def _pids() -> list[int]:
    return [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]


def _words(pid: int) -> str:
    """Command line and environment."""
    try:
        raw = (PROC / f"{pid}/cmdline").read_bytes() + (PROC / f"{pid}/environ").read_bytes()
    except OSError:
        return ""
    return raw.decode(errors="replace")


def _stat(pid: int) -> tuple[int, str]:
    """The parent, and when it began; nothing for one that has ended."""
    try:
        fields = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, ""
    return (int(fields[1]), fields[19]) if fields[0] != "Z" else (0, "")
