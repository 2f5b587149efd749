"""500 labels through the whole money path, 10 purchases at a time, against a sandbox that takes its
time.

Counted from the start of the batch to its end: TikTok's word on every order, rates, purchase,
ledger, document, order, print files. The limit is what 10 at a time can do when an order costs one
round of rates and one purchase.
"""

import resource
import time
from decimal import Decimal
from typing import Any

from bench.rehearsal import Ground, rehearsal

LABELS = 500
AT_ONCE = 10
RATE_SECONDS, BUY_SECONDS = 0.3, 0.7
LEAST = 0.97


def run() -> dict[str, Any]:
    """Labels per second against 10 ÷ (0.3 s + 0.7 s)."""
    limit = AT_ONCE / (RATE_SECONDS + BUY_SECONDS)
    found = measure(("--latency", f"rate={RATE_SECONDS},buy={BUY_SECONDS}"))
    ratio = found["labels_per_second"] / limit
    return {
        "figure": found["labels_per_second"],
        "unit": "labels/s",
        "input": f"{LABELS} orders, {AT_ONCE} purchases at a time at one account, sandbox latency "
        f"{RATE_SECONDS * 1000:.0f} ms rate and {BUY_SECONDS * 1000:.0f} ms buy",
        "limit": limit,
        "ratio": round(ratio, 3),
        "at_least": LEAST,
        "kept": ratio >= LEAST and found["books_agree"],
        **found,
    }


def measure(latency: tuple[str, ...]) -> dict[str, Any]:
    """Buy LABELS labels at one account in this process; what it took, and whether the books
    agree."""
    with rehearsal(orders=2 * LABELS, more=latency) as ground:
        account_only_easypost(ground)
        read_orders(ground)
        return _buy(ground)


def account_only_easypost(ground: Ground) -> None:
    """One label account, so that its limit is the batch's."""
    from shipping import accounts
    from shipping.models import LabelAccount

    for account in LabelAccount.objects.of(ground.demo.workspace).filter(provider="shippo"):
        accounts.remove(account, user=ground.demo.user)


def read_orders(ground: Ground, least: int = LABELS) -> None:
    """All orders and the weights of their SKUs; at least so many have to be ready."""
    from orders.models import Order
    from orders.staging import restage_workspace
    from orders.sync import start_sync, sync_shop
    from shops.catalog.models import Sku
    from shops.catalog.reading import read_due_skus

    start_sync(ground.demo.shop)
    sync_shop(shop_id=ground.demo.shop.pk)
    while Sku.objects.filter(product_read_at=None).exists():
        read_due_skus()
    restage_workspace(workspace_id=ground.demo.workspace.pk)
    ready = Order.objects.filter(stage="ready", lane="own").count()
    assert ready >= least, f"only {ready} orders are ready"


def _buy(ground: Ground) -> dict[str, Any]:
    from django.db.models import Sum

    from orders.models import Order
    from shipping.batches import run_batch, start
    from shipping.models import Label, LedgerEntry

    ready = Order.objects.filter(stage="ready", lane="own").order_by("pick_key", "pk")
    chosen = Order.objects.filter(pk__in=list(ready.values_list("pk", flat=True)[:LABELS]))
    batch = start(ground.demo.workspace, chosen, ground.demo.user)
    used = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    run_batch(batch_id=batch.pk)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    bought = Label.objects.filter(batch=batch, state="bought")
    stored = bought.exclude(file_key="").count()
    spent = LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    wallets = ground.state()["wallets"].values()
    charged = sum((Decimal(wallet["net"]) for wallet in wallets), Decimal(0))
    return {
        "labels_per_second": round(bought.count() / seconds, 2),
        "seconds": round(seconds, 2),
        "cpu_ms_per_label": round(1000 * cpu / max(1, bought.count()), 1),
        "labels": bought.count(),
        "documents": stored,
        "ledger": str(spent),
        "sandbox_charged": str(charged),
        "books_agree": spent == charged and bought.count() == stored == LABELS,
    }
