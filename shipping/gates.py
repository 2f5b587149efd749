"""What a label account's call passes before it leaves: the provider's published rate, over all
processes, then the account's circuit.

Shippo publishes calls a minute by kind, for live keys: 500 that write, 4,000 that read one object,
50 that read a list; a tenth of each for test keys. EasyPost publishes only 5 a second for lists.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import httpx
from django.conf import settings

from core import breaker
from core.errors import RateLimited
from core.http import Gate
from core.limits import SharedLimiter

PAUSE = 1.0  # seconds for everybody, when a provider says "too many" and not until when
# What spends money is sent soon or not at all: by then others may have drawn conclusions.
_SOON = 20.0
# Bursts that keep a minute's calls within the minute's limit: 500 a minute are 8 a second and 20
# at once.
_BURST_SECONDS = 2.5
_EASYPOST_LISTS = frozenset({"shipments", "carrier_accounts"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A kind of call and how many of them a second."""

    kind: str
    per_second: float


def circuit_of(account_id: UUID, provider: str) -> str:
    """The key of a label account's circuit."""
    return f"{provider}:account:{account_id}"


def files_circuit(provider: str) -> str:
    """The key of the circuit of a provider's label files, which lie on a host of their own."""
    return f"{provider}:files"


def files_gate(provider: str, name: str) -> Gate:
    """The gate of downloads; every account of the provider shares it."""
    return breaker.gate(files_circuit(provider), name=f"{name}'s file store")


def account_gate(account_id: UUID, provider: str, name: str, *, test: bool) -> Gate:
    """The gate of one account's calls; `test` when its key buys labels without value."""
    circuit = circuit_of(account_id, provider)
    limit_for = {"shippo": _shippo, "easypost": _easypost}.get(provider)

    def pass_through(request: httpx.Request) -> AbstractContextManager[None]:
        safe = bool(request.extensions.get("safe", True))
        limit = limit_for(request, test) if limit_for else None
        return _passing(circuit, name, safe, limit)

    return pass_through


@contextmanager
def _passing(circuit: str, name: str, safe: bool, limit: Limit | None) -> Iterator[None]:
    breaker.check(circuit, name=name, probes=safe)  # who is turned away anyway needs no turn
    key = ""
    if limit is not None:
        key = f"{circuit}:{limit.kind}"
        _limiter(limit.per_second, settings.QUOTE_SECONDS if safe else _SOON).acquire(key)
    try:
        with breaker.guard(circuit, name=name, probes=safe):
            yield
    except RateLimited as error:
        if limit is not None:
            for patience in (settings.QUOTE_SECONDS, _SOON):  # each holds turns of its own
                _limiter(limit.per_second, patience).push_back(key, error.retry_after or PAUSE)
        raise


@cache
def _limiter(per_second: float, patience: float) -> SharedLimiter:
    burst = max(1, int(per_second * _BURST_SECONDS))
    together = max(1, int(per_second / 10))  # where they are many: a tenth of a second's
    return SharedLimiter(per_second, burst=burst, together=together, patience=patience)


def _shippo(request: httpx.Request, test: bool) -> Limit:
    writes = settings.SHIPPO_RATE_PER_SECOND / (10 if test else 1)
    if request.method != "GET":
        return Limit("write", writes)
    if request.url.path.count("/") > 1:
        return Limit("read", writes * 8)
    return Limit("list", writes / 10)


def _easypost(request: httpx.Request, test: bool) -> Limit:
    per_second: float = settings.EASYPOST_RATE_PER_SECOND
    if request.method == "GET" and request.url.path.rpartition("/")[2] in _EASYPOST_LISTS:
        return Limit("list", min(5.0, per_second))
    return Limit("call", per_second)
