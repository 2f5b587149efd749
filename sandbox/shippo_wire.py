"""Shippo's manners: token, version header, Django-REST errors, pages, slash or no slash."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web

from sandbox import label_files
from sandbox.world import World

Json = dict[str, Any]
TEST_KEY, LIVE_KEY = "shippo_test_sandbox", "shippo_live_sandbox"
VERSION = "2018-02-08"
OWNER = "sandbox@example.com"
REQUIRED = "This field is required."


class Problem(Exception):
    """An answer other than success: field errors or {"detail": ...}."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def invalid(name: str, *words: Any) -> Problem:
    """The 400 that names one field."""
    return Problem(400, {name: list(words) or [REQUIRED]})


def unknown_id(name: str, kind: str, object_id: Any) -> Problem:
    """The recorded 400 for an id in a body that names nothing."""
    return invalid(name, f"{kind} with supplied object_id {object_id} not found.")


def not_found() -> Problem:
    """The 404 of every endpoint that is asked for an id it does not know."""
    return Problem(404, {"detail": "Not found."})


@dataclass
class Call:
    """A request that has been let in: test or live, and its decoded body."""

    request: web.Request
    test: bool
    body: Json = field(default_factory=dict)

    @property
    def wanted(self) -> str:
        """The id in the path."""
        return self.request.match_info["id"]


def answer(document: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def _is_test(request: web.Request) -> bool:
    """Whether the token is a test token; raises the 401 for none or a wrong one."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if not header:
        raise Problem(401, {"detail": "Authentication credentials were not provided."})
    if scheme != "ShippoToken" or not token.startswith((TEST_KEY, LIVE_KEY)):
        raise Problem(401, {"detail": "Token does not exist"})
    if request.headers.get("SHIPPO-API-VERSION", VERSION) != VERSION:
        raise Problem(400, {"detail": f"The sandbox speaks API version {VERSION} only."})
    return token.startswith(TEST_KEY)


Method = Callable[[Any, Call], Awaitable[web.Response]]


def guarded(method: Method) -> Callable[[Any, web.Request], Awaitable[web.Response]]:
    """Let a request in by its token, decode its body, and answer problems in Shippo's shape."""

    @functools.wraps(method)
    async def handler(owner: Any, request: web.Request) -> web.Response:
        try:
            call = Call(request, _is_test(request))
            if request.method != "GET":
                call.body = await _decoded(request)
            return await method(owner, call)
        except Problem as problem:
            return answer(problem.body, problem.status)

    return handler


async def _decoded(request: web.Request) -> Json:
    if request.content_type.endswith("form-urlencoded"):
        return {name: value for name, value in (await request.post()).items()}
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise Problem(400, {"detail": f"JSON parse error - {error}"}) from None
    if not isinstance(body, dict):
        raise Problem(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
    return body


def page(call: Call, newest: list[Json]) -> Json:
    """One page of objects that are newest first: next, previous, results."""
    query = call.request.query
    try:
        size = min(200, max(1, int(query.get("results", "25"))))
        number = max(1, int(query.get("page", "1")))
    except ValueError:
        raise not_found() from None
    start = (number - 1) * size
    base = f"{label_files.host_of(call.request)}{call.request.path}"
    kept = {key: value for key, value in query.items() if key not in ("page", "results")}

    def link(to: int) -> str:
        words = {**kept, "results": str(size), "page": str(to)}
        return base + "?" + "&".join(f"{key}={value}" for key, value in words.items())

    return {
        "next": link(number + 1) if len(newest) > start + size else None,
        "previous": link(number - 1) if number > 1 else None,
        "results": newest[start : start + size],
    }


def stamp(moment: datetime) -> str:
    """Shippo's time: milliseconds and Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def table(world: World, name: str) -> dict[str, Any]:
    """One of Shippo's tables in the world's state, by id."""
    kept: dict[str, Any] = world.section("shippo").setdefault(name, {})
    return kept


def account_id(world: World, carrier: str) -> str:
    """The carrier account's object_id, the same for the whole life of a world."""
    ids = table(world, "accounts")
    if carrier not in ids:
        ids[carrier] = world.new_id()
    return str(ids[carrier])


def both(method: str, path: str, handler: Any) -> list[web.RouteDef]:
    """The path with and without its last slash."""
    return [web.route(method, path, handler), web.route(method, f"{path}/", handler)]
