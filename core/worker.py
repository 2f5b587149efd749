"""The queue's processes, which end together and start anew when one of them is killed.

They share pipes, and the locks of these. A process that is killed while it holds such a lock, as
one that waits for work always does, would leave the others waiting for ever, all of them alive and
none at work. So the others are ended as well, and the cluster is started again.
"""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess
from multiprocessing.util import register_after_fork
from types import FrameType
from typing import Any

from django_q import cluster

log = logging.getLogger(__name__)

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PAUSE = 1.0  # seconds before a new start
_KILLED = 70


class Sentinel(cluster.Sentinel):  # type: ignore[misc]
    """Watches over the processes of one cluster; ends with all of them when one was killed."""

    def start(self) -> None:
        """Also have the kernel end every child with this process."""
        register_after_fork(self, _end_with_parent)
        super().start()

    def reincarnate(self, process: BaseProcess) -> None:
        """Replace a process that ended by itself or ran out of time."""
        if process.exitcode is not None and process.exitcode < 0:
            log.critical("a process of the queue was killed (%s): all start anew", process.exitcode)
            for child in multiprocessing.active_children():
                child.kill()
            os._exit(_KILLED)
        super().reincarnate(process)


# Cluster finds its sentinel by this name.
cluster.Sentinel = Sentinel


def run() -> None:
    """Work until SIGTERM or SIGINT. RuntimeError when there is no database at the first start."""
    asked = threading.Event()
    has_worked = False
    while not asked.is_set():
        current = cluster.Cluster()
        _stop_when_told(current, asked)
        try:
            current.start()
            has_worked = True
            current.sentinel.join()
        except RuntimeError:
            if not has_worked:
                raise
        if current.sentinel.exitcode == 0:
            return
        log.critical("the queue's processes ended (%s): new ones start", current.sentinel.exitcode)
        asked.wait(_PAUSE)


def _stop_when_told(current: Any, asked: threading.Event) -> None:
    """The signals end `current`, and nothing is started after it."""

    def stop(number: int, frame: FrameType | None) -> None:
        asked.set()
        if current.sentinel is not None:
            current.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _end_with_parent(_: object) -> None:
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
