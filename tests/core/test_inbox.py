"""Workers at the inbox: each event is handled by the table, settled once, tried again when that may
help, parked when it may not; and a worker may die at any moment."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from core import inbox, inbox_claims
from core.errors import NotAuthorized, OutcomeUnknown, RateLimited, Rejected, Unavailable
from core.models import RateLimit, WebhookEvent
from creatorflow.events import WEBHOOKS
from tests import factories
from tests.core import handlers
from tests.core.hooks import stored

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Orders go to a handler of the test's, cancellations to another one; nothing else is named."""
    for key in list(WEBHOOKS):
        monkeypatch.delitem(WEBHOOKS, key)
    monkeypatch.setitem(WEBHOOKS, ("tiktok", "1"), handlers.PATH)
    monkeypatch.setitem(WEBHOOKS, ("tiktok", "11"), handlers.OTHER)
    yield
    handlers.calls.clear()
    handlers.doing.clear()


def fails(error: Exception, only: int | None = None) -> None:
    """The handler raises; with `only`, just when it is given that event."""

    def action(events: list[WebhookEvent]) -> None:
        if only is None or only in [row.pk for row in events]:
            raise error

    handlers.doing.append(action)


def states() -> list[str]:
    return list(WebhookEvent.objects.order_by("pk").values_list("state", flat=True))


# -- Handling --------------------------------------------------------------------------------------
def test_what_is_due_is_handled_and_done() -> None:
    row = stored()
    assert inbox.process_due() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, row.claimed_until) == ("done", 1, None)
    assert row.done_at is not None
    assert row.delay is not None
    assert handlers.calls == [[row.pk]]
    assert inbox.process_due() == 0


def test_events_of_one_owner_come_together_oldest_first() -> None:
    now = timezone.now()
    late, early = (stored(due_at=now - timedelta(seconds=age)).pk for age in (5, 10))
    stranger = stored(owner="8").pk
    inbox.process_due()
    assert handlers.calls == [[early, late], [stranger]]


def test_handlers_get_only_their_own_events() -> None:
    order, cancelled = stored(), stored(event="11")
    inbox.process_due()
    assert handlers.calls == [[order.pk]]
    cancelled.refresh_from_db()
    assert cancelled.outcome == "by the other"


def test_a_handler_says_how_it_ended_and_whose_it_was() -> None:
    glow = factories.workspace()
    row = stored()

    def action(events: list[WebhookEvent]) -> None:
        events[0].outcome = "Read again: AWAITING_SHIPMENT"
        events[0].workspace_id = glow.pk

    handlers.doing.append(action)
    inbox.process_due()
    row.refresh_from_db()
    assert (row.outcome, row.workspace) == ("Read again: AWAITING_SHIPMENT", glow)


def test_what_the_table_does_not_name_is_kept_for_its_workspace() -> None:
    shop = factories.shop(factories.workspace())
    row = stored(event="13", owner=shop.tiktok_id)
    inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.outcome, row.workspace) == ("done", inbox.KEPT, shop.workspace)
    assert not handlers.calls


def test_what_is_not_due_or_settled_is_left_alone() -> None:
    stored(due_at=timezone.now() + timedelta(minutes=1))
    stored(state="parked")
    stored(state="done")
    assert inbox.process_due() == 0
    assert states() == ["waiting", "parked", "done"]


def test_no_more_than_two_hundred_at_once() -> None:
    for _ in range(inbox_claims.MOST + 1):
        stored()
    assert inbox.process_due() == inbox_claims.MOST + 1
    assert [len(call) for call in handlers.calls] == [inbox_claims.MOST, 1]


def test_a_batch_is_settled_in_few_queries(django_assert_max_num_queries: Callable) -> None:
    for _ in range(50):
        stored()
    with django_assert_max_num_queries(12):
        inbox.process_due()
    assert states() == ["done"] * 50


# -- Trying again ----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [Unavailable, RateLimited, OutcomeUnknown, NotAuthorized])
def test_trouble_that_may_pass_is_tried_again_later(kind: type[Unavailable]) -> None:
    row = stored()
    fails(kind("TikTok did not answer.", provider="tiktok", code="Timeout"))
    before = timezone.now()
    inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.claimed_until) == ("waiting", 1, None)
    assert (row.reason, row.code) == ("TikTok did not answer.", "Timeout")
    assert timedelta(seconds=11) < row.due_at - before < timedelta(seconds=25)


def test_a_provider_that_names_a_time_is_not_asked_before() -> None:
    row = stored()
    fails(RateLimited("Too many calls.", provider="tiktok", retry_after=900))
    inbox.process_due()
    row.refresh_from_db()
    assert row.due_at - timezone.now() > timedelta(seconds=890)


