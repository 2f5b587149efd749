"""EasyPost's manners: keys, errors, paging, the limit on lists. Shapes follow its recordings."""

import base64
import binascii
import functools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web

from sandbox.world import World

Json = dict[str, Any]
TEST_KEY, LIVE_KEY = "EZTKsandbox", "EZAKsandbox"
LISTS_PER_SECOND = 5
ROOT = "/v2"


class Problem(Exception):
    """An answer other than success, in EasyPost's error shape."""

    def __init__(self, status: int, code: str, message: str, errors: list[Any] | None = None):
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "errors": errors or []}}


def required(name: str) -> Problem:
    """The recorded 422 for a parameter that is missing."""
    errors = [{"field": name, "message": "cannot be blank"}]
    return Problem(422, "PARAMETER.REQUIRED", "Missing required parameter.", errors)


def not_found() -> Problem:
    """The 404 for an id nobody knows, or one of the other mode."""
    return Problem(404, "NOT_FOUND", "The requested resource could not be found.")


@dataclass
class Call:
    """A request that has been let in: whose mode it runs in, and its decoded body."""

    request: web.Request
    mode: str
    body: Json = field(default_factory=dict)

    def part(self, name: str) -> Json:
        """The object under `name` in the body; raises the 422 for a missing one."""
        value = self.body.get(name)
        if not isinstance(value, dict) or not value:
            raise required(name)
        return value


def answer(document: Any, status: int = 200, location: str = "") -> web.Response:
    """A JSON answer; `location` is the path EasyPost names for what was created."""
    headers = {"Cache-Control": "private, no-cache, no-store"}
    if location:
        headers["Location"] = f"/api/v2/{location}"
    return web.Response(
        status=status, body=orjson.dumps(document), content_type="application/json", headers=headers
    )


def _key_of(request: web.Request) -> str:
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def mode_of(request: web.Request) -> str:
    """test or production, by the key; raises the 401 or, for a switched-off key, the 403."""
    key = _key_of(request)
    if not key.startswith((TEST_KEY, LIVE_KEY)):
        raise Problem(401, "UNAUTHORIZED", "The API key is missing or is not a valid one.")
    if "inactive" in key:
        words = "This api key is no longer active. Please use a different api key or reactivate it."
        raise Problem(403, "APIKEY.INACTIVE", words)
    return "test" if key.startswith(TEST_KEY) else "production"


Method = Callable[[Any, Call], Awaitable[web.Response]]


def guarded(method: Method) -> Callable[[Any, web.Request], Awaitable[web.Response]]:
    """Let a request in by its key, decode its body, and answer problems in EasyPost's shape."""

    @functools.wraps(method)
    async def handler(owner: Any, request: web.Request) -> web.Response:
        try:
            call = Call(request, mode_of(request))
            raw = await request.read()
            if raw:
                call.body = _decoded(raw)
            return await method(owner, call)
        except Problem as problem:
            return answer(problem.body, problem.status)

    return handler


def _decoded(raw: bytes) -> Json:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Problem(400, "BAD_REQUEST", "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Problem(400, "BAD_REQUEST", "The request body must be a JSON object.")
    return body


class ListLimit:
    """At most five list requests in any second, by the wall clock, for all keys together."""

    def __init__(self) -> None:
        self.recent: deque[float] = deque()

    def check(self) -> None:
        """Count one request; raises the 429."""
        now = time.monotonic()
        while self.recent and self.recent[0] <= now - 1:
            self.recent.popleft()
        if len(self.recent) >= LISTS_PER_SECOND:
            raise Problem(429, "RATE_LIMITED", "You have exceeded the rate limit of 5 per second.")
        self.recent.append(now)


def page(call: Call, items: Iterable[Json], key: str = "id") -> tuple[list[Json], bool]:
    """One page, newest first, by page_size, before_id and after_id; and whether more follow."""
    query = call.request.query
    try:
        size = min(100, max(1, int(query.get("page_size", "20"))))
    except ValueError:
        errors = [{"field": "page_size", "message": "is not a number"}]
        raise Problem(422, "PARAMETER.INVALID", "Invalid parameter.", errors) from None
    newest = list(items)[::-1]
    ids = [item[key] for item in newest]
    if (before := query.get("before_id")) in ids:
        newest = newest[ids.index(before) + 1 :]
    elif (after := query.get("after_id")) in ids:
        newest = newest[: ids.index(after)]
        return newest[-size:], len(newest) > size
    return newest[:size], len(newest) > size


def stamp(moment: datetime) -> str:
    """EasyPost's time of most objects."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def table(world: World, name: str) -> dict[str, Any]:
    """One of EasyPost's tables in the world's state, by id."""
    kept: dict[str, Any] = world.section("easypost").setdefault(name, {})
    return kept


def account_id(world: World, carrier: str) -> str:
    """The carrier account's id, the same for the whole life of a world."""
    ids = table(world, "accounts")
    if carrier not in ids:
        ids[carrier] = world.new_id("ca_")
    return str(ids[carrier])
