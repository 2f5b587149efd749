"""Access tokens: kept sealed, refreshed by exactly one process, lost with words.

A refresh kills the refresh token it used, so it happens under a row lock: look, lock, look again.
Both new tokens are committed at once, right after TikTok's answer. What remains is a process that
dies in the milliseconds between that answer and the commit: its tokens are gone, the next refresh
is refused, and the seller is asked to reconnect. refresh_due runs a day before the access token
ends, so that even then the shop is reconnected in daylight and no call meets a dead token unasked.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import audit
from core.errors import NotAuthorized, OutcomeUnknown, RemoteError, Unavailable
from core.jobs import job
from core.notifications import notify
from core.states import IllegalMove, LostRace
from core.vault import VaultError
from shops import journal, wire
from shops.models import AUTHORIZATION, Authorization
from shops.tiktok_shop import auth
from shops.tiktok_shop.errors import PROVIDER

log = logging.getLogger(__name__)

# A token is used until so short before its end; one that lives longer is not asked about.
MARGIN = timedelta(minutes=2)
AHEAD = timedelta(hours=24)
JITTER = timedelta(hours=6)
# How long before the end of the whole authorization its people are told.
ENDING = timedelta(days=14)
# Codes after which only the seller can help: removed by the seller, refresh token dead or used.
OVER = frozenset({"105001", "36004001", "36004004"})
UNREADABLE = "Its stored sign-in cannot be read any more. Reconnect the shop."


def access_token(authorization_id: UUID, *, now: datetime) -> str:
    """A token that is good now. NotAuthorized when the seller has to reconnect, Unavailable when
    the token ended and TikTok cannot be asked for another."""
    row = Authorization.objects.get(pk=authorization_id)
    _refuse_if_lost(row)
    if row.access_expires_at - now > MARGIN:
        return _readable(row)
    try:
        return _renew(row.pk, lambda seen: seen.access_expires_at - now <= MARGIN, now=now)
    except (Unavailable, OutcomeUnknown) as error:
        if row.access_expires_at > now:
            return _readable(row)
        raise Unavailable(
            "TikTok could not be asked for a new sign-in. It is tried again.",
            provider=PROVIDER,
            code=error.code,
        ) from error


def renew(authorization_id: UUID, refused: str, *, now: datetime) -> str:
    """A token other than `refused`, which TikTok called expired whatever its end says."""
    return _renew(authorization_id, lambda seen: seen.access_token == refused, now=now)


@job
def refresh_due() -> int:
    """Refresh what ends within a day, spread over six hours; answers how many were refreshed."""
    now = timezone.now()
    journal.trim(now=now)
    done = 0
    active = Authorization.objects.filter(state="active").select_related("workspace")
    for row in active.filter(access_expires_at__lt=now + AHEAD + JITTER):
        limit = now + AHEAD + _jitter(row.pk)
        if row.access_expires_at >= limit:
            continue
        try:
            _renew(row.pk, lambda seen, limit=limit: seen.access_expires_at < limit, now=now)  # type: ignore[misc]
            done += 1
        except RemoteError as error:  # told or tried again by the next run
            log.warning("refresh of %s: %s (%s)", row.pk, type(error).__name__, error.code)
    for row in active.filter(refresh_expires_at__lt=now + ENDING):
        text = f"TikTok's permission for {row.seller_name} ends soon. Reconnect the shop."
        notify(row.workspace, f"authorization:{row.pk}:ending", text, level="warn", mail=True)
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
) -> str:
    """Exchange under the row's lock, unless somebody else did so while we waited for it."""
    row = None
    try:
        # The one remote call made inside a transaction: 5 s time-out, nothing else in the block.
        # Durable, as a rollback around it would lose both tokens.
        with transaction.atomic(durable=True):
            row = Authorization.objects.select_for_update().get(pk=authorization_id)
            _refuse_if_lost(row)
            if not is_stale(row):
                return row.access_token
            grant = auth.refresh_token(wire.token_host(), token=row.refresh_token, now=now)
            _keep(row, grant, now=now)
    except NotAuthorized as error:
        if row is not None and error.code in OVER:
            mark_lost(Authorization.objects.get(pk=row.pk), error.message)
        raise
    except VaultError as error:
        raise _unreadable(authorization_id) from error
    return grant.access_token


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
    row.hold_tokens(
        access=grant.access_token,
        access_until=grant.access_expires_at,
        refresh=grant.refresh_token,
        refresh_until=grant.refresh_expires_at,
    )
    row.refreshed_at = now
    fields = [*row.SEALED, "access_expires_at", "refresh_expires_at", "refreshed_at"]
    if grant.scopes is not None:
        row.scopes = sorted(grant.scopes)
        fields.append("scopes")
    row.save(update_fields=fields)


def _refuse_if_lost(row: Authorization) -> None:
    if row.state != "active":
        raise NotAuthorized(
            row.lost_because or "The shop's sign-in is no longer accepted. Reconnect the shop.",
            provider=PROVIDER,
            code="lost",
        )


def _jitter(authorization_id: UUID) -> timedelta:
    """The same for every look at a row, spread over rows."""
    return JITTER * (authorization_id.int % 997) / 997
