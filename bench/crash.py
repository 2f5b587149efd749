"""What is killed while labels are bought, and what has to be true afterwards.

Real processes on a database and a sandbox of their own. Each trial makes orders, buys them,
exchanges tokens and gives labels back, and kills a process at one of the steps of
core/checkpoints.py or at a random moment, or a whole host, PostgreSQL, the sandbox or the web
server. The next trial begins while the last one is still being mended. At the end all is held
against the sandbox's books.
"""

import argparse
import random
import sys
import time
from collections import Counter
from typing import Any

from bench import crash_trial
from bench.crash_checks import Findings, audit, describe, open_ends
from bench.crash_trial import Trial, planned
from bench.crash_world import Clock, World, patient, world
from core.checkpoints import STEPS

OPEN = 6  # trials that are still being mended when the next one begins
OPEN_SECONDS = 4.0  # nor does it wait longer than this for them
PRESS_SECONDS = 2.0
MEND_SECONDS = 90.0  # when nothing has come to its end for so long, the rest counts as lost
TRIALS, SEED = 20, 1


def arguments(parser: argparse.ArgumentParser) -> None:
    """What this bench takes on top of the others."""
    parser.add_argument("--trials", type=int, default=TRIALS, help="how often something is killed")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is killed when")


def run(trials: int = TRIALS, seed: int = SEED) -> dict[str, Any]:
    """Kept when nothing was paid twice and nothing lost."""
    started = time.monotonic()
    with world() as running:
        run = Run(running, seed)
        run.set_up()
        ready = time.monotonic() - started
        with Clock():
            for trial in planned(trials, seed):
                run.one(trial)
            run.mend_all()
            found = run.final()
        return run.outcome(found, trials, ready, time.monotonic() - started)


class Run:
    """All trials of one call, over one world."""

    def __init__(self, running: World, seed: int) -> None:
        self.world = running
        self.dice = random.Random(f"{seed}:run")
        self.trials: list[Trial] = []
        self.open: list[Trial] = []
        self.stuck = Findings()

    def set_up(self) -> None:
        """A workspace with a connected shop that has been read once."""
        from creatorflow.demo.setting_up import set_up
        from orders.models import SyncCursor
        from shops.catalog.models import Sku
        from shops.catalog.reading import read_due_skus

        set_up(self.world.sandbox)
        until = time.monotonic() + 30
        while SyncCursor.objects.filter(backfilled_at=None).exists() or not Sku.objects.exists():
            assert time.monotonic() < until, "the first orders were not read"
            time.sleep(0.1)
        while Sku.objects.filter(product_read_at=None).exists():
            read_due_skus()

    def one(self, trial: Trial) -> None:
        """Run it, and leave it to be mended while the next ones run."""
        self.trials.append(trial)
        self.open.append(trial)
        began = time.monotonic()
        crash_trial.run(trial, self.world, self.dice)
        seconds = time.monotonic() - began
        _say(f"{trial}: {'killed' if trial.met else 'step not passed'}, {seconds:.1f} s")
        self._mend()
        until = time.monotonic() + OPEN_SECONDS
        while len(self.open) > OPEN and time.monotonic() < until:
            time.sleep(0.2)
            self._mend()

    def mend_all(self) -> None:
        """Until the last trial has come to its end, or none has for a long time."""
        quiet_since, open_before = time.monotonic(), len(self.open)
        while self.open and time.monotonic() - quiet_since < MEND_SECONDS:
            self._mend()
            if len(self.open) < open_before:
                quiet_since, open_before = time.monotonic(), len(self.open)
            time.sleep(0.2)
        for trial in self.open:
            for kind, words in patient(lambda trial=trial: open_ends(trial)).items():  # type: ignore[misc]
                getattr(self.stuck, kind).append(f"{trial}: {describe(words)}")
                _say(f"{trial}: {kind}: {describe(words)}; queued: {patient(queued)}")

    def _mend(self) -> None:
        """What a service manager and people do: start what ended, reconnect, press Retry."""
        self.world.mend()
        patient(lambda: crash_trial.reconnect(self.world))
        for trial in list(self.open):
            if not patient(lambda trial=trial: open_ends(trial)):  # type: ignore[misc]
                self.open.remove(trial)
                continue
            patient(lambda trial=trial: press_retry(trial))  # type: ignore[misc]

    def final(self) -> Findings:
        """The books, when nothing moves any more; with a last exchange of tokens that must work."""
        patient(crash_trial._exchange_tokens)
        until = time.monotonic() + MEND_SECONDS
        while True:
            time.sleep(1)
            self.world.mend()
            patient(lambda: crash_trial.reconnect(self.world))
            for trial in self.trials:  # what has become ready since
                patient(lambda trial=trial: press_retry(trial))  # type: ignore[misc]
            found = patient(lambda: audit(self.world, self.trials))
            if not any(found.counts().values()) or time.monotonic() > until:
                break
        for name, words in vars(self.stuck).items():
            getattr(found, name).extend(words)
        return found

    def outcome(self, found: Findings, trials: int, ready: float, seconds: float) -> dict[str, Any]:
        """The figures of the run."""
        from orders.models import Order
        from shipping.models import Label

        for words in found.words():
            _say(words)
        if found.words():
            self.world.show_logs()
        steps = Counter(trial.step for trial in self.trials if trial.step and trial.met)
        return {
            "trials": trials,
            **found.counts(),
            "kept": not any(found.counts().values()),
            "killed": dict(Counter(trial.way for trial in self.trials if trial.met)),
            "steps_killed_at": len(steps),
            "steps": len(STEPS),
            "steps_not_passed": sorted(t.step for t in self.trials if t.step and not t.met),
            "orders": Order.objects.count(),
            "orders_in_parcels": Order.objects.filter(part__gt=0).count(),
            "labels": Label.objects.filter(provider_label_id__gt="").count(),
            "reconnects_asked": self.world.reconnects,
            "seconds": round(seconds, 1),
            "seconds_until_first_trial": round(ready, 1),
        }


def queued() -> dict[str, int]:
    """Names of the jobs that nobody has taken yet, with their number."""
    from django.utils import timezone
    from django_q.models import OrmQ

    waiting = OrmQ.objects.filter(lock__lte=timezone.now())
    return dict(Counter(task.name() for task in waiting))


def press_retry(trial: Trial) -> None:
    """Now and then a person tries again what failed or had no rate, and buys what became ready."""
    from core.models import Batch, Workspace
    from orders.actions import ask_rates
    from orders.models import Order
    from shipping.batches import retry_failed

    if time.monotonic() - trial.pressed_at < PRESS_SECONDS:
        return
    trial.pressed_at = time.monotonic()
    batches = Batch.objects.filter(pk__in=trial.batch_ids)
    if batches.filter(state="running").exists():
        return
    for batch in batches.filter(items__state__in=["failed", "left_out"]).distinct():
        retry_failed(batch, None)
    orders = Order.objects.filter(tiktok_id__in=trial.tiktok_ids)
    ask_rates(Workspace.objects.get(), list(orders.values_list("pk", flat=True)), user=None)
    if orders.filter(stage="ready").exists():
        crash_trial.buy(trial)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
