"""Fetching a label file from an address somebody else wrote: only theirs, only over TLS, only what
a label can be."""

import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import httpx

from core.calls import Call, describe
from core.errors import Rejected, Unavailable
from core.http import Gate, open_gate, retry_after
from shipping.providers.base import Document
from shipping.providers.fields import clean

MAX_BYTES = 10 * 1024 * 1024
PDF = "application/pdf"
PNG = "image/png"
ZPL = "application/zpl"
GONE = "label-gone"  # code of the Rejected for a link that has run out: ask for a new one

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ZPL_START = re.compile(rb"\s*[\^~]")


@dataclass(frozen=True, slots=True)
class Source:
    """Where label files may come from: hosts by pattern, and the host the API itself is asked at.

    Plain http is allowed only where the API's own base URL is http on loopback, and only from that
    host and port.
    """

    name: str
    base_url: str
    hosts: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, name: str, base_url: str, hosts: tuple[str, ...]) -> "Source":
        """With the patterns as text; each has to match a host name in full."""
        return cls(name, base_url, tuple(re.compile(host) for host in hosts))

    def allows(self, url: str) -> bool:
        """Whether `url` may be fetched at all, read by the same parser that would connect to it."""
        wanted, base = _parsed(url), _parsed(self.base_url)
        if wanted is None or base is None or not wanted.host or wanted.userinfo:
            return False
        own = (wanted.scheme, wanted.host, _port(wanted)) == (base.scheme, base.host, _port(base))
        if own and (wanted.scheme == "https" or wanted.host in _LOOPBACK):
            return True
        named = any(pattern.fullmatch(wanted.host) for pattern in self.hosts)
        return wanted.scheme == "https" and _port(wanted) == 443 and named


def _parsed(url: str) -> httpx.URL | None:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def fetch(
    client: httpx.Client,
    url: str,
    source: Source,
    *,
    gate: Gate = open_gate,
    journal: Callable[[Call], None] | None = None,
) -> Document:
    """The file at `url`, asked for once. Rejected when it must not be fetched or is no label.

    No redirect is followed and nothing that identifies us is sent; at most 10 MB are read.
    """
    if not source.allows(url):
        raise Rejected(
            f"{source.name} keeps the label at {_host(url)} we do not fetch files from.",
            provider=source.name,
            code="label-host",
        )
    request = client.build_request("GET", url, headers={"accept-encoding": "identity"})
    with gate(request):
        content = _download(client, request, source.name, journal)
    return Document(content, _kind(content, source.name))


def _download(
    client: httpx.Client,
    request: httpx.Request,
    name: str,
    journal: Callable[[Call], None] | None,
) -> bytes:
    started = time.monotonic()
    response: httpx.Response | None = None
    failure = ""
    try:
        response = client.send(request, stream=True, follow_redirects=False)
        with closing(response):
            _check_status(response, name)
            return _read(response, name)
    except httpx.HTTPError as error:
        failure = type(error).__name__
        raise Unavailable(
            f"The label file at {name} could not be fetched.",
            provider=name,
            code=failure,
        ) from error
    finally:
        if journal:
            call = describe(request, response, time.monotonic() - started, failure)
            # Without its link: whoever has that has the label, and the address on it.
            where = f"/label-file/{request.url.host}"
            journal(replace(call, url=where, asked="", answered=""))


def _host(url: str) -> str:
    parsed = _parsed(url)
    return clean(parsed.host, 100) if parsed and parsed.host else "an address"


def _check_status(response: httpx.Response, name: str) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in (400, 401, 403, 404, 410):
        # Storage services answer any of these once a signed link has run out.
        raise Rejected(f"{name}'s link to the label no longer works.", provider=name, code=GONE)
    if 300 <= status < 400:
        raise Rejected(
            f"{name}'s label file has moved to another address.", provider=name, code="label-moved"
        )
    raise Unavailable(
        f"The label file at {name} could not be fetched.",
        provider=name,
        code=f"http-{status}",
        retry_after=retry_after(response.headers),
    )


def _read(response: httpx.Response, name: str) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise Rejected(
                f"{name}'s label file is larger than 10 MB.", provider=name, code="label-size"
            )
    return bytes(content)


def _kind(content: bytes, name: str) -> str:
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if _ZPL_START.match(content) and b"^XA" in content and b"^XZ" in content:
        return ZPL
    raise Rejected(
        f"{name} sent {what_is(content)} in place of a label.", provider=name, code="label-kind"
    )


def what_is(content: bytes) -> str:
    """A name for bytes that are no label."""
    start = content[:200].lstrip().lower()
    if not start:
        return "an empty file"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start.startswith(b"<"):
        return "an XML document"
    if start.startswith((b"{", b"[")):
        return "a JSON document"
    if start.startswith((b"gif8", b"\xff\xd8\xff", b"ii*", b"mm\x00*")):
        return "a picture that is not PNG"
    return "a file of unknown kind"
