"""One circuit breaker for all processes: who fails again and again is left alone for a while.

closed     calls go through; LIMIT failures in a row, within WINDOW, open it
open       nothing is sent before `retry_at`; the pause doubles with every opening in a row
half-open  one call at a time, over all processes, tries whether it answers again

A healthy call costs no query but one look a second at the rows in trouble, shared by all threads of
the process (core/circuits.py). Only failures, and the first success after them, are written.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
from django.utils import timezone

from core import circuits
from core.circuits import FIRST_PAUSE, LIMIT, WINDOW, seen
from core.errors import CircuitOpen, RemoteError
from core.http import Gate
from core.models import CIRCUIT, Circuit
from core.states import IllegalMove, LostRace

__all__ = [
    "FIRST_PAUSE",
    "LIMIT",
    "WINDOW",
    "State",
    "check",
    "forget",
    "gate",
    "guard",
    "in_trouble",
    "is_open",
    "states",
    "try_now",
]

log = logging.getLogger(__name__)

SOON = 5.0  # seconds to wait while somebody else tries


@dataclass(frozen=True, slots=True)
class State:
    """One circuit that is, or was, in trouble. `since` is the first failure in a row."""

    key: str
    state: str  # closed, open, half-open
    since: datetime | None
    failures: int
    last_error: str
    last_error_at: datetime | None
    retry_at: datetime | None

    @property
    def is_due(self) -> bool:
        """Whether it may be tried again."""
        is_over = self.retry_at is None or self.retry_at <= timezone.now()
        return self.state != "closed" and is_over


@contextmanager
def guard(key: str, *, name: str = "", probes: bool = True) -> Iterator[None]:
    """Around one call over the circuit `key`. CircuitOpen, before anything is sent, when it is not
    to be called; `name` is how the provider is called in that sentence.

    An error that is an answer (`RemoteError.answered`) counts as one. With `probes` false the call
    never is the one that tries an open circuit: money does not test a bridge.
    """
    probing = _enter(key, name or key, probes)
    try:
        yield
    except CircuitOpen:  # another circuit, inside this one: nothing was sent, so nothing is known
        if probing:
            circuits.give_back(key)
        raise
    except RemoteError as error:
        if error.answered:
            _answered(key, probing)
        else:
            _failed(key, error.message, probing)
        raise
    except BaseException:  # not the provider's doing: somebody else may try
        if probing:
            circuits.give_back(key)
        raise
    _answered(key, probing)


def gate(*keys: str, name: str) -> Gate:
    """`guard` as an adapter takes it, over all of `keys` at once: a request that must not be
    repeated tries nothing."""

    @contextmanager
    def around(request: httpx.Request) -> Iterator[None]:
        probes = bool(request.extensions.get("safe", True))
        with ExitStack() as circuits_of_it:
            for key in keys:
                circuits_of_it.enter_context(guard(key, name=name, probes=probes))
            yield

    return around


def check(key: str, *, name: str = "", probes: bool = True) -> None:
    """CircuitOpen when `guard` would turn a call away now; for whoever has to queue up first."""
    row = seen.row(key)
    now = timezone.now()
    if row is not None and row.state != "closed" and not (probes and circuits.is_free(row, now)):
        raise _turned_away(row, name or key, now)


def is_open(key: str) -> bool:
    """Whether calls over this circuit are turned away now; at most a second old."""
    row = seen.row(key)
    return row is not None and row.state != "closed"


def in_trouble() -> list[State]:
    """Circuits that are not closed, as this process last saw them."""
    return [_state(row) for row in seen.rows() if row.state != "closed"]


def states() -> list[State]:
    """Every circuit that ever failed, read now: for the health page and for metrics."""
    return [_state(row) for row in Circuit.objects.order_by("key")]


def try_now(key: str) -> bool:
    """The next call may try an open circuit, whatever its pause; False when it is not open."""
    now = timezone.now()
    row = Circuit.objects.filter(pk=key).exclude(state="closed").first()
    if row is None:
        return False
    try:
        CIRCUIT.move(row, "half-open", probe_until=now, changed_at=now)
    except (IllegalMove, LostRace):  # tried meanwhile
        return False
    finally:
        seen.doubt()
    return True


def forget() -> None:
    """Know nothing until the next call looks; for tests, whose databases come and go."""
    seen.forget()


def _enter(key: str, name: str, probes: bool) -> bool:
    """Whether this call tries an open circuit. CircuitOpen when it may not leave."""
    row = seen.row(key)
    if row is None or row.state == "closed":
        return False
    now = timezone.now()
    if probes and circuits.is_free(row, now):
        if circuits.claim(key, now):
            return True
        row = seen.row(key, again=True)
        if row is None or row.state == "closed":
            return False
    raise _turned_away(row, name, now)


def _turned_away(row: Circuit, name: str, now: datetime) -> CircuitOpen:
    wait = SOON
    if row.state == "open" and row.retry_at:
        wait = max((row.retry_at - now).total_seconds(), 1.0)
    error = CircuitOpen(
        f"{name} is not answering. Nothing was sent.",
        provider=name,
        code="circuit-open",
        retry_after=wait,
    )
    error.since = row.failing_since
    return error


def _answered(key: str, probing: bool) -> None:
    row = seen.row(key)
    if probing:
        if circuits.close(key, before="half-open"):
            log.warning("%s answers again", key)
    elif row is not None and row.failures and row.state == "closed":
        # A call that began before the circuit opened says nothing about now: only who tries does.
        circuits.close(key, before="closed")


def _failed(key: str, message: str, probing: bool) -> None:
    if circuits.note_failure(key, message, probing=probing):
        log.warning("%s does not answer and is left alone for a while: %s", key, message)


def _state(row: Circuit) -> State:
    return State(
        key=row.key,
        state=row.state,
        since=row.failing_since,
        failures=row.failures,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        retry_at=row.retry_at if row.state == "open" else None,
    )
