"""Claims on events: held by one worker, longer while it works, lost when it is silent; and whoever
lost one changes nothing any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import inbox_claims
from core.errors import Unavailable
from core.models import WebhookEvent
from tests.core.hooks import stored

pytestmark = pytest.mark.django_db


def test_two_runs_never_hold_the_same_event_and_leave_each_other_owners() -> None:
    for owner in ("1", "1", "2"):
        stored(owner=owner)
    now = timezone.now()
    first, second = inbox_claims.claim(now=now), inbox_claims.claim(now=now)
    assert ([row.owner for row in first], [row.owner for row in second]) == (["1", "1"], ["2"])
    stored(owner="1")
    assert inbox_claims.claim(now=timezone.now()) == []


def test_a_worker_that_died_leaves_its_events_due_again() -> None:
    row = stored()
    claimed = timezone.now()
    assert len(inbox_claims.claim(now=claimed)) == 1
    assert inbox_claims.claim(now=claimed + inbox_claims.CLAIM - timedelta(seconds=1)) == []
    again = inbox_claims.claim(now=claimed + inbox_claims.CLAIM + timedelta(seconds=1))
    assert [one.pk for one in again] == [row.pk]
    assert again[0].attempts == 2


def test_whoever_lost_an_event_to_another_worker_changes_nothing_any_more() -> None:
    stored()
    now = timezone.now()
    slow = inbox_claims.claim(now=now)
    quick = inbox_claims.claim(now=now + 2 * inbox_claims.CLAIM)
    assert inbox_claims.done(slow, now=now) == 0
    inbox_claims.park(slow, "too late", code="", now=now)
    inbox_claims.put_off(slow, Unavailable("too late", provider="tiktok"), now=now)
    inbox_claims.give_back(slow)
    assert inbox_claims.renewed(slow, now=now + inbox_claims.CLAIM) == []
    row = WebhookEvent.objects.get()
    assert (row.state, row.reason, row.claimed_until) == ("waiting", "", quick[0].claimed_until)
    assert inbox_claims.done(quick, now=now) == 1
    assert inbox_claims.done(quick, now=now) == 0


def test_a_long_run_renews_its_claim() -> None:
    stored()
    now = timezone.now()
    rows = inbox_claims.claim(now=now)
    later = now + inbox_claims.CLAIM * 0.75
    assert inbox_claims.renewed(rows, now=later) == rows
    assert inbox_claims.claim(now=now + inbox_claims.CLAIM * 1.5) == []
    assert inbox_claims.done(rows, now=later) == 1
