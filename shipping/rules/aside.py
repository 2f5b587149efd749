"""A second pair of hands for a dry run: what waits for the database does so beside the deciding."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from django.db import connection


class Aside:
    """One thread with a connection of its own: calls are carried out in the order they were given.

    With `alone` they are carried out at once by the caller: for so little that it is not worth it.
    """

    def __init__(self, *, alone: bool) -> None:
        self._thread = None if alone else ThreadPoolExecutor(1, thread_name_prefix="dry-run")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._thread is not None:
            self._thread.submit(_hang_up)
            self._thread.shutdown()

    def ask[T](self, call: Callable[..., T], *args: Any) -> "Future[T]":
        """Its result, or what it raised, is found in the future."""
        if self._thread is not None:
            return self._thread.submit(call, *args)
        done: Future[T] = Future()
        try:
            done.set_result(call(*args))
        except Exception as error:  # the caller meets it where it looks at the result
            done.set_exception(error)
        return done


def _hang_up() -> None:
    connection.close()  # the thread's own: looked up by whoever asks
