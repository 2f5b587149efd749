"""The world on disk: a provider does not forget what it has answered, even if it is killed."""

import asyncio
import os
from pathlib import Path

import orjson
from aiohttp import web

from sandbox.faults import Handler
from sandbox.world import World


def write_whole(path: Path, raw: bytes, *, durable: bool = False) -> None:
    """Replace a file in one step, so that a crash leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(raw)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(part, path)


class Keeper:
    """Writes the world before an answer that changed it leaves; changes that wait share a write."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path
        self._kept = world.version
        self._writing = asyncio.Lock()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hold the answer back until its effect is on disk."""
        try:
            return await handler(request)
        finally:
            await self.keep(self.world.version)

    async def keep_all(self) -> None:
        """For ever: also what changes with no call, as time goes by."""
        while True:
            await asyncio.sleep(1)
            await self.keep(self.world.version)

    async def keep(self, version: int) -> None:
        """Until the file holds the world of `version` or a later one."""
        while self._kept < version:
            async with self._writing:
                if self._kept >= version:
                    return
                now = self.world.version
                raw = orjson.dumps(self.world.to_state())
                await asyncio.to_thread(write_whole, self.path, raw, durable=True)
                self._kept = now
