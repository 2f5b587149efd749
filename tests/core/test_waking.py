"""Whoever stores an event wakes a worker without waiting for it."""

import threading

import pytest

from core.waking import Waker


def test_many_calls_are_one_wake_up_and_the_last_is_never_forgotten() -> None:
    woken: list[int] = []
    paused: list[float] = []
    waker = Waker(lambda: woken.append(1), pause=2, sleep=paused.append)
    for _ in range(10):
        waker.wanted.set()
    waker.turn()
    waker.wanted.set()
    waker.turn()
    assert (len(woken), paused) == (2, [2, 2])


def test_what_comes_during_the_pause_is_waked_for_at_its_end() -> None:
    woken: list[int] = []

    def pause(seconds: float) -> None:
        if len(woken) == 1:
            waker.wanted.set()

    waker = Waker(lambda: woken.append(1), sleep=pause)
    waker.wanted.set()
    waker.turn()
    waker.turn()
    assert len(woken) == 2


def test_a_wake_up_that_failed_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def wake() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no database at secret.example")

    waker = Waker(wake, sleep=lambda seconds: None)
    waker.wanted.set()
    waker.turn()
    waker.turn()
    assert len(tries) == 2
    assert "OSError" in caplog.text
    assert "secret.example" not in caplog.text


def test_the_caller_does_not_wait() -> None:
    asleep, woken = threading.Event(), threading.Event()

    def wake() -> None:
        woken.set()
        asleep.wait(10)

    waker = Waker(wake, pause=0)
    for _ in range(3):
        waker()
    assert woken.wait(10)
    first = waker.thread
    waker()
    assert waker.thread is first
    assert first is not None
    assert first.daemon
    asleep.set()
