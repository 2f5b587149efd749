"""Tokens are exchanged a day ahead by one worker; what fails is tried again, later each time."""

import threading
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from core.errors import Unavailable
from shops import tokens
from tests import factories
from tests.shops.token_host import Host, ask, ending
from tests.shops.token_host import host as host


@pytest.mark.django_db
def test_the_job_refreshes_a_day_ahead_and_leaves_the_rest(host: Host) -> None:
    workspace = factories.workspace()
    soon, later = ending(workspace, hours=20), ending(workspace, days=3)
    assert tokens.refresh_due() == 1
    soon.refresh_from_db()
    later.refresh_from_db()
    assert (soon.access_token, later.access_token) == ("access-1", "access")


def busy() -> httpx.Response:
    return httpx.Response(503, text="busy")


@pytest.mark.django_db
def test_a_failed_refresh_is_counted_and_planned_later_each_time_but_an_hour_at_most(
    host: Host,
) -> None:
    host.failing = busy
    row, now = ending(factories.workspace(), hours=20), timezone.now()
    pauses = []
    for count in range(1, 9):
        assert tokens.refresh(now=now) == 0
        row.refresh_from_db()
        assert (row.refresh_failures, host.asked) == (count, count)
        assert row.next_refresh_at is not None
        pauses.append((row.next_refresh_at - now).total_seconds())
        assert tokens.refresh(now=row.next_refresh_at - timedelta(seconds=1)) == 0
        assert host.asked == count
        now = row.next_refresh_at
    assert pauses == sorted(pauses)
    assert pauses[0] <= 120
    assert max(pauses) <= 3600
    assert row.refresh_error
    assert row.refresh_failing_since is not None
    host.failing = None
    assert tokens.refresh(now=now) == 1
    row.refresh_from_db()
    assert (row.refresh_failures, row.refresh_error, row.refresh_failing_since) == (0, "", None)


@pytest.mark.django_db
def test_calls_do_not_hurry_a_refresh_that_waits_for_its_next_try(host: Host) -> None:
    host.failing = busy
    row = ending(factories.workspace(), seconds=-60)
    for _ in range(3):
        with pytest.raises(Unavailable, match="tried again"):
            ask(row)
    with pytest.raises(Unavailable):
        tokens.renew(row.pk, "access", now=timezone.now())
    assert host.asked == 1


@pytest.mark.django_db
def test_a_wait_that_tiktok_asks_for_is_kept(host: Host) -> None:
    host.failing = lambda: httpx.Response(429, headers={"Retry-After": "3000"})
    row, now = ending(factories.workspace(), hours=20), timezone.now()
    tokens.refresh(now=now)
    row.refresh_from_db()
    assert row.next_refresh_at is not None
    assert row.next_refresh_at >= now + timedelta(seconds=2990)


@pytest.mark.django_db(transaction=True)
def test_workers_that_race_for_what_is_due_ask_once_each(host: Host) -> None:
    rows = [ending(factories.workspace(), hours=20) for _ in range(5)]
    gate, done, now = threading.Barrier(4), [], timezone.now()

    def race() -> None:
        try:
            gate.wait()
            done.append(tokens.refresh(now=now))
        finally:
            connection.close()

    host.good = "refresh"
    host.rotates = False
    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == host.asked == len(rows)


@pytest.mark.django_db
def test_a_worker_that_died_while_refreshing_is_followed_by_another(host: Host) -> None:
    row, now = ending(factories.workspace(), hours=20), timezone.now()

    def die() -> httpx.Response:
        raise KeyboardInterrupt

    host.failing = die
    with pytest.raises(KeyboardInterrupt):
        tokens.refresh(now=now)
    host.failing = None
    assert tokens.refresh(now=now) == 0
    assert tokens.refresh(now=now + timedelta(minutes=3)) == 1
    row.refresh_from_db()
    assert row.access_token.startswith("access-")
