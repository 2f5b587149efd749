"""A killed process of a host takes its siblings along, and new ones go on: none waits for ever on
a lock that died with it."""

import pytest

from tests.crash.killed_processes import SECONDS
from tests.crash.running import module


@pytest.mark.timeout(320)
def test_whichever_process_of_a_host_is_killed_its_jobs_are_done_soon() -> None:
    outcome = module("tests.crash.killed_processes")
    assert outcome["processes"] == 12  # of three queues: watcher, worker, monitor, pusher
    assert all(seconds < SECONDS for seconds in outcome["waited"]), outcome
