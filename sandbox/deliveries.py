"""Webhooks on their way out: sent in the background, tried again; faults drop, double, delay them."""

import asyncio
import contextlib
import hashlib
from pathlib import Path

import aiohttp

from sandbox.faults import Faults

ANSWER_WITHIN = aiohttp.ClientTimeout(total=3)
AT_ONCE = 20


class Deliveries:
    """Sends webhooks of every provider; `retries` are the pauses in seconds before each new try.
    The file `thanked` gets a line for each one that was answered well: its body's SHA-256."""

    def __init__(self, faults: Faults, retries: list[float], thanked: Path | None = None) -> None:
        self.thanked = thanked
        self.faults = faults
        self.retries = retries
        self.sent: dict[str, int] = {}
        self.failed: dict[str, int] = {}
        self.dropped = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    def send(
        self, provider: str, event: str, url: str, body: bytes, headers: dict[str, str]
    ) -> None:
        """Queue one webhook; must be called from the server's event loop."""
        copies = self.faults.copies(provider, event)
        if copies == 0:
            self.dropped += 1
        for _ in range(copies):
            wait = self.faults.delay(provider, event)
            task = asyncio.create_task(self._deliver(provider, url, body, headers, wait))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up on what is under way and free the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def under_way(self) -> int:
        """Webhooks that were neither answered nor given up."""
        return len(self._tasks)

    async def _deliver(
        self, provider: str, url: str, body: bytes, headers: dict[str, str], wait: float
    ) -> None:
        for pause in (wait, *self.retries):
            await asyncio.sleep(pause)
            status = 0
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
                status = await self._post(url, body, headers)
            # a 401 is an answer too: it ends the delivery
            if 200 <= status < 300 or status == 401:
                kept = self.sent if status != 401 else self.failed
                kept[provider] = kept.get(provider, 0) + 1
                if self.thanked and status != 401:
                    with self.thanked.open("a") as lines:
                        lines.write(hashlib.sha256(body).hexdigest() + "\n")
                return
        self.failed[provider] = self.failed.get(provider, 0) + 1

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=ANSWER_WITHIN)
        async with (
            self._slots,
            self._session.post(
                url, data=body, headers={"Content-Type": "application/json", **headers}
            ) as answer,
        ):
            await answer.read()
            return answer.status
