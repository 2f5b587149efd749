"""Access tokens: kept sealed, refreshed by exactly one process, lost with words.

A refresh kills the refresh token it used, so it happens under a row lock: look, lock, look again.
Both new tokens are committed at once, right after TikTok's answer, or as soon as the database is
back that went away meanwhile. What remains is a process that dies in the milliseconds between that
answer and the commit: its tokens are gone, the next refresh is refused, and the seller is asked to
reconnect. refresh_due runs a day before the access token
ends, so that even then the shop is reconnected in daylight and no call meets a dead token unasked.
A refresh that fails is tried again, later each time but an hour at most, and people are alarmed
while the old token still has hours to live.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core import audit
from core.checkpoints import reached
from core.errors import NotAuthorized, OutcomeUnknown, RemoteError, Unavailable
from core.jobs import job
from core.notifications import notify
from core.patience import patience
from core.states import IllegalMove, LostRace
from core.vault import VaultError
from shops import endings, journal, refresh_plan, wire
from shops.models import AUTHORIZATION, Authorization
from shops.tiktok_shop import auth
from shops.tiktok_shop.errors import PROVIDER

log = logging.getLogger(__name__)

# A token is used until so short before its end; one that lives longer is not asked about.
MARGIN = timedelta(minutes=2)
# A refresh that began so long ago and left no trace died with its process.
_CLAIM = patience(minutes=2)
# So long, in seconds, new tokens wait in memory for a database that went away.
_RESCUE = 60.0
# Codes after which only the seller can help: removed by the seller, refresh token dead or used.
OVER = frozenset({"105001", "36004001", "36004004"})
UNREADABLE = "Its stored sign-in cannot be read any more. Reconnect the shop."


def access_token(authorization_id: UUID, *, now: datetime) -> str:
    """A token that is good now. NotAuthorized when the seller has to reconnect, Unavailable when
    the token ended and TikTok cannot be asked for another."""
    return token_of(Authorization.objects.get(pk=authorization_id), now=now)


def token_of(row: Authorization, *, now: datetime) -> str:
    """The same for a row that was just read."""
    _refuse_if_lost(row)
    if row.access_expires_at - now > MARGIN:
        return _readable(row)
    try:
        _await_next_try(row, now)
        return _renew(row.pk, lambda seen: seen.access_expires_at - now <= MARGIN, now=now)[0]
    except (Unavailable, OutcomeUnknown) as error:
        if row.access_expires_at > now:
            return _readable(row)
        raise Unavailable(
            "TikTok could not be asked for a new sign-in. It is tried again.",
            provider=PROVIDER,
            code=error.code,
            retry_after=error.retry_after,
        ) from error


def _await_next_try(row: Authorization, now: datetime) -> None:
    """Unavailable while the pause after a failed refresh lasts: calls do not hurry it."""
    if row.refresh_failures and row.next_refresh_at and row.next_refresh_at > now:
        wait = (row.next_refresh_at - now).total_seconds()
        raise Unavailable(row.refresh_error, provider=PROVIDER, code="later", retry_after=wait)


def renew(authorization_id: UUID, refused: str, *, now: datetime) -> str:
    """A token other than `refused`, which TikTok called expired whatever its end says."""
    _await_next_try(Authorization.objects.get(pk=authorization_id), now)
    return _renew(authorization_id, lambda seen: seen.access_token == refused, now=now)[0]


@job
def refresh_due() -> int:
    """Refresh what is due now; answers how many tokens were exchanged."""
    journal.trim(now=timezone.now())
    return refresh(now=timezone.now())


def refresh(*, now: datetime) -> int:
    """Exchange the tokens that are due at `now`, each by one process however many run; answers how
    many this one exchanged. What fails is planned anew, and told while there is time."""
    active = Authorization.objects.filter(state="active")
    unplanned, due = Q(next_refresh_at=None), Q(next_refresh_at__lte=now)
    done, failing = 0, False
    for row in active.filter(unplanned | due | Q(refresh_failures__gt=0)):
        failing |= row.refresh_failures > 0
        mine = active.filter(pk=row.pk, next_refresh_at=row.next_refresh_at)
        at = row.next_refresh_at or refresh_plan.planned(row)
        if at > now:
            if row.next_refresh_at is None:
                mine.update(next_refresh_at=at)
            continue
        if not mine.update(next_refresh_at=now + _CLAIM):
            continue
        try:
            done += _renew(row.pk, partial(_same, row), now=now)[1]
        except RemoteError as error:  # planned anew, told, or over
            failing = True
            log.warning("refresh of %s: %s (%s)", row.pk, type(error).__name__, error.code)
    if failing:
        endings.alarm(now=now)
    return done


def mark_lost(authorization: Authorization, reason: str) -> bool:
    """Note that only the seller can help, and tell the workspace once; False when that was
    known."""
    try:
        with transaction.atomic():
            AUTHORIZATION.move(authorization, "lost", lost_because=reason[:300])
            audit.record(
                authorization.workspace_id,
                "authorization.lost",
                f"authorization:{authorization.pk}",
                f"TikTok no longer accepts the sign-in of {authorization.seller_name}.",
                reason=reason,
            )
            notify(
                authorization.workspace,
                cause_of_loss(authorization),
                f"{authorization.seller_name} is no longer connected: {reason}",
                level="bad",
                link=reverse("shops:list", kwargs={"workspace": authorization.workspace.slug}),
                mail=True,
            )
    except (IllegalMove, LostRace):
        return False
    return True


def refused(authorization_id: UUID, token: str, reason: str) -> None:
    """A call was told that the seller removed us; believed unless the shop was reconnected
    since."""
    row = Authorization.objects.filter(pk=authorization_id).first()
    if row is not None and row.state == "active" and _readable(row) == token:
        mark_lost(row, reason)


def cause_of_loss(authorization: Authorization) -> str:
    """The notification's cause, which connecting again settles."""
    return f"authorization:{authorization.pk}:lost"


