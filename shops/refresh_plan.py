"""When tokens are exchanged next: well ahead of their end, and again after a failure."""

from datetime import datetime, timedelta
from uuid import UUID

from core.errors import RemoteError
from core.patience import patience
from shops.models import Authorization
from shops.tiktok_shop import auth

AHEAD = timedelta(hours=24)
JITTER = timedelta(hours=6)
# Pauses after failures: doubled each time, up to an hour; a quarter of one once time is short.
_FIRST_PAUSE, _LONGEST_PAUSE = patience(minutes=2), patience(hours=1)
_SHORT = timedelta(hours=6)
# What `hold` sets besides the tokens themselves
COLUMNS = (
    "access_expires_at",
    "refresh_expires_at",
    "refreshed_at",
    "next_refresh_at",
    "refresh_failures",
    "refresh_error",
    "refresh_failing_since",
    "refresh_alarm",
)


def planned(row: Authorization) -> datetime:
    """When the tokens are exchanged: a day before the end, spread over six hours by row."""
    return row.access_expires_at - AHEAD - _jitter(row.pk)


def hold(row: Authorization, grant: auth.TokenGrant, *, now: datetime) -> None:
    """Put what TikTok granted into the row and plan the next exchange; the caller saves it."""
    row.hold_tokens(
        access=grant.access_token,
        access_until=grant.access_expires_at,
        refresh=grant.refresh_token,
        refresh_until=grant.refresh_expires_at,
    )
    row.refreshed_at = now
    # Should TikTok ever grant short lives: not before half of one is over
    row.next_refresh_at = max(planned(row), now + (row.access_expires_at - now) / 2)
    row.refresh_failures, row.refresh_error = 0, ""
    row.refresh_failing_since = row.refresh_alarm = None


def failed(row: Authorization, error: RemoteError, *, now: datetime) -> None:
    """Count it and plan the next try, unless somebody else had more luck meanwhile."""
    failures = min(row.refresh_failures + 1, 30_000)
    longest = _LONGEST_PAUSE
    if row.access_expires_at - now < _SHORT:
        longest /= 4
    pause = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), longest)
    spread = 0.75 + 0.25 * (row.pk.int % 97) / 97
    due = max(error.due_at(now, default=0), now + pause * spread)
    Authorization.objects.filter(
        pk=row.pk, state="active", refresh_token_sealed=row.refresh_token_sealed
    ).update(
        next_refresh_at=due,
        refresh_failures=failures,
        refresh_error=error.message[:300],
        refresh_failing_since=row.refresh_failing_since or now,
    )


def _jitter(authorization_id: UUID) -> timedelta:
    """The same for every look at a row, spread over rows."""
    return JITTER * (authorization_id.int % 997) / 997
