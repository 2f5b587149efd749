"""The authorize page and the token host: single-use codes, rotating refresh tokens."""

import html
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import orjson
from aiohttp import web

from sandbox.tiktok.gateway import Call, Refusal, envelope, refused
from sandbox.tiktok.store import DAY, SCOPES, Store

Json = dict[str, Any]
CODE_LIFE = 30 * 60
TOKEN_LIFE = 7 * DAY
REFRESH_LIFE = 365 * DAY
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorize</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>body{{font:16px system-ui;
margin:10vh auto;max-width:26rem;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.2rem;margin:.3rem .5rem 0 0}}
label{{display:block;margin:.4rem 0}}</style></head><body><h1>Authorize this app</h1>
<p>TikTok Shop (simulated). The app asks to see orders and products, and to ship for:</p>
<form method="post" action="/open/authorize"><input type="hidden" name="state" value="{state}">
{choices}<button name="decision" value="authorize">Authorize</button>
<button name="decision" value="cancel">Cancel</button></form></body></html>"""


def mint_code(store: Store, open_id: str = "", **extra: Any) -> str:
    """A fresh code for a seller (the first by default); `extra` may hold user_type and scopes."""
    seller = open_id or next(iter(store.data["sellers"]))
    if seller not in store.data["sellers"]:
        raise KeyError(seller)
    code = "TTP_" + secrets.token_urlsafe(36)
    store.data["codes"][code] = {
        "seller": seller,
        "expires": store.world.unix() + CODE_LIFE,
        "user_type": extra.get("user_type", 0),
        "scopes": extra.get("scopes") or list(SCOPES),
    }
    return code


def _grant(store: Store, record: Json) -> Json:
    """A new pair of tokens; an older access token keeps its own end."""
    now = store.world.unix()
    pair = {
        "seller": record["seller"],
        "scopes": record["scopes"],
        "user_type": record["user_type"],
    }
    access, refresh = ("TTP_" + secrets.token_urlsafe(60) for _ in range(2))
    store.data["access"][access] = {**pair, "expires": now + TOKEN_LIFE}
    store.data["refresh"][refresh] = {
        **pair,
        "expires": record.get("refresh_until", now + REFRESH_LIFE),
    }
    seller = store.data["sellers"][record["seller"]]
    return {
        "access_token": access,
        "access_token_expire_in": now + TOKEN_LIFE,
        "refresh_token": refresh,
        "refresh_token_expire_in": store.data["refresh"][refresh]["expires"],
        "open_id": seller["open_id"],
        "seller_name": seller["name"],
        "seller_base_region": seller["region"],
        "user_type": record["user_type"],
        "granted_scopes": record["scopes"],
    }


def exchange(store: Store, query: Json) -> Json:
    """A code against tokens; raises Refusal 36004004 for one that is wrong, used or late."""
    code = store.data["codes"].pop(query.get("auth_code", ""), None)
    if query.get("grant_type") != "authorized_code" or code is None:
        raise Refusal(36004004, "auth_code is invalid, or was used already")
    if code["expires"] <= store.world.unix():
        raise Refusal(36004004, "auth_code has expired")
    return _grant(store, code)


def refresh(store: Store, query: Json) -> Json:
    """New tokens; the refresh token that was handed in is dead from now on."""
    old = store.data["refresh"].pop(query.get("refresh_token", ""), None)
    if query.get("grant_type") != "refresh_token" or old is None:
        raise Refusal(36004001, "rt has expired")
    if old.get("dead") or old["expires"] <= store.world.unix():
        raise Refusal(36004001, "rt has expired")
    return _grant(store, {**old, "refresh_until": old["expires"]})


async def authorized_shops(call: Call) -> Json:
    """GET /authorization/202309/shops: the token's shops with their ciphers."""
    store = call.store
    shown = ("id", "name", "region", "seller_type", "cipher", "code")
    ids = store.data["sellers"][call.token["seller"]]["shops"]
    return {"shops": [{k: store.data["shops"][i][k] for k in shown} for i in ids]}


def _choices(store: Store) -> str:
    rows = []
    for at, seller in enumerate(store.data["sellers"].values()):
        shops = ", ".join(store.data["shops"][number]["name"] for number in seller["shops"])
        rows.append(
            f'<label><input type="radio" name="seller" value="{seller["open_id"]}"'
            f"{' checked' if at == 0 else ''}> {html.escape(seller['name'])} "
            f"(shop {html.escape(shops)}, {seller['region']})</label>"
        )
    return "".join(rows)


class AuthHost:
    """Token host and authorize page of one app."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def routes(self) -> list[web.RouteDef]:
        """Both token calls, both authorize addresses, and the page's form."""
        return [
            web.get("/api/v2/token/get", self.get_token),
            web.get("/api/v2/token/refresh", self.refresh_token),
            web.get("/open/authorize", self.page),
            web.get("/oauth/authorize", self.page),
            web.post("/open/authorize", self.decide),
        ]

    def _answer(self, work: Callable[[Store, Json], Json], request: web.Request) -> web.Response:
        query, settings = dict(request.query), self.store.settings
        self.store.world.touch()
        try:
            keys = (query.get("app_key"), query.get("app_secret"))
            if keys != (settings["app_key"], settings["app_secret"]):
                raise Refusal(36009004, "Invalid credentials: app_key or app_secret.")
            body = envelope(0, "success", orjson.dumps(work(self.store, query)))
        except Refusal as refusal:
            return refused(refusal)
        return web.Response(body=body, content_type="application/json")

    async def get_token(self, request: web.Request) -> web.Response:
        """GET /api/v2/token/get; neither call is signed."""
        return self._answer(exchange, request)

    async def refresh_token(self, request: web.Request) -> web.Response:
        """GET /api/v2/token/refresh."""
        return self._answer(refresh, request)

    async def page(self, request: web.Request) -> web.Response:
        """The page a seller sees; the older address takes app_key in place of service_id."""
        name = "app_key" if request.path.startswith("/oauth") else "service_id"
        if request.query.get(name) != self.store.settings[name]:
            return web.Response(status=400, text=f"This {name} is not known.")
        state = html.escape(request.query.get("state", ""), quote=True)
        text = PAGE.format(state=state, choices=_choices(self.store))
        return web.Response(text=text, content_type="text/html")

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Back to the app's redirect URL with a code, or with the literal code "null"."""
        form, settings = await request.post(), self.store.settings
        if not settings["redirect_url"]:
            return web.Response(status=409, text="No redirect URL is set for this app.")
        answer = {"code": "null", "error": "auth_denied"}
        if form.get("decision") == "authorize":
            answer = {
                "app_key": settings["app_key"],
                "code": mint_code(self.store, str(form.get("seller", ""))),
                "locale": "en-US",
                "shop_region": "US",
            }
        if form.get("state"):
            answer["state"] = str(form["state"])
        glue = "&" if "?" in settings["redirect_url"] else "?"
        target = settings["redirect_url"] + glue + urlencode(answer)
        return web.Response(status=302, headers={"Location": target})
