"""A sandbox in a thread of the test process, on a free loopback port, and a client for its control API."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from sandbox.server import Options, serve

Json = dict[str, Any]
WAIT = 15.0


class Running:
    """A started sandbox: `url` for the product, the other methods are what a test does to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=WAIT, trust_env=False)

    def control(self, method: str, path: str, data: Json | None = None) -> Json:
        """One control call; fails the test where the sandbox refuses it."""
        answer = self.http.request(method, f"/_control/{path}", json=data or {})
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def state(self) -> Json:
        """Clock, counts, wallets, webhooks, faults and calls."""
        return self.control("GET", "state")

    def ledger(self) -> Json:
        """Wallet entries by provider."""
        return self.control("GET", "ledger")

    def orders(self, **query: str) -> list[Json]:
        """Unmasked order records, by status, shipping_type, shop or id."""
        answer = self.http.get("/_control/orders", params={"limit": "100000", **query})
        rows: list[Json] = answer.json()["orders"]
        return rows

    def new_order(self, **overrides: Any) -> str:
        """The id of a fresh order, shaped by the overrides of `sandbox.tiktok.generate.Maker`."""
        ids: list[str] = self.control("POST", "orders", overrides)["ids"]
        return ids[0]

    def order(self, order_id: str, action: str, **data: Any) -> Json:
        """cancel, request-cancel, status, hold, release, aftersale or address."""
        return self.control("POST", f"orders/{order_id}/{action}", data)

    def fault(self, kind: str, **rule: Any) -> Json:
        """Put a fault in force: provider, method, path, status, times, seconds, ..."""
        return self.control("POST", "faults", {"kind": kind, **rule})

    def clear_faults(self) -> None:
        """Lift all faults."""
        self.control("DELETE", "faults")

    def travel(self, seconds: float) -> None:
        """Move the world's clock."""
        self.control("POST", "travel", {"seconds": seconds})

    def tiktok(self, **settings: Any) -> Json:
        """TikTok's settings and actions (rate_limit, document_delay, expire_tokens, ...)."""
        return self.control("POST", "tiktok", settings)

    def code(self, **extra: Any) -> str:
        """An authorization code, as if a seller had just agreed."""
        code: str = self.control("POST", "tiktok/code", extra)["code"]
        return code


@contextlib.contextmanager
def running(options: Options | None = None, **more: Any) -> Iterator[Running]:
    """Start a sandbox, wait until it listens, and stop it at the end."""
    box: Json = {}
    ready = threading.Event()

    async def life() -> None:
        box["stop"], box["loop"] = asyncio.Event(), asyncio.get_running_loop()
        await serve(options or Options(**more), box["stop"], started)

    def started(url: str) -> None:
        box["url"] = url
        ready.set()

    def body() -> None:
        try:
            asyncio.run(life())
        except BaseException as wrong:  # noqa: BLE001 - told to the test, which is in another thread
            box["error"] = wrong
        finally:
            ready.set()

    thread = threading.Thread(target=body, name="sandbox", daemon=True)
    thread.start()
    assert ready.wait(WAIT), "the sandbox did not start in time"
    if "error" in box:
        raise RuntimeError("the sandbox did not start") from box["error"]
    sandbox = Running(box["url"])
    try:
        yield sandbox
    finally:
        sandbox.http.close()
        box["loop"].call_soon_threadsafe(box["stop"].set)
        thread.join(WAIT)
        assert not thread.is_alive(), "the sandbox did not stop in time"
    if "error" in box:
        raise RuntimeError("the sandbox fell over") from box["error"]
