"""One aiohttp application that is every third party at once, on one loopback port."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox import control, easypost, shippo
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults, Handler
from sandbox.keeping import Keeper, write_whole
from sandbox.tiktok import endpoints
from sandbox.tiktok.generate import populate
from sandbox.tiktok.shops import found
from sandbox.tiktok.store import Store
from sandbox.world import World

HOST = "127.0.0.1"
MAX_BODY = 8 * 1024 * 1024


@dataclass
class Options:
    """How a sandbox is started; `port` 0 takes a free one, `state` names the file it lives in,
    `durable` answers no change before that file holds it."""

    port: int = 0
    orders: int = 500
    seed: int = 1
    shops: int = 1
    state: Path | None = None
    durable: bool = False
    ready_file: Path | None = None
    thanked: Path | None = None  # gets the SHA-256 of each webhook's body that was answered well
    latency: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def build_app(
    world: World,
    store: Store,
    faults: Faults,
    keeper: Keeper | None = None,
    thanked: Path | None = None,
) -> web.Application:
    """The application with every provider's routes, over one world."""
    keep = [keeper.middleware] if keeper else []
    app = web.Application(
        middlewares=[*keep, _bookkeeping(world), faults.middleware, endpoints.unknown],
        client_max_size=MAX_BODY,
    )
    deliveries = Deliveries(faults, store.settings["webhook_retries"], thanked)
    world.deliver = deliveries.send
    app.add_routes(endpoints.routes(store))
    app.add_routes(easypost.routes(world))
    app.add_routes(shippo.routes(world))
    app.add_routes(control.Control(store, faults, deliveries).routes())

    async def background(_: web.Application) -> AsyncIterator[None]:
        clock = asyncio.create_task(_tick(world))
        yield
        clock.cancel()
        await deliveries.close()

    app.cleanup_ctx.append(background)
    return app


def _bookkeeping(world: World) -> Middleware:
    """Counts calls per route, lets due timers run first, and notes what may have changed state."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        world.calls[f"{request.method} {resource.canonical if resource else 'unknown'}"] += 1
        world.run_timers()
        try:
            return await handler(request)
        finally:
            if request.method != "GET":
                world.touch()

    return count


async def _tick(world: World) -> None:
    while True:
        await asyncio.sleep(1)
        world.run_timers()


def open_world(options: Options) -> Store:
    """The world of the state file where there is one, else a new one."""
    state = None
    if options.state is not None and options.state.exists():
        state = orjson.loads(options.state.read_bytes())
    world = World(options.seed, state)
    store = Store(world)
    store.settings.update(options.settings)
    if not store.data["shops"]:
        found(store, options.shops)
        populate(store, options.orders)
    store.warm()
    return store


async def _keep_state(world: World, path: Path) -> None:
    """Write the state a second after a change; big worlds less often than small ones."""
    saved, pause = world.version, 1.0
    while True:
        await asyncio.sleep(pause)
        if world.version == saved:
            continue
        saved, start = world.version, time.monotonic()
        raw = orjson.dumps(world.to_state())
        await asyncio.to_thread(write_whole, path, raw)
        pause = max(1.0, 20 * (time.monotonic() - start))


async def serve(
    options: Options,
    stop: asyncio.Event | None = None,
    started: Callable[[str], None] | None = None,
) -> None:
    """Run until SIGTERM, SIGINT or `stop`; calls `started` with the address once it listens."""
    store = open_world(options)
    world = store.world
    keeper = Keeper(world, options.state) if options.durable and options.state else None
    app = build_app(world, store, Faults(options.seed, options.latency), keeper, options.thanked)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.port, backlog=512)
    await site.start()
    address = f"http://{HOST}:{runner.addresses[0][1]}"
    if stop is None:
        gc.collect()
        gc.freeze()  # the seeded orders never become garbage; do not walk them again and again
    if options.ready_file is not None:
        write_whole(options.ready_file, orjson.dumps({"url": address, "pid": os.getpid()}))
    if started is not None:
        started(address)
    end = stop or _until_signal()
    saver = None
    if keeper is not None:
        saver = asyncio.create_task(keeper.keep_all())
    elif options.state is not None:
        saver = asyncio.create_task(_keep_state(world, options.state))
    try:
        await end.wait()
    finally:
        if saver is not None:
            saver.cancel()
            await asyncio.gather(saver, return_exceptions=True)
        await runner.cleanup()
        if options.state is not None:
            write_whole(options.state, orjson.dumps(world.to_state()))


def _until_signal() -> asyncio.Event:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    return end
