"""The control API under /_control: look inside, travel, change orders, break things."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox import carriers, parcels, refunds
from sandbox.control_page import page
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults
from sandbox.tiktok.auth import mint_code
from sandbox.tiktok.churn import Churn
from sandbox.tiktok.control import STORE_ACTIONS, order_action, order_rows
from sandbox.tiktok.events import notify_by_hand
from sandbox.tiktok.generate import Maker, populate
from sandbox.tiktok.shops import found
from sandbox.tiktok.store import Store
from sandbox.tiktok.waiting import WAITING

Json = dict[str, Any]
Work = Callable[[web.Request, Json], Json]
ROOT = "/_control"


def _value(text: str) -> Any:
    """A form's text as JSON value where it is one (3, true, 0.5), else as it stands."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


async def _input(request: web.Request) -> tuple[Json, bool]:
    """The body as a dict, and whether it came from the page's form."""
    if request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        return {name: _value(str(value)) for name, value in form.items() if value != ""}, True
    raw = await request.read()
    data = orjson.loads(raw) if raw else {}
    if not isinstance(data, dict):
        raise TypeError("the body must be an object")
    return data, False


class Control:
    """The handlers of /_control, over one store, its faults and its deliveries."""

    def __init__(self, store: Store, faults: Faults, deliveries: Deliveries) -> None:
        self.store = store
        self.world = store.world
        self.faults = faults
        self.deliveries = deliveries
        self.churning = Churn(store)

    def routes(self) -> list[web.RouteDef]:
        """All control routes."""
        return [
            web.get(ROOT, self.page),
            web.get(f"{ROOT}/", self.page),
            web.get(f"{ROOT}/state", self._answer(lambda request, data: self.state())),
            web.get(f"{ROOT}/ledger", self._answer(lambda request, data: self.world.ledger)),
            web.get(f"{ROOT}/orders", self._answer(self.orders)),
            web.get(f"{ROOT}/faults", self._answer(lambda request, data: self.rules())),
            web.post(f"{ROOT}/faults", self._answer(self.add_fault)),
            web.delete(f"{ROOT}/faults", self._answer(self.clear_faults)),
            web.delete(f"{ROOT}/faults/{{id}}", self._answer(self.clear_faults)),
            web.post(f"{ROOT}/latency", self._answer(self.latency)),
            web.post(f"{ROOT}/travel", self._answer(self.travel)),
            web.post(f"{ROOT}/hasten", self._answer(self.hasten)),
            web.post(f"{ROOT}/reset", self._answer(self.reset)),
            web.post(f"{ROOT}/carriers", self._answer(self.carriers)),
            web.post(f"{ROOT}/refunds", self._answer(self.refunds)),
            web.post(f"{ROOT}/parcels", self._answer(self.parcel)),
            web.post(f"{ROOT}/orders", self._answer(self.new_orders)),
            web.post(f"{ROOT}/orders/{{id}}/{{action}}", self._answer(self.order)),
            web.post(f"{ROOT}/tiktok", self._answer(self.tiktok)),
            web.post(f"{ROOT}/tiktok/code", self._answer(self.code)),
            web.post(f"{ROOT}/tiktok/notify", self._answer(self.notify)),
            web.post(f"{ROOT}/tiktok/churn", self._answer(self.churn)),
        ]

    def _answer(self, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                data, from_page = await _input(request)
                result = work(request, data)
            except (KeyError, TypeError, ValueError) as wrong:
                return web.json_response({"error": f"{wrong}"}, status=400)
            if from_page:
                return web.Response(status=303, headers={"Location": f"{ROOT}/"})
            raw = orjson.dumps(result)
            return web.Response(body=raw, content_type="application/json")

        return handle

    async def page(self, request: web.Request) -> web.Response:
        """GET /_control/: the same for eyes."""
        rows = order_rows(self.store, {"limit": "12"})
        text = page(self.state(), rows, [rule.as_json() for rule in self.faults.rules])
        return web.Response(text=text, content_type="text/html")

    def state(self) -> Json:
        """Clock, orders by status, wallets, packages, webhooks, faults met and calls per path."""
        made = [
            p
            for p in self.store.packages.values()
            if p["status"] != WAITING and not p.get("history")
        ]
        lanes = [p["shipping_type"] for p in made for _ in p["orders"]]
        return {
            "now": self.world.now().isoformat(),
            "unix": self.world.unix(),
            "travelled_seconds": self.world.offset,
            "seed": self.world.seed,
            "shops": [
                {"id": shop["id"], "name": shop["name"], "seller": shop["seller"]}
                for shop in self.store.data["shops"].values()
            ],
            "orders": len(self.store.orders),
            "orders_by_status": dict(self.store.counts()),
            "packages": len(self.store.packages),
            "shipped": {
                "orders": len({number for p in made for number in p["orders"]}),
                "SELLER": lanes.count("SELLER"),
                "TIKTOK": lanes.count("TIKTOK"),
            },
            "wallets": {name: self.world.wallet(name) for name in self.world.ledger},
            "webhooks": {
                "sent": self.deliveries.sent,
                "failed": self.deliveries.failed,
                "dropped": self.deliveries.dropped,
                "under_way": self.deliveries.under_way,
            },
            "churn_left": self.churning.left,
            "faults_hit": self.faults.hits,
            "latency": self.faults.latency,
            "settings": self.store.settings,
            "carriers": carriers.habits(self.world),
            "refunds": refunds.habits(self.world),
            "calls": dict(self.world.calls),
        }

    def orders(self, request: web.Request, data: Json) -> Json:
        """GET /_control/orders?status=&shipping_type=&limit=: unmasked records, newest last."""
        return {"orders": order_rows(self.store, dict(request.query))}

    def rules(self) -> Json:
        """The faults in force."""
        return {"faults": [rule.as_json() for rule in self.faults.rules]}

    def add_fault(self, request: web.Request, data: Json) -> Json:
        """POST /_control/faults: see `sandbox.faults.Rule` for the fields."""
        return self.faults.add(data).as_json()

    def clear_faults(self, request: web.Request, data: Json) -> Json:
        """DELETE /_control/faults, or one of them by id."""
        self.faults.clear(request.match_info.get("id", ""))
        return self.rules()

    def latency(self, request: web.Request, data: Json) -> Json:
        """POST /_control/latency {rate, buy}: seconds before each call of that class; 0 lifts."""
        self.faults.latency = {
            name: float(value)
            for name, value in {**self.faults.latency, **data}.items()
            if float(value) > 0
        }
        return {"latency": self.faults.latency}

    def travel(self, request: web.Request, data: Json) -> Json:
        """POST /_control/travel {seconds}: timers on the way run, masks by age renew."""
        self.world.travel(float(data["seconds"]))
        self.store.wire.clear()
        return {"now": self.world.now().isoformat(), "travelled_seconds": self.world.offset}

    def hasten(self, request: web.Request, data: Json) -> Json:
        """POST /_control/hasten {names}: timers such as "easypost.refund" run now."""
        return {str(name): self.world.hasten(str(name)) for name in data["names"]}

    def carriers(self, request: web.Request, data: Json) -> Json:
        """POST /_control/carriers {late, never, lost, returned}: see `sandbox.carriers`."""
        return carriers.set_habits(self.world, data)

    def refunds(self, request: web.Request, data: Json) -> Json:
        """POST /_control/refunds {late, late_days, refused, silent}: see `sandbox.refunds`."""
        return refunds.set_habits(self.world, data)

    def parcel(self, request: web.Request, data: Json) -> Json:
        """POST /_control/parcels {number, do}: see `sandbox.parcels`."""
        return parcels.act(self.store, str(data["number"]), str(data.get("do", "advance")))

    def reset(self, request: web.Request, data: Json) -> Json:
        """POST /_control/reset {orders, seed, shops}: a new world; connected shops stay so."""
        shops = int(data.get("shops", len(self.store.data["shops"]) or 1))
        orders = int(data.get("orders", len(self.store.orders)))
        self.faults.rules.clear()
        self.faults.hits.clear()
        self.store.settings.update(missing_scopes=[], label_failures=0)
        self.world.reset(int(data.get("seed", self.world.seed)))
        found(self.store, shops)
        populate(self.store, orders)
        self.store.warm()
        return self.state()

    def new_orders(self, request: web.Request, data: Json) -> Json:
        """POST /_control/orders {count, shop} and the overrides of `Maker.order`."""
        wanted: Json = {"status": "AWAITING_SHIPMENT", "fresh": True, **data}
        count = int(wanted.pop("count", 1))
        shop_id = str(wanted.pop("shop", "") or next(iter(self.store.data["shops"])))
        maker = Maker(self.store, shop_id)
        made = [maker.order(**wanted) for _ in range(count)]
        for order in made:
            self.store.add_order(order)
            self.store.changed(order)
            self.store.announce(order)
        return {"ids": [order["id"] for order in made]}

    def order(self, request: web.Request, data: Json) -> Json:
        """POST /_control/orders/{id}/{action}: see `sandbox.tiktok.control`."""
        order = self.store.orders[request.match_info["id"]]
        order_action(self.store, order, request.match_info["action"], data)
        return {"id": order["id"], "status": order["status"]}

    def tiktok(self, request: web.Request, data: Json) -> Json:
        """POST /_control/tiktok: settings by name, and the actions of STORE_ACTIONS."""
        for name, value in data.items():
            if name in STORE_ACTIONS:
                STORE_ACTIONS[name](self.store, value)
            elif name in self.store.settings:
                self.store.settings[name] = value
            else:
                raise KeyError(name)
        self.world.touch()
        return {"settings": self.store.settings}

    def code(self, request: web.Request, data: Json) -> Json:
        """POST /_control/tiktok/code {seller, user_type, scopes}: an authorization code at once."""
        seller = str(data.pop("seller", ""))
        return {"code": mint_code(self.store, seller, **data)}

    def notify(self, request: web.Request, data: Json) -> Json:
        """POST /_control/tiktok/notify {type, shop_id, data}: see `events.notify_by_hand`."""
        return notify_by_hand(self.store, data)

    def churn(self, request: web.Request, data: Json) -> Json:
        """POST /_control/tiktok/churn {changes, seed, per_second}: orders change at random."""
        changes, seed = int(data.get("changes", 1000)), int(data.get("seed", self.world.seed))
        return self.churning.start(changes, seed, float(data.get("per_second", 0)))
