"""The job is the use case itself: `@job` adds `.later(ids…)`; calling it plainly runs it.

The queue only wakes work. A job is idempotent and safe to be killed anywhere; the row says what is due, a sweep
queues it again.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

from django.utils.module_loading import import_string
from django_q.tasks import async_task


class Job(Protocol):
    """A use case that a worker may run."""

    path: str

    def __call__(self, **ids: Any) -> Any:
        """Run it here and now."""
        ...

    def later(self, **ids: Any) -> None:
        """Queue it; inside a transaction the wake-up commits, or vanishes, with it."""
        ...


def job(function: Callable[..., Any]) -> Job:
    """Make a keyword-only use case a job. Arguments are ids and plain values: they are pickled."""
    path = f"{function.__module__}.{function.__qualname__}"

    def later(**ids: Any) -> None:
        async_task("core.jobs.run", path, ids, task_name=path.rpartition(".")[2][:100])

    function.path = path  # type: ignore[attr-defined]
    function.later = later  # type: ignore[attr-defined]
    return cast(Job, function)


def run(path: str, ids: dict[str, Any]) -> None:
    """What a worker calls. The path must name a job, so a forged task cannot call anything else."""
    target = import_string(path)
    if getattr(target, "path", None) != path:
        raise ValueError(f"{path} is not a job")
    target(**ids)
