"""One circuit breaker for all processes: who fails again and again is left alone for a while.

closed     calls go through; LIMIT failures in a row, within WINDOW, open it
open       nothing is sent before `retry_at`; the pause doubles with every opening in a row
half-open  one call at a time, over all processes, tries whether it answers again

A healthy call costs no query but one look a second at the rows in trouble, shared by all threads of
the process. Only failures, and the first success after them, are written. What cannot be written
changes nothing about the call itself: its answer is worth more than our note of it.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from django.db import Error, connection, transaction
from django.db.models import Q
from django.utils import timezone

from core.errors import CircuitOpen, RemoteError
from core.http import Gate
from core.models import CIRCUIT, Circuit
from core.patience import patience
from core.states import IllegalMove, LostRace

log = logging.getLogger(__name__)

LIMIT = 5
WINDOW = timedelta(minutes=2)
FIRST_PAUSE = patience(seconds=15)
LONGEST_PAUSE = patience(minutes=5)
# Longer than any call takes; a prober that died is replaced after it.
PROBE = patience(seconds=60)
LOOK = 1.0  # seconds for which a process believes what it saw
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
    except RemoteError as error:
        if error.answered:
            _answered(key, probing)
        else:
            _failed(key, error.message, probing)
        raise
    except BaseException:  # not the provider's doing: somebody else may try
        if probing:
            _apart(lambda: _give_back(key))
        raise
    _answered(key, probing)


def gate(key: str, *, name: str) -> Gate:
    """`guard` as an adapter takes it: a request that must not be repeated tries nothing."""

    def around(request: httpx.Request) -> AbstractContextManager[None]:
        return guard(key, name=name, probes=bool(request.extensions.get("safe", True)))

    return around


def check(key: str, *, name: str = "", probes: bool = True) -> None:
    """CircuitOpen when `guard` would turn a call away now; for whoever has to queue up first."""
    row = _seen.row(key)
    now = timezone.now()
    if row is not None and row.state != "closed" and not (probes and _is_free(row, now)):
        raise _turned_away(row, name or key, now)


def is_open(key: str) -> bool:
    """Whether calls over this circuit are turned away now; at most a second old."""
    seen = _seen.row(key)
    return seen is not None and seen.state != "closed"


def in_trouble() -> list[State]:
    """Circuits that are not closed, as this process last saw them."""
    return [_state(row) for row in _seen.rows() if row.state != "closed"]


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
        _seen.doubt()
    return True


def forget() -> None:
    """Know nothing until the next call looks; for tests, whose databases come and go."""
    _seen.forget()


def pause_after(openings: int) -> timedelta:
    """How long a circuit stays open when it was opened so often in a row."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(max(openings, 1) - 1, 10)
    return min(doubled, LONGEST_PAUSE)


# -- Before and after a call -----------------------------------------------------------------------
def _enter(key: str, name: str, probes: bool) -> bool:
    """Whether this call tries an open circuit. CircuitOpen when it may not leave."""
    row = _seen.row(key)
    if row is None or row.state == "closed":
        return False
    now = timezone.now()
    if probes and _is_free(row, now):
        if _apart(lambda: _claim(key, now)):
            return True
        row = _seen.row(key, again=True)
        if row is None or row.state == "closed":
            return False
    raise _turned_away(row, name, now)


def _turned_away(row: Circuit, name: str, now: datetime) -> CircuitOpen:
    error = CircuitOpen(
        f"{name} is not answering. Nothing was sent.",
        provider=name,
        code="circuit-open",
        retry_after=_wait(row, now),
    )
    error.since = row.failing_since
    return error


def _is_free(row: Circuit, now: datetime) -> bool:
    moment = row.retry_at if row.state == "open" else row.probe_until
    return moment is None or moment <= now


def _wait(row: Circuit, now: datetime) -> float:
    if row.state == "open" and row.retry_at:
        return max((row.retry_at - now).total_seconds(), 1.0)
    return SOON


def _claim(key: str, now: datetime) -> bool:
    """Take the one place of the caller that tries."""
    free = Q(state="open", retry_at__lte=now) | Q(state="half-open", probe_until__lte=now)
    mine = Circuit.objects.filter(free, pk=key)
    return bool(mine.update(state="half-open", probe_until=now + PROBE, changed_at=now))


