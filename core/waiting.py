"""Whether somebody waits: what is done for a page asks others for no longer than a person does."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# How long what is done for a page sits out a pause, in seconds. A worker has more time.
IN_PAGE = 5.0

_waited_for: ContextVar[bool] = ContextVar("waited_for", default=False)


def somebody_waits() -> bool:
    """Whether this is done for a page, not by a worker. Threads that a request starts do not
    know."""
    return _waited_for.get()


@contextmanager
def answering() -> Iterator[None]:
    """As while a request is answered."""
    token = _waited_for.set(True)
    try:
        yield
    finally:
        _waited_for.reset(token)
