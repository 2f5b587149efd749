"""A sandbox that is killed outright comes back with everything it had answered."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.sandbox.running import Json

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def durable(folder: Path) -> Iterator[httpx.Client]:
    """A sandbox process over the world in `folder`, killed at the end."""
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    words = ["-m", "sandbox", "--orders", "20", "--durable", "--state", str(folder / "world.json")]
    process = subprocess.Popen(
        [sys.executable, *words, "--ready-file", str(ready)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 30
        while not ready.exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        with httpx.Client(base_url=json.loads(ready.read_text())["url"], trust_env=False) as http:
            yield http
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def grant(http: httpx.Client, call: str, **query: str) -> Json:
    """The token host's answer."""
    app = {"app_key": "sandboxapp", "app_secret": "sandbox-app-secret-0123456789abcdef"}
    answer: Json = http.get(f"/api/v2/token/{call}", params=app | query).json()
    return answer


def test_what_a_durable_sandbox_answered_outlives_a_sigkill(tmp_path: Path) -> None:
    with durable(tmp_path) as http:
        made = http.post("/_control/orders", json={"count": 3}).json()["ids"]
        code = http.post("/_control/tiktok/code", json={}).json()["code"]
        first = grant(http, "get", auth_code=code, grant_type="authorized_code")["data"]
        # a GET changes something here as well: the refresh token is used up
        used = {"refresh_token": first["refresh_token"], "grant_type": "refresh_token"}
        second = grant(http, "refresh", **used)["data"]
    with durable(tmp_path) as http:
        orders = {row["id"] for row in http.get("/_control/orders").json()["orders"]}
        assert set(made) <= orders
        assert grant(http, "refresh", **used)["code"] == 36004001
        again = {"refresh_token": second["refresh_token"], "grant_type": "refresh_token"}
        assert grant(http, "refresh", **again)["code"] == 0
