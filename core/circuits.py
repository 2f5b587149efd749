"""The rows behind core.breaker: read once a second for a whole process, written only when something
changes, and so that no rollback around a call takes it back."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.db.models import Q
from django.utils import timezone

from core.models import CIRCUIT, Circuit
from core.patience import patience

log = logging.getLogger(__name__)

LIMIT = 5
WINDOW = timedelta(minutes=2)
FIRST_PAUSE = patience(seconds=15)
LONGEST_PAUSE = patience(minutes=5)
# Longer than any call takes; a prober that died is replaced after it.
PROBE = patience(seconds=60)
LOOK = 1.0  # seconds for which a process believes what it saw


class Seen:
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


seen = Seen()


def pause_after(openings: int) -> timedelta:
    """How long a circuit stays open when it was opened so often in a row."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(max(openings, 1) - 1, 10)
    return min(doubled, LONGEST_PAUSE)


def is_free(row: Circuit, now: datetime) -> bool:
    """Whether somebody may try this open circuit."""
    moment = row.retry_at if row.state == "open" else row.probe_until
    return moment is None or moment <= now


def claim(key: str, now: datetime) -> bool:
    """Take the one place of the caller that tries."""
    free = Q(state="open", retry_at__lte=now) | Q(state="half-open", probe_until__lte=now)
    mine = Circuit.objects.filter(free, pk=key)
    taken = {"state": "half-open", "probe_until": now + PROBE, "changed_at": now}
    return apart(lambda: bool(mine.update(**taken)))


def give_back(key: str) -> None:
    """The caller that tried could not: the next one may at once."""
    mine = Circuit.objects.filter(pk=key, state="half-open")
    apart(lambda: bool(mine.update(probe_until=timezone.now())))


def close(key: str, *, before: str) -> bool:
    """It answers: no failures from here on. Only a circuit that still is in `before` is closed."""
    columns = {
        "state": "closed",
        "changed_at": timezone.now(),
        "failures": 0,
        "failing_since": None,
        "openings": 0,
        "retry_at": None,
        "probe_until": None,
    }
    return apart(lambda: bool(Circuit.objects.filter(pk=key, state=before).update(**columns)))


def note_failure(key: str, message: str, *, probing: bool) -> bool:
    """Count a failure; True when it opened the circuit."""

    def note() -> bool:
        with transaction.atomic():
            Circuit.objects.bulk_create([Circuit(key=key)], ignore_conflicts=True)
            row = Circuit.objects.select_for_update().get(pk=key)
            return _counted(row, message, probing)

    return apart(note)


def _counted(row: Circuit, message: str, probing: bool) -> bool:
    now = timezone.now()
    row.last_error, row.last_error_at = message[:200], now
    if row.state == "closed":
        if row.failing_since is None or row.failing_since < now - WINDOW:
            row.failures, row.failing_since = 0, now
        row.failures += 1
        opens = row.failures >= LIMIT
    else:  # what began before the circuit opened fails late, and says nothing about now
        opens = probing and row.state == "half-open"
    row.save(update_fields=["failures", "failing_since", "last_error", "last_error_at"])
    if opens:
        openings = min(row.openings + 1, 1000)
        retry_at = now + pause_after(openings)
        CIRCUIT.move(row, "open", openings=openings, retry_at=retry_at, changed_at=now)
    return opens


def apart(work: Callable[[], bool]) -> bool:
    """Run `work` so that no rollback around the call takes it back and no lock outlives it: inside
    a transaction (a token is refreshed in one), over a connection of its own. False, and logged,
    when the database fails: the call's own outcome is worth more than our note of it."""
    try:
        return _over_another_connection(work) if _in_transaction() else work()
    except Error:
        log.exception("the state of a circuit could not be written")
        return False
    finally:
        seen.doubt()


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
