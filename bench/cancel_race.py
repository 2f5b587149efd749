"""Buyers cancel while their labels are being bought.

Input: a batch of 500 orders at one account, 10 purchases at a time, against a sandbox that takes
300 ms for rates and 700 ms for a purchase; 5 % of the orders are cancelled at moments drawn at random
over the batch's run. No webhook tells of it: only TikTok's answers do. The wire to TikTok is watched,
so that it is known which orders TikTok had shown as cancelled, and when.

Figure: labels bought for an order that TikTok had shown as cancelled before the purchase was
written. Limit: none; every order that was not cancelled is bought, every label of a cancelled one is
given back, and ledger, money due back and the sandbox's wallet agree to the cent.
"""

import argparse
import json
import random
import threading
import time
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx

from bench import labels
from bench.labels import BUY_SECONDS, RATE_SECONDS
from bench.rehearsal import Ground, rehearsal
from creatorflow.demo.processes import ask

if TYPE_CHECKING:
    from core.models import Batch

ORDERS = 500
SHARE = 0.05
SEED = 23
PER_ORDER = (RATE_SECONDS + BUY_SECONDS) / 10  # seconds of the batch's run, at 10 at a time


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many orders, for a quick look."""
    parser.add_argument("--orders", type=int, default=ORDERS)


def run(orders: int = ORDERS) -> dict[str, Any]:
    """Buy the batch while orders are cancelled, give back what is not used, and compare."""
    latency = ("--latency", f"rate={RATE_SECONDS},buy={BUY_SECONDS}")
    with rehearsal(orders=3 * orders, seed=SEED, more=latency) as ground:
        labels.account_only_easypost(ground)
        labels.read_orders(ground, least=orders)
        found = _race(ground, orders)
    return {
        "figure": found["bought_though_shown_cancelled"],
        "unit": "labels for orders TikTok had shown as cancelled",
        "input": f"{orders} orders in one batch, {found['cancelled']} of them cancelled at random "
        f"moments of {found['seconds']:.0f} s, sandbox latency {RATE_SECONDS * 1000:.0f} ms rate "
        f"and {BUY_SECONDS * 1000:.0f} ms buy",
        "limit": 0,
        "kept": found["bought_though_shown_cancelled"] == 0
        and found["not_cancelled_and_not_bought"] == 0
        and found["unused_labels_not_given_back"] == 0
        and found["ledger_ties"],
        **found,
    }


class Watched(httpx.BaseTransport):
    """The real wire to TikTok; remembers when each order was first shown as cancelled."""

    def __init__(self) -> None:
        self.inner = httpx.HTTPTransport()
        self.shown: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Passes the call on, and looks at what order detail and search answer."""
        from django.utils import timezone

        answer = self.inner.handle_request(request)
        if "/order/" not in request.url.path:
            return answer
        body = answer.read()
        now = timezone.now()
        for order in (json.loads(body).get("data") or {}).get("orders") or []:
            if order.get("status") == "CANCELLED":
                with self._lock:
                    self.shown.setdefault(order["id"], now)
        headers = {"content-type": answer.headers.get("content-type", "application/json")}
        return httpx.Response(answer.status_code, headers=headers, content=body)

    def close(self) -> None:
        """Closes the wire under it."""
        self.inner.close()


def _race(ground: Ground, count: int) -> dict[str, Any]:
    from orders.models import Order
    from shipping.batches import run_batch, start
    from shops.wire import use_transport

    ready = Order.objects.filter(stage="ready", lane="own").order_by("pick_key", "pk")
    chosen = Order.objects.filter(pk__in=list(ready.values_list("pk", flat=True)[:count]))
    numbers = list(chosen.order_by("pk").values_list("tiktok_id", flat=True))
    assert len(numbers) == count, f"only {len(numbers)} orders are ready"
    doomed = random.Random(SEED).sample(numbers, max(1, round(count * SHARE)))
    batch = start(ground.demo.workspace, chosen, ground.demo.user)
    watched = Watched()
    canceller = threading.Thread(target=_cancel, args=(ground.sandbox, doomed, count * PER_ORDER))
    with use_transport(watched):
        started = time.perf_counter()
        canceller.start()
        run_batch(batch_id=batch.pk)
        seconds = time.perf_counter() - started
        canceller.join()
    found = _bought(batch, doomed, watched.shown)
    found["seconds"] = round(seconds, 1)
    return found | _give_back(ground, batch)


