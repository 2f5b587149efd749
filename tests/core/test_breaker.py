# Longer than 300 lines: the life of one circuit, from one process and from several.
"""One circuit for all processes: it opens, waits longer each time, lets one caller try, and closes;
and a healthy call writes nothing."""

import threading
from datetime import timedelta

import httpx
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core import breaker, circuits
from core.errors import (
    CircuitOpen,
    NotAuthorized,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)
from core.models import Circuit

KEY = "easypost:account:1"


def call(error: Exception | None = None, *, key: str = KEY, probes: bool = True) -> None:
    """One guarded call that ends with `error`."""
    with breaker.guard(key, name="EasyPost", probes=probes):
        if error:
            raise error


def fail(times: int = 1, kind: type[RemoteError] = Unavailable, key: str = KEY) -> None:
    for _ in range(times):
        with pytest.raises(kind):
            call(kind("It did not answer.", provider="EasyPost"), key=key)


def open_it() -> Circuit:
    fail(breaker.LIMIT)
    return Circuit.objects.get(pk=KEY)


def let_the_pause_end() -> None:
    Circuit.objects.update(retry_at=timezone.now())
    breaker.forget()


@pytest.mark.django_db
def test_a_healthy_call_costs_one_look_a_second_and_no_write() -> None:
    with CaptureQueriesContext(connection) as asked:
        for _ in range(50):
            call()
    assert [query["sql"].split()[0] for query in asked] == ["SELECT"]
    assert not Circuit.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Unavailable, OutcomeUnknown])
def test_failures_in_a_row_open_it_and_the_next_call_is_not_made(kind: type[RemoteError]) -> None:
    fail(breaker.LIMIT, kind)
    made = []
    with pytest.raises(CircuitOpen) as turned_away, breaker.guard(KEY, name="EasyPost"):
        made.append(1)
    assert made == []
    error = turned_away.value
    assert error.code == "circuit-open"
    assert error.message == "EasyPost is not answering. Nothing was sent."
    assert error.retry_after == pytest.approx(breaker.FIRST_PAUSE.total_seconds(), abs=1)
    assert error.since is not None


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Rejected, NotAuthorized, RateLimited])
def test_a_refusal_is_an_answer(kind: type[RemoteError]) -> None:
    fail(2 * breaker.LIMIT, kind)
    assert not breaker.is_open(KEY)
    assert not Circuit.objects.exists()


@pytest.mark.django_db
def test_an_answer_after_failures_starts_the_count_anew() -> None:
    fail(breaker.LIMIT - 1)
    call()
    fail(breaker.LIMIT - 1)
    assert not breaker.is_open(KEY)
    assert Circuit.objects.get().failures == breaker.LIMIT - 1


@pytest.mark.django_db
def test_failures_far_apart_do_not_add_up() -> None:
    fail(breaker.LIMIT - 1)
    Circuit.objects.update(failing_since=timezone.now() - 2 * breaker.WINDOW)
    fail()
    assert Circuit.objects.get().failures == 1


@pytest.mark.django_db
def test_others_are_not_turned_away() -> None:
    open_it()
    call(key="shippo:account:2")
    assert [state.key for state in breaker.in_trouble()] == [KEY]


@pytest.mark.django_db
def test_a_mistake_of_ours_says_nothing_about_the_provider() -> None:
    for _ in range(2 * breaker.LIMIT):
        with pytest.raises(ValueError, match="ours"):
            call(ValueError("ours"))
    assert not Circuit.objects.exists()


@pytest.mark.django_db
def test_after_the_pause_one_call_tries_and_its_answer_closes_it() -> None:
    open_it()
    let_the_pause_end()
    call()
    row = Circuit.objects.get()
    assert (row.state, row.failures, row.openings, row.retry_at) == ("closed", 0, 0, None)
    assert row.last_error == "It did not answer."  # what it was, for the page
    call()


@pytest.mark.django_db
def test_a_failed_try_opens_it_for_twice_as_long_up_to_a_limit() -> None:
    since = open_it().failing_since
    pauses = []
    for _ in range(7):
        row = Circuit.objects.get()
        assert row.retry_at is not None
        pauses.append(round((row.retry_at - row.changed_at).total_seconds()))
        let_the_pause_end()
        fail()
    assert pauses == [15, 30, 60, 120, 240, 300, 300]
    assert Circuit.objects.get().failing_since == since


@pytest.mark.django_db
def test_what_fails_late_does_not_lengthen_the_pause() -> None:
    """Ten calls may be under way when the circuit opens; they all fail in the same minute."""
    open_it()
    before = Circuit.objects.get()
    breaker._failed(KEY, "One that was under way.", False)
    after = Circuit.objects.get()
    assert (after.state, after.retry_at, after.openings) == ("open", before.retry_at, 1)


@pytest.mark.django_db
def test_money_never_tries_an_open_circuit() -> None:
    open_it()
    let_the_pause_end()
    with pytest.raises(CircuitOpen):
        call(probes=False)
    assert Circuit.objects.get().state == "open"
    call()  # a free call did
    call(probes=False)


