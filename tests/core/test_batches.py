"""Items of a batch: claimed by one runner, renewed while it lives, handed out again when it died,
settled once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core import batches
from core.models import Batch, BatchItem
from tests import factories

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def batch(db: None) -> Batch:
    return batches.start(factories.workspace(), "labels", [30, 10, 20], user=None, options={})


def claimed(batch: Batch, *, most: int = 10, after: timedelta = timedelta()) -> list[int]:
    later = max(NOW, timezone.now()) + after
    return [item.subject_id for item in batches.claim(batch, most=most, now=later)]


def item(batch: Batch, subject: int) -> BatchItem:
    return BatchItem.objects.get(batch=batch, subject_id=subject)


def test_items_are_handed_out_in_order_and_once(batch: Batch) -> None:
    assert claimed(batch, most=2) == [30, 10]
    assert claimed(batch) == [20]
    assert claimed(batch) == []
    assert set(batch.items.values_list("state", flat=True)) == {"working"}


@pytest.mark.django_db(transaction=True)
def test_two_runners_never_get_the_same_item() -> None:
    many = list(range(1, 41))
    batch = batches.start(factories.workspace(), "labels", many, user=None, options={})
    got: list[int] = []
    gate = threading.Barrier(4)

    def run() -> None:
        try:
            gate.wait()
            while mine := claimed(batch, most=3):
                got.extend(mine)
        finally:
            connection.close()

    runners = [threading.Thread(target=run) for _ in range(4)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    # A runner passes over rows that another has locked at that moment, so some may be left.
    got.extend(claimed(batch, most=40))
    assert sorted(got) == many


def test_an_item_that_is_due_later_is_not_handed_out_before(batch: Batch) -> None:
    batch.items.filter(subject_id=30).update(due_at=timezone.now() + timedelta(minutes=5))
    assert claimed(batch) == [10, 20]
    assert claimed(batch, after=timedelta(minutes=6))[0] == 30


def test_the_items_of_a_dead_runner_are_handed_out_again(batch: Batch) -> None:
    claimed(batch)
    assert claimed(batch, after=batches.CLAIM - timedelta(seconds=5)) == []
    assert claimed(batch, after=batches.CLAIM + timedelta(seconds=5)) == [30, 10, 20]


def test_a_renewed_claim_holds_for_as_long_again(batch: Batch) -> None:
    claimed(batch)
    half = timezone.now() + batches.CLAIM / 2
    batches.renew([item(batch, 30).pk], now=half)
    assert claimed(batch, after=batches.CLAIM + timedelta(seconds=5)) == [10, 20]


def test_a_settled_item_is_not_renewed(batch: Batch) -> None:
    claimed(batch)
    first = item(batch, 30)
    assert batches.settle(first, "done", now=timezone.now())
    batches.renew([first.pk], now=timezone.now())
    first.refresh_from_db()
    assert (first.state, first.claimed_until) == ("done", None)


def test_an_item_is_settled_by_the_first_who_knows(batch: Batch) -> None:
    claimed(batch)
    mine, theirs = item(batch, 30), item(batch, 30)
    assert batches.settle(mine, "failed", now=NOW, reason="No rate.", fix="retry")
    assert not batches.settle(theirs, "done", now=NOW)
    assert (item(batch, 30).state, item(batch, 30).reason) == ("failed", "No rate.")


def test_an_item_put_back_is_claimed_again_when_it_is_due(batch: Batch) -> None:
    claimed(batch)
    assert batches.settle(item(batch, 30), "waiting", now=NOW)
    assert item(batch, 30).settled_at is None
    assert claimed(batch) == [30]


def test_many_are_settled_at_once_and_counted_once(batch: Batch) -> None:
    claimed(batch)
    ids = [item(batch, 30).pk, item(batch, 10).pk]
    assert batches.settle_done(batch, ids, now=NOW) == 2
    assert batches.settle_done(batch, ids, now=NOW) == 0


def test_a_batch_is_closed_by_one_caller_when_nothing_is_open(batch: Batch) -> None:
    claimed(batch)
    assert not batches.finish_if_settled(batch, now=NOW)
    batches.settle_done(batch, [row.pk for row in batch.items.all()], now=NOW)
    same = Batch.objects.get(pk=batch.pk)
    assert batches.finish_if_settled(batch, now=NOW)
    assert not batches.finish_if_settled(same, now=NOW)


def test_a_stopped_batch_hands_nothing_out_and_says_why(batch: Batch) -> None:
    claimed(batch, most=1)
    assert batches.cancel(batch, now=NOW) == 2
    assert item(batch, 30).state == "working"
    assert item(batch, 10).reason == "The batch was stopped."
    assert claimed(batch) == []


def test_trying_again_takes_the_failed_ones_and_never_the_unknown(batch: Batch) -> None:
    claimed(batch)
    for subject, state in ((30, "done"), (10, "failed"), (20, "unknown")):
        batches.settle(item(batch, subject), state, now=NOW)
    batches.finish_if_settled(batch, now=NOW)
    assert batches.retry_failed(batch, now=NOW) == 1
    assert batch.state == "running"
    assert claimed(batch) == [10]


def test_progress_counts_every_item_once(batch: Batch) -> None:
    claimed(batch, most=2)
    batches.settle(item(batch, 30), "done", now=timezone.now())
    found = batches.progress(batch, now=timezone.now() + timedelta(seconds=10))
    assert (found.total, found.done, found.working, found.waiting) == (3, 1, 1, 1)
    assert (found.settled, found.percent) == (1, 33)
    assert found.seconds_left == pytest.approx(20, abs=2)