def _renew(
    authorization_id: UUID, is_stale: Callable[[Authorization], bool], *, now: datetime
) -> tuple[str, bool]:
    """Exchange under the row's lock, unless somebody else did so while we waited for it; the token
    that is good now, and whether it was us."""
    row = grant = None
    try:
        # The one remote call made inside a transaction: 5 s time-out, nothing else in the block.
        # Durable, as a rollback around it would lose both tokens.
        with transaction.atomic(durable=True):
            row = Authorization.objects.select_for_update().get(pk=authorization_id)
            _refuse_if_lost(row)
            if not is_stale(row):
                return row.access_token, False
            alarmed = row.refresh_alarm is not None
            reached("refresh.asking")
            grant = auth.refresh_token(wire.token_host(), token=row.refresh_token, now=now)
            reached("refresh.answered")
            old = row.refresh_token_sealed
            _keep(row, grant, now=now)
        reached("refresh.kept")
    except (OperationalError, InterfaceError):
        if grant is None or row is None or not _kept_after_all(row, grant, old):
            raise
    except RemoteError as error:
        if isinstance(error, NotAuthorized) and error.code in OVER:
            mark_lost(Authorization.objects.get(pk=authorization_id), error.message)
        elif row is not None and error.code != "lost":
            refresh_plan.failed(row, error, now=now)
        raise
    except VaultError as error:
        raise _unreadable(authorization_id) from error
    if alarmed:
        endings.settle_alarms(row)
    return grant.access_token, True


def _readable(row: Authorization) -> str:
    try:
        return row.access_token
    except VaultError as error:
        raise _unreadable(row.pk) from error


def _unreadable(authorization_id: UUID) -> NotAuthorized:
    """What is left to say when the vault's key is gone or the row was damaged: only the seller can
    help, and is told so."""
    mark_lost(Authorization.objects.get(pk=authorization_id), UNREADABLE)
    return NotAuthorized(UNREADABLE, provider=PROVIDER, code="lost")


def _keep(row: Authorization, grant: auth.TokenGrant, *, now: datetime) -> None:
    refresh_plan.hold(row, grant, now=now)
    fields = [*row.SEALED, *refresh_plan.COLUMNS]
    if grant.scopes is not None:
        row.scopes = sorted(grant.scopes)
        fields.append("scopes")
    row.save(update_fields=fields)


def _kept_after_all(row: Authorization, grant: auth.TokenGrant, old: str) -> bool:
    """Keep what we hold in our hands once the database is back that went away between TikTok's
    answer and the commit: no other token is any good. False when the row was connected anew."""
    values = {name: getattr(row, name) for name in (*row.SEALED, *refresh_plan.COLUMNS, "scopes")}
    until = time.monotonic() + _RESCUE
    while True:
        connection.close()
        try:
            if Authorization.objects.filter(pk=row.pk, refresh_token_sealed=old).update(**values):
                return True
            # The commit may have arrived, though its answer did not.
            return Authorization.objects.get(pk=row.pk).refresh_token == grant.refresh_token
        except (OperationalError, InterfaceError):
            if time.monotonic() > until:
                log.critical("the new tokens of authorization %s could not be kept", row.pk)
                raise
            time.sleep(0.2)


def _same(row: Authorization, seen: Authorization) -> bool:
    """Whether the row still holds the tokens we decided to exchange."""
    return seen.refresh_token_sealed == row.refresh_token_sealed


def _refuse_if_lost(row: Authorization) -> None:
    if row.state != "active":
        raise NotAuthorized(
            row.lost_because or "The shop's sign-in is no longer accepted. Reconnect the shop.",
            provider=PROVIDER,
            code="lost",
        )
