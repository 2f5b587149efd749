"""Many orders changing at once: what buyers and carriers do to a busy shop, with the webhooks."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from sandbox.tiktok.store import Store

Json = dict[str, Any]
Change = Callable[[Store, Json, random.Random], None]
STREETS = ("Heron Way", "Juniper Ln", "Alder St", "Mesa Rd", "Quarry Ave")
# how many changes are made in one go; the pause between them keeps the pace
TICKS_PER_SECOND = 20


def _address(store: Store, order: Json, dice: random.Random) -> None:
    line = f"{dice.randrange(10, 9990)} {dice.choice(STREETS)}"
    order["address"] = order["address"] | {"line1": line}
    order["address_changed"] = True
    store.changed(order)
    store.notify(order["shop"], 3, {"order_id": order["id"], "update_time": order["updated"]})


def _hold(store: Store, order: Json, dice: random.Random) -> None:
    held = order["status"] == "ON_HOLD"
    store.set_status(order, "AWAITING_SHIPMENT" if held else "ON_HOLD")


def _request(store: Store, order: Json, dice: random.Random) -> None:
    """The buyer wants to cancel, or no longer does."""
    asked = order.get("cancel_asked")
    order["cancel_asked"] = None if asked else store.world.unix()
    store.changed(order)
    status = "CANCELLATION_REQUEST_CANCELLED" if asked else "CANCELLATION_REQUEST_PENDING"
    store.notify_cancellation(order, "BUYER", status)


def _cancel(store: Store, order: Json, dice: random.Random) -> None:
    store.cancel(order, "BUYER", "No longer needed")


def _pay(store: Store, order: Json, dice: random.Random) -> None:
    now = store.world.unix()
    order |= {"paid": now, "rts_sla": now + 3 * 86400}
    store.set_status(order, "ON_HOLD")


def _collect(store: Store, order: Json, dice: random.Random) -> None:
    store.set_status(order, "IN_TRANSIT", collected=store.world.unix())


def _deliver(store: Store, order: Json, dice: random.Random) -> None:
    store.set_status(order, "DELIVERED", delivered=store.world.unix())


def _complete(store: Store, order: Json, dice: random.Random) -> None:
    store.set_status(order, "COMPLETED", completed=store.world.unix())


# what may happen in each status, with weights; what ends an order is rare, so that a small world
# lasts for many changes
CHANGES: dict[str, tuple[tuple[Change, int], ...]] = {
    "UNPAID": ((_pay, 1),),
    "ON_HOLD": ((_hold, 10), (_address, 6), (_cancel, 1)),
    "AWAITING_SHIPMENT": ((_hold, 6), (_address, 8), (_request, 6), (_cancel, 1)),
    "AWAITING_COLLECTION": ((_collect, 1),),
    "IN_TRANSIT": ((_deliver, 1),),
    "DELIVERED": ((_complete, 1),),
}


class Churn:
    """One burst at a time; `left` counts the changes that are still to come."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.left = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, changes: int, seed: int, per_second: float) -> Json:
        """Change `changes` orders drawn by `seed`, all at once or so many a second.

        Which orders are drawn depends on the world and the seed alone, so they are told at once.
        ValueError where a burst is under way or no order can change.
        """
        if self.left:
            raise ValueError("another burst is under way")
        dice = random.Random(f"churn:{seed}")
        living = [o["id"] for o in self.store.orders.values() if o["status"] in CHANGES]
        if not living or changes < 1:
            raise ValueError("no order to change")
        drawn = [dice.choice(living) for _ in range(changes)]
        self.left = changes
        if per_second > 0:
            self._task = asyncio.get_running_loop().create_task(self._run(drawn, dice, per_second))
        else:
            for order_id in drawn:
                self._change(order_id, dice)
        ids = list(dict.fromkeys(drawn))
        seconds = changes / per_second if per_second > 0 else 0.0
        return {"changes": changes, "ids": ids, "seconds": seconds}

    async def _run(self, drawn: list[str], dice: random.Random, per_second: float) -> None:
        loop = asyncio.get_running_loop()
        started, done = loop.time(), 0
        try:
            while done < len(drawn):
                due = min(len(drawn), int((loop.time() - started) * per_second) + 1)
                for order_id in drawn[done:due]:
                    self._change(order_id, dice)
                done = max(done, due)
                await asyncio.sleep(1 / TICKS_PER_SECOND)
        finally:
            self.left = 0

    def _change(self, order_id: str, dice: random.Random) -> None:
        """One change; an order that has ended meanwhile is told of once more as it is."""
        self.left -= 1
        order = self.store.orders.get(order_id)
        if order is None:  # the world was reset
            return
        choices = CHANGES.get(order["status"])
        if choices is None:
            self.store.changed(order)
            self.store.announce(order)
            return
        (change,) = dice.choices([c for c, _ in choices], [weight for _, weight in choices])
        change(self.store, order, dice)
