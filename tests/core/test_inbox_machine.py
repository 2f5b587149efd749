"""The life of webhooks under whatever may happen to them: each is stored once and none is lost, and
what is done shows the object as it was when the event came, or newer.

Hypothesis makes up the histories. Every history ends with a quiet time, after which all is settled.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pytest_django import Settings

from core import inbox, inbox_claims
from core.dead_letters import dismiss, replay
from core.deliveries import Delivery
from core.errors import NotAuthorized, OutcomeUnknown, RateLimited, Rejected, Unavailable
from core.inbox_store import STORE
from core.models import User, WebhookEvent
from core.models.inbox import WEBHOOK
from creatorflow.events import WEBHOOKS
from tests.core import handlers
from tests.core.hooks import Desk, configure, order_status, signed
from tests.examples import happening, try_histories

SUBJECTS = 3


class Killed(BaseException):
    """The process is being ended."""


RETRIED: list[BaseException] = [
    Unavailable("Down.", provider="x"),
    RateLimited("Slow down.", provider="x", retry_after=40),
    OutcomeUnknown("No answer.", provider="x"),
    NotAuthorized("Revoked.", provider="x"),
    OperationalError("the connection is closed"),
    Killed(),
]
ONE_BY_ONE: list[BaseException] = [Rejected("No.", provider="x"), ValueError("a mistake of ours")]


def store_here(provider: str, delivery: Delivery, body: bytes, state: str, reason: str) -> bool:
    """The receiver's statement over the connection, and in the transaction, of the test."""
    values = [provider, delivery.event, delivery.dedupe, delivery.owner, delivery.subject, body]
    with connection.cursor() as cursor:
        cursor.execute(STORE.replace("%b", "%s"), [*values, delivery.sent_at, state, reason])
        return bool(cursor.rowcount)


WHICH = st.integers(0, 30)
SUBJECT = st.integers(0, SUBJECTS - 1)
TIMES = st.integers(1, 3)
ERROR = st.sampled_from([None] * 6 + RETRIED + ONE_BY_ONE)
# What happens: how often, and with what
EVENTS: dict[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]] = {
    "an_order_changes": (5, (SUBJECT, TIMES, st.booleans())),
    "a_webhook_arrives": (2, (WHICH, TIMES)),
    "a_worker_runs": (6, (ERROR, st.one_of(st.none(), SUBJECT), st.booleans())),
    "time_passes": (4, (st.sampled_from([5, 50, 300, 15_000]),)),
    "a_forged_webhook_arrives": (1, (WHICH,)),
    "a_genuine_one_arrives_that_nobody_can_read": (1, ()),
    "a_worker_is_killed_outright": (1, (st.booleans(),)),
    "a_person_replays": (1, (st.booleans(),)),
    "a_person_dismisses": (1, ()),
}


