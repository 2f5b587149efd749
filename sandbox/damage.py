"""Answers that come out broken although what was asked for was done."""

from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web


def _bytes_of(answer: web.StreamResponse) -> bytes:
    """The body of an answer; of a file, what lies on the disk."""
    if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        return answer.body
    return b"{}"


def _malformed(answer: web.StreamResponse, body: Any) -> web.Response:
    """The effect took place, but the words came out broken: `body`, or half of the true answer."""
    if body is not None:
        raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    else:
        whole = _bytes_of(answer)
        raw = whole[: len(whole) // 2] or b"{"
    return web.Response(status=answer.status, body=raw, content_type="application/json")


def _truncated(answer: web.StreamResponse, body: Any) -> web.Response:
    """Half a file, which says of itself that it is whole."""
    whole = _bytes_of(answer)
    half = whole[: len(whole) // 2]
    return web.Response(status=answer.status, body=half, content_type=answer.content_type)


def _wrong_type(answer: web.StreamResponse, body: Any) -> web.Response:
    """A page for people, with the status of the true answer: a captive portal, a maintenance
    page."""
    text = "<!doctype html><html><body>Please try again later.</body></html>"
    return web.Response(status=answer.status, text=text, content_type="text/html")


def _without_fields(answer: web.StreamResponse, body: Any) -> web.Response:
    """The shell of the true answer: every field of what was asked for is missing."""
    return _emptied(answer, lambda payload: [] if isinstance(payload, list) else {})


def _with_nulls(answer: web.StreamResponse, body: Any) -> web.Response:
    """Every field of what was asked for is there, and null."""

    def nulls(payload: Any) -> Any:
        return [None] if isinstance(payload, list) else dict.fromkeys(payload)

    return _emptied(answer, nulls)


def _emptied(answer: web.StreamResponse, empty: Callable[[Any], Any]) -> web.Response:
    """The answer with its payload made `empty`; TikTok's lies in the `data` of an envelope."""
    found = orjson.loads(_bytes_of(answer))
    if isinstance(found, dict) and isinstance(found.get("data"), dict) and "code" in found:
        found["data"] = empty(found["data"])
    else:
        found = empty(found)
    return web.Response(
        status=answer.status, body=orjson.dumps(found), content_type="application/json"
    )


DAMAGES: dict[str, Callable[[web.StreamResponse, Any], web.Response]] = {
    "malformed": _malformed,
    "truncated": _truncated,
    "wrong_type": _wrong_type,
    "missing_fields": _without_fields,
    "nulls": _with_nulls,
}
