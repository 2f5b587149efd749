"""The main job, step by step: sync, rates, labels, print files, shipped.

The worker does it; here it is started and watched.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from core import batches
from core.models import Batch
from creatorflow.demo.processes import Processes, ask
from creatorflow.demo.progress import Bar, step
from creatorflow.demo.setting_up import Demo, queued, waiting_work
from orders.models import Dispatch, Order, SyncCursor
from orders.querysets import OrderQuerySet
from shipping import batches as label_batches
from shipping.models import Label, LedgerEntry, PrintFile
from shipping.quoting import quote_due

# Jobs that still move orders after the last product was read.
MEASURING = {"read_due_skus", "restage_skus", "requote_skus"}
PATIENCE = 900.0  # seconds for one step; far more than any needs


class GotStuck(Exception):
    """A step made no end in its time."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a step looks at while the worker works."""

    demo: Demo
    processes: Processes

    def until(self, finished: Callable[[Bar], bool], title: str) -> None:
        """Wait for a step with its bar. GotStuck when it takes too long or a process ended."""
        end = time.monotonic() + PATIENCE
        with step(title) as bar:
            while not finished(bar):
                if name := self.processes.ended():
                    raise GotStuck(f"{name} ended; see {self.processes.folder}/{name}.log")
                if time.monotonic() > end:
                    raise GotStuck(f"{title}: no end after {PATIENCE:.0f} s")
                time.sleep(0.15)


def read_orders(watch: Watch) -> None:
    """Until the back-fill is complete and the weights of all SKUs have been asked for."""

    def orders(bar: Bar) -> bool:
        cursor = SyncCursor.objects.filter(shop=watch.demo.shop).first()
        seen = Order.objects.filter(shop=watch.demo.shop).count()
        bar.at(seen, max(seen, cursor.expected or 0) if cursor else 0, f"{seen:,} orders")
        return cursor is not None and cursor.backfilled_at is not None

    def products(bar: Bar) -> bool:
        left = waiting_work()["skus"]
        bar.at(1, 1 + left, f"{left} SKUs to read" if left else "all weights read")
        return left == 0 and not MEASURING & queued()

    watch.until(orders, "Orders from TikTok")
    watch.until(products, "Weights and sizes of products")


def prepare_quotes(watch: Watch) -> None:
    """Until every ready order has its rates and a choice."""
    quote_due.later(workspace_id=watch.demo.workspace.pk)

    def quotes(bar: Bar) -> bool:
        work = waiting_work()
        bar.at(work["ready"] - work["unquoted"], work["ready"])
        return work["unquoted"] == 0 and not queued()

    watch.until(quotes, "Rates from every account")


def ready_orders(demo: Demo) -> OrderQuerySet:
    """What may be bought, in pick order."""
    return Order.objects.of(demo.workspace).filter(stage="ready").order_by("pick_key", "pk")


def buy_all(watch: Watch) -> list[Batch]:
    """Buy a label for every ready order, in batches of BATCH_LIMIT; until each batch is done."""
    ids = list(ready_orders(watch.demo).values_list("pk", flat=True))
    limit = settings.BATCH_LIMIT
    made: list[Batch] = []
    for start in range(0, len(ids), limit):
        chosen = Order.objects.of(watch.demo.workspace).filter(pk__in=ids[start : start + limit])
        batch = label_batches.start(watch.demo.workspace, chosen, watch.demo.user)
        made.append(batch)

        def bought(bar: Bar, batch: Batch = batch) -> bool:
            batch.refresh_from_db()
            now = batches.progress(batch, now=timezone.now())
            bar.at(now.settled, now.total)
            return batch.state == "done" and not now.working and not now.waiting

        watch.until(bought, f"Labels, batch {len(made)}")
    return made


def print_files(watch: Watch, made: list[Batch]) -> int:
    """Until every stored label is in a print file; the number of pages."""
    paid = Label.objects.filter(batch__in=made, state="bought")

    def merged(bar: Bar) -> bool:
        files = PrintFile.objects.filter(batch__in=made, kind="labels")
        inside = files.aggregate(n=Sum("label_count"))["n"] or 0
        wanted = paid.count()
        bar.at(inside, wanted)
        return inside >= wanted and not paid.filter(file_key="").exists()

    watch.until(merged, "Print files in pick order")
    files = PrintFile.objects.filter(batch__in=made, kind="labels")
    return int(files.aggregate(n=Sum("page_count"))["n"] or 0)


def tell_tiktok(watch: Watch) -> None:
    """Until TikTok has been told of every label."""
    dispatches = Dispatch.objects.filter(order__workspace=watch.demo.workspace)

    def told(bar: Bar) -> bool:
        total = dispatches.count()
        left = dispatches.filter(state__in=["due", "telling", "unknown"]).count()
        bar.at(total - left, total)
        return not left

    watch.until(told, "Shipped, told to TikTok")


def outcome(
    demo: Demo, sandbox: str, *, eligible: int, pages: int, seconds: float
) -> dict[str, Any]:
    """Our figures beside the sandbox's own books."""
    world = ask(f"{sandbox}/_control/state")
    labels = Label.objects.of(demo.workspace)
    spend = LedgerEntry.objects.filter(workspace=demo.workspace).aggregate(sum=Sum("amount"))["sum"]
    wallets = world["wallets"].values()
    charges = sum(wallet["charges"] for wallet in wallets)
    bought = labels.filter(state__in=["bought", "voiding", "refunding", "voided", "unused"]).count()
    orders = Order.objects.of(demo.workspace).count()
    return {
        "orders": orders,
        "eligible": eligible,
        "left_out": orders - eligible,
        "labels_bought": bought,
        "labels_failed": labels.filter(state="refused").count(),
        "labels_unknown": labels.filter(state__in=["unknown", "buying"]).count(),
        "duplicate_purchases": max(0, charges - bought),
        "spend": str(spend or Decimal("0.00")),
        "sandbox_charged": str(sum((Decimal(w["net"]) for w in wallets), Decimal("0.00"))),
        "pdf_pages": pages,
        "marked_shipped": world["shipped"]["orders"],
        "seconds": round(seconds, 1),
    }
