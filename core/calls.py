"""One exchange with a third party as the journal keeps it, and which order it was about."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import httpx

from core.redaction import redact_exchange, redact_url

_subject: ContextVar[str] = ContextVar("subject", default="")
_REQUEST_ID = ("x-ep-request-uuid", "x-request-id", "x-tt-logid")
# TikTok answers 200 also when it refuses: its envelope begins with a code that is not 0, and names the request.
_REFUSED = re.compile(rb'\s*\{\s*"code"\s*:\s*[1-9]')
_ENVELOPE_ID = re.compile(rb'"request_id"\s*:\s*"([\w-]{1,80})"')


@dataclass(frozen=True, slots=True)
class Call:
    """One answered or failed exchange, for the journal: never a secret, never a person.

    `asked` and `answered` are the bodies of a call that failed, struck out; empty for any other.
    """

    method: str
    url: str
    status: int | None
    seconds: float
    error: str = ""
    request_id: str = ""
    subject: str = ""
    refused: bool = False
    asked: str = ""
    answered: str = ""
    safe: bool = True  # repeating it would change nothing

    @property
    def failed(self) -> bool:
        """No answer, or one that says no."""
        return self.status is None or self.status >= 400 or self.refused


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Within the block, calls and lines of the log are about this order (TikTok's number); for this thread only."""
    held = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(held)


def subject() -> str:
    """The order that what happens here and now is about, by TikTok's number; "" when it is about none."""
    return _subject.get()


def describe(
    request: httpx.Request,
    response: httpx.Response | None,
    seconds: float,
    failure: str,
    secrets: Collection[str] = (),
    *,
    safe: bool = True,
) -> Call:
    """The exchange for the journal; bodies are looked at only when it failed. `secrets` are what
    the request was made with: an answer may quote them."""
    content = _content(response)
    status = response.status_code if response is not None else None
    refused = bool(_REFUSED.match(content))
    asked = answered = ""
    if status is None or status >= 400 or refused:
        asked, answered = redact_exchange(_body(request), content, secrets)
    return Call(
        request.method,
        redact_url(str(request.url)),
        status,
        seconds,
        failure,
        _request_id(response, content),
        subject(),
        refused,
        asked,
        answered,
        safe,
    )


def _content(response: httpx.Response | None) -> bytes:
    try:
        return response.content if response is not None else b""
    except httpx.ResponseNotRead:  # a file that was streamed: there is nothing of it to keep
        return b""


def _body(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:  # a stream: there is nothing of it to keep
        return b""


def _request_id(response: httpx.Response | None, content: bytes) -> str:
    """What the provider's support asks for."""
    if response is None:
        return ""
    for name in _REQUEST_ID:
        if name in response.headers:
            return str(response.headers[name])[:80]
    found = _ENVELOPE_ID.search(content[-200:]) or _ENVELOPE_ID.search(content[:400])
    return found[1].decode() if found else ""
