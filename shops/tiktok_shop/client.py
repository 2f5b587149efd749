"""One call to TikTok Shop: build, wait for our turn, sign, send, open the envelope, repeat only
what is safe."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import orjson

from core.errors import NotAuthorized, RateLimited, RemoteError
from core.http import Call, Gate, open_gate, send, with_retries
from shops.tiktok_shop.endpoint import DEFAULT_VERSION, Endpoint
from shops.tiktok_shop.endpoints import ENDPOINTS
from shops.tiktok_shop.errors import (
    PROVIDER,
    Asked,
    ClockRefused,
    StillBeingMade,
    TokenExpired,
    open_envelope,
)
from shops.tiktok_shop.signing import Signature

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds for everybody, when TikTok says "too many" and not until when

type Value = str | int | bool | Sequence[str] | None


class Limiter(Protocol):
    """Who says when a call may leave."""

    def acquire(self, key: str) -> None:
        """Return when it is our turn; it may sleep, or raise RateLimited."""

    def push_back(self, key: str, seconds: float) -> None:
        """TikTok asked for a pause of so many seconds."""


class NoLimit:
    """A limiter for calls that need none, such as those of a test."""

    def acquire(self, key: str) -> None:
        """It is always our turn."""

    def push_back(self, key: str, seconds: float) -> None:
        """Nothing to hold back."""


def utc_now() -> datetime:
    """The system clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Prepared:
    endpoint: Endpoint
    url: str
    query: dict[str, str]
    body: bytes | None
    secrets: tuple[str, ...] = field(repr=False)

    def asked(self, token: str) -> Asked:
        return Asked(self.endpoint.safe, self.endpoint.scope, (*self.secrets, token))


