"""The errors of core.errors that were raised while something ran, in whatever thread."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from core.errors import RemoteError

_TOOL = 4  # none of those that debuggers, coverage or profilers take


@contextmanager
def raised() -> Iterator[list[RemoteError]]:
    """What is raised within the block; the last one is what its caller had to deal with."""
    found: list[RemoteError] = []

    def note(code: CodeType, offset: int, error: BaseException) -> None:
        if isinstance(error, RemoteError):
            found.append(error)

    watch = sys.monitoring
    watch.use_tool_id(_TOOL, "errors")
    watch.register_callback(_TOOL, watch.events.RAISE, note)
    watch.set_events(_TOOL, watch.events.RAISE)
    try:
        yield found
    finally:
        watch.set_events(_TOOL, 0)
        watch.register_callback(_TOOL, watch.events.RAISE, None)
        watch.free_tool_id(_TOOL)