@pytest.mark.django_db
def test_a_gate_lets_only_what_may_be_repeated_try() -> None:
    open_it()
    let_the_pause_end()
    gate = breaker.gate(KEY, name="EasyPost")
    buying = httpx.Request("POST", "https://x.example/", extensions={"safe": False})
    with pytest.raises(CircuitOpen), gate(buying):
        pytest.fail("was sent")
    with gate(httpx.Request("GET", "https://x.example/", extensions={"safe": True})):
        pass
    assert not breaker.is_open(KEY)


@pytest.mark.django_db
def test_what_another_circuit_stopped_says_nothing_about_this_one() -> None:
    open_it()
    let_the_pause_end()
    fail(kind=CircuitOpen)
    assert Circuit.objects.get().state == "half-open"
    call()  # the place of the caller that tries was given back
    assert not breaker.is_open(KEY)


@pytest.mark.django_db
def test_a_person_may_have_it_tried_at_once() -> None:
    assert not breaker.try_now(KEY)
    open_it()
    assert breaker.try_now(KEY)
    assert Circuit.objects.get().state == "half-open"
    call()
    assert Circuit.objects.get().state == "closed"


@pytest.mark.django_db
def test_whoever_queues_up_first_is_told_before_it_queues() -> None:
    breaker.check(KEY, name="EasyPost")
    open_it()
    with pytest.raises(CircuitOpen):
        breaker.check(KEY, name="EasyPost")
    let_the_pause_end()
    breaker.check(KEY, name="EasyPost")
    with pytest.raises(CircuitOpen):
        breaker.check(KEY, name="EasyPost", probes=False)


@pytest.mark.django_db
def test_states_are_told_to_pages_and_metrics() -> None:
    open_it()
    fail(key="shippo:account:2")
    first, second = breaker.states()
    assert (first.is_due, second.is_due) == (False, False)
    assert (first.key, first.state, first.failures) == (KEY, "open", breaker.LIMIT)
    assert first.retry_at is not None
    assert (second.state, second.failures, second.retry_at) == ("closed", 1, None)
    assert second.last_error == "It did not answer."


@pytest.mark.django_db
def test_looking_at_an_open_circuit_costs_nothing_either(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    open_it()
    breaker.is_open(KEY)
    with django_assert_num_queries(0):
        for _ in range(20):
            with pytest.raises(CircuitOpen):
                call()


# -- Several processes -------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_exactly_one_of_many_callers_tries() -> None:
    open_it()
    let_the_pause_end()
    inside, done = threading.Barrier(2), threading.Event()
    results: list[str] = []

    def caller() -> None:
        try:
            with breaker.guard(KEY, name="EasyPost"):
                results.append("sent")
                inside.wait(10)
                done.wait(10)
        except CircuitOpen as error:
            results.append(f"turned away for {error.retry_after:g} s")
        finally:
            connection.close()

    threads = [threading.Thread(target=caller) for _ in range(10)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    for _ in range(200):
        if len(results) == 10:
            break
        threading.Event().wait(0.01)
    done.set()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == ["sent"] + ["turned away for 5 s"] * 9
    assert Circuit.objects.get().state == "closed"


@pytest.mark.django_db(transaction=True)
def test_failures_of_all_processes_add_up() -> None:
    def other_process() -> None:
        try:
            fail()
        finally:
            connection.close()

    threads = [threading.Thread(target=other_process) for _ in range(breaker.LIMIT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert Circuit.objects.get().state == "open"


@pytest.mark.django_db
def test_a_prober_that_died_is_replaced() -> None:
    open_it()
    let_the_pause_end()
    assert circuits.claim(KEY, timezone.now())
    breaker.forget()
    with pytest.raises(CircuitOpen):
        call()
    Circuit.objects.update(probe_until=timezone.now() - timedelta(seconds=1))
    breaker.forget()
    call()
    assert not breaker.is_open(KEY)


@pytest.mark.django_db
def test_a_try_that_ends_by_a_mistake_of_ours_leaves_the_place_to_the_next() -> None:
    open_it()
    let_the_pause_end()
    with pytest.raises(KeyboardInterrupt), breaker.guard(KEY):
        raise KeyboardInterrupt
    call()
    assert not breaker.is_open(KEY)


@pytest.mark.django_db(transaction=True)
def test_what_fails_inside_a_transaction_is_counted_although_it_is_rolled_back() -> None:
    """A token is refreshed under a row lock, in a transaction its failure rolls back."""
    for _ in range(breaker.LIMIT):
        with pytest.raises(Unavailable), transaction.atomic(durable=True):
            call(Unavailable("It did not answer.", provider="TikTok"))
    assert Circuit.objects.get().state == "open"
    let_the_pause_end()
    with transaction.atomic(durable=True):
        call()
    assert Circuit.objects.get().state == "closed"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_asked_stops_no_call_and_loses_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_circuit RENAME TO core_circuit_away")
    try:
        breaker.forget()
        answers = []
        with breaker.guard(KEY):
            answers.append("paid")
        fail()
        assert answers == ["paid"]
        assert "could not be read" in caplog.text
        assert "could not be written" in caplog.text
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_circuit_away RENAME TO core_circuit")
