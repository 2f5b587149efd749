"""The gate before every open API call: the checks TikTok makes, in one order, and its envelope."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from sandbox.tiktok.signing import request_sign
from sandbox.tiktok.store import Store

Json = dict[str, Any]
PAST, AHEAD = 300, 30
COMMON = frozenset({"app_key", "timestamp", "sign", "shop_cipher", "access_token"})
TOKEN_HEADER = "x-tts-access-token"


class Refusal(Exception):
    """An answer with a code other than 0."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Call:
    """One call that passed the gate."""

    request: web.Request
    store: Store
    query: dict[str, str]
    body: Json
    token: Json
    shop: Json = field(default_factory=dict)

    def path(self, name: str) -> str:
        """A value out of the path."""
        return str(self.request.match_info[name])

    def number(self, name: str, default: int | None = None) -> int | None:
        """An integer parameter of the body; refuses other types."""
        value = self.body.get(name, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise bad(f"{name} must be an integer")
        return value

    def is_in_windows(self, record: Json) -> bool:
        """Whether the record was created and updated within the body's times, each from its _ge on
        and before its _lt."""
        for name, key in (("create_time", "created"), ("update_time", "updated")):
            start, end = self.number(f"{name}_ge"), self.number(f"{name}_lt")
            if start is not None and record[key] < start:
                return False
            if end is not None and record[key] >= end:
                return False
        return True

    def page_size(self, low: int, high: int) -> int:
        """The page_size of the query, within the endpoint's range."""
        text = self.query.get("page_size", "")
        if not text.isdigit() or not low <= int(text) <= high:
            raise bad(f"page_size must be between {low} and {high}")
        return int(text)


Answer = Json | bytes
Work = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Endpoint:
    """One line of the endpoint table; `body` is None where no body is read."""

    method: str
    path: str
    scopes: tuple[str, ...]
    work: Work
    query: frozenset[str] = frozenset()
    body: frozenset[str] | None = None
    cipher: bool = True


def bad(message: str) -> Refusal:
    """36009004, the code with many meanings."""
    return Refusal(36009004, f"Invalid parameter: {message}.", 400)


def envelope(code: int, message: str, data: bytes = b"null") -> bytes:
    """`{code, message, request_id, data}` around ready JSON bytes."""
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime()) + secrets.token_hex(9).upper()
    head = b'{"code":%d,"data":' % code
    tail = b',"message":%s,"request_id":"%s"}' % (orjson.dumps(message), stamp.encode())
    return head + data + tail


def refused(refusal: Refusal, headers: dict[str, str] | None = None) -> web.Response:
    """The answer to a call that failed."""
    return web.Response(
        status=refusal.status,
        body=envelope(refusal.code, refusal.message),
        content_type="application/json",
        headers=headers,
    )


