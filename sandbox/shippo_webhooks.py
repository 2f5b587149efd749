"""Shippo's webhooks: where they go, and what is sent of transactions and tracks."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from sandbox.carriers import take, told
from sandbox.journeys import so_far
from sandbox.prices import BY_KEY
from sandbox.shippo_tracks import stops_of, track_of
from sandbox.shippo_wire import (
    OWNER,
    Call,
    Json,
    answer,
    both,
    guarded,
    invalid,
    not_found,
    page,
    stamp,
    table,
)
from sandbox.world import World

EVENTS = (
    "transaction_created",
    "transaction_updated",
    "track_updated",
    "batch_created",
    "batch_purchased",
    "all",
)
LONGEST_URL = 200


def tell(world: World, event: str, test: bool, data: Any, **more: Any) -> None:
    """Send `event` to every active webhook of that mode that asked for it, or for all."""
    wanted = [hook for hook in _hooks(world, test) if hook["event"] in (event, "all")]
    if not wanted:
        return
    body = orjson.dumps({"event": event, "test": test, "data": data, **more})
    for hook in wanted:
        # Shippo signs nothing unless its account manager switches that on: the token in the
        # address is the proof.
        world.deliver("shippo", event, hook["url"], body, {})


def listened_to(world: World, test: bool) -> bool:
    """Whether anybody wants to hear of that mode."""
    return bool(_hooks(world, test))


def _hooks(world: World, test: bool) -> list[Json]:
    hooks = table(world, "webhooks").values()
    return [hook for hook in hooks if hook["is_test"] == test and hook["active"]]


def follow(world: World, transaction: Json) -> None:
    """A label was bought: tell of its track with every scan."""
    take(world, transaction["tracking"], BY_KEY[transaction["service"]].carrier)
    _await_scan(world, transaction, 0)


def scan(world: World, ref: str) -> None:
    """The timer of one scan of one label; a label voided before it moves no more."""
    transaction_id, _, place = ref.rpartition(":")
    transaction = table(world, "transactions")[transaction_id]
    at = int(place)
    voided = transaction.get("refund_at")
    voided_at = datetime.fromisoformat(voided) if voided else None
    if len(so_far(stops_of(world, transaction), world.now(), voided_at)) <= at:
        return
    if not told(world, transaction["tracking"], at):
        return
    if listened_to(world, transaction["test"]):
        track = track_of(world, transaction, transaction["metadata"])
        tell(world, "track_updated", transaction["test"], track, carrier=track["carrier"])
    _await_scan(world, transaction, at + 1)


def _await_scan(world: World, transaction: Json, place: int) -> None:
    stops = stops_of(world, transaction)
    if place < len(stops):
        due = stops[place].at.timestamp()
        world.schedule(due, "shippo.scan", f"{transaction['object_id']}:{place}")


class Webhooks:
    """POST, GET, PUT and DELETE /webhooks."""

    def __init__(self, world: World) -> None:
        self.world = world

    @guarded
    async def create(self, call: Call) -> web.Response:
        """POST /webhooks {event, url, active, is_test}."""
        event, url = _wanted(call)
        now = self.world.now().isoformat()
        hook: Json = {
            "object_id": self.world.new_id(),
            "event": event,
            "url": url,
            "active": call.body.get("active", True) is not False,
            "is_test": bool(call.body.get("is_test", call.test)),
            "created": now,
            "updated": now,
        }
        table(self.world, "webhooks")[hook["object_id"]] = hook
        return answer(_shown(hook), 201)

    @guarded
    async def update(self, call: Call) -> web.Response:
        """PUT /webhooks/{id}."""
        hook = self._found(call)
        event, url = _wanted(call)
        active = call.body.get("active", hook["active"]) is not False
        is_test = bool(call.body.get("is_test", hook["is_test"]))
        hook |= {"event": event, "url": url, "active": active, "is_test": is_test}
        hook["updated"] = self.world.now().isoformat()
        return answer(_shown(hook))

    @guarded
    async def index(self, call: Call) -> web.Response:
        """GET /webhooks."""
        mine = [_shown(hook) for hook in table(self.world, "webhooks").values()]
        return answer({**page(call, mine[::-1]), "count": len(mine)})

    @guarded
    async def retrieve(self, call: Call) -> web.Response:
        """GET /webhooks/{id}."""
        return answer(_shown(self._found(call)))

    @guarded
    async def delete(self, call: Call) -> web.Response:
        """DELETE /webhooks/{id}: 204 without a body."""
        del table(self.world, "webhooks")[self._found(call)["object_id"]]
        return web.Response(status=204)

    def _found(self, call: Call) -> Json:
        hook: Json | None = table(self.world, "webhooks").get(call.wanted)
        if hook is None:
            raise not_found()
        return hook

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("POST", "/webhooks", self.create),
            *both("GET", "/webhooks", self.index),
            *both("GET", "/webhooks/{id}", self.retrieve),
            *both("PUT", "/webhooks/{id}", self.update),
            *both("DELETE", "/webhooks/{id}", self.delete),
        ]


def _wanted(call: Call) -> tuple[str, str]:
    """Event and address of the body; raises the 400 that names the field."""
    event, url = str(call.body.get("event") or ""), str(call.body.get("url") or "")
    if not event:
        raise invalid("event")
    if event not in EVENTS:
        raise invalid("event", f'"{event}" is not a valid choice.')
    if not url:
        raise invalid("url")
    if urlsplit(url).scheme not in ("http", "https"):
        raise invalid("url", "Enter a valid URL.")
    if len(url) >= LONGEST_URL:
        raise invalid("url", f"Ensure this field has no more than {LONGEST_URL} characters.")
    return event, url


def _shown(hook: Json) -> Json:
    return {
        "object_created": stamp(datetime.fromisoformat(hook["created"])),
        "object_id": hook["object_id"],
        "object_updated": stamp(datetime.fromisoformat(hook["updated"])),
        "object_owner": OWNER,
        "event": hook["event"],
        "url": hook["url"],
        "active": hook["active"],
        "is_test": hook["is_test"],
    }
