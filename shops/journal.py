"""What we asked third parties, for support: every failure, every slow call, every call that is not
safe to repeat, and one good read in twenty.

Rows wait in memory and are written many at once, so that the hot path pays microseconds, and at the
latest when the job or the request ends that made the calls. A process that dies loses at most those
of what it was doing, which is what a support log may cost.
"""

import itertools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from django_q.models import Failure

from core import heartbeats
from core.http import Call
from core.jobs import job
from shops.models import ApiCall

SLOW = 3.0  # seconds
EVERY = 20
_MOST_ROWS = 100
_MOST_SECONDS = 10.0

_lock = threading.Lock()
_waiting: list[ApiCall] = []
_oldest = 0.0
_turn = itertools.count()


def note(provider: str, workspace_id: int | None) -> Callable[[Call], None]:
    """A journal for `core.http.send` that files its calls under a workspace."""

    def keep(call: Call) -> None:
        if call.failed or call.seconds > SLOW or not call.safe:
            _add(_row(call, provider, workspace_id), at_once=call.failed)
        elif next(_turn) % EVERY == 0:
            _add(_row(call, provider, workspace_id, stands_for=EVERY), at_once=False)

    return keep


def flush(**signal: object) -> None:
    """Write what waits; inside a transaction as soon as that has committed. After a rollback it
    waits on, for the end of the job or request: what was asked was asked all the same."""
    if connection.in_atomic_block:
        transaction.on_commit(_write)
    else:
        _write()


def forget() -> None:
    """Drop what waits; for tests, whose databases come and go."""
    with _lock:
        _waiting.clear()


def trim(*, now: datetime) -> int:
    """Delete what is older than JOURNAL_KEEP_DAYS; answers how many rows went."""
    keep = timedelta(days=settings.JOURNAL_KEEP_DAYS)
    return ApiCall.objects.filter(at__lt=now - keep).delete()[0]


@job
def tidy() -> None:
    """Once a day: old calls, failures that the queue keeps for ever, and workers that ended long ago."""
    now = timezone.now()
    trim(now=now)
    Failure.objects.filter(stopped__lt=now - timedelta(days=settings.JOURNAL_KEEP_DAYS)).delete()
    heartbeats.forget(now=now)


def _write() -> None:
    with _lock:
        rows, _waiting[:] = list(_waiting), []
    try:
        ApiCall.objects.bulk_create(rows)
    except Error:  # a support log never breaks the call it is about
        return


def _row(call: Call, provider: str, workspace_id: int | None, *, stands_for: int = 1) -> ApiCall:
    return ApiCall(
        workspace_id=workspace_id,
        at=timezone.now(),
        provider=provider[:20],
        method=call.method[:8],
        path=urlsplit(call.url).path[:300],  # the query may name a shop or a person
        status=call.status,
        milliseconds=int(call.seconds * 1000),
        error=call.error[:60],
        request_id=call.request_id[:80],
        subject=call.subject[:40],
        refused=call.refused,
        stands_for=stands_for,
        asked=call.asked,
        answered=call.answered,
    )


def _add(row: ApiCall, *, at_once: bool) -> None:
    global _oldest
    now = time.monotonic()
    with _lock:
        if not _waiting:
            _oldest = now
        if len(_waiting) < 10 * _MOST_ROWS:
            _waiting.append(row)
        due = at_once or len(_waiting) >= _MOST_ROWS or now - _oldest > _MOST_SECONDS
    if due:
        flush()
