"""TikTok Shop's own state: sellers, shops, products, packages, and orders ready to send."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from sandbox import carriers
from sandbox.tiktok import cancel_records, waiting
from sandbox.tiktok.render import order_document
from sandbox.world import World

Json = dict[str, Any]
Notify = Callable[[str, int, Json], None]
HOUR = 3600
DAY = 86400
SCOPES = (
    "seller.authorization.info",
    "seller.shop.info",
    "seller.order.info",
    "seller.fulfillment.basic",
    "seller.fulfillment.package.write",
    "seller.logistics",
    "seller.product.basic",
    "seller.product.write",
    "seller.return_refund.basic",
    "seller.finance.info",
)
DEFAULTS: Json = {
    "app_key": "sandboxapp",
    "app_secret": "sandbox-app-secret-0123456789abcdef",
    "service_id": "7300000000000000001",
    "redirect_url": "",
    "webhook_url": "",
    "rate_limit": 50.0,
    "document_delay": 2.0,
    "usps_refused": True,
    "label_failures": 0,
    "most_items": 0,
    "most_of_category": {},
    "page_token_epoch": 0,
    "missing_scopes": [],
    "webhook_retries": [0.2, 1.0, 5.0, 20.0],
}

# what a shipped package goes through; an order is where the slowest of its packages is
MOVES = ("PROCESSING", "FULFILLING", "COMPLETED")
TABLES = (
    *("sellers", "shops", "products", "orders", "packages", "tracking", "cancellations"),
    *("codes", "access", "refresh", "subscriptions"),
)
# what a reset leaves alone: the sellers are the same in every world, so a connected shop stays so
CONNECTIONS = ("codes", "access", "refresh", "subscriptions")


class Store:
    """Reads and changes `world.section("tiktok")`; indexes and wire bytes follow every change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.data = world.section("tiktok")
        self.settings: Json = {}
        self.kept: Json = {}
        self.notify: Notify = lambda shop_id, kind, data: None
        self.wire: dict[str, bytes] = {}
        self.by_update: dict[str, list[tuple[int, str]]] = {}
        self.by_create: dict[str, list[tuple[int, str]]] = {}
        for name, handler in (
            ("tiktok.release", self._release),
            ("tiktok.scan", self._scan),
            ("tiktok.deliver", self._deliver),
            ("tiktok.complete", self._complete),
        ):
            world.timer_handlers[name] = handler
        world.timer_handlers["tiktok.cancel_due"] = lambda ref: cancel_records.due(self, ref)
        world.reset_hooks.append(self.prepare)
        self.prepare()

    def prepare(self) -> None:
        """Lay the section out where it is empty, but keep settings and connections; index it."""
        for name in TABLES:
            self.data.setdefault(name, self.kept.get(name, {}))
        self.kept = {name: self.data[name] for name in CONNECTIONS}
        self.settings = self.data.setdefault("settings", {**DEFAULTS, **self.settings})
        self.index()

    # ---- orders ------------------------------------------------------------------------------

    @property
    def orders(self) -> dict[str, Json]:
        """Order records by id, unmasked."""
        orders: dict[str, Json] = self.data["orders"]
        return orders

    @property
    def packages(self) -> dict[str, Json]:
        """Package records by id."""
        packages: dict[str, Json] = self.data["packages"]
        return packages

    def index(self) -> None:
        """Build the time indexes anew, after generation or load."""
        self.wire.clear()
        self.by_update = {shop: [] for shop in self.data["shops"]}
        self.by_create = {shop: [] for shop in self.data["shops"]}
        for order in self.orders.values():
            self.by_update[order["shop"]].append((order["updated"], order["id"]))
            self.by_create[order["shop"]].append((order["created"], order["id"]))
        for pairs in (*self.by_update.values(), *self.by_create.values()):
            pairs.sort()

    def warm(self) -> None:
        """Serialise every order once, so that the first back-fill costs no more than the second."""
        for order_id in self.orders:
            self.wire_of(order_id)

    def add_order(self, order: Json) -> None:
        """Put a new order into the shop; the caller announces it."""
        self.orders[order["id"]] = order
        insort(self.by_update[order["shop"]], (order["updated"], order["id"]))
        insort(self.by_create[order["shop"]], (order["created"], order["id"]))

    def wire_of(self, order_id: str) -> bytes:
        """The order object as JSON bytes, made once per change."""
        raw = self.wire.get(order_id)
        if raw is None:
            order = self.orders[order_id]
            document = order_document(
                order, self.data["products"], self.packages, self.world.unix()
            )
            raw = self.wire[order_id] = orjson.dumps(document)
        return raw

    def changed(self, order: Json) -> None:
        """Move update_time to now (never back), and forget the bytes."""
        pairs = self.by_update[order["shop"]]
        at = bisect_left(pairs, (order["updated"], order["id"]))
        if at < len(pairs) and pairs[at] == (order["updated"], order["id"]):
            del pairs[at]
        order["updated"] = max(order["updated"], self.world.unix())
        insort(pairs, (order["updated"], order["id"]))
        self.wire.pop(order["id"], None)
        self.world.touch()

    def set_status(self, order: Json, status: str, **more: Any) -> None:
        """Change an order's status with all that follows: update_time, wire bytes, webhook 1."""
        order.update(more)
        order["status"] = status
        self.changed(order)
        self.announce(order)

    def announce(self, order: Json) -> None:
        """Webhook 1, which writes CANCEL where the order says CANCELLED."""
        status = "CANCEL" if order["status"] == "CANCELLED" else order["status"]
        self.notify(
            order["shop"],
            1,
            {
                "order_id": order["id"],
                "order_status": status,
                "is_on_hold_order": order["status"] == "ON_HOLD",
                "update_time": order["updated"],
            },
        )

    def counts(self) -> Counter[str]:
        """How many orders stand in each status."""
        return Counter(order["status"] for order in self.orders.values())

    def cancel(self, order: Json, who: str, reason: str) -> None:
        """Cancel an order and its packages."""
        waiting.leave(self, order, [line["id"] for line in order["lines"]])
        for number in order["packages"]:
            self.packages[number] |= {"status": "CANCELLED", "updated": self.world.unix()}
        order["cancel_asked"] = None
        self.set_status(
            order,
            "CANCELLED",
            cancel={"time": self.world.unix(), "who": who, "reason": reason},
        )
        self.notify_cancellation(order, who, "CANCELLATION_REQUEST_COMPLETE")

    def notify_cancellation(self, order: Json, who: str, status: str, reason: str = "") -> None:
        """Webhook 11, and the record it is about."""
        cancel_records.change(self, order, who, status, reason)

    # ---- packages ----------------------------------------------------------------------------

    def add_package(self, package: Json, orders: list[Json]) -> None:
        """Record a shipped package: order status, webhooks, and the carrier's later scans."""
        self.packages[package["id"]] = package
        users = self.data["tracking"].setdefault(package["tracking"], [])
        users.extend(order["id"] for order in orders)
        now = self.world.unix()
        carriers.take(self.world, package["tracking"], package["provider_name"])
        way = carriers.parcel(self.world, package["tracking"])
        if way.get("fate") != "never":
            wait = (18 * HOUR + way.get("late", 0)) / way.get("pace", 1)
            self.world.schedule(now + wait, "tiktok.scan", package["id"])
        for order in orders:
            waiting.leave(self, order, package["lines"])
            order["packages"].append(package["id"])
            if order.get("cancel_asked"):
                # in the United States shipping an order turns a pending wish to cancel down
                order["cancel_asked"] = None
                self.notify_cancellation(order, "SELLER", "CANCELLATION_REQUEST_CANCELLED")
            self._announce_package(package, order)
            done = self.shipped_lines(order) >= {line["id"] for line in order["lines"]}
            status = "AWAITING_COLLECTION" if done else "PARTIALLY_SHIPPING"
            self.set_status(order, status, rts_time=now)

    def _announce_package(self, package: Json, order: Json) -> None:
        """Webhook 4, where a package holds several orders or only a part of one."""
        whole = {line["id"] for line in order["lines"]} <= set(package["lines"])
        if whole and len(package["orders"]) == 1:
            return
        data = {
            "sc_type": "SPLIT" if not whole else "COMBINE",
            "role_type": "ROLE_SELLER",
            "package_list": [{"package_id": package["id"], "order_id_list": package["orders"]}],
            "update_time": package["updated"],
        }
        self.notify(order["shop"], 4, data)

    def shipped_lines(self, order: Json) -> set[str]:
        """Ids of the order's lines that lie in a shipped package."""
        own = [self.packages[number] for number in order["packages"]]
        return {line for one in own if one["status"] in MOVES for line in one["lines"]}

    def _move_package(self, package_id: str, was: str, status: str, order_status: str) -> bool:
        package = self.packages.get(package_id)
        if package is None or package["status"] != was:
            return False
        package |= {"status": status, "updated": self.world.unix()}
        package.setdefault("moments", {})[status] = package["updated"]
        for order_id in package["orders"]:
            order = self.orders[order_id]
            ready = order["status"] not in ("PARTIALLY_SHIPPING", "CANCELLED", "COMPLETED")
            own = [self.packages[n]["status"] for n in order["packages"]]
            far = [MOVES.index(one) for one in own if one in MOVES]
            if ready and min(far) == MOVES.index(status):
                moment = {"IN_TRANSIT": "collected", "DELIVERED": "delivered"}[order_status]
                self.set_status(order, order_status, **{moment: self.world.unix()})
            else:
                self.changed(order)
        return True

    # ---- timers ------------------------------------------------------------------------------

    def _release(self, order_id: str) -> None:
        order = self.orders.get(order_id)
        if order and order["status"] == "ON_HOLD":
            self.set_status(order, "AWAITING_SHIPMENT")

    def _scan(self, package_id: str) -> None:
        if self._move_package(package_id, "PROCESSING", "FULFILLING", "IN_TRANSIT"):
            way = carriers.parcel(self.world, self.packages[package_id]["tracking"])
            due = self.world.unix() + 3 * DAY / way.get("pace", 1)
            self.world.schedule(due, "tiktok.deliver", package_id)

    def move_on(self, package_id: str) -> None:
        """Let the parcel's next scan happen now."""
        if self.packages[package_id]["status"] == "PROCESSING":
            self._scan(package_id)
        else:
            self._deliver(package_id)

    def _deliver(self, package_id: str) -> None:
        if self._strays(package_id):
            return
        if self._move_package(package_id, "FULFILLING", "COMPLETED", "DELIVERED"):
            due = self.world.unix() + 7 * DAY
            for order_id in self.packages[package_id]["orders"]:
                if self.orders[order_id]["status"] == "DELIVERED":
                    self.world.schedule(due, "tiktok.complete", order_id)

    def _strays(self, package_id: str) -> bool:
        """Whether it never arrives; one that comes back is told to do so."""
        package = self.packages.get(package_id, {})
        fate = carriers.parcel(self.world, package.get("tracking", "")).get("fate", "")
        if fate == "returned":
            package.setdefault("moments", {}).setdefault("RETURNING", self.world.unix())
            self.world.touch()
        return fate in ("lost", "returned")

    def _complete(self, order_id: str) -> None:
        order = self.orders.get(order_id)
        if order and order["status"] == "DELIVERED":
            self.set_status(order, "COMPLETED", completed=self.world.unix())
