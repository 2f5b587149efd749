"""The job is the use case itself: `@job` adds `.later(ids…)`; calling it plainly runs it.

The queue only wakes work. A job is idempotent and safe to be killed anywhere; the row says what is due, a sweep
queues it again.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, cast, overload

from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers.orm import ORM
from django_q.tasks import async_task

from core import heartbeats, logs
from core.queues import Queue

log = logging.getLogger(__name__)


class JobFailed(Exception):
    """What the queue keeps of a job that raised: its name. The log has the traceback, redacted."""


class Job(Protocol):
    """A use case that a worker may run."""

    path: str
    queue: Queue

    def __call__(self, **ids: Any) -> Any:
        """Run it here and now."""
        ...

    def later(self, **ids: Any) -> None:
        """Queue it; inside a transaction the wake-up commits, or vanishes, with it."""
        ...

    def after(self, seconds: float, **ids: Any) -> None:
        """The same, but no worker takes it before so many seconds have passed."""
        ...


@overload
def job(function: Callable[..., Any]) -> Job: ...
@overload
def job(*, queue: Queue) -> Callable[[Callable[..., Any]], Job]: ...
def job(function: Callable[..., Any] | None = None, *, queue: Queue = Queue.NOW) -> Any:
    """Make a keyword-only use case a job. Arguments are ids and plain values: they are pickled.
    What may take longer than seconds names a `queue` other than NOW."""
    return _made(function, queue) if function else partial(_made, queue=queue)


def _made(function: Callable[..., Any], queue: Queue) -> Job:
    path = f"{function.__module__}.{function.__qualname__}"
    name = path.rpartition(".")[2][:100]
    # Always by name: a worker of another queue would take its own for the default.
    put = partial(async_task, "core.jobs.run", path, task_name=name, cluster=str(queue))

    def later(**ids: Any) -> None:
        put(ids)

    def after(seconds: float, **ids: Any) -> None:
        put(ids, broker=_Delayed(seconds, queue))

    function.path = path  # type: ignore[attr-defined]
    function.queue = queue  # type: ignore[attr-defined]
    function.later = later  # type: ignore[attr-defined]
    function.after = after  # type: ignore[attr-defined]
    return cast(Job, function)


class _Delayed(ORM):  # type: ignore[misc]
    """The queue's own broker: it takes a row once its `lock` is over, so a row may begin locked."""

    def __init__(self, seconds: float, queue: Queue) -> None:
        super().__init__(list_key=str(queue))
        self.seconds = seconds

    def enqueue(self, task: str) -> Any:
        lock = timezone.now() + timedelta(seconds=self.seconds)
        return self.get_connection().create(key=self.list_key, payload=task, lock=lock).pk


def run(path: str, ids: dict[str, Any]) -> None:
    """What a worker calls. The path must name a job, so a forged task cannot call anything else."""
    target = import_string(path)
    if getattr(target, "path", None) != path:
        raise ValueError(f"{path} is not a job")
    with logs.job(f"{path.rpartition('.')[2]}:{logs.new_id()}"):
        heartbeats.beat()
        try:
            target(**ids)
        # The queue writes what it is given into its table and its log, in clear and for good.
        except Exception as error:
            log.exception("%s failed", path)
            raise JobFailed(f"{path}: {type(error).__name__}, see the log") from None
