"""One file to a print service, over the protocol of docs/printing.md: a POST that may be repeated."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import httpx

from core.calls import Call
from core.errors import NotAuthorized, RateLimited, Rejected, Unavailable
from core.http import retry_after, send
from shipping.providers.fields import clean, decode, mapping, text

NAME = "The print service"
TYPES = {"PDF": "application/pdf", "ZPL": "application/zpl", "PNG": "image/png"}


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed: `kind` is PDF, PNG or ZPL, `printer` empty for the service's default."""

    key: UUID
    title: str
    content: bytes
    kind: str = "PDF"
    printer: str = ""


def post(
    client: httpx.Client,
    url: str,
    token: str,
    paper: Paper,
    *,
    journal: Callable[[Call], None] | None = None,
) -> None:
    """Hand the file over. Unavailable and RateLimited may be repeated with the same key, which the
    service prints once; Rejected and NotAuthorized not before somebody did something."""
    headers = {
        "content-type": TYPES[paper.kind],
        "idempotency-key": str(paper.key),
        "x-print-title": paper.title.encode("ascii", "replace").decode(),
    }
    if token:
        headers["authorization"] = f"Bearer {token}"
    if paper.printer:
        headers["x-printer"] = paper.printer.encode("ascii", "replace").decode()
    request = client.build_request("POST", url, content=paper.content, headers=headers)
    response = send(client, request, provider=NAME, safe=True, journal=journal, secrets=(token,))
    _judge(response)


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    # 409: it has this key already
    if status in (200, 201, 202, 204, 409):
        return
    words = _words(response)
    if status in (401, 403):
        raise NotAuthorized(f"{NAME} does not accept our token.", provider=NAME, code=str(status))
    wait = retry_after(response.headers)
    if status == 429:
        raise RateLimited(f"{NAME} is busy.", provider=NAME, code="429", retry_after=wait)
    if status >= 500:
        message = f"{NAME} does not work at the moment{words}"
        raise Unavailable(message, provider=NAME, code=str(status), retry_after=wait)
    raise Rejected(f"{NAME} refused the file{words}", provider=NAME, code=str(status))


def _words(response: httpx.Response) -> str:
    """What the service says itself, as the end of a sentence."""
    try:
        said = clean(text(mapping(decode(response.content)), "error"), 150)
    except ValueError:
        said = ""
    return f": {said}" if said else f" (it answered {response.status_code})."
