"""Workers say that they live and which code they run: the metrics count them, `upgrade_check` compares them."""

import os
import socket
import time
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from core.models import Heartbeat
from core.version import BUILD, VERSION

EVERY = 30.0  # seconds, per process
ALIVE = timedelta(
    minutes=3
)  # the clocks of creatorflow/schedules.py wake every worker group within a minute or two
_FORGOTTEN = timedelta(days=1)

# By process id: workers fork.
_last: dict[int, float] = {}
_leader: list[int] = []


def lead() -> None:
    """From here on this process and what it forks are one worker group."""
    _leader[:] = [os.getpid()]


def beat() -> None:
    """Note that this worker's group lives; most calls cost nothing."""
    pid, now = os.getpid(), time.monotonic()
    if connection.in_atomic_block or now - _last.get(pid, -EVERY) < EVERY:
        return
    _last.clear()
    _last[pid] = now
    row = Heartbeat(process=_name(), version=VERSION, build=BUILD)
    Heartbeat.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["process"],
        update_fields=["version", "build", "seen_at"],
    )


def alive(*, now: datetime | None = None) -> list[Heartbeat]:
    """The worker groups heard of lately."""
    since = (now or timezone.now()) - ALIVE
    return list(Heartbeat.objects.filter(seen_at__gte=since).order_by("process"))


def forget(*, now: datetime) -> int:
    """Delete the rows of groups that ended long ago; answers how many."""
    return Heartbeat.objects.filter(seen_at__lt=now - _FORGOTTEN).delete()[0]


def _name() -> str:
    return f"{socket.gethostname()[:100]}:{_leader[0] if _leader else os.getppid()}"
