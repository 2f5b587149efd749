"""A dry run: what rules that are being written would change for orders, at what cost, before they go
live. It reads orders and stored quotes, changes none, and calls nobody.

Both sides are decided by the live run's own functions (load.read, load.decide, choose_from): the
rules that are live now against those of the run, for the same orders. A price is told only where it
was quoted for such a shipment; else it says so.
"""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from core import writes
from core.jobs import job
from core.models import User, Workspace
from core.patience import patience
from core.states import IllegalMove, LostRace
from orders.models import Order
from shipping.models import RUN, RuleRun, RuleRunRow
from shipping.rules import book as books
from shipping.rules import load
from shipping.rules.actions import REQUOTED
from shipping.rules.aside import Aside
from shipping.rules.conditions import BadRule
from shipping.rules.engine import Decision
from shipping.rules.findings import Change, Sums
from shipping.rules.prices import NO_PRICE, SAME_PRICE, Quoted, priced, stored_quotes

AT_ONCE = 2000
MOST = 100_000
DEAD = patience(seconds=60)
KEPT = timedelta(days=30)
_COPY = """COPY shipping_rulerunrow (run_id, order_id, before, after, cost_before, cost_after,
    currency, why) FROM STDIN"""


def start(workspace: Workspace, *, user: User, days: int, most: int = MOST) -> RuleRun:
    """Queue a dry run of the rules as they are written now. BadRule when one cannot be
    understood."""
    rules = books.documents_of(books.drafts(workspace))
    books.book_of(rules)
    mine = RuleRun.objects.filter(workspace=workspace)
    mine.filter(created_at__lt=timezone.now() - KEPT).delete()
    run = RuleRun.objects.create(
        workspace=workspace,
        rules=rules,
        live=books.live(workspace.pk).number,
        days=days,
        most=most,
        created_by=user,
    )
    run_dry.later(run_id=run.pk)
    return run


@job
def run_dry(*, run_id: int) -> None:
    """Do a dry run from its beginning; nothing where another worker is at it, or it is over."""
    run = RuleRun.objects.select_related("workspace").filter(pk=run_id).first()
    if run is None or not _claim(run):
        return
    try:
        Runner(run).work()
    except BadRule as error:
        _end(run, "failed", reason=str(error))
    except Stopped:
        return


@job
def resume_due() -> int:
    """Dry runs whose worker died, or never came: queued again; answers how many."""
    now = timezone.now()
    silent = Q(state="working", runner_seen_at__lt=now - DEAD)
    waiting = Q(state="waiting", created_at__lt=now - DEAD)
    ids = list(RuleRun.objects.filter(silent | waiting).values_list("pk", flat=True))
    for pk in ids:
        run_dry.later(run_id=pk)
    return len(ids)


def stop(run: RuleRun) -> None:
    """End a run that somebody no longer wants."""
    _end(run, "stopped")


