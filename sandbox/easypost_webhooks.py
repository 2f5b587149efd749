"""EasyPost's webhooks: where they go, and the signed Event that is sent of what changed."""

import hashlib
import hmac
import unicodedata
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from sandbox.carriers import take, told
from sandbox.easypost_documents import refund_json, stops_of, tracker_json, when
from sandbox.easypost_wire import (
    ROOT,
    Call,
    Json,
    Problem,
    answer,
    guarded,
    not_found,
    required,
    stamp,
    table,
)
from sandbox.journeys import so_far
from sandbox.prices import BY_KEY
from sandbox.world import World


def owner_id(world: World) -> str:
    """The account's user, the same for the whole life of a world."""
    owner = table(world, "owner")
    owner.setdefault("id", world.new_id("user_"))
    return str(owner["id"])


def signature(secret: str, body: bytes) -> str:
    """The value of X-Hmac-Signature; the secret is NFKD-normalised, as EasyPost does it."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def _hooks(world: World, mode: str) -> list[Json]:
    return [hook for hook in table(world, "webhooks").values() if hook["mode"] == mode]


def tell(world: World, event: str, mode: str, result: Json, before: Json | None = None) -> None:
    """Send an Event ("tracker.updated") to every enabled webhook of that mode."""
    hooks = _hooks(world, mode)
    if not hooks:
        return
    now = world.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    document = {
        "description": event,
        "mode": mode,
        "previous_attributes": before or {},
        "created_at": now,
        "pending_urls": [hook["url"] for hook in hooks],
        "completed_urls": [],
        "updated_at": now,
        "id": world.new_id("evt_"),
        "user_id": owner_id(world),
        "status": "pending",
        "object": "Event",
        "result": result,
    }
    body = orjson.dumps(document)
    for hook in hooks:
        headers = {pair["name"]: pair["value"] for pair in hook["custom_headers"]}
        if hook["secret"]:
            headers["X-Hmac-Signature"] = signature(hook["secret"], body)
        world.deliver("easypost", event, hook["url"], body, headers)


def follow(world: World, shipment: Json) -> None:
    """A label was bought: tell of its tracker now, and of every scan when it happens."""
    take(world, shipment["bought"]["tracking"], BY_KEY[shipment["bought"]["rate"][1]].carrier)
    if _hooks(world, shipment["mode"]):
        tell(world, "tracker.created", shipment["mode"], tracker_json(world, shipment))
    _await_scan(world, shipment, 0)


def scan(world: World, ref: str) -> None:
    """The timer of one scan of one label; a label voided before it moves no more."""
    shipment_id, _, place = ref.rpartition(":")
    shipment = table(world, "shipments")[shipment_id]
    at = int(place)
    stops = stops_of(world, shipment)
    refund = shipment.get("refund")
    voided = when(refund["at"]) if refund else None
    if len(so_far(stops, world.now(), voided)) <= at:
        return
    if not told(world, shipment["bought"]["tracking"], at):
        return
    if _hooks(world, shipment["mode"]):
        before = stops[at - 1].status if at else "unknown"
        changed = {} if before == stops[at].status else {"status": before}
        tracker = tracker_json(world, shipment)
        tell(world, "tracker.updated", shipment["mode"], tracker, changed)
    _await_scan(world, shipment, at + 1)


def refunded(world: World, shipment: Json) -> None:
    """The money came back; a refused refund is told by nobody."""
    result = refund_json(world, shipment)
    tell(world, "refund.successful", shipment["mode"], result, {"status": "submitted"})


def _await_scan(world: World, shipment: Json, place: int) -> None:
    stops = stops_of(world, shipment)
    if place < len(stops):
        due = stops[place].at.timestamp()
        world.schedule(due, "easypost.scan", f"{shipment['id']}:{place}")


class Webhooks:
    """POST, GET, PATCH and DELETE /webhooks, with and without an id."""

    def __init__(self, world: World) -> None:
        self.world = world

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /webhooks {webhook: {url, webhook_secret, custom_headers}}."""
        given = call.part("webhook")
        url = given.get("url")
        if not url:
            raise required("url")
        if urlsplit(str(url)).scheme not in ("http", "https"):
            raise Problem(422, "PARAMETER.INVALID", "Invalid parameter.", [_wrong_url()])
        hook: Json = {
            "id": self.world.new_id("hook_"),
            "mode": call.mode,
            "url": str(url),
            "secret": str(given.get("webhook_secret") or ""),
            "custom_headers": list(given.get("custom_headers") or []),
            "at": self.world.now().isoformat(),
        }
        table(self.world, "webhooks")[hook["id"]] = hook
        return answer(_shown(hook), 201)

    @guarded
    async def update(self, call: Call) -> web.Response:
        """PATCH /webhooks/{id}: another secret or other headers; 201 as recorded."""
        hook = self._found(call)
        given: Json = call.body.get("webhook") or call.body
        if "webhook_secret" in given:
            hook["secret"] = str(given["webhook_secret"] or "")
        if "custom_headers" in given:
            hook["custom_headers"] = list(given["custom_headers"] or [])
        return answer(_shown(hook), 201)

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /webhooks of the key's mode."""
        hooks = table(self.world, "webhooks").values()
        return answer({"webhooks": [_shown(h) for h in hooks if h["mode"] == call.mode]})

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /webhooks/{id}."""
        return answer(_shown(self._found(call)))

    @guarded
    async def delete(self, call: Call) -> web.Response:
        """DELETE /webhooks/{id}."""
        del table(self.world, "webhooks")[self._found(call)["id"]]
        return answer({})

    def _found(self, call: Call) -> Json:
        hook: Json | None = table(self.world, "webhooks").get(call.request.match_info["id"])
        if hook is None or hook["mode"] != call.mode:
            raise not_found()
        return hook

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        one = f"{ROOT}/webhooks/{{id}}"
        return [
            web.post(f"{ROOT}/webhooks", self.create),
            web.get(f"{ROOT}/webhooks", self.index),
            web.get(one, self.retrieve),
            web.patch(one, self.update),
            web.put(one, self.update),
            web.delete(one, self.delete),
        ]


def _wrong_url() -> dict[str, Any]:
    return {"field": "url", "message": "is not a web address"}


def _shown(hook: Json) -> Json:
    return {
        "id": hook["id"],
        "object": "Webhook",
        "mode": hook["mode"],
        "url": hook["url"],
        "created_at": stamp(datetime.fromisoformat(hook["at"])),
        "disabled_at": None,
        "custom_headers": hook["custom_headers"],
    }
