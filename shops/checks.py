"""Whether this server and a workspace's shops are set up to talk to TikTok."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from django.conf import settings
from django.core.cache import cache

from core import inbox
from core.models import Workspace
from shops import connect, subscriptions, wire
from shops.models import Authorization, Shop
from shops.reception import last_event
from shops.tiktok_shop import scopes

# TikTok refuses a clock that is 30 s fast or 5 min slow.
_FAST, _SLOW = 30.0, 300.0
_SKEW = "shops.checks.skew"
_SKEW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: what was looked at, how it stands (`tone`), and what it means."""

    title: str
    tone: str
    words: str


def run(workspace: Workspace, *, now: datetime) -> list[Check]:
    """Keys, clock, webhooks, sign-in and scopes."""
    rows = Authorization.objects.filter(workspace=workspace).order_by("seller_name")
    found = [check for row in rows for check in _authorization(row, now)]
    return [_keys(), _clock(), *_webhooks(workspace), *found]


def without(missing: tuple[scopes.Scope, ...]) -> str:
    """What will not work without the scopes a seller did not grant, naming them."""
    parts = "; ".join(f"{scope.purpose} ({scope.name})" for scope in missing)
    return f"Not granted, so CreatorFlow cannot: {parts}. Connect again and grant everything."


def forget_clock() -> None:
    """Ask TikTok for the time anew at the next look; it is kept for five minutes otherwise."""
    cache.delete(_SKEW)


def _keys() -> Check:
    absent = connect.missing_settings()
    if absent:
        return Check("App keys", "red", f"{', '.join(absent)} must be set on the server.")
    return Check("App keys", "green", f"Set, for the {settings.TIKTOK_SHOP_ENVIRONMENT} app.")


def _clock() -> Check:
    skew = cache.get(_SKEW)
    if skew is None:
        skew = _measure_skew()
        if skew is not None:
            cache.set(_SKEW, skew, _SKEW_SECONDS)
    if skew is None:
        return Check("Clock", "amber", "TikTok could not be asked for the time just now.")
    side = "fast" if skew > 0 else "slow"
    if skew > _FAST or skew < -_SLOW:
        return Check(
            "Clock", "red", f"This server's clock is {abs(skew):.0f} s {side}: TikTok refuses that."
        )
    words = (
        "agrees with TikTok's" if abs(skew) < 2 else f"is {abs(skew):.0f} s {side}, which is fine"
    )
    return Check("Clock", "green", f"This server's clock {words}.")


def _measure_skew() -> float | None:
    """Seconds that our clock is ahead of TikTok's, to a second; None when TikTok does not tell."""
    try:
        answer = wire.http_client().head(settings.TIKTOK_SHOP_URL + "/", timeout=3.0)
        told = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (httpx.HTTPError, ValueError, TypeError):
        return None
    ahead = time.time() - told
    return 0.0 if abs(ahead) < 1.5 else ahead  # a Date header is rounded down to a second


def _webhooks(workspace: Workspace) -> list[Check]:
    """Whether TikTok's events reach this server; nothing where no shop is connected."""
    shops = list(Shop.objects.of(workspace).connected())
    if not shops:
        return []
    title, slower = "Webhooks", "Until then orders are read every minute."
    if problem := subscriptions.why_not():
        return [Check(title, "amber", f"{problem} {slower}")]
    if last := last_event(shops):
        return [Check(title, "green", f"They arrive; the last one on {last:%d %b, %H:%M} UTC.")]
    where = inbox.address("tiktok")
    words = f"None has arrived yet. The first one at {where} turns this green. {slower}"
    return [Check(title, "amber", words)]


def _authorization(row: Authorization, now: datetime) -> list[Check]:
    if row.state != "active":
        return [Check(f"Sign-in of {row.seller_name}", "red", row.lost_because or "Reconnect it.")]
    missing = scopes.missing(row.scopes)
    granted = Check(
        f"Permissions of {row.seller_name}",
        "amber" if missing else "green",
        without(missing) if missing else "Everything CreatorFlow needs is granted.",
    )
    return [_sign_in(row, now), granted]


def _sign_in(row: Authorization, now: datetime) -> Check:
    title = f"Sign-in of {row.seller_name}"
    if row.refresh_failures:
        tone = "amber" if row.access_expires_at - now > timedelta(hours=6) else "red"
        return Check(title, tone, f"Could not be renewed: {row.refresh_error} It is tried again.")
    if row.end is None:
        return Check(title, "green", "Renewed by itself; TikTok named no end.")
    days = (row.end - now).days
    if days < 0:
        return Check(title, "red", "The permission has ended: reconnect the shop.")
    tone = "amber" if days < 14 else "green"
    return Check(title, tone, f"Renewed by itself; the permission lasts {days:,} more days.")
