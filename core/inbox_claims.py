"""Which worker holds which event, and how it lets go of it: every statement names its claim.

`claimed_until` is the proof: a later claim of the same event always has a later one, so whoever
lost an event to somebody else changes nothing any more.
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from core.checkpoints import reached
from core.errors import RemoteError
from core.models import WebhookEvent
from core.patience import patience

MOST = 200  # events of one claim
# A handler re-reads by pages and ends long before; a worker silent for so long is taken to be dead.
CLAIM = patience(seconds=120)
_RENEW = CLAIM / 2
# Somebody else may be taking the oldest just now: the next look finds the next owner.
_LOOKS = 20
# Seconds between tries, a quarter more or less: eight tries in about six hours.
PAUSES = (15, 60, 240, 720, 2160, 6300, 10_800)
TRIES = len(PAUSES) + 1

_DONE = """
UPDATE core_webhookevent AS e
SET state = 'done', done_at = %(now)s, claimed_until = NULL, reason = '', code = '',
    outcome = v.outcome, workspace_id = v.workspace
FROM unnest(%(ids)s::bigint[], %(workspaces)s::bigint[], %(outcomes)s::text[])
    AS v (id, workspace, outcome)
WHERE e.id = v.id AND e.state = 'waiting' AND e.claimed_until = %(claim)s
"""


def claim(*, now: datetime) -> list[WebhookEvent]:
    """Up to MOST due events of one owner, oldest first; two workers never hold the same one, nor
    two of the same owner unless they meet by chance. Nothing when nothing is free."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = WebhookEvent.objects.filter(free, state="waiting", due_at__lte=now)
    held = WebhookEvent.objects.filter(
        state="waiting",
        claimed_until__gte=now,
        provider=OuterRef("provider"),
        owner=OuterRef("owner"),
    )
    for _ in range(_LOOKS):
        oldest = due.filter(~Exists(held)).order_by("due_at").values("provider", "owner").first()
        if oldest is None:
            return []
        with transaction.atomic():
            own = due.filter(**oldest).select_for_update(skip_locked=True)
            rows = list(own.order_by("due_at", "pk")[:MOST])
            _take(rows, now + CLAIM)
        reached("webhook.claimed")
        if rows := _living(rows, now=now):
            return rows
    return []


def _take(rows: list[WebhookEvent], until: datetime) -> None:
    """Note the claim. A try is counted where it begins: one that kills its worker counts, too."""
    ids = [row.pk for row in rows]
    mine = WebhookEvent.objects.filter(pk__in=ids)
    mine.update(claimed_until=until, attempts=F("attempts") + 1)
    for row in rows:
        row.claimed_until = until
        row.attempts += 1


def _living(rows: list[WebhookEvent], *, now: datetime) -> list[WebhookEvent]:
    """The rows that may be tried; those whose workers ended every time become dead letters."""
    reason = f"The worker ended {TRIES} times while it handled this event."
    for row in rows:
        if row.attempts > TRIES:
            park([row], reason, code="worker-ended", now=now)
    return [row for row in rows if row.attempts <= TRIES]


def renewed(rows: list[WebhookEvent], *, now: datetime) -> list[WebhookEvent]:
    """The rows that are still ours, their claim made longer when it has become short."""
    held = rows[0].claimed_until
    if held is None or held - now > CLAIM - _RENEW:
        return rows
    with transaction.atomic():
        ids = set(_of(rows).select_for_update(skip_locked=True).values_list("pk", flat=True))
        WebhookEvent.objects.filter(pk__in=ids).update(claimed_until=now + CLAIM)
    rows = [row for row in rows if row.pk in ids]
    for row in rows:
        row.claimed_until = now + CLAIM
    return rows


def _of(rows: list[WebhookEvent]) -> QuerySet[WebhookEvent]:
    """These rows as long as they are under the claim they were taken with."""
    return WebhookEvent.objects.filter(
        pk__in=[row.pk for row in rows], state="waiting", claimed_until=rows[0].claimed_until
    )


# -- Letting go ------------------------------------------------------------------------------------
def done(rows: list[WebhookEvent], *, now: datetime) -> int:
    """Settle rows of one claim, each with its own outcome and workspace; how many were ours."""
    values = {
        "now": now,
        "claim": rows[0].claimed_until,
        "ids": [row.pk for row in rows],
        "workspaces": [row.workspace_id for row in rows],
        "outcomes": [row.outcome[:200] for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_DONE, values)
        return int(cursor.rowcount)


def park(rows: list[WebhookEvent], reason: str, *, code: str, now: datetime) -> None:
    """Make dead letters of rows of one claim: a person sees why, and may have them tried again."""
    for workspace_id in {row.workspace_id for row in rows}:
        some = [row for row in rows if row.workspace_id == workspace_id]
        _of(some).filter(state="waiting").update(
            state="parked",
            claimed_until=None,
            done_at=now,
            workspace=workspace_id,
            reason=reason[:400],
            code=code[:60],
        )


def put_off(rows: list[WebhookEvent], error: RemoteError, *, now: datetime) -> None:
    """Have rows of one claim tried again later, never before the time that the provider named;
    after the last try they are parked."""
    for attempts in {row.attempts for row in rows}:
        some = [row for row in rows if row.attempts == attempts]
        if attempts >= TRIES:
            park(some, error.message, code=error.code, now=now)
            continue
        pause = _pause(attempts) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
        _of(some).update(
            claimed_until=None,
            due_at=now + max(pause, timedelta(seconds=error.retry_after or 0)),
            reason=error.message[:400],
            code=error.code[:60],
        )


def give_back(rows: Iterable[WebhookEvent]) -> None:
    """A worker that ends lets go of what it did not settle: due again in a moment."""
    for until in {row.claimed_until for row in rows}:
        some = [row for row in rows if row.claimed_until == until]
        _of(some).update(claimed_until=None, due_at=timezone.now() + _pause(1))


def _pause(attempts: int) -> timedelta:
    return patience(seconds=PAUSES[attempts - 1])
