"""Two machines on one database, as a program of its own: one is lost in the middle of a batch.

Prints as JSON what became of the batch, and of every order's money.
"""

import json
import time
from collections import Counter
from typing import Any

from bench.crash_checks import audit
from bench.crash_trial import Trial, control
from bench.crash_world import Clock, World, group_of, world

ORDERS = 24
LOST_AFTER = 8  # labels


def main() -> None:
    """Buy; lose the host that buys; wait for the other one."""
    with world() as running:
        from core.models import Batch
        from shipping.batches import retry_failed

        trial, batch = start(running)
        running.plan.write_text(f"buy.settled:{LOST_AFTER}")
        with Clock():
            victim = buyer(running)
            running.lose_host(victim)
            bought = labels(batch)
            settle(batch)
            failed = reasons(batch)
            # What the lost host had asked for and did not get is known as "not bought" by now.
            again = retry_failed(Batch.objects.get(pk=batch), None)
            settle(batch)
            found = audit(running, [trial])
        state = Batch.objects.get(pk=batch).state
        counts = {"hosts_left": len(running.hosts), "bought_before": bought, "state": state}
        counts |= {"again": again, "failed": failed, "bought": labels(batch)}
        print(json.dumps({**counts, "wrong": found.words()}))


def start(running: World) -> tuple[Trial, int]:
    """A connected shop, and a batch of ORDERS that no host has begun with."""
    from bench.crash import Run
    from bench.crash_trial import _all_read, _hurry, _until, buy

    Run(running, 1).set_up()
    trial = Trial(1, "host")
    made: dict[str, Any] = control(
        running, "orders", {"count": ORDERS, "seller_sku": seller_sku(), "shipping_type": "SELLER"}
    )
    trial.tiktok_ids = made["ids"]
    _hurry()
    assert _until(lambda: _all_read(trial), running, seconds=30)
    control(running, "latency", {"buy": 0.5})
    buy(trial)
    return trial, trial.batch_ids[0]


def seller_sku() -> str:
    """A product whose weight is known, so that every order can be bought at once."""
    from shops.catalog.models import Sku

    return str(Sku.objects.filter(weight_g__gt=0).order_by("pk").first().seller_sku)


def buyer(running: World) -> Any:
    """The host whose worker has just died in the middle of the batch."""
    before = {host.pid: set(group_of(host.pid)) for host in running.hosts}
    until = time.monotonic() + 40
    while running.plan.exists():
        assert time.monotonic() < until, "no label was bought"
        time.sleep(0.01)
    while True:
        for host in running.hosts:
            if before[host.pid] - set(group_of(host.pid)):
                return host


def labels(batch: int) -> int:
    """How many labels are bought."""
    from shipping.models import Label

    return Label.objects.filter(batch=batch, state="bought").count()


def reasons(batch: int) -> dict[str, int]:
    """How many rows are not bought, by what is said of them."""
    from core.models import BatchItem

    rows = BatchItem.objects.filter(batch=batch).exclude(state="done")
    return Counter(rows.values_list("reason", flat=True))


def settle(batch: int) -> None:
    """Until nobody has anything to do any more."""
    from core.models import Batch, WebhookEvent
    from orders.models import Dispatch
    from shipping.models import Label

    until = time.monotonic() + 60
    while time.monotonic() < until and (
        Batch.objects.filter(pk=batch, state="running").exists()
        or Label.objects.filter(state__in=["ready", "buying", "unknown"]).exists()
        or Label.objects.filter(state="bought", file_key="").exists()
        or Dispatch.objects.exclude(state="done").exists()
        or WebhookEvent.objects.filter(state="waiting").exists()
    ):
        time.sleep(0.2)


if __name__ == "__main__":
    main()
