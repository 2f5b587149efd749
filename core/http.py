"""The one way out to other people's servers: pooled, timed out, redacted, retried only where that
is safe."""

import logging
import math
import random
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from core.calls import Call, about, describe
from core.errors import CircuitOpen, OutcomeUnknown, RateLimited, RemoteError, Unavailable
from core.redaction import redact
from core.waiting import IN_PAGE, somebody_waits

__all__ = [
    "Call",
    "Gate",
    "about",
    "make_client",
    "open_gate",
    "redact",
    "retry_after",
    "send",
    "with_retries",
]

ATTEMPTS = 3
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
BACKOFF = 0.25  # seconds, doubled with every try
# A try that took longer than this is not repeated at once: others wait for the thread it holds.
PATIENCE = 10.0

# What a request passes before it leaves, and what hears how it went: a rate limit, a breaker.
type Gate = Callable[[httpx.Request], AbstractContextManager[None]]


def open_gate(request: httpx.Request) -> AbstractContextManager[None]:
    """The gate of whoever has none."""
    return nullcontext()


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
    secrets: Collection[str] = (),
) -> httpx.Response:
    """Send once and answer the response, whatever its status; transport trouble becomes our own
    errors.

    `safe` says that repeating the request changes nothing. Before a request left us the trouble is
    always Unavailable; after that it is Unavailable for a safe request and OutcomeUnknown for any
    other. The journal strikes `secrets` out of whatever the answer quotes.
    """
    started = time.monotonic()
    response: httpx.Response | None = None
    failure = ""
    try:
        response = client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT)
        return response
    except httpx.HTTPError as error:
        failure = type(error).__name__
        # The text of what never left us may quote a credential, so it is not kept.
        unsent = isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol)
        raise _trouble(error, provider, safe=safe) from (None if unsent else error)
    finally:
        if journal:
            seconds = time.monotonic() - started
            journal(describe(request, response, seconds, failure, secrets, safe=safe))


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

    A provider's Retry-After is honoured up to 10 s, or 5 where somebody waits for a page; a longer
    one is the caller's to schedule, so it is raised at once, like the failure of a try that took
    longer than that.
    """
    patience = IN_PAGE if somebody_waits() else PATIENCE
    for attempt in range(1, attempts + 1):
        started = time.monotonic()
        try:
            return ask()
        except CircuitOpen:  # the breaker says when, and it will not be by waiting here
            raise
        except Unavailable as error:
            wait = error.retry_after
            if attempt == attempts or time.monotonic() - started > patience:
                raise
            if wait is not None and wait > patience:
                raise
            if wait is None:
                wait = random.uniform(0, BACKOFF * 2**attempt)  # noqa: S311 - jitter, not a secret
            elif isinstance(error, RateLimited):
                wait += random.uniform(0, 0.2)  # noqa: S311 - jitter, not a secret
            sleep(wait)
    raise AssertionError("unreachable")
