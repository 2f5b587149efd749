"""Ask every account at once, with one deadline for all; who failed is kept, and never hides nor
slows who answered."""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection

from core.errors import CircuitOpen, RemoteError, Unavailable
from core.http import about
from shipping.providers.base import Provider, Quotes, Rate, ShipmentSpec, Unsupported

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """One account to ask: `account_id` and `name` are ours, for the record."""

    account_id: str
    name: str
    provider: Provider


@dataclass(frozen=True, slots=True)
class Offer:
    """A rate and the account that offered it."""

    account_id: str
    rate: Rate
    name: str = ""  # of the account


@dataclass(frozen=True, slots=True)
class Failure:
    """An account that gave no rates, in words; `remote` is its own error when there was one.

    `away`: it could not be asked, or did not answer, so it may well have rates.
    """

    account_id: str
    name: str
    message: str
    remote: RemoteError | None = None
    away: bool = False

    @property
    def since(self) -> datetime | None:
        """Since when it has not been answering, where the breaker knows."""
        return self.remote.since if isinstance(self.remote, CircuitOpen) else None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came back in time, in the order the accounts were given."""

    offers: tuple[Offer, ...]
    failures: tuple[Failure, ...]
    messages: tuple[str, ...]  # complaints of single carriers behind accounts that did answer


@cache
def _pool(process_id: int, provider: str) -> ThreadPoolExecutor:
    """Threads kept for the life of this process; a forked worker makes its own. Each provider has
    its own, so that one that hangs can take nobody else's."""
    return ThreadPoolExecutor(max_workers=32, thread_name_prefix=f"rates-{provider}-{process_id}")


def ask_all(asked: Sequence[Asked], spec: ShipmentSpec, *, seconds: float) -> Gathered:
    """All rates for `spec` that arrive within `seconds`; a late answer is a failure of that account
    alone."""
    futures = [
        (one, _pool(os.getpid(), one.provider.slug).submit(_quote, one.provider, spec))
        for one in asked
    ]
    wait([future for _, future in futures], timeout=seconds)
    offers: list[Offer] = []
    failures: list[Failure] = []
    messages: list[str] = []
    for one, future in futures:
        outcome = _outcome(one, future, seconds)
        if isinstance(outcome, Failure):
            failures.append(outcome)
            continue
        offers += [Offer(one.account_id, rate, one.name) for rate in outcome.rates]
        messages += [f"{one.name}: {text}" for text in outcome.messages]
        if not outcome.rates:
            text = outcome.messages[0] if outcome.messages else "no rate for this parcel"
            failures.append(Failure(one.account_id, one.name, text))
    return Gathered(tuple(offers), tuple(failures), tuple(messages))


def _quote(provider: Provider, spec: ShipmentSpec) -> Quotes:
    try:
        with about(spec.reference):
            return provider.quote(spec)
    finally:
        # A provider may have asked the database for its token: threads must not keep connections.
        connection.close()


def _outcome(one: Asked, future: "Future[Quotes]", seconds: float) -> Quotes | Failure:
    if not future.done():
        future.cancel()
        words = f"did not answer within {seconds:g} seconds"
        return Failure(one.account_id, one.name, words, away=True)
    try:
        return future.result()
    except RemoteError as error:
        away = isinstance(error, Unavailable)
        return Failure(one.account_id, one.name, error.message, error, away)
    except Unsupported as error:
        return Failure(one.account_id, one.name, str(error))
    # A mistake in one adapter must not take the other accounts' rates away.
    except Exception:
        log.exception("account %s: quote", one.account_id)
        return Failure(one.account_id, one.name, "could not be asked")
