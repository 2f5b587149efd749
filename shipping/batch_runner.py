"""Buys a batch: items are taken in pick order, re-read from TikTok, priced, bought, kept as files.

Purchases keep every account's allowed number of them under way; pricing, documents and the word to
TikTok happen beside them, in threads of their own. A runner may die at any point:
docs/money-safety.md says why nothing is paid twice and nothing paid is lost.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from core import batches as items
from core.jobs import job
from core.models import ITEM, Batch, BatchItem
from core.patience import patience
from core.queues import Queue
from core.states import IllegalMove, LostRace
from orders import parts
from orders.dispatch import dispatch_due
from shipping import batch_checks as checks
from shipping.batch_checks import STOPPED, Verdict
from shipping.batch_stages import Stage, Task
from shipping.labels import documents, prints, purchase, reconcile, telling
from shipping.labels.intent import OverLimit
from shipping.models import Label, LabelAccount
from shipping.plan import context_for

log = logging.getLogger(__name__)

QUOTES_AT_ONCE = 10
FINISHES_AT_ONCE = 4
BEAT = patience(seconds=5).total_seconds()  # between a runner's signs of life
CLOSE = 0.3  # seconds between closing what was bought meanwhile
# A queue task may run for 15 minutes: hand over to a fresh one well before.
BUDGET = 600.0
MOST_TRIES = 5
LATE_DOCUMENTS = 30.0  # seconds to wait for labels that are paid and still being drawn
FIRST_PRINT = 20  # labels after which a first print file is offered


@job(queue=Queue.BUYING)
def run_batch(*, batch_id: int) -> None:
    """Work on a batch until nothing is left to do now. Several runners may share one; any may
    die."""
    batch = Batch.objects.select_related("workspace", "created_by").get(pk=batch_id)
    if batch.state != "running":
        return
    runner = Runner(batch)
    if not runner.run():
        run_batch.later(batch_id=batch_id)
        return
    dispatch_due.later()  # a sweep that ended just before the last label saw nothing of it
    documents.fetch_late(batch, seconds=LATE_DOCUMENTS)
    prints.build_print_files(batch_id=batch_id)
    items.finish_if_settled(batch, now=timezone.now())


class Runner:
    """One process's work on one batch."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.confirmed = checks.confirmed(batch)
        self.in_hand: dict[int, Task] = {}
        self.stopped = False  # by a person: what is not being paid yet is put back
        self.bought = 0
        self.finished: list[Task] = []
        self.quoting = Stage[Task]("quote", QUOTES_AT_ONCE, self._guarded(self._quote))
        self.finishing = Stage[Task]("finish", FINISHES_AT_ONCE, self._guarded(self._finish))
        self.buying: dict[UUID, Stage[Task]] = {}
        self._lock = threading.Lock()
        self._moved = threading.Event()
        self._next_beat = 0.0
        self._next_close = 0.0
        self._dry_until = 0.0

    def run(self) -> bool:
        """False when time ran out before the work did."""
        ends = time.monotonic() + BUDGET
        try:
            while True:
                self._raise_fatal()
                self._beat()
                self._close_finished()
                tired = time.monotonic() > ends
                if not self.stopped and not tired and self._is_low() and self._take():
                    continue
                if not self.in_hand and (self.stopped or tired or not self._wait_for_due()):
                    return not tired
                self._moved.wait(CLOSE if self.finished else 0.5)
                self._moved.clear()
        except BaseException:
            for stage in self._stages():
                stage.abandon()
            raise
        finally:
            for stage in self._stages():
                stage.close()

    def _stages(self) -> list[Stage[Task]]:
        return [self.quoting, *self.buying.values(), self.finishing]

    def _is_low(self) -> bool:
        """Few enough items in hand to take more: buyers are kept busy, and what waits is fresh."""
        if time.monotonic() < self._dry_until:
            return False
        accounts = max(1, len(self.buying))
        left = len(self.in_hand) - len(self.finished)
        return left < 3 * settings.PURCHASES_PER_ACCOUNT * accounts

    def _beat(self) -> None:
        if time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + BEAT
        now = timezone.now()
        Batch.objects.filter(pk=self.batch.pk).update(runner_seen_at=now)
        items.renew(list(self.in_hand), now=now)
        self.batch.refresh_from_db(fields=["state"])
        self.stopped = self.batch.state != "running"

    def _raise_fatal(self) -> None:
        for stage in self._stages():
            if stage.fatal:
                raise stage.fatal

    def _wait_for_due(self) -> bool:
        """Whether items wait for a later moment that is worth waiting for; sleeps a little then."""
        soon = timezone.now() + timedelta(seconds=60)
        if not self.batch.items.filter(state="waiting", due_at__lte=soon).exists():
            return False
        time.sleep(0.2)
        return True

    def _take(self) -> bool:
        """Claim the next items, re-read their orders and send the buyable ones to be priced; False
        when there are none."""
        taken = items.claim(self.batch, most=checks.PER_CALL, now=timezone.now())
        if not taken:
            self._dry_until = time.monotonic() + 0.5
            return False
        known = checks.known_orders([item.subject_id for item in taken], self.batch)
        fresh, verdicts = checks.reread(known)
        labels = checks.known_labels([order.pk for order in known], [self.batch.pk])
        context = context_for(fresh.values())
        for item in taken:
            order = fresh.get(item.subject_id)
            verdict = verdicts.get(item.subject_id)
            if order is not None:
                verdict = checks.judge(order, labels.get(order.pk), self.batch)
            if order is None or verdict is not None:
                self._end_item(item, verdict or Verdict("left_out", "The order is gone."))
                continue
            self.in_hand[item.pk] = task = Task(item, order, context)
            self.quoting.put(task)
        return True

    def _quote(self, task: Task) -> None:
        """Price the order and prepare its label."""
        if self.stopped:
            return self._end(task, STOPPED)
        waits = checks.waits_for_rates(task.item)
        found = checks.priced(task.order, task.context, self.batch, self.confirmed, waits)
        if isinstance(found, Verdict):
            return self._end(task, found)
        task.label = found
        return self._buyers(found.account_id).put(task)

    def _buyers(self, account_id: UUID) -> Stage[Task]:
        with self._lock:
            if account_id not in self.buying:
                most = settings.PURCHASES_PER_ACCOUNT
                self.buying[account_id] = Stage("buy", most, self._guarded(self._buy))
            return self.buying[account_id]

    def _buy(self, task: Task) -> None:
        """Spend the money, if the order is still as it was."""
        label = task.chosen
        state = None
        try:
            while state is None:
                task.order, verdict = checks.last_look(task.order, label, self.batch)
                if self.stopped or verdict is not None:
                    checks.drop(label)
                    return self._end(task, verdict or STOPPED)
                state = self._buy_once(label)
        except OverLimit as limit:
            checks.drop(label)
            return self._end(task, Verdict("left_out", limit.sentence, limit.code))
        except purchase.CannotBuy as problem:  # the account was paused: another one may serve
            checks.drop(label)
            return self._again(task, problem.sentence, problem.code, timedelta(0))
        except (IllegalMove, LostRace):
            words = "Its label was changed by somebody else."
            return self._end(task, Verdict("left_out", words, "retry"))
        return self._bought(task, label, state)

    def _buy_once(self, label: Label) -> str | None:
        """The label's state afterwards; None when the account has no place free (another process
        buys there, too)."""
        try:
            return purchase.buy(label)
        except purchase.AccountBusy:
            time.sleep(0.2)
            return None

    def _bought(self, task: Task, label: Label, state: str) -> None:
        if state == "bought":
            self.finishing.put(task)
        elif state == "ready":
            pause = max(label.due_at - timezone.now(), timedelta(0))
            self._again(task, label.reason, "retry", pause)
        elif state == "unknown":
            self._end(task, Verdict("unknown", label.reason, "label_unknown"))
        else:
            paused = LabelAccount.objects.filter(pk=label.account_id, state="paused").exists()
            self._end(
                task, Verdict("failed", label.reason, "account_paused" if paused else "retry")
            )

    def _finish(self, task: Task) -> None:
        """Keep the document; the rest is done for several at once."""
        documents.fetch(task.chosen)
        with self._lock:
            self.finished.append(task)
        self._moved.set()

    def _close_finished(self) -> None:
        """Hand the numbers of bought labels over to be told to TikTok, and close their items."""
        if time.monotonic() < self._next_close:
            return
        self._next_close = time.monotonic() + CLOSE
        with self._lock:
            tasks, self.finished = self.finished, []
        if not tasks:
            return
        for task in tasks:
            task.chosen.order = task.order
        telling.tell_many(task.chosen for task in tasks)
        for task in [one for one in tasks if parts.later(one.order)]:  # its next parcel
            self._end(task, Verdict("waiting", ""))
        over = [task.item.pk for task in tasks if not parts.later(task.order)]
        items.settle_done(self.batch, over, now=timezone.now())
        for pk in over:
            self.in_hand.pop(pk, None)
        self._offer_papers(len(tasks))

    def _offer_papers(self, more: int) -> None:
        """A print file of the first labels soon, and a new one now and then."""
        before, self.bought = self.bought, self.bought + more
        if before < FIRST_PRINT <= self.bought or before // 200 < self.bought // 200:
            prints.build_print_files.later(batch_id=self.batch.pk)

    def _again(self, task: Task, reason: str, fix: str, pause: timedelta) -> None:
        """Certainly not bought: once more later, a few times."""
        if task.item.attempts + 1 >= MOST_TRIES and task.label is not None:
            checks.drop(task.label)
            return self._end(task, Verdict("failed", reason, fix))
        return self._end(task, Verdict("waiting", reason, fix, pause))

    def _guarded(self, work: Callable[[Task], None]) -> Callable[[Task], None]:
        def guarded(task: Task) -> None:
            try:
                work(task)
            # One row's surprise must not stop the others; its label row says how far it had got.
            except Exception:
                log.exception("batch %s, item %s", self.batch.pk, task.item.pk)
                self._end(task, checks.after_surprise(task.label))

        return guarded

    def _end(self, task: Task, verdict: Verdict) -> None:
        self._end_item(task.item, verdict)
        self.in_hand.pop(task.item.pk, None)
        self._moved.set()

    def _end_item(self, item: BatchItem, verdict: Verdict) -> None:
        now = timezone.now()
        if verdict.state == "waiting":
            try:
                ITEM.move(
                    item,
                    "waiting",
                    reason=verdict.reason[:400],
                    fix=verdict.fix,
                    due_at=now + verdict.later,
                    attempts=checks.tries_after(item, verdict),
                    claimed_until=None,
                )
            except (IllegalMove, LostRace):
                log.info("item %s was settled by somebody else", item.pk)
        elif not items.settle(item, verdict.state, now=now, reason=verdict.reason, fix=verdict.fix):
            # Our claim had run out and another runner left it as unknown: here is the answer.
            reconcile.settle_item(self.batch.pk, item.subject_id, verdict.state, verdict.reason)