def test_pauses_grow_and_the_eighth_try_is_the_last() -> None:
    glow = factories.workspace()
    row = stored(of=glow)
    fails(Unavailable("TikTok did not answer.", provider="tiktok", code="Timeout"))
    pauses = []
    for _ in range(inbox_claims.TRIES - 1):
        WebhookEvent.objects.update(due_at=timezone.now())
        before = timezone.now()
        inbox.process_due()
        row.refresh_from_db()
        assert row.state == "waiting"
        pauses.append((row.due_at - before).total_seconds())
    assert pauses == sorted(pauses)
    assert 4 * 3600 < sum(pauses) < 8 * 3600
    WebhookEvent.objects.update(due_at=timezone.now())
    inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("parked", inbox_claims.TRIES)
    assert (row.reason, row.code, row.workspace) == ("TikTok did not answer.", "Timeout", glow)


def test_what_failed_in_company_is_tried_by_itself_in_the_end() -> None:
    rows = [stored(attempts=4).pk for _ in range(3)]
    bad = rows[1]
    fails(Unavailable("TikTok did not answer.", provider="tiktok"), only=bad)
    inbox.process_due()
    assert states() == ["done", "waiting", "done"]


# -- Parking ---------------------------------------------------------------------------------------
def test_a_refused_event_is_parked_with_the_reason() -> None:
    row = stored()
    fails(Rejected("This order does not exist.", provider="tiktok", code="21001"))
    inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.code) == ("parked", "21001")
    assert row.reason == "This order does not exist."


def test_one_bad_event_does_not_stop_the_others() -> None:
    rows = [stored().pk for _ in range(7)]
    fails(Rejected("No.", provider="tiktok"), only=rows[4])
    inbox.process_due()
    assert states() == ["done"] * 4 + ["parked"] + ["done"] * 2


def test_a_mistake_of_ours_parks_the_event_and_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = stored()
    fails(KeyError("Jo Ortiz, 1 Main St"))
    inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.code) == ("parked", "KeyError")
    assert "KeyError" in caplog.text
    assert "handlers.py" in caplog.text
    assert "Ortiz" not in caplog.text + row.reason


# -- Claims ----------------------------------------------------------------------------------------
def test_an_event_whose_workers_always_die_becomes_a_dead_letter() -> None:
    row = stored(attempts=inbox_claims.TRIES)
    assert inbox.process_due() == 0
    row.refresh_from_db()
    assert (row.state, row.code) == ("parked", "worker-ended")
    assert not handlers.calls


@pytest.mark.parametrize("error", [OperationalError("gone"), KeyboardInterrupt(), SystemExit(1)])
def test_a_run_that_is_ended_lets_go_and_blames_no_event(error: BaseException) -> None:
    row = stored()

    def action(events: list[WebhookEvent]) -> None:
        raise error

    handlers.doing.append(action)
    with pytest.raises(type(error)):
        inbox.process_due()
    row.refresh_from_db()
    assert (row.state, row.claimed_until, row.reason) == ("waiting", None, "")
    assert timezone.now() < row.due_at < timezone.now() + timedelta(seconds=20)


@pytest.mark.django_db(transaction=True)
def test_many_runs_at_once_handle_each_event_once() -> None:
    for number in range(120):
        stored(owner=str(number % 6))
    gate = threading.Barrier(4)

    def run() -> None:
        try:
            gate.wait()
            inbox.process_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handled = [pk for call in handlers.calls for pk in call]
    assert len(handled) == len(set(handled)) == 120
    assert states() == ["done"] * 120


# -- Waking ----------------------------------------------------------------------------------------
def test_one_wake_up_waits_however_many_events_come() -> None:
    for _ in range(5):
        inbox.wake()
    assert OrmQ.objects.count() == 1
    inbox.process_due()
    inbox.wake()
    assert OrmQ.objects.count() == 2


def test_a_wake_up_that_was_lost_does_not_silence_the_next_ones() -> None:
    inbox.wake()
    OrmQ.objects.all().delete()
    RateLimit.objects.filter(key="inbox:wake").update(next_at=timezone.now())
    inbox.wake()
    assert OrmQ.objects.count() == 1


def test_a_run_that_ends_before_its_work_wakes_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "RUN", timedelta(0))
    stored(owner="1")
    stored(owner="2")
    assert inbox.process_due() == 1
    assert OrmQ.objects.count() == 1
    assert inbox.process_due() == 1


def test_addresses_are_for_the_provider_to_call(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://ship.example.com"
    settings.SHIPPING_WEBHOOK_SECRET = "a b&c"
    assert inbox.address("tiktok") == "https://ship.example.com/hooks/tiktok"
    assert inbox.address("easypost") == "https://ship.example.com/hooks/easypost"
    assert inbox.address("shippo") == "https://ship.example.com/hooks/shippo?token=a%20b%26c"
    settings.SHIPPING_WEBHOOK_SECRET = ""
    assert inbox.address("shippo") == "https://ship.example.com/hooks/shippo"