def _cancel(sandbox: str, doomed: list[str], seconds: float) -> None:
    """Cancel these orders at random moments of the next so many seconds."""
    dice = random.Random(SEED + 1)
    began = time.monotonic()
    for at, number in sorted((dice.uniform(0, seconds), number) for number in doomed):
        time.sleep(max(0.0, began + at - time.monotonic()))
        ask(f"{sandbox}/_control/orders/{number}/cancel", {"who": "BUYER"})


def _bought(batch: "Batch", doomed: list[str], shown: dict[str, datetime]) -> dict[str, Any]:
    """What the batch bought, held against what TikTok had shown by then."""
    from shipping.models import Label

    rows = list(Label.objects.filter(batch=batch, state="bought").select_related("order"))
    has = {label.order.tiktok_id for label in rows}
    late = [
        label
        for label in rows
        if (at := shown.get(label.order.tiktok_id)) and label.intent_at and label.intent_at > at
    ]
    every = set(_numbers(batch))
    return {
        "cancelled": len(doomed),
        "dropped_before_buying": len(set(doomed) - has),
        "cancelled_after_buying": len(set(doomed) & has),
        "bought": len(rows),
        "bought_though_shown_cancelled": len(late),
        "not_cancelled_and_not_bought": len(every - set(doomed) - has),
    }


def _numbers(batch: "Batch") -> list[str]:
    from core.models import BatchItem
    from orders.models import Order

    items = BatchItem.objects.filter(batch=batch).values("subject_id")
    return list(Order.objects.filter(pk__in=items).values_list("tiktok_id", flat=True))


def _give_back(ground: Ground, batch: "Batch") -> dict[str, Any]:
    """What was bought before its order was cancelled: given back by itself, and its money."""
    from django.utils import timezone

    from orders.models import Order
    from orders.sync import hurry
    from shipping.labels.auto_void import void_cancelled
    from shipping.labels.void import voids_due
    from shipping.models import Label

    hurry(shop_id=ground.demo.shop.pk)
    void_cancelled()
    ask(f"{ground.sandbox}/_control/hasten", {"names": ["easypost.refund"]})
    Label.objects.filter(state__in=["voiding", "refunding"]).update(due_at=timezone.now())
    voids_due()
    cancelled = Order.objects.filter(status="CANCELLED")
    unused = Label.objects.filter(batch=batch, order__in=cancelled)
    return {
        "unused_labels": unused.exclude(state="refused").count(),
        "unused_labels_not_given_back": unused.exclude(state__in=["voided", "refused"]).count(),
        **_books(ground),
    }


def _books(ground: Ground) -> dict[str, Any]:
    """Our ledger, the sums of money due back, and the sandbox's wallet."""
    from datetime import timedelta

    from django.db.models import Sum
    from django.utils import timezone

    from shipping import money_due
    from shipping.models import LedgerEntry

    spent = LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    wallets = ground.state()["wallets"].values()
    charged = sum((Decimal(wallet["net"]) for wallet in wallets), Decimal(0))
    (sums,) = money_due.totals(ground.demo.workspace, since=timezone.now() - timedelta(days=1))
    return {
        "ledger": str(spent),
        "sandbox_charged": str(charged),
        "credited": str(sums.credited.amount),
        "ledger_ties": sums.ties and spent == charged == sums.kept.amount,
    }
