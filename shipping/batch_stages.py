"""Threads that work off a queue, for work that mostly waits; their database connections end with
them."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from django.db import connections

from core.models import BatchItem
from orders.models import Order
from shipping.models import Label
from shipping.plan import Context

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Task:
    """One item on its way through the stages."""

    item: BatchItem
    order: Order
    context: Context
    label: Label | None = None

    @property
    def chosen(self) -> Label:
        """The label, once the order was priced."""
        if self.label is None:
            raise LookupError(f"{self.order} was not priced yet")
        return self.label


class Stage[T]:
    """Up to `threads` threads calling `work`, for work that mostly waits; they are started as work
    arrives, and their database connections end with them."""

    def __init__(self, name: str, threads: int, work: Callable[[T], None]) -> None:
        self.name = name
        self.most = threads
        self.work = work
        self.fatal: BaseException | None = None  # what killed a thread, if something did
        self._queue: SimpleQueue[T | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._open = 0
        self._abandoned = False

    def put(self, task: T) -> None:
        """Queue `task`; callable from any thread."""
        with self._lock:
            self._open += 1
            if self._open > len(self._threads) < self.most:
                thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._threads.append(thread)
                thread.start()
        self._queue.put(task)

    def close(self) -> None:
        """Let the threads finish what is queued, and wait for them."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def abandon(self) -> None:
        """Drop what is queued; what a thread is doing right now is finished."""
        self._abandoned = True

    def _run(self) -> None:
        try:
            while (task := self._queue.get()) is not None:
                self._do(task)
        finally:
            connections.close_all()

    def _do(self, task: T) -> None:
        try:
            if not self._abandoned:
                self.work(task)
        # `work` handles its own errors; what is left would leave the task's owner waiting for ever.
        except BaseException as error:
            log.exception("%s: a thread failed", self.name)
            self.fatal = error
        finally:
            with self._lock:
                self._open -= 1
