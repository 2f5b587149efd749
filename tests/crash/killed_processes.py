"""One host, as a program of its own: each of its processes is killed in turn.

Prints as JSON, for each process, the seconds until a job was done afterwards.
"""

import json
import os
import signal
import time

from bench.crash import Run
from bench.crash_trial import _hurry
from bench.crash_world import World, group_of, world

SECONDS = 30


def main() -> None:
    """Kill watcher, workers, monitor and pusher, one at a time."""
    with world(hosts=1) as running:
        Run(running, 1).set_up()
        (host,) = running.hosts
        processes = len(children(host.pid))
        waited = [killed(running, place, processes) for place in range(processes)]
        print(json.dumps({"processes": processes, "waited": waited}))


def children(host: int) -> list[int]:
    """The processes of a host but its first one, in the order they were started."""
    return sorted(pid for pid in group_of(host) if pid != host)


def killed(running: World, place: int, processes: int) -> float:
    """Kill the process at `place` while all wait for work; the seconds until work is done again."""
    (host,) = running.hosts
    until = time.monotonic() + SECONDS
    while len(children(host.pid)) < processes and time.monotonic() < until:
        time.sleep(0.1)
    settled()
    os.kill(children(host.pid)[place], signal.SIGKILL)
    time.sleep(0.3)
    started = time.monotonic()
    _hurry()
    settled()
    return round(time.monotonic() - started, 1)


def settled() -> None:
    """Until no job waits that nobody has taken."""
    from django.utils import timezone
    from django_q.models import OrmQ

    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if not OrmQ.objects.filter(lock__lte=timezone.now()).exists():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