def _give_back(key: str) -> bool:
    mine = Circuit.objects.filter(pk=key, state="half-open")
    return bool(mine.update(probe_until=timezone.now()))


def _answered(key: str, probing: bool) -> None:
    row = _seen.row(key)
    if not probing and (row is None or row.failures == 0 or row.state != "closed"):
        return
    # A call that began before the circuit opened says nothing about now: only who tries closes it.
    state = "half-open" if probing else "closed"

    def close() -> bool:
        mine = Circuit.objects.filter(pk=key, state=state)
        return bool(
            mine.update(
                state="closed",
                changed_at=timezone.now(),
                failures=0,
                failing_since=None,
                openings=0,
                retry_at=None,
                probe_until=None,
            )
        )

    if _apart(close) and probing:
        log.warning("%s answers again", key)


def _failed(key: str, message: str, probing: bool) -> None:
    def note() -> bool:
        with transaction.atomic():
            Circuit.objects.bulk_create([Circuit(key=key)], ignore_conflicts=True)
            row = Circuit.objects.select_for_update().get(pk=key)
            return _note_failure(row, message, probing)

    if _apart(note):
        log.warning("%s does not answer and is left alone for a while: %s", key, message)


def _note_failure(row: Circuit, message: str, probing: bool) -> bool:
    """Count a failure on a locked row; True when it opened the circuit."""
    now = timezone.now()
    row.last_error, row.last_error_at = message[:200], now
    if row.state == "closed":
        if row.failing_since is None or row.failing_since < now - WINDOW:
            row.failures, row.failing_since = 0, now
        row.failures += 1
        opens = row.failures >= LIMIT
    else:
        opens = probing and row.state == "half-open"
    row.save(update_fields=["failures", "failing_since", "last_error", "last_error_at"])
    if opens:
        openings = min(row.openings + 1, 1000)
        retry_at = now + pause_after(openings)
        CIRCUIT.move(row, "open", openings=openings, retry_at=retry_at, changed_at=now)
    return opens


def _apart(work: Callable[[], bool]) -> bool:
    """Run `work` so that no rollback around the call takes it back and no lock outlives it: inside
    a transaction (a token is refreshed in one), over a connection of its own."""
    try:
        if _in_transaction():
            return _over_another_connection(work)
        return work()
    except Error:
        log.exception("the state of a circuit could not be written")
        return False
    finally:
        _seen.doubt()


def _in_transaction() -> bool:
    """A test's own transaction, which is never committed, is none."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not getattr(blocks[0], "_from_testcase", False)


def _over_another_connection(work: Callable[[], bool]) -> bool:
    done: list[bool] = []

    def run() -> None:
        try:
            done.append(work())
        except Error:
            log.exception("the state of a circuit could not be written")
        finally:
            connection.close()

    thread = threading.Thread(target=run, name="breaker")
    thread.start()
    thread.join()
    return bool(done and done[0])


# -- What this process saw -------------------------------------------------------------------------
class _Seen:
    """The rows in trouble, read at most once every LOOK seconds for all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Circuit] = {}
        self._until = 0.0
        self._pid = 0

    def row(self, key: str, *, again: bool = False) -> Circuit | None:
        """The circuit, None where it never failed or answers again."""
        return self._current(again).get(key)

    def rows(self) -> list[Circuit]:
        """All circuits in trouble."""
        return list(self._current(False).values())

    def doubt(self) -> None:
        """Look again at once."""
        self._until = 0.0

    def forget(self) -> None:
        """Believe nothing of what was seen."""
        with self._lock:
            self._rows, self._until = {}, 0.0

    def _current(self, again: bool) -> dict[str, Circuit]:
        with self._lock:
            if again or self._pid != os.getpid() or time.monotonic() >= self._until:
                self._until = time.monotonic() + LOOK
                self._pid = os.getpid()
                try:
                    found = Circuit.objects.filter(failures__gt=0)
                    self._rows = {row.key: row for row in found}
                except Error:  # believe what was seen last: the call is not ours to stop
                    log.exception("the states of circuits could not be read")
            return self._rows


_seen = _Seen()


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
