"""Webhooks that were stored, and the workers that act on them.

The receiver (core/receiver.py) stores. A worker claims what is due of one owner at a time
(core/inbox_claims.py), hands it to the handlers of one table, creatorflow/events.py, and settles
it. A worker that was killed leaves claims that run out, and its events are due again: handlers
re-read the object and are idempotent, so an event may be handled twice and counts once.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import cast
from urllib.parse import quote

from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.utils import timezone
from django.utils.module_loading import import_string

from core import inbox_claims as claims
from core.checkpoints import reached
from core.deliveries import Source
from core.errors import NotAuthorized, OutcomeUnknown, RemoteError, Unavailable
from core.jobs import job
from core.models import WebhookEvent
from core.receiver import PREFIX

log = logging.getLogger(__name__)

SOURCES = "creatorflow.receivers.SOURCES"
HANDLERS = "creatorflow.events.WEBHOOKS"
KEPT = "Kept; nothing here depends on it."

type Handler = Callable[..., None]

RUN = timedelta(seconds=30)  # one run ends after so long, so that other work has its turn
# After so many tries in company each event is tried by itself: one may spoil the others' calls.
_TOGETHER = 4
_WAKE_AGAIN = 60  # seconds after which a wake-up that the queue lost is given up


def sources() -> Mapping[str, Source]:
    """How each provider's webhooks are proven, read and named."""
    return cast("Mapping[str, Source]", import_string(SOURCES))


def address(provider: str) -> str:
    """Where this provider is to send its webhooks; Shippo's carries the proof in its query."""
    token = ""
    if provider == "shippo" and settings.SHIPPING_WEBHOOK_SECRET:
        token = f"?token={quote(settings.SHIPPING_WEBHOOK_SECRET, safe='')}"
    return f"{settings.PUBLIC_URL}{PREFIX}{provider}{token}"


# -- Waking ----------------------------------------------------------------------------------------
_WANT = """
INSERT INTO core_ratelimit AS r (key, next_at)
VALUES ('inbox:wake', clock_timestamp() + make_interval(secs => %(again)s))
ON CONFLICT (key) DO UPDATE SET next_at = EXCLUDED.next_at WHERE r.next_at <= clock_timestamp()
"""
_HEARD = "UPDATE core_ratelimit SET next_at = clock_timestamp() WHERE key = 'inbox:wake'"


def wake() -> None:
    """Queue a look at the inbox, unless one is queued that has not begun: while workers are busy
    or down, one wake-up waits for them, not thousands."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WANT, {"again": _WAKE_AGAIN})
        if cursor.rowcount:
            process_due.later()


def wake_from_server() -> None:
    """`wake` in a thread outside of requests: after trouble its connection is opened anew."""
    try:
        wake()
    except DatabaseError:
        connections.close_all()
        raise


# -- Working ---------------------------------------------------------------------------------------
@job
def process_due() -> int:
    """Handle what is due, owner by owner; answers how many events were taken up. Any number of runs
    share the work. Safe to kill and repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_HEARD)  # before looking: whatever is stored from here on wakes anew
    until = timezone.now() + RUN
    count = 0
    while rows := claims.claim(now=timezone.now()):
        count += len(rows)
        try:
            _handle_all(rows)
        except BaseException:
            # The database went away, or this process is being ended.
            with suppress(DatabaseError):
                claims.give_back(rows)
            raise
        if timezone.now() > until:
            wake()
            break
    return count


def _handle_all(rows: list[WebhookEvent]) -> None:
    """Hand claimed events of one owner to their handlers."""
    table = cast("Mapping[tuple[str, str], str]", import_string(HANDLERS))
    workspace_id = sources()[rows[0].provider].workspace_of(rows[0].owner)
    groups: dict[str, list[WebhookEvent]] = {}
    for row in rows:
        row.workspace_id = row.workspace_id or workspace_id
        groups.setdefault(table.get((row.provider, row.event), ""), []).append(row)
    for path, group in groups.items():
        handler = cast(Handler, import_string(path)) if path else _keep
        alone = [row for row in group if row.attempts > _TOGETHER]
        if together := [row for row in group if row.attempts <= _TOGETHER]:
            _handle(handler, together)
        for row in alone:
            _handle(handler, [row])


def _keep(*, events: list[WebhookEvent]) -> None:
    """What the table does not name is kept: as a record, and for a handler to come."""
    for row in events:
        row.outcome = KEPT


def _handle(handler: Handler, rows: list[WebhookEvent]) -> None:
    """Call a handler with rows of one claim, and note how it went."""
    if not (rows := claims.renewed(rows, now=timezone.now())):
        return
    reached("webhook.handling")
    try:
        handler(events=rows)
        reached("webhook.handled")
    except (Unavailable, OutcomeUnknown, NotAuthorized) as error:
        claims.put_off(rows, error, now=timezone.now())
    except (OperationalError, InterfaceError):
        raise  # our database: nothing can be noted, and no event is to blame
    except Exception as error:
        # Refused, or a mistake of ours: found by halves, so that one event does not stop the rest.
        if len(rows) == 1:
            _park(rows[0], error)
            return
        middle = len(rows) // 2
        _handle(handler, rows[:middle])
        _handle(handler, rows[middle:])
    else:
        claims.done(rows, now=timezone.now())
        reached("webhook.done")


def _park(row: WebhookEvent, error: Exception) -> None:
    if isinstance(error, RemoteError):
        claims.park([row], error.message, code=error.code, now=timezone.now())
        return
    name = type(error).__name__
    # Without the error's own words, which may quote what the event said.
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("webhook %s of %s: %s\n%s", row.pk, row.provider, name, trace)
    reason = f"CreatorFlow made a mistake with this event ({name}). The server's log says where."
    claims.park([row], reason, code=name, now=timezone.now())
