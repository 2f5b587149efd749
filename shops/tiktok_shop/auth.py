"""Connecting a seller: the authorize page, the way back, and the two calls of the token host.

The token host takes the app secret in the URL of an unsigned GET, so no error raised here carries a
URL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from core.errors import NotAuthorized, Rejected
from core.http import Call, Gate, open_gate, send
from shops.tiktok_shop.errors import PROVIDER, Asked, open_envelope, unreadable

_SELLER = 0
_WHO = {1: "a creator", 3: "a partner"}
_TIMEOUT = httpx.Timeout(5.0)
_CODE_DEAD = "36004004"


class WrongAccount(Rejected):
    """Somebody else than a seller signed in."""


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What TikTok handed out. Both tokens replace their predecessors: a refresh kills the refresh
    token it used.

    `scopes` is None where TikTok did not list them.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime | None
    open_id: str
    seller_name: str
    region: str
    user_type: int
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Redirect:
    """How the seller came back: with a `code`, or with the `refusal` TikTok named. `state` is empty
    for App Store installs."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    refusal: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class TokenHost:
    """The auth host and our app's credentials."""

    url: str
    app_key: str
    app_secret: str = field(repr=False)
    http: httpx.Client = field(repr=False)
    journal: Callable[[Call], None] | None = field(default=None, repr=False)
    gate: Gate = field(default=open_gate, repr=False)
    timeout: httpx.Timeout = field(default_factory=lambda: _TIMEOUT, repr=False)


def authorize_url(
    region: str, service_id: str, state: str, *, us_host: str, global_host: str
) -> str:
    """The page a seller is sent to; US shops have their own host. The way back is fixed in Partner
    Center."""
    host = us_host if region.upper() == "US" else global_host
    url = httpx.URL(host)
    if url.path in ("", "/"):
        url = url.copy_with(path="/open/authorize")
    return str(url.copy_merge_params({"service_id": service_id, "state": state}))


def read_redirect(query: Mapping[str, str]) -> Redirect:
    """The query of the way back. A refused seller comes with the literal code `null`."""
    code = query.get("code", "").strip()
    refusal = query.get("error", "").strip()
    if code in ("", "null"):
        code, refusal = "", refusal or "no_code"
    return Redirect(
        code="" if refusal else code,
        state=query.get("state", ""),
        refusal=refusal,
        region=query.get("shop_region", ""),
    )


def exchange_code(host: TokenHost, *, code: str, now: datetime) -> TokenGrant:
    """Tokens for a code, which lives 30 minutes and works once.

    Rejected: send the seller through the page again. OutcomeUnknown: the same, as the code may be
    spent.
    """
    grant = _ask(host, "/api/v2/token/get", {"auth_code": code, "grant_type": "authorized_code"})
    return _read_grant(grant, now)


def refresh_token(host: TokenHost, *, token: str, now: datetime) -> TokenGrant:
    """New tokens for a refresh token, which dies of it: store both at once, and let one process
    ask.

    NotAuthorized: the authorization is over. OutcomeUnknown: it may have been rotated; another try
    will tell.
    """
    query = {"refresh_token": token, "grant_type": "refresh_token"}
    try:
        data = _ask(host, "/api/v2/token/refresh", query)
    except Rejected as error:
        if error.code != _CODE_DEAD:
            raise
        raise NotAuthorized(
            "The sign-in to TikTok has expired. Reconnect the shop.",
            provider=PROVIDER,
            code=error.code,
            request_id=error.request_id,
        ) from error
    return _read_grant(data, now)


def _ask(host: TokenHost, path: str, query: dict[str, str]) -> dict[str, Any]:
    credentials = {"app_key": host.app_key, "app_secret": host.app_secret}
    request = host.http.build_request(
        "GET", host.url.rstrip("/") + path, params={**credentials, **query}, timeout=host.timeout
    )
    secrets = (host.app_secret, query.get("auth_code", ""), query.get("refresh_token", ""))
    with host.gate(request):
        response = send(
            host.http,
            request,
            provider=PROVIDER,
            safe=False,
            journal=host.journal,
            secrets=secrets,
        )
        return open_envelope(response, Asked(safe=False, secrets=secrets))


def _read_grant(data: dict[str, Any], now: datetime) -> TokenGrant:
    user_type = _number(data.get("user_type", _SELLER))
    if user_type is not None and user_type != _SELLER:
        raise WrongAccount(
            f"You signed in to TikTok as {_WHO.get(user_type, 'somebody who is not a seller')}. "
            "Sign in with the seller account that owns the shop.",
            provider=PROVIDER,
            code=f"user-type-{user_type}",
        )
    access, refresh = data.get("access_token"), data.get("refresh_token")
    expires = _moment(data.get("access_token_expire_in"), now)
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise unreadable(safe=False, code="no-token")
    if expires is None or user_type is None:
        raise unreadable(safe=False, code="no-expiry" if expires is None else "no-user-type")
    scopes = data.get("granted_scopes")
    return TokenGrant(
        access_token=access,
        refresh_token=refresh,
        access_expires_at=expires,
        refresh_expires_at=_moment(data.get("refresh_token_expire_in"), now),
        open_id=str(data.get("open_id") or ""),
        seller_name=str(data.get("seller_name") or ""),
        region=str(data.get("seller_base_region") or ""),
        user_type=user_type,
        scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
    )


def _moment(value: object, now: datetime) -> datetime | None:
    """`…_expire_in` is an absolute Unix time despite its name; a small value can only be seconds
    from now."""
    seconds = _number(value)
    if not seconds or seconds < 0:
        return None
    if seconds < 10**9:
        return now + timedelta(seconds=seconds)
    if seconds >= 10**11:  # milliseconds, as the years 5138 and later are not meant
        seconds //= 1000
    return datetime.fromtimestamp(seconds, UTC) if seconds < 10**11 else None


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) else None
