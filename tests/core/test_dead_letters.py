"""Dead letters: tried again or dismissed by a person, in the page or by support; and what is
forgotten when."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from core import dead_letters, inbox
from core.models import AuditEntry, User, WebhookEvent, Workspace
from tests import factories
from tests.core.hooks import order_status, stored

pytestmark = pytest.mark.django_db

EVERY = WebhookEvent.objects


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace()


@pytest.fixture
def person(glow: Workspace) -> Iterator[User]:
    return factories.member(glow)


def parked(of: Workspace | None, **fields: object) -> WebhookEvent:
    values = {"state": "parked", "reason": "No.", "code": "x", "attempts": 8}
    return stored(of, **(values | fields))


def test_an_event_that_is_replayed_is_as_if_it_had_just_come(glow: Workspace, person: User) -> None:
    row, stranger = parked(glow), parked(None)
    now = timezone.now()
    assert dead_letters.replay(EVERY.filter(workspace=glow), by=person, now=now) == 1
    row.refresh_from_db()
    stranger.refresh_from_db()
    assert (row.state, row.attempts, row.reason, row.due_at) == ("waiting", 0, "", now)
    assert stranger.state == "parked"
    assert OrmQ.objects.count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.workspace) == ("webhooks.replayed", person, glow)


def test_replaying_what_waits_already_changes_nothing(glow: Workspace, person: User) -> None:
    row = stored(glow, attempts=3)
    assert dead_letters.replay(EVERY.all(), by=person, now=timezone.now()) == 0
    row.refresh_from_db()
    assert row.attempts == 3
    assert not OrmQ.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_is_no_longer_kept_cannot_be_replayed(glow: Workspace, person: User) -> None:
    stored(glow, state="done", body=b"")
    assert dead_letters.replay(EVERY.all(), by=person, now=timezone.now()) == 0


def test_what_could_not_be_read_is_read_again_first(person: User) -> None:
    body = order_status()
    readable = parked(None, event="?", owner="", subject="", body=body)
    nonsense = parked(None, event="?", body=b"[]")
    assert dead_letters.replay(EVERY.all(), by=person, now=timezone.now()) == 1
    readable.refresh_from_db()
    nonsense.refresh_from_db()
    assert (readable.event, readable.state) == ("1", "waiting")
    assert readable.subject == readable.document["data"]["order_id"]
    assert (nonsense.event, nonsense.state) == ("?", "parked")


def test_a_dismissed_event_is_done_with_its_reason(glow: Workspace, person: User) -> None:
    row, waiting = parked(glow), stored(glow)
    count = dead_letters.dismiss(EVERY.all(), "shipped by hand", by=person, now=timezone.now())
    assert count == 1
    row.refresh_from_db()
    waiting.refresh_from_db()
    assert (row.state, row.outcome) == ("done", "Dismissed: shipped by hand")
    assert (row.reason, waiting.state) == ("No.", "waiting")
    assert AuditEntry.objects.get().summary == "Dismissed 1 event"


def test_documents_are_kept_for_a_month_and_names_for_three(settings: Settings) -> None:
    settings.WEBHOOK_KEEP_DAYS = 30
    now = timezone.now()
    rows = {
        days: stored(state="done", received_at=now - timedelta(days=days)).pk
        for days in (29, 31, 91)
    }
    dead = parked(None, received_at=now - timedelta(days=400)).pk
    waits = stored(received_at=now - timedelta(days=400)).pk
    assert dead_letters.forget_old() == 2
    kept = {row.pk: bytes(row.body) for row in WebhookEvent.objects.all()}
    assert set(kept) == {rows[29], rows[31], dead, waits}
    assert kept[rows[31]] == b""
    assert all(kept[pk] for pk in (rows[29], dead, waits))
    assert dead_letters.forget_old() == 0


def test_a_repeated_delivery_is_known_after_its_document_is_gone(settings: Settings) -> None:
    settings.WEBHOOK_KEEP_DAYS = 1
    old = stored(state="done", received_at=timezone.now() - timedelta(days=80))
    dead_letters.forget_old()
    old.refresh_from_db()
    assert old.document == {}
    assert WebhookEvent.objects.filter(provider="tiktok", dedupe=old.dedupe).exists()


def test_both_jobs_can_be_queued() -> None:
    dead_letters.forget_old.later()
    inbox.process_due.later()
    assert OrmQ.objects.count() == 2
