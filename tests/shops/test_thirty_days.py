"""Thirty days of fifty shops, in seconds: every hour each makes a call, and none has a dead token.

The sandbox's own token host and gate stand behind the wire; both they and we are told the time.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from pytest_django import Settings

from core import breaker
from core.models import Circuit, Notification
from sandbox.tiktok.auth import exchange, mint_code, refresh
from sandbox.tiktok.gateway import Gate, Refusal
from sandbox.tiktok.store import Store
from sandbox.world import World
from shops import refresh_plan, tokens, wire
from shops.clients import use_transport
from shops.models import Authorization
from shops.tiktok_shop import auth
from tests import factories
from tests.shops.sandboxed import aim_at

SHOPS = 50
DAYS = 30
STEP = timedelta(minutes=30)
START = datetime(2026, 11, 1, tzinfo=UTC)
# The token host is down for four hours, in which some tokens are due.
OUTAGE = (START + timedelta(days=5, hours=20), START + timedelta(days=6))


class TikTok:
    """The sandbox's token host and gate over a moving clock; one refresh in five fails, in a way
    after which the old tokens are certainly still good."""

    def __init__(self) -> None:
        self.store = Store(World(seed=5))
        self.gate = Gate(self.store)
        self.dice = random.Random(5)
        self.lock = threading.Lock()
        self.refreshed: dict[str, list[datetime]] = defaultdict(list)
        self.answers: Counter[str] = Counter()
        for number in range(SHOPS):
            seller = {"open_id": f"seller-{number}", "name": f"Shop {number}", "region": "US"}
            self.store.data["sellers"][seller["open_id"]] = seller | {"shops": []}
        self.at(START)

    def at(self, now: datetime) -> None:
        """It is `now`."""
        self.now = now
        self.store.world.offset = now.timestamp() - time.time()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if request.url.path == "/api/v2/token/refresh":
                return self._refresh(request)
            return self._answer(lambda: exchange(self.store, dict(request.url.params)))

    def call(self, token: str) -> None:
        """A call with this token reaches the gate; Refusal where the token is dead."""
        self.answers["call"] += 1
        self.gate._check_token(token)

    def _refresh(self, request: httpx.Request) -> httpx.Response:
        fate = self.dice.random()
        if OUTAGE[0] <= self.now < OUTAGE[1] or fate < 0.10:
            self.answers["busy"] += 1
            return httpx.Response(503, text="busy")
        if fate < 0.15:
            self.answers["throttled"] += 1
            return httpx.Response(429, headers={"Retry-After": "600"})
        if fate < 0.20:
            self.answers["refused"] += 1
            raise httpx.ConnectError("refused")
        old = self.store.data["refresh"].get(request.url.params["refresh_token"])
        if old is None:
            self.answers["dead refresh token"] += 1
        else:
            self.refreshed[old["seller"]].append(self.now)
        return self._answer(lambda: refresh(self.store, dict(request.url.params)))

    def _answer(self, work: Callable[[], dict[str, Any]]) -> httpx.Response:
        try:
            body = {"code": 0, "message": "", "data": work(), "request_id": "r"}
            return httpx.Response(200, json=body)
        except Refusal as refusal:
            self.answers[str(refusal.code)] += 1
            return httpx.Response(200, json={"code": refusal.code, "message": "", "data": None})


class Worker(threading.Thread):
    """A worker process's part in it: refreshes whenever it is told to, at the same moment as the
    other."""

    def __init__(self, gate: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.gate = gate
        self.now: datetime | None = START
        self.exchanged = 0
        self.trouble: BaseException | None = None

    def run(self) -> None:
        """Until `now` is None."""
        try:
            while True:
                self.gate.wait()
                if self.now is None:
                    return
                self.exchanged += tokens.refresh(now=self.now)
                self.gate.wait()
        except BaseException as trouble:  # told to the test, which waits at the barrier
            self.trouble = trouble
            self.gate.abort()
        finally:
            connection.close()


def connect(tiktok: TikTok) -> None:
    """Fifty sellers give their permission, over half a day."""
    workspace = factories.workspace()
    for number in range(SHOPS):
        seller, now = f"seller-{number}", START + timedelta(minutes=15 * number)
        tiktok.at(now)
        code = mint_code(tiktok.store, seller)
        grant = auth.exchange_code(wire.token_host(), code=code, now=now)
        row = Authorization(workspace=workspace, open_id=seller, seller_name=seller, region="US")
        refresh_plan.hold(row, grant, now=now)
        row.save()


def each_makes_a_call(tiktok: TikTok) -> None:
    for row in Authorization.objects.all():
        tiktok.call(tokens.token_of(row, now=tiktok.now))


def forgive() -> None:
    """The circuit breaker's pauses are real minutes, which would be weeks here."""
    if Circuit.objects.all().delete()[0]:
        breaker.forget()


def is_refreshed_in_time(times: list[datetime], end: datetime) -> None:
    """About every six days, also the last time."""
    pauses = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    # The fifth may be due just after the last day: failures put it off by hours.
    assert len(times) in (4, 5), times
    assert end - times[-1] <= timedelta(days=6, hours=6)
    assert min(pauses) >= timedelta(days=5, hours=17)
    assert max(pauses) <= timedelta(days=6, hours=6)


@pytest.mark.timeout(120)
def test_no_call_meets_a_dead_token_and_every_token_is_refreshed_once(
    transactional_db: None, settings: Settings
) -> None:
    aim_at(settings, "http://tiktok")
    tiktok, gate = TikTok(), threading.Barrier(3)
    workers = [Worker(gate), Worker(gate)]
    with use_transport(httpx.MockTransport(tiktok)):
        connect(tiktok)
        first = now = tiktok.now
        for worker in workers:
            worker.start()
        while now < first + timedelta(days=DAYS):
            now += STEP
            tiktok.at(now)
            forgive()
            for worker in workers:
                worker.now = now
            for _ in range(2):  # both begin; both have ended
                gate.wait(timeout=30)
            if now.minute == first.minute:
                each_makes_a_call(tiktok)
        for worker in workers:
            worker.now = None
        gate.wait()
    for worker in workers:
        worker.join()
        assert worker.trouble is None
    assert not set(tiktok.answers) & {"105001", "105002", "36009004", "dead refresh token"}
    assert tiktok.answers["call"] == DAYS * 24 * SHOPS
    assert min(tiktok.answers[kind] for kind in ("busy", "throttled", "refused")) > 5
    assert sum(worker.exchanged for worker in workers) == sum(map(len, tiktok.refreshed.values()))
    assert min(worker.exchanged for worker in workers) > 0
    for seller in tiktok.store.data["sellers"]:
        is_refreshed_in_time(tiktok.refreshed[seller], now)
    assert not Authorization.objects.exclude(state="active").exists()
    assert not Notification.objects.exists()
