"""The hot path: a webhook is proven, stored once and answered, before Django and its middlewares.

200 means "it is on disk, once". 401 is a forged delivery and nothing else, because a provider may
take it as the end: when the fault is ours (no secret, no database, a mistake) the answer is 5xx,
and the provider tries again. A forged delivery costs a hash and no database. Neither bodies nor
secrets are logged.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg

from core.checkpoints import reached
from core.deliveries import Delivery, Source, Unreadable, fingerprint

log = logging.getLogger(__name__)

PREFIX = "/hooks/"
MOST_BYTES = 1_000_000
_LINES = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    411: "411 Length Required",
    413: "413 Content Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}

type Environ = dict[str, Any]
type StartResponse = Callable[[str, list[tuple[str, str]]], object]
type WSGI = Callable[..., Any]
# Stores a delivery of a provider: body, state, reason. Whether it is the first of its name.
type Store = Callable[[str, Delivery, bytes, str, str], bool]


class Headers(Mapping[str, str]):
    """The request's headers by any spelling of their names, read from the WSGI environment."""

    def __init__(self, environ: Environ) -> None:
        self.environ = environ

    def __getitem__(self, name: str) -> str:
        return str(self.environ[f"HTTP_{name.upper().replace('-', '_')}"])

    def __iter__(self) -> Iterator[str]:
        return (name[5:].replace("_", "-") for name in self.environ if name.startswith("HTTP_"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Refused(Exception):
    """Answered without being stored; `status` is the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Receiver:
    """A WSGI application for POST /hooks/<provider>; the providers are handed in by name."""

    def __init__(
        self, sources: Mapping[str, Source], *, store: Store, wake: Callable[[], None]
    ) -> None:
        self.sources = sources
        self.store = store
        self.wake = wake
        self.complaints = Complaints()

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        name = str(environ["PATH_INFO"]).removeprefix(PREFIX).removesuffix("/")
        headers = [("Content-Length", "0"), ("Content-Type", "text/plain")]
        try:
            self._receive(name, environ)
            status = 200
        except _Refused as refused:
            status = refused.status
            if status == 405:
                headers.append(("Allow", "POST"))
            self.complaints.add(name if name in self.sources else "?", refused.why)
        except Exception as error:
            # Whatever it is, it is our fault: the provider shall try again, and nothing is quoted,
            # since a message may hold a piece of the body.
            status = 503 if isinstance(error, psycopg.Error) else 500
            place = traceback.extract_tb(error.__traceback__)[-1]
            words = f"{type(error).__name__} in {place.name}, line {place.lineno}"
            self.complaints.add(name, words)
        start_response(_LINES[status], headers)
        return [b""]

    def _receive(self, name: str, environ: Environ) -> None:
        source = self.sources.get(name)
        if source is None:
            raise _Refused(404, "no such provider")
        if environ["REQUEST_METHOD"] != "POST":
            raise _Refused(405, "not a POST")
        if not source.is_configured():
            raise _Refused(503, "no secret is configured, so nothing can be proven")
        body = _read(environ)
        if not source.verify(body, Headers(environ), environ.get("QUERY_STRING", "")):
            raise _Refused(401, "the signature is wrong")
        state, reason = "waiting", ""
        try:
            delivery = source.identify(body)
        except Unreadable as error:
            # Genuine, so it is kept for a person: sent again it would be no more readable.
            delivery, state, reason = Delivery("?", fingerprint(body)), "parked", str(error)
        is_new = self.store(name, delivery, body, state, reason)
        reached("webhook.stored")
        if is_new and state == "waiting":
            self.wake()


def _read(environ: Environ) -> bytes:
    """The raw body, never more than MOST_BYTES of it, and never less than was announced."""
    source = environ["wsgi.input"]
    announced = str(environ.get("CONTENT_LENGTH") or "")
    if not announced:
        if not environ.get("wsgi.input_terminated"):
            raise _Refused(411, "no length announced")
        body = bytes(source.read(MOST_BYTES + 1))
        if len(body) > MOST_BYTES:
            raise _Refused(413, "too long")
        return body
    if not (announced.isascii() and announced.isdecimal()):
        raise _Refused(400, "a length that is no number")
    length = int(announced) if len(announced) < 10 else MOST_BYTES + 1
    if length > MOST_BYTES:
        raise _Refused(413, "too long")
    body = bytes(source.read(length))
    if len(body) < length:
        raise _Refused(400, "cut short")
    return body


class Complaints:
    """One line a minute and provider for what was refused: a flood must not fill the disk."""

    def __init__(self, *, every: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self.every = every
        self.clock = clock
        self.silent_until: dict[tuple[str, str], float] = {}
        self.untold: dict[tuple[str, str], int] = {}

    def add(self, name: str, why: str) -> None:
        """Log it, or count it for the next line about the same."""
        key, now = (name, why), self.clock()
        if now < self.silent_until.get(key, 0):
            self.untold[key] = self.untold.get(key, 0) + 1
            return
        more = self.untold.pop(key, 0)
        self.silent_until[key] = now + self.every
        log.warning("webhook of %s refused: %s%s", name, why, f" ({more} more)" if more else "")
