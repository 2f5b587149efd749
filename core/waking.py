"""Waking a worker without making anybody wait for it."""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Waker:
    """Calls `wake` soon after it was called itself: at once, then at most once every `pause`
    seconds, in a thread of its own. What comes during a pause is waked for at its end."""

    def __init__(
        self,
        wake: Callable[[], None],
        *,
        pause: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.wake = wake
        self.pause = pause
        self.sleep = sleep
        self.wanted = threading.Event()
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None

    def __call__(self) -> None:
        self.wanted.set()
        if self.thread is None:
            with self.starting:
                if self.thread is None:
                    self.thread = threading.Thread(target=self._run, name="waker", daemon=True)
                    self.thread.start()

    def _run(self) -> None:
        while True:
            self.turn()

    def turn(self) -> None:
        """Wait until somebody wants it, wake, and rest."""
        self.wanted.wait()
        self.wanted.clear()
        try:
            self.wake()
        except Exception as error:
            # No database, say: what is stored is found by the sweep at the latest; ask again.
            log.warning("a worker could not be woken: %s", type(error).__name__)
            self.wanted.set()
        self.sleep(self.pause)