class TikTokShopClient:
    """Calls for one shop (`shop_cipher`), or for one authorization where no shop is chosen yet.

    `token` is the access token or asks for it. `refresh` gets the token that TikTok called expired
    and answers a fresh one; it is asked at most once per attempt. The client may be shared between
    threads.
    """

    def __init__(
        self,
        app_key: str,
        app_secret: str,
        base_url: str,
        http: httpx.Client,
        token: Callable[[], str] | str,
        shop_cipher: str = "",
        *,
        limiter: Limiter | None = None,
        journal: Callable[[Call], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
        refresh: Callable[[str], str] | None = None,
        default_version: str = DEFAULT_VERSION,
        sleep: Callable[[float], None] = time.sleep,
        gate: Gate = open_gate,
    ) -> None:
        self._signature = Signature(app_key, app_secret, clock=clock)
        self._secret = app_secret
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._token = token
        self._cipher = shop_cipher
        self._limiter = limiter or NoLimit()
        self.journal = journal
        self._clock = clock
        self._refresh = refresh
        self._default_version = default_version
        self._sleep = sleep
        self._gate = gate
        shop = hashlib.sha256(shop_cipher.encode()).hexdigest()[:16] if shop_cipher else "app"
        self.limit_key = f"tiktok-shop:{app_key}:{shop}"

    @property
    def clock_offset(self) -> float:
        """Seconds to add to our clock to get TikTok's; 0 as long as TikTok accepts ours."""
        return self._signature.offset

    def call(
        self,
        endpoint_name: str,
        *,
        path_params: Mapping[str, str] | None = None,
        query: Mapping[str, Value] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The `data` of TikTok's answer, unknown fields included. Raises the errors of core.errors.

        Empty query values are left out. ValueError for a query name the endpoint does not declare.
        """
        prepared = self._prepare(ENDPOINTS[endpoint_name], path_params, query, body)

        def ask() -> dict[str, Any] | StillBeingMade:
            try:
                return self._ask(prepared)
            except StillBeingMade as error:  # not worth a hurried second look: past with_retries
                return error

        answer = with_retries(ask, sleep=self._sleep) if prepared.endpoint.safe else ask()
        if isinstance(answer, StillBeingMade):
            raise answer
        return answer

    def _prepare(
        self,
        endpoint: Endpoint,
        path_params: Mapping[str, str] | None,
        query: Mapping[str, Value] | None,
        body: Mapping[str, Any] | None,
    ) -> _Prepared:
        undeclared = (query or {}).keys() - endpoint.query
        if undeclared:
            raise ValueError(f"{endpoint.name} takes no {', '.join(sorted(undeclared))}")
        texts = {name: _text(value) for name, value in (query or {}).items()}
        params = {name: text for name, text in texts.items() if text}
        if endpoint.needs_cipher:
            if not self._cipher:
                raise ValueError(f"{endpoint.name} needs a shop")
            params["shop_cipher"] = self._cipher
        path = endpoint.url_path(self._default_version, dict(path_params or {}))
        return _Prepared(
            endpoint,
            self._base_url + path,
            params,
            None if body is None else orjson.dumps(body),
            (self._secret, self._cipher),
        )

    def _ask(self, prepared: _Prepared) -> dict[str, Any]:
        """One exchange, and a second one where the gateway turned the first away for a reason we
        can mend."""
        token = self._token if isinstance(self._token, str) else self._token()
        try:
            return self._exchange(prepared, token)
        except TokenExpired as expired:
            if self._refresh is None:
                raise
            fresh = self._renew(token, self._refresh)
            log.info("%s: token refreshed (request %s)", prepared.endpoint.name, expired.request_id)
        except ClockRefused as refused:
            if not self._learn_offset(refused.server_time):
                raise
            fresh = token
        return self._exchange(prepared, fresh)

    def _renew(self, refused: str, refresh: Callable[[str], str]) -> str:
        fresh = refresh(refused)
        if isinstance(self._token, str):
            self._token = fresh
        return fresh

    def _learn_offset(self, server_time: float | None) -> bool:
        """Set our clock by TikTok's; False where that cannot help."""
        if server_time is None:
            return False
        offset = server_time - self._clock().timestamp()
        if abs(offset - self._signature.offset) < 2:
            return False
        self._signature.offset = offset
        log.warning("our clock is %.0f s off TikTok's; signing with TikTok's time", offset)
        return True

    def _exchange(self, prepared: _Prepared, token: str) -> dict[str, Any]:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise NotAuthorized(
                "The shop's sign-in is damaged. Reconnect the shop.",
                provider=PROVIDER,
                code="token",
            )
        request = self._http.build_request(
            prepared.endpoint.method,
            prepared.url,
            params=prepared.query,
            content=prepared.body,
            headers={
                "x-tts-access-token": token,
                "content-type": "application/json",
                "accept": "application/json",
            },
            extensions={"safe": prepared.endpoint.safe},
        )
        self._await_turn(prepared.endpoint)
        try:
            with self._gate(request):
                asked = prepared.asked(token)
                response = send(
                    self._http,
                    request,
                    provider=PROVIDER,
                    safe=prepared.endpoint.safe,
                    journal=self.journal,
                    auth=self._signature,
                    secrets=asked.secrets,
                )
                return open_envelope(response, asked)
        except RemoteError as error:
            self._note(prepared.endpoint, error)
            raise

    def _await_turn(self, endpoint: Endpoint) -> None:
        """Return when a call of `endpoint` may leave; RateLimited when that is too far away."""
        self._limiter.acquire(self.limit_key)

    def _note(self, endpoint: Endpoint, error: RemoteError) -> None:
        if isinstance(error, RateLimited):
            self._limiter.push_back(self.limit_key, error.retry_after or PAUSE)
        log.info(
            "%s: %s code=%s request=%s",
            endpoint.name,
            type(error).__name__,
            error.code,
            error.request_id,
        )


def _text(value: Value) -> str:
    """A query value as TikTok reads it: lists joined by commas, flags in lower case."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    return ",".join(value)