class Gate:
    """Checks calls against one store, and keeps the rate buckets."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self.throttled = 0

    def route(self, endpoint: Endpoint) -> web.RouteDef:
        """An aiohttp route that lets only right calls through to the endpoint's work."""

        async def handle(request: web.Request) -> web.Response:
            try:
                call = await self.admit(endpoint, request)
                data = await endpoint.work(call)
            except Refusal as refusal:
                headers = None
                if refusal.code == 36009002 and self.throttled % 2:
                    headers = {"Retry-After": "1"}
                return refused(refusal, headers)
            raw = data if isinstance(data, bytes) else orjson.dumps(data)
            body = envelope(0, "Success", raw)
            return web.Response(body=body, content_type="application/json")

        handle.call_kind = getattr(endpoint.work, "call_kind", "")  # type: ignore[attr-defined]
        return web.route(endpoint.method, endpoint.path, handle)

    async def admit(self, endpoint: Endpoint, request: web.Request) -> Call:
        """Every check in order; raises Refusal at the first that fails."""
        path, _, raw_query = request.raw_path.partition("?")
        pairs = parse_qsl(raw_query, keep_blank_values=True)
        query = dict(pairs)
        body = await request.read() if request.body_exists else b""
        self._check_app(path, query, body, request)
        token = self._check_token(request.headers.get(TOKEN_HEADER, ""))
        self._check_scope(endpoint, token)
        shop = self._check_cipher(endpoint, query, token)
        self._check_rate(endpoint, shop.get("id") or token["seller"])
        self._check_query(endpoint, query, len(pairs))
        return Call(request, self.store, query, _parse_body(endpoint, body), token, shop)

    def _check_app(
        self, path: str, query: dict[str, str], body: bytes, request: web.Request
    ) -> None:
        settings = self.store.settings
        if query.get("app_key") != settings["app_key"]:
            raise Refusal(36009004, "Invalid credentials. The 'app_key' is invalid.", 400)
        stamp = query.get("timestamp", "")
        now = time.time()
        if not stamp.isdigit() or not now - PAST <= int(stamp) <= now + AHEAD:
            raise Refusal(36009004, "The 'timestamp' is out of the accepted window.", 400)
        signed = b"" if request.content_type.startswith("multipart/form-data") else body
        wanted = request_sign(settings["app_secret"], path, query, signed)
        if not secrets.compare_digest(query.get("sign", "").encode(), wanted.encode()):
            message = "Invalid credentials. The 'sign' query parameter is invalid."
            raise Refusal(106001, message, 401)

    def _check_token(self, token: str) -> Json:
        if not token.startswith("TTP_"):
            message = f"Invalid credentials. The '{TOKEN_HEADER}' header is malformed or missing."
            raise Refusal(36009004, message, 400)
        known = self.store.data["access"].get(token)
        if known is None or known.get("dead") or known["expires"] <= self.store.world.unix():
            self.store.world.calls["refused token"] += 1
        if known is None or known.get("dead"):
            raise Refusal(105001, "The access token is invalid: it has been deauthorized.", 401)
        if known["expires"] <= self.store.world.unix():
            raise Refusal(105002, "The access token has expired.", 401)
        record: Json = known
        return record

    def _check_scope(self, endpoint: Endpoint, token: Json) -> None:
        missing = self.store.settings["missing_scopes"]
        granted = [scope for scope in token["scopes"] if scope not in missing]
        if not any(scope in granted for scope in endpoint.scopes):
            wanted = " or ".join(endpoint.scopes)
            raise Refusal(105005, f"Access denied. The scope {wanted} was not granted.", 401)

    def _check_cipher(self, endpoint: Endpoint, query: dict[str, str], token: Json) -> Json:
        cipher = query.get("shop_cipher")
        if not endpoint.cipher:
            if cipher is not None:
                raise Refusal(36009004, "Unexpected identifier: shop_cipher.", 400)
            return {}
        if not cipher:
            raise Refusal(106013, "The 'shop_cipher' query parameter is required.", 400)
        for shop_id in self.store.data["sellers"][token["seller"]]["shops"]:
            shop: Json = self.store.data["shops"][shop_id]
            if shop["cipher"] == cipher:
                return shop
        raise Refusal(101000, "The access token and shop_cipher do not belong together.", 401)

    def _check_rate(self, endpoint: Endpoint, owner: str) -> None:
        """A bucket per app, shop and path that holds one second's worth of calls."""
        rate = self.store.settings["rate_limit"]
        if not rate:
            return
        key, now = (owner, endpoint.path), time.monotonic()
        level, since = self.buckets.get(key, (max(rate, 1.0), now))
        level = min(max(rate, 1.0), level + (now - since) * rate)
        if level < 1:
            self.buckets[key] = (level, now)
            self.throttled += 1
            raise Refusal(36009002, "Too many requests. Please slow down.", 429)
        self.buckets[key] = (level - 1, now)

    def _check_query(self, endpoint: Endpoint, query: dict[str, str], given: int) -> None:
        for name in query:
            if name not in COMMON and name not in endpoint.query:
                raise bad(f"{name} is not declared for this API")
        if given != len(query):
            raise bad("a query parameter was sent twice")


def _parse_body(endpoint: Endpoint, raw: bytes) -> Json:
    if endpoint.body is None or not raw:
        return {}
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise bad("the body is not JSON") from None
    if not isinstance(body, dict):
        raise bad("the body must be an object")
    for name in body:
        if name not in endpoint.body:
            raise bad(f"body.{name} is not declared for this API")
    return body


def unknown_path(paths: set[str], request: web.Request, wrong_method: bool) -> web.Response:
    """The answer where no endpoint matches: wrong method, wrong version, or nothing there."""
    if wrong_method:
        return refused(Refusal(36009010, "The method is not allowed for this path.", 405))
    shape = re.compile(r"/(20\d{4})(?=/)")
    version = shape.search(request.path)
    if version is not None:
        start = request.path[: version.start()]
        rest = request.path[version.end() :]
        for path in paths:
            head, _, tail = shape.sub("/*", path, count=1).partition("/*")
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(tail))
            if head == start and re.fullmatch(pattern, rest):
                words = "The version name is invalid, please check and retry."
                return refused(Refusal(36009014, words, 400))
    return refused(Refusal(36009009, "The path does not exist.", 404))
