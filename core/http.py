"""The one way out to other people's servers: pooled, timed out, redacted, retried only where that
is safe."""

import logging
import math
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from core.errors import OutcomeUnknown, RateLimited, RemoteError, Unavailable

ATTEMPTS = 3
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_SECRET = re.compile(
    r"(?i)((?:access_token|refresh_token|app_secret|auth_code|sign|api_key|token|authorization|code"
    r"|shop_cipher)=)[^&\s\"']+"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One answered or failed exchange, for the journal: never a body, never a secret."""

    method: str
    url: str
    status: int | None
    seconds: float
    error: str = ""


def redact(text: str) -> str:
    """`text` with the values of secret query parameters struck out."""
    return _SECRET.sub(r"\1***", text)


class _Redacting(logging.Filter):
    """httpx logs every URL it asks, and TikTok's token host takes the app secret in the URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


logging.getLogger("httpx").addFilter(_Redacting())


def make_client(
    *, transport: httpx.BaseTransport | None = None, connections: int = 40
) -> httpx.Client:
    """A pooled client to be kept open. It follows no redirect, and ignores proxies and .netrc of
    the environment."""
    return httpx.Client(
        transport=transport,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
    )


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds the server asked us to wait (`Retry-After` in either of its two forms), at most an
    hour."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), 3600.0) if math.isfinite(seconds) else None


def send(
    client: httpx.Client,
    request: httpx.Request,
    *,
    provider: str,
    safe: bool,
    journal: Callable[[Call], None] | None = None,
    auth: httpx.Auth | None = None,
) -> httpx.Response:
    """Send once and answer the response, whatever its status; transport trouble becomes our own
    errors.

    `safe` says that repeating the request changes nothing. Before a request left us the trouble is
    always Unavailable; after that it is Unavailable for a safe request and OutcomeUnknown for any
    other.
    """
    started = time.monotonic()
    status: int | None = None
    failure = ""
    try:
        response = client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT)
        status = response.status_code
        return response
    except httpx.HTTPError as error:
        failure = type(error).__name__
        # The text of what never left us may quote a credential, so it is not kept.
        unsent = isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol)
        raise _trouble(error, provider, safe=safe) from (None if unsent else error)
    finally:
        if journal:
            url = redact(str(request.url))
            journal(Call(request.method, url, status, time.monotonic() - started, failure))


def _trouble(error: httpx.HTTPError, provider: str, *, safe: bool) -> RemoteError:
    """Our own error for httpx's: what matters is whether the request can have arrived."""
    code = type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Unavailable(f"{provider} could not be reached.", provider=provider, code=code)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        words = f"The request for {provider} could not be put together."
        return Unavailable(words, provider=provider, code=code)
    return _after_sending(provider, code, safe=safe)


def _after_sending(provider: str, failure: str, *, safe: bool) -> RemoteError:
    if safe:
        return Unavailable(f"{provider} did not answer in time.", provider=provider, code=failure)
    return OutcomeUnknown(
        f"{provider} did not answer, so whether it was carried out is not known.",
        provider=provider,
        code=failure,
    )


def with_retries[T](
    ask: Callable[[], T], *, attempts: int = ATTEMPTS, sleep: Callable[[float], None] = time.sleep
) -> T:
    """Call a *safe* `ask` up to `attempts` times while it raises Unavailable: exponential backoff
    with full jitter.

    A provider's Retry-After is honoured up to 10 s; a longer one is the caller's to schedule, so it
    is raised at once.
    """
    for attempt in range(1, attempts + 1):
        try:
            return ask()
        except Unavailable as error:
            wait = error.retry_after
            if attempt == attempts or (wait is not None and wait > 10):
                raise
            if wait is None:
                wait = random.uniform(0, 0.25 * 2**attempt)  # noqa: S311 - jitter, not a secret
            elif isinstance(error, RateLimited):
                wait += random.uniform(0, 0.2)  # noqa: S311 - jitter, not a secret
            sleep(wait)
    raise AssertionError("unreachable")
