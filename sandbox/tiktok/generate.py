"""The seeded orders, which look like a creator's busy week."""

import random
from typing import Any

from sandbox.people import make_address, make_buyer, spoil
from sandbox.tiktok.carriers import CARRIERS
from sandbox.tiktok.store import DAY, HOUR, Store

Json = dict[str, Any]
# status, share of a thousand, days since the order was made (from, to)
STATUSES = (
    ("AWAITING_SHIPMENT", 860, 0.06, 3.0),
    ("ON_HOLD", 40, 0.001, 0.04),
    ("UNPAID", 20, 0.0, 0.1),
    ("CANCELLED", 17, 0.1, 6.0),
    ("AWAITING_COLLECTION", 20, 0.5, 3.0),
    ("IN_TRANSIT", 20, 1.5, 5.0),
    ("DELIVERED", 15, 4.0, 9.0),
    ("COMPLETED", 8, 12.0, 38.0),
)
SHIPPED = ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED")
PACKAGE_STATUS = dict(
    zip(SHIPPED, ("PROCESSING", "FULFILLING", "COMPLETED", "COMPLETED"), strict=True)
)
REASONS = ("Need to change shipping address", "No longer needed", "Better price available")
MESSAGES = ("", "", "", "", "", "It is a gift, please no receipt", "Please leave at the side door")


def populate(store: Store, count: int) -> None:
    """`count` orders over all shops (a second shop gets a quarter), oddities in their share."""
    shops = list(store.data["shops"])
    quarter = count // 4 if len(shops) > 1 else 0
    for shop_id, share in zip(shops, (count - quarter, quarter), strict=False):
        maker = Maker(store, shop_id)
        for _ in range(share):
            order = maker.order()
            store.orders[order["id"]] = order
        maker.spoil_addresses()
    store.index()