@contextmanager
def _without_collector() -> Iterator[None]:
    """A run makes millions of small objects and no cycles: looking for cycles among them, again and
    again, takes a third of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_NOTHING = Decision()


class Stopped(Exception):
    """The run was ended while it was at work."""


def _claim(run: RuleRun) -> bool:
    """Whether this worker has the run now: it was waiting, or its worker is silent."""
    now = timezone.now()
    silent = writes.Given("(state = 'waiting' OR runner_seen_at < %s)", [now - DEAD])
    try:
        RUN.move(run, "working", silent, runner_seen_at=now, seen=0, changed=0)
    except (IllegalMove, LostRace):
        return False
    RuleRunRow.objects.filter(run=run).delete()
    return True


def _end(run: RuleRun, state: str, **fields: Any) -> None:
    try:
        RUN.move(run, state, finished_at=timezone.now(), **fields)
    except (IllegalMove, LostRace):
        return


class Runner:
    """One worker's pass over the orders of a run."""

    def __init__(self, run: RuleRun, *, at_once: int = AT_ONCE) -> None:
        self.run = run
        self.at_once = at_once
        self.draft = books.book_of(run.rules)
        self.live = books.live(run.workspace_id).book
        self.sums = Sums()
        self.changed = 0
        self._changes: dict[tuple[Decision, Decision], Change] = {}

    def work(self) -> None:
        """All orders, newest first, a chunk at a time; progress after each."""
        now = timezone.now()
        ids = self._orders(now)
        self._tell(total=len(ids))
        chunks = [list(chunk) for chunk in batched(ids, self.at_once)]
        with _without_collector(), Aside(alone=len(chunks) < 2) as aside:
            self._pass(chunks, aside, now)
        _end(self.run, "done", result=self.sums.as_json(self.draft))

    def _pass(self, chunks: list[list[int]], aside: Aside, now: datetime) -> None:
        """While a chunk is decided, the next one is read and the one before is written."""

        def read(chunk: list[int]) -> list[load.Row]:
            return list(load.read(chunk, now=now))

        coming = [aside.ask(read, chunk) for chunk in chunks[:1]]
        seen, kept = 0, None
        for place, chunk in enumerate(chunks):
            rows = coming.pop().result()
            coming += [aside.ask(read, following) for following in chunks[place + 1 : place + 2]]
            found = list(self._compare(rows))
            if kept is not None:
                kept.result()
            kept = aside.ask(_write, found)
            seen += len(chunk)
            self._tell(seen=seen, changed=self.changed)
        if kept is not None:
            kept.result()

    def _orders(self, now: datetime) -> list[int]:
        """Orders of the run's days that are or were ours to ship."""
        orders = Order.objects.of(self.run.workspace).filter(
            created_at__gte=now - timedelta(days=self.run.days)
        )
        ours = orders.exclude(stage="closed")
        return list(ours.order_by("-created_at").values_list("pk", flat=True)[: self.run.most])

    def _compare(self, rows: list[load.Row]) -> Iterator[tuple[Any, ...]]:
        """The rows of those that would change."""
        differing: list[tuple[load.Row, Change]] = []
        decided: Counter[Decision] = Counter()
        for row in rows:
            after = load.decide(self.draft, row)
            decided[after] += 1
            before = load.decide(self.live, row) if self.live else _NOTHING
            change = self._change(before, after)
            if change.names:
                differing.append((row, change))
        for decision, orders in decided.items():
            self.sums.tally.add(decision, orders)
        self.changed += len(differing)
        quotes = stored_quotes([row.facts.pk for row, change in differing if change.is_repriced])
        for row, change in differing:
            yield self._row(row, change, quotes.get(row.facts.pk, ()))

    def _change(self, before: Decision, after: Decision) -> Change:
        found = self._changes.get((before, after))
        if found is None:
            if len(self._changes) >= AT_ONCE:
                self._changes.clear()
            found = self._changes[before, after] = Change(before, after)
        return found

    def _row(self, row: load.Row, change: Change, quotes: Sequence[Quoted]) -> tuple[Any, ...]:
        self.sums.fields.update(change.names)
        was = will = SAME_PRICE
        if change.is_repriced:
            was = priced(row, change.before, quotes)
            other = bool(quotes) and change.is_requoted
            will = (
                NO_PRICE._replace(why=_requoted(change.names))
                if other
                else priced(row, change.after, quotes)
            )
            self._add_up(was.price, will.price, was.currency or will.currency)
        return (
            self.run.pk, row.facts.pk, *change.sides(was.service, will.service), was.price,
            will.price, was.currency or will.currency, will.why or was.why,
        )  # fmt: skip

    def _add_up(self, was: Decimal | None, will: Decimal | None, currency: str) -> None:
        if was is None or will is None:
            self.sums.unquoted += 1
            return
        sums = self.sums.money[currency]
        sums.before += was
        sums.after += will
        sums.compared += 1

    def _tell(self, **fields: int) -> None:
        """Progress, and a sign of life. Stopped when somebody ended the run."""
        rows = RuleRun.objects.filter(pk=self.run.pk, state="working")
        if not rows.update(runner_seen_at=timezone.now(), **fields):
            raise Stopped


def _write(rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)


def _requoted(names: set[str]) -> str:
    changed = " and ".join(name for name in REQUOTED if name in names)
    return f"Not quoted with another {changed}."
