"""A real S3 server on loopback: it checks signatures and keeps its objects as files."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

KEY, SECRET, BUCKET = "creatorflow-tests", "not-a-secret-but-long-enough", "labels"


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and the folder its buckets are folders in."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the run, with one bucket."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / BUCKET).mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--data-dir", str(folder), "--no-access-log", "--log-level", "error"]
    environment = os.environ | {"NANIO_ACCESS_KEY": KEY, "NANIO_SECRET_KEY": SECRET}
    process = subprocess.Popen(command, env=environment)
    try:
        _wait_for(port, process)
        yield Server(f"http://127.0.0.1:{port}", folder)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the S3 server did not start (exit code {process.poll()})")