class Maker:
    """Makes one shop's orders from the world's dice."""

    def __init__(self, store: Store, shop_id: str) -> None:
        self.store = store
        self.world = store.world
        self.shop = store.data["shops"][shop_id]
        self.dice = store.world.rng(f"orders:{shop_id}")
        self.now = store.world.unix()
        self.products = [p for p in store.data["products"].values() if p["shop"] == shop_id]
        self.weights = [p["popularity"] for p in self.products]
        self.twin: Json | None = None
        self.made: list[Json] = []

    def order(self, **overrides: Any) -> Json:
        """One order record; `overrides` replace what the dice say.

        status, shipping_type, units, skus (how many), seller_sku, sample, request_cancel,
        fulfillment_by_tiktok, fresh (made just now), same_as (an order id whose buyer and address
        it shares), address (fields of it), bad_address (0 ZIP of another state, 1 no street, 2 no
        ZIP), bundles (every unit is a virtual bundle of so many parts).
        """
        order = self._frame(overrides)
        if "same_as" in overrides:
            other = self.store.orders[overrides["same_as"]]
            order |= {name: dict(other[name]) for name in ("buyer", "address")}
        order["address"] = order["address"] | overrides.get("address", {})
        if "bad_address" in overrides:
            spoil(order["address"], int(overrides["bad_address"]))
        self._lines(order, overrides)
        self._pay(order)
        self._history(order, overrides)
        self.made.append(order)
        return order

    def _frame(self, overrides: Json) -> Json:
        """Status, age, lane and buyer of a new order, before anything is in it."""
        dice = self.dice
        status, _, low, high = dice.choices(STATUSES, [row[1] for row in STATUSES])[0]
        if "status" in overrides:
            status, _, low, high = next(r for r in STATUSES if r[0] == overrides["status"])
        if overrides.get("fresh"):
            low, high = 0.0, 0.001
        created = self.now - int(dice.uniform(low, high) * DAY) - 1
        lane = "TIKTOK" if dice.random() < 0.30 else "SELLER"
        lane = overrides.get("shipping_type", lane)
        by_tiktok = dice.random() < 0.02
        by_tiktok = overrides.get("fulfillment_by_tiktok", by_tiktok and not overrides)
        lane = "TIKTOK" if by_tiktok else lane
        return {
            "id": self.world.new_number("576", 18),
            "shop": self.shop["id"],
            "status": status,
            "created": created,
            "updated": created,
            "fulfillment": "FULFILLMENT_BY_TIKTOK" if by_tiktok else "FULFILLMENT_BY_SELLER",
            "shipping_type": lane,
            "option_id": self.shop["options"][lane],
            "option_name": "Shipped via Seller" if lane == "SELLER" else "Standard shipping",
            "warehouse_id": self.shop["warehouse_id"],
            "message": dice.choice(MESSAGES),
            "note": "",
            "sample": overrides.get("sample", dice.random() < 0.02),
            "packages": [],
            **self._buyer(),
        }

    def _buyer(self) -> Json:
        """A new person, or now and then the last one again, whose orders may be combined."""
        dice = self.dice
        if self.twin is not None and dice.random() < 0.5:
            again, self.twin = self.twin, None
            return again
        buyer = make_buyer(dice, self.world.new_number("7021", 19))
        person: Json = {"buyer": buyer, "address": make_address(dice)}
        if dice.random() < 0.04:
            person["group"] = self.world.new_number("12", 18)
            self.twin = person
        return person

    def _lines(self, order: Json, overrides: Json) -> None:
        dice = self.dice
        shape = dice.random()
        kinds = 1 if shape < 0.88 else dice.choice((2, 2, 3))
        units = 1 if shape < 0.70 or kinds > 1 else dice.choice((2, 2, 2, 3, 4))
        units = int(overrides.get("units", units))
        order["lines"] = []
        for product, sku in self._pick(int(overrides.get("skus", kinds)), overrides):
            price = product["skus"][sku]["price"]
            off = price * dice.choice((0, 0, 0, 10, 15, 20)) // 100
            ours = price * dice.choice((0, 0, 0, 0, 5, 10)) // 100
            if order["sample"]:
                off, ours = price, 0
            unit = {"product": product["id"], "sku": sku, "price": price, "seller_discount": off}
            unit |= {"platform_discount": ours, "tax": (price - off - ours) * 7 // 100}
            for _ in range(units):
                line = {"id": self.world.new_number("577", 18)} | unit
                if most := int(overrides.get("bundles", 0)):
                    line["parts"] = [self.world.new_number("577", 18) for _ in range(most)]
                order["lines"].append(line)

    def _pick(self, kinds: int, overrides: Json) -> list[tuple[Json, int]]:
        """Products and the place of the SKU in each, by popularity or by the seller's SKU."""
        wanted = overrides.get("seller_sku")
        if wanted:
            every = [(p, at) for p in self.products for at in range(len(p["skus"]))]
            found = [(p, at) for p, at in every if p["skus"][at]["seller_sku"] == wanted]
            if not found:
                raise KeyError(f"seller_sku {wanted}")
            return found
        picked = self.dice.choices(self.products, self.weights, k=kinds)
        return [(product, self.dice.randrange(len(product["skus"]))) for product in picked]

    def _pay(self, order: Json) -> None:
        goods = sum(
            line["price"] - line["seller_discount"] - line["platform_discount"]
            for line in order["lines"]
        )
        order["tax"] = sum(line["tax"] for line in order["lines"])
        order["shipping_fee"] = 0 if goods >= 2500 or order["sample"] else 499
        if order["status"] == "UNPAID":
            return
        paid = order["paid"] = order["created"] + self.dice.randrange(5, 240)
        days = 2 if self.dice.random() < 0.25 else 3
        order["rts_sla"] = paid + days * DAY
        order["updated"] = paid

    def _history(self, order: Json, overrides: Json) -> None:
        """What happened to the order between its making and now."""
        status, dice = order["status"], self.dice
        if status == "ON_HOLD":
            self.world.schedule(order["paid"] + HOUR, "tiktok.release", order["id"])
        elif status == "CANCELLED":
            moment = order["paid"] + dice.randrange(HOUR)
            order["updated"] = min(moment, self.now)
            reason = dice.choice(REASONS)
            order["cancel"] = {"time": order["updated"], "who": "BUYER", "reason": reason}
        elif status in SHIPPED:
            self._ship(order)
        elif status == "AWAITING_SHIPMENT":
            order["updated"] = min(order["paid"] + HOUR, self.now)
            asked = overrides.get("request_cancel", dice.random() < 0.0175 and not overrides)
            if asked:
                order["cancel_asked"] = order["updated"] = self.now - dice.randrange(60, 900)

    def _ship(self, order: Json) -> None:
        dice, status = self.dice, order["status"]
        carrier = dice.choice(CARRIERS[1:3])
        number = _tracking(carrier.name, dice)
        shipped = order["rts_time"] = order["paid"] + dice.randrange(3 * HOUR, 11 * HOUR)
        package: Json = {
            "id": self.world.new_number("1153", 19),
            "shop": order["shop"],
            "orders": [order["id"]],
            "lines": [line["id"] for line in order["lines"]],
            "status": PACKAGE_STATUS[status],
            "shipping_type": order["shipping_type"],
            "provider_id": carrier.id,
            "provider_name": carrier.name,
            "tracking": number,
            "created": shipped,
            "updated": shipped,
            "ready_at": shipped,
            "edits": 0,
            "history": True,
        }
        self.store.packages[package["id"]] = package
        self.store.data["tracking"][number] = [order["id"]]
        order["packages"].append(package["id"])
        moments = (("collected", 18 * HOUR), ("delivered", 3 * DAY), ("completed", 10 * DAY))
        order["updated"] = shipped
        for name, after in moments[: SHIPPED.index(status)]:
            order[name] = order["updated"] = package["updated"] = min(shipped + after, self.now)
        timer = {"AWAITING_COLLECTION": "tiktok.scan", "IN_TRANSIT": "tiktok.deliver"}.get(status)
        if timer:
            due = max(order["updated"], self.now) + dice.randrange(6 * HOUR, 2 * DAY)
            self.world.schedule(due, timer, package["id"])
        elif status == "DELIVERED":
            self.world.schedule(self.now + 7 * DAY, "tiktok.complete", order["id"])

    def spoil_addresses(self) -> None:
        """Three orders of a world (one of a small one) that no carrier can deliver."""
        open_ones = [
            order
            for order in self.made
            if order["status"] == "AWAITING_SHIPMENT"
            and order["shipping_type"] == "SELLER"
            and not order.get("group")
        ]
        wanted = 3 if len(self.made) >= 100 else 1
        for how, order in enumerate(self.dice.sample(open_ones, min(wanted, len(open_ones)))):
            spoil(order["address"], how)


def _tracking(carrier: str, dice: random.Random) -> str:
    if carrier == "UPS":
        return "1Z" + "".join(dice.choices("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", k=16))
    return "7" + "".join(dice.choices("0123456789", k=11))
