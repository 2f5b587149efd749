"""Misbehaviour on demand, the same for every simulated provider: one aiohttp middleware."""

import asyncio
import fnmatch
import random
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from aiohttp import web

from sandbox.damage import DAMAGES
from sandbox.refusals import provider_error

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KINDS = (
    "latency",
    "status",
    "reset",
    "silence",
    "timeout_after_effect",
    "malformed",
    "reset_after_effect",
    "missing_fields",
    "nulls",
    "wrong_type",
    "truncated",
)
# of a webhook; drop and duplicate exclude each other, delay may come on top: others overtake it
COPY_KINDS = ("drop_webhook", "duplicate_webhook")
DELAY_KINDS = ("delay_webhook",)
WEBHOOK_KINDS = COPY_KINDS + DELAY_KINDS
SHIPPO_ROOTS = frozenset(
    {
        "addresses",
        "carrier_accounts",
        "manifests",
        "parcels",
        "rates",
        "refunds",
        "shipments",
        "tracks",
        "transactions",
        "webhooks",
    }
)


def kind[H: Callable[..., Any]](name: str) -> Callable[[H], H]:
    """Tag a handler with its class of call ("rate", "buy"), for standing latency."""

    def tag(handler: H) -> H:
        handler.call_kind = name  # type: ignore[attr-defined]
        return handler

    return tag


def provider_of(path: str) -> str:
    """Which third party a path belongs to: tiktok, easypost, shippo, files or control."""
    head = path.split("/", 2)[1]
    if head == "v2":
        return "easypost"
    if head in SHIPPO_ROOTS:
        return "shippo"
    return {"_control": "control", "files": "files"}.get(head, "tiktok")


@dataclass
class Rule:
    """One fault: which calls it meets, and what happens to them."""

    kind: str
    provider: str = ""
    method: str = ""
    path: str = ""
    status: int = 500
    retry_after: float | None = None
    seconds: float = 30.0
    body: Any = None
    times: int = 1
    probability: float = 1.0
    every_nth: int = 0
    id: str = ""
    seen: int = 0
    hits: int = 0
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS + WEBHOOK_KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; one of {KINDS + WEBHOOK_KINDS}")
        self.pattern = _path_pattern(self.path)

    def as_json(self) -> dict[str, Any]:
        """The rule as the control API shows it."""
        data = asdict(self)
        del data["pattern"]
        return data

    def meets(self, provider: str, method: str, path: str, dice: random.Random) -> bool:
        """Whether this call is struck; counts the calls it saw and the ones it struck."""
        if self.times == 0 or (self.method and self.method.upper() != method):
            return False
        if self.provider and self.provider != provider:
            return False
        if not self.pattern.search(path):
            return False
        self.seen += 1
        if self.every_nth and self.seen % self.every_nth:
            return False
        if self.probability < 1 and dice.random() >= self.probability:
            return False
        self.hits += 1
        if self.times > 0:
            self.times -= 1
        return True


def _path_pattern(path: str) -> re.Pattern[str]:
    """A glob ("/v2/shipments/*/buy") meets the whole path; with ^, $ or ( it is a regex."""
    if not path:
        return re.compile("")
    if any(sign in path for sign in "^$("):
        return re.compile(path)
    return re.compile(fnmatch.translate(path))


class Faults:
    """The rules in force, the standing latencies, and how often each was met."""

    def __init__(self, seed: int = 1, latency: dict[str, float] | None = None) -> None:
        self.rules: list[Rule] = []
        self.latency: dict[str, float] = dict(latency or {})
        self.hits: dict[str, int] = {}
        self.dice = random.Random(f"{seed}:faults")
        self.made = 0

    def add(self, data: dict[str, Any]) -> Rule:
        """Put a rule in force; raises TypeError or ValueError where it makes no sense."""
        self.made += 1
        rule = Rule(**{**data, "id": f"fault-{self.made}"})
        self.rules.append(rule)
        return rule

    def clear(self, rule_id: str = "") -> None:
        """Lift one rule, or all."""
        self.rules = [rule for rule in self.rules if rule_id and rule.id != rule_id]

    def _first(self, kinds: tuple[str, ...], provider: str, method: str, path: str) -> Rule | None:
        for rule in self.rules:
            if rule.kind in kinds and rule.meets(provider, method, path, self.dice):
                self.hits[rule.kind] = self.hits.get(rule.kind, 0) + 1
                return rule
        return None

    def find(self, method: str, path: str) -> Rule | None:
        """The first rule that strikes this call."""
        return self._first(KINDS, provider_of(path), method, path)

    def copies(self, provider: str, event: str) -> int:
        """How often a webhook goes out: 1, 0 or 2 times; a rule's path is met by the event."""
        rule = self._first(COPY_KINDS, provider, "POST", event)
        return {"drop_webhook": 0, "duplicate_webhook": 2}.get(rule.kind if rule else "", 1)

    def delay(self, provider: str, event: str) -> float:
        """Seconds that one copy of a webhook waits: any part of what the rule says, mostly 0."""
        rule = self._first(DELAY_KINDS, provider, "POST", event)
        return self.dice.uniform(0, rule.seconds) if rule else 0.0

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Delay, break or lose the answer of a provider's call; control calls are left alone."""
        if self.latency:
            call_kind = getattr(request.match_info.handler, "call_kind", "")
            if delay := self.latency.get(call_kind, 0.0):
                await asyncio.sleep(delay)
        if not self.rules or provider_of(request.path) == "control":
            return await handler(request)
        rule = self.find(request.method, request.path)
        if rule is None:
            return await handler(request)
        return await _strike(rule, request, handler)


async def _strike(rule: Rule, request: web.Request, handler: Handler) -> web.StreamResponse:
    if rule.kind == "latency":
        await asyncio.sleep(rule.seconds)
        return await handler(request)
    if rule.kind == "status":
        return _status_answer(rule, request)
    if rule.kind == "reset":
        return _reset(request)
    if rule.kind == "silence":
        await _outlast(request, rule.seconds)
        return _reset(request)
    answer = await handler(request)
    if rule.kind in DAMAGES:
        return DAMAGES[rule.kind](answer, rule.body)
    if rule.kind == "timeout_after_effect":
        await _outlast(request, rule.seconds)
    return _reset(request)


def _status_answer(rule: Rule, request: web.Request) -> web.Response:
    headers = {} if rule.retry_after is None else {"Retry-After": f"{rule.retry_after:g}"}
    body = rule.body
    if body is None and rule.status in (502, 503):  # a balancer answers, not the provider
        page = f"<html><body><h1>{rule.status} Server Error</h1></body></html>"
        return web.Response(
            status=rule.status, text=page, content_type="text/html", headers=headers
        )
    if body is None:
        body = provider_error(provider_of(request.path), rule.status)
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return web.Response(
        status=rule.status, body=raw, content_type="application/json", headers=headers
    )


async def _outlast(request: web.Request, seconds: float) -> None:
    """Stay silent until the time is over or the caller has gone."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end and request.transport is not None:
        if request.transport.is_closing():
            return
        await asyncio.sleep(0.05)


def _reset(request: web.Request) -> web.Response:
    """Cut the connection as a crashed peer does (RST); the returned answer reaches nobody."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            linger = struct.pack("ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response(status=500)