class WebhookLife(RuleBasedStateMachine):
    """One shop with three orders, a receiver, and workers that come and go."""

    seen: ClassVar[set[tuple[str, bool]]] = set()  # state, and whether a worker holds it

    def __init__(self) -> None:
        super().__init__()
        self.start = transaction.savepoint_create()
        self.desk = Desk(store=store_here)
        self.user = User.objects.create_user("support@example.com")
        self.truth = dict.fromkeys(range(SUBJECTS), 0)  # as TikTok has the orders
        self.mirror = dict.fromkeys(range(SUBJECTS), 0)  # as our handler read them last
        self.sent: list[tuple[int, int, bytes]] = []  # subject, its version, the body
        self.stored: dict[str, tuple[int, int]] = {}  # by the name of the delivery
        self.unreadable = 0
        self.dismissed: set[str] = set()
        handlers.doing[:] = [self._read_again]

    def teardown(self) -> None:
        try:
            self._quiet_time()
        finally:
            handlers.doing.clear()
            handlers.calls.clear()
            transaction.savepoint_rollback(self.start)

    # ---- what happens ------------------------------------------------------------------------

    @rule(event=happening(EVENTS))
    def something_happens(self, event: tuple[Any, ...]) -> None:
        """One rule for all, as Hypothesis leaves whole rules out of a history."""
        name, *given = event
        getattr(self, name)(*given)

    def an_order_changes(self, subject: int, times: int, is_late: bool) -> None:
        """TikTok tells it, perhaps more than once, perhaps later and in another order."""
        self.truth[subject] += 1
        number = 100 * len(self.sent) + subject
        order = f"5769{subject:014}"
        body = order_status(number, data={"order_id": order, "version": self.truth[subject]})
        self.sent.append((subject, self.truth[subject], body))
        if not is_late:
            self.a_webhook_arrives(len(self.sent) - 1, times)

    def a_webhook_arrives(self, which: int, times: int) -> None:
        if not self.sent:
            return
        number = which % len(self.sent)
        subject, version, body = self.sent[number]
        for _ in range(times):
            assert self.desk.tiktok(body) == 200
        name = f"73271123930573{100 * number + subject:05}"
        self.stored.setdefault(name, (subject, version))

    def a_forged_webhook_arrives(self, which: int) -> None:
        body = order_status(90_000 + which)
        assert self.desk.send(body, signed(body + b" ")) == 401

    def a_genuine_one_arrives_that_nobody_can_read(self) -> None:
        self.unreadable += 1
        assert self.desk.tiktok(b"{" * self.unreadable) == 200

    def a_worker_runs(
        self, error: BaseException | None, subject: int | None, is_late: bool
    ) -> None:
        """It meets an error with every event or with those of one order, before or after the effect."""

        def fail(events: list[WebhookEvent]) -> None:
            if error and (subject is None or subject in map(subject_of, events)):
                raise error

        actions: list[Callable[[list[WebhookEvent]], None]] = [fail, self._read_again]
        handlers.doing[:] = reversed(actions) if is_late else actions
        with suppress(Killed, OperationalError):
            inbox.process_due()
        handlers.doing[:] = [self._read_again]

    def a_worker_is_killed_outright(self, effect: bool) -> None:
        """Its claims stay behind; nothing is given back."""
        rows = inbox_claims.claim(now=timezone.now())
        if effect:
            self._read_again(rows)

    def time_passes(self, seconds: int) -> None:
        by = timedelta(seconds=seconds)
        WebhookEvent.objects.filter(state="waiting").update(
            due_at=F("due_at") - by, claimed_until=F("claimed_until") - by
        )

    def a_person_replays(self, also_done: bool) -> None:
        states = ["parked", "done"] if also_done else ["parked"]
        replay(WebhookEvent.objects.filter(state__in=states), by=self.user, now=timezone.now())
        waiting = WebhookEvent.objects.filter(state="waiting").values_list("dedupe", flat=True)
        self.dismissed -= set(waiting)

    def a_person_dismisses(self) -> None:
        parked = WebhookEvent.objects.filter(state="parked")
        self.dismissed |= set(parked.values_list("dedupe", flat=True))
        dismiss(parked, "not needed", by=self.user, now=timezone.now())

    # ---- what always holds -------------------------------------------------------------------

    @invariant()
    def every_event_is_stored_once_and_none_is_lost(self) -> None:
        names = list(WebhookEvent.objects.exclude(event="?").values_list("dedupe", flat=True))
        assert sorted(names) == sorted(self.stored)
        assert WebhookEvent.objects.filter(event="?").count() == self.unreadable

    @invariant()
    def what_is_done_shows_the_order_as_it_was_or_newer(self) -> None:
        done = WebhookEvent.objects.filter(state="done").exclude(event="?")
        for name in set(done.values_list("dedupe", flat=True)) - self.dismissed:
            subject, version = self.stored[name]
            assert self.mirror[subject] >= version

    @invariant()
    def only_what_waits_is_held(self) -> None:
        rows = WebhookEvent.objects.values_list("state", "claimed_until").distinct()
        found = {(state, until is not None) for state, until in rows}
        assert not found & {("done", True), ("parked", True)}
        self.seen.update(found)

    # ---- the end -----------------------------------------------------------------------------

    def _quiet_time(self) -> None:
        """Nothing fails any more, a person looks at the dead letters, and hours pass."""
        handlers.doing[:] = [self._read_again]
        self.a_person_replays(also_done=False)
        for _ in range(2):
            self.time_passes(15_000)
            inbox.process_due()
        left = WebhookEvent.objects.exclude(state="done").exclude(event="?")
        # Whoever dies with an event eight times in a row is a dead letter, for a person to see.
        assert not left.exclude(state="parked", code="worker-ended").exists()
        self.what_is_done_shows_the_order_as_it_was_or_newer()

    # ---- small things ------------------------------------------------------------------------

    def _read_again(self, events: list[WebhookEvent]) -> None:
        """What handlers do: the object itself is read, never the payload."""
        for row in events:
            self.mirror[subject_of(row)] = self.truth[subject_of(row)]
            row.outcome = "read"


def subject_of(row: WebhookEvent) -> int:
    """The order an event is about, by its place in the shop."""
    return int(row.subject[4:])


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Order events go to the test's handler; TikTok has a secret."""
    configure(settings)
    monkeypatch.setitem(WEBHOOKS, ("tiktok", "1"), handlers.PATH)


@pytest.mark.usefixtures("table")
def test_whatever_happens_a_webhook_is_stored_once_and_its_effect_is_the_truth(db: Any) -> None:
    try_histories(WebhookLife, 40, steps=30)
    free, held = {(state, False) for state in WEBHOOK.moves}, {("waiting", True)}
    assert WebhookLife.seen == free | held  # they met every state there is
