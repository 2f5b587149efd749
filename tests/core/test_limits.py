"""One limit for all processes: its rate, its burst, its pauses and its patience hold over
connections of their own."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from core.errors import RateLimited
from core.limits import SharedLimiter
from core.models import RateLimit

pytestmark = pytest.mark.django_db(transaction=True)


def waits(calls: int, limiter: SharedLimiter, key: str = "k") -> list[float]:
    """Seconds that each of `calls` in one moment is told to wait; nobody really does."""
    found: list[float] = []
    limiter.sleep = found.append
    told: list[float] = []
    for _ in range(calls):
        before = len(found)
        limiter.acquire(key)
        told.append(found[-1] if len(found) > before else 0.0)
    return told


def test_calls_stand_in_line_at_the_rate() -> None:
    found = waits(4, SharedLimiter(2))
    assert found[0] == 0
    assert found[1:] == pytest.approx([0.5, 1.0, 1.5], abs=0.2)


def test_calls_that_were_not_made_may_follow_at_once() -> None:
    limiter = SharedLimiter(10, burst=5)
    waits(1, limiter)
    RateLimit.objects.update(next_at="2020-01-01T00:00:00Z")
    found = waits(7, limiter)
    assert found[:5] == [0] * 5
    assert found[6] > found[5] > 0


def test_what_was_not_used_long_ago_is_not_saved_up() -> None:
    limiter = SharedLimiter(2)
    waits(1, limiter)
    RateLimit.objects.update(next_at="2020-01-01T00:00:00Z")
    assert waits(2, limiter)[1] == pytest.approx(0.5, abs=0.2)


def test_keys_do_not_wait_for_each_other() -> None:
    limiter = SharedLimiter(0.1)
    assert waits(1, limiter, "one") == waits(1, limiter, "other") == [0]


def test_a_pause_asked_for_holds_for_everybody() -> None:
    mine, theirs = SharedLimiter(10), SharedLimiter(10)
    waits(1, mine)
    mine.push_back("k", 30)
    assert waits(1, theirs)[0] == pytest.approx(30, abs=1)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    limiter = SharedLimiter(10)
    waits(1, limiter)
    limiter.push_back("k", 30)
    limiter.push_back("k", 1)
    assert waits(1, limiter)[0] == pytest.approx(30, abs=1)


def test_a_turn_beyond_ones_patience_is_refused_and_says_when_to_come_back() -> None:
    limiter = SharedLimiter(10, patience=5)
    waits(1, limiter)
    limiter.push_back("k", 60)
    with pytest.raises(RateLimited) as refusal:
        waits(1, limiter)
    assert refusal.value.retry_after == pytest.approx(60 - 5 + 1, abs=1)


def test_who_is_refused_takes_no_turn_from_the_patient() -> None:
    hasty, patient = SharedLimiter(10, patience=5), SharedLimiter(10)
    waits(1, hasty)
    hasty.push_back("k", 60)
    for _ in range(50):
        with pytest.raises(RateLimited):
            hasty.acquire("k")
    assert waits(1, patient)[0] == pytest.approx(60, abs=1)


def test_many_threads_together_keep_the_rate() -> None:
    """Ten calls move the next turn on by ten gaps, whoever makes them. The row is judged, and gaps
    are long: when a thread wakes up is for the machine to say."""
    waits(1, SharedLimiter(0.1))
    start = RateLimit.objects.get(key="k").next_at
    gate = threading.Barrier(5)
    told: list[float] = []

    def work() -> None:
        try:
            gate.wait()
            for _ in range(2):
                SharedLimiter(0.1, sleep=told.append).acquire("k")
        finally:
            connection.close()

    run_all([threading.Thread(target=work) for _ in range(5)])
    assert RateLimit.objects.get(key="k").next_at - start == timedelta(seconds=100)
    assert sorted(told) == pytest.approx([10 * turn for turn in range(1, 11)], abs=9)


PROCESS = """
import os, time
import django
django.setup()
from django.db import connections
connections["default"].settings_dict["NAME"] = os.environ["CF_TEST_DATABASE"]
from core.limits import SharedLimiter
for _ in range(3):
    SharedLimiter(20).acquire("k")
    print(time.time())
"""


def test_processes_together_keep_the_rate() -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "creatorflow.settings",
        "CF_TEST_DATABASE": str(connection.settings_dict["NAME"]),
    }
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    at = sorted(float(line) for words in said for line in words.split())
    assert len(at) == 6
    # Clocks of one machine, but a process is woken when the system pleases: near, not exact.
    assert at[5] - at[0] >= 5 / 20 - 0.06


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_turns_booked_together_keep_the_rate_and_need_one_statement(
    django_assert_num_queries,
) -> None:
    limiter = SharedLimiter(2, together=4)
    with django_assert_num_queries(1):
        found = waits(4, limiter)
    assert found == pytest.approx([0, 0.5, 1.0, 1.5], abs=0.2)
    assert waits(1, limiter)[0] == pytest.approx(2.0, abs=0.2)
    assert waits(1, SharedLimiter(2))[0] == pytest.approx(4.0, abs=0.3)


def test_turns_booked_together_are_given_up_when_a_pause_is_asked_for() -> None:
    limiter = SharedLimiter(10, together=4)
    waits(1, limiter)
    limiter.push_back("k", 30)
    assert waits(1, limiter)[0] == pytest.approx(30, abs=1)


def test_turns_left_unused_do_not_stay_ours() -> None:
    mine, theirs = SharedLimiter(20, together=4), SharedLimiter(20)
    waits(1, mine)
    time.sleep(0.5)
    waits(20, theirs)
    assert waits(1, mine)[0] > 0.5


def test_slow_callers_do_not_lose_the_turns_they_booked_together(
    django_assert_num_queries,
) -> None:
    limiter = SharedLimiter(20, together=4, burst=40)
    with django_assert_num_queries(1):
        for _ in range(4):
            limiter.acquire("k")
            time.sleep(0.1)
    assert RateLimit.objects.get().key == "k"
