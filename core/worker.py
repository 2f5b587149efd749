"""Every queue's processes, which end together and start anew when one of them is killed.

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
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.util import register_after_fork
from types import FrameType
from typing import Any

from django_q import cluster
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf

from core import heartbeats
from core.queues import Queue

log = logging.getLogger(__name__)

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PAUSE = 1.0  # seconds before a new start
_KILLED = 70


class Sentinel(cluster.Sentinel):  # type: ignore[misc]
    """Watches over the processes of one queue; ends with all of them when one was killed."""

    def __init__(self, stop: Any, start: Any, cluster_id: Any, broker: Broker, *rest: Any) -> None:
        # A process of its own, in which nothing but this queue is looked at: its clock as well.
        Conf.CLUSTER_NAME = broker.list_key
        super().__init__(stop, start, cluster_id, broker, *rest)

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
    """Work off every queue until SIGTERM or SIGINT. RuntimeError when there is no database at the
    first start."""
    heartbeats.lead()
    asked = threading.Event()
    running: dict[Queue, Any] = {}
    try:
        for queue in Queue:
            if not asked.is_set():
                _start(queue, running, asked)
        while not asked.is_set():
            wait([current.sentinel.sentinel for current in running.values()], timeout=_PAUSE)
            _mend(running, asked)
    finally:
        _stop(running)
        for current in running.values():
            current.sentinel.join()


def _start(queue: Queue, running: dict[Queue, Any], asked: threading.Event) -> None:
    current = cluster.Cluster(get_broker(str(queue)))
    _stop_when_told(running, asked)  # a new Cluster has just taken the signals for itself
    current.start()
    running[queue] = current


def _mend(running: dict[Queue, Any], asked: threading.Event) -> None:
    """Start anew what ended without being asked to."""
    for queue, current in list(running.items()):
        if current.sentinel.is_alive() or asked.is_set():
            continue
        code = current.sentinel.exitcode
        log.critical("the processes of %s ended (%s): new ones start", queue, code)
        asked.wait(_PAUSE)
        try:
            _start(queue, running, asked)
        except RuntimeError as error:  # the database is away: again in a moment
            log.critical("%s did not start: %s", queue, error)


def _stop_when_told(running: dict[Queue, Any], asked: threading.Event) -> None:
    """The signals end what runs, and nothing is started after it."""

    def stop(number: int, frame: FrameType | None) -> None:
        asked.set()
        _stop(running)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _stop(running: dict[Queue, Any]) -> None:
    for current in running.values():
        if current.stop_event is not None:
            current.stop_event.set()


def _end_with_parent(_: object) -> None:
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
