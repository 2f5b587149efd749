"""The background worker of a journey: takes queued jobs as `manage.py qcluster` does, in threads."""

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Self

from django.db import connection, transaction
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from core.jobs import run
from creatorflow.schedules import SCHEDULES

THREADS = 3
PAUSE = 0.08


def eventually[T](look: Callable[[], T], *, seconds: float = 20) -> T:
    """The first truthy answer of `look`; fails the test when there is none in time."""
    until = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < until, f"nothing after {seconds} s: {look.__qualname__}"
        time.sleep(0.05)
    return answer


class Worker:
    """Runs what is queued until it is stopped; what goes wrong in a job is a failure of the test."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._busy = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}") for n in range(THREADS)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert not self.wrong, "\n".join(self.wrong)

    def sweep(self, *names: str) -> None:
        """Let these rows of the clock's table be due now, and wait for what they bring about."""
        for name in names:
            import_string(SCHEDULES[name][0]).later()
        self.settle()

    def settle(self, *, seconds: float = 40) -> None:
        """Wait until nothing is queued and nothing runs."""

        def idle() -> bool:
            with self._lock:
                return not self._busy and not OrmQ.objects.exists()

        eventually(idle, seconds=seconds)

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                task = self._take()
                if task is None:
                    self._stop.wait(PAUSE)
                else:
                    self._run(task)
        finally:
            connection.close()

    def _take(self) -> dict[str, Any] | None:
        """The oldest task; from here on it counts as running."""
        with self._lock, transaction.atomic():
            row = OrmQ.objects.select_for_update(skip_locked=True).order_by("pk").first()
            if row is None:
                return None
            row.delete()
            self._busy += 1
            return dict(row.task)

    def _run(self, task: dict[str, Any]) -> None:
        try:
            assert task["func"] == "core.jobs.run", task
            run(*task["args"])
        except Exception:  # told to the test, which is in another thread
            self.wrong.append(traceback.format_exc())
        finally:
            with self._lock:
                self._busy -= 1
