"""Rows written by statements that are put together once are the rows that the ORM would write."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from core import writes
from core.models import BATCH, AuditEntry, Batch, BatchItem, User
from core.states import IllegalMove, LostRace
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_inserted_row_is_the_row_that_save_would_have_written() -> None:
    workspace, user = factories.workspace(), factories.user()
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    entry = AuditEntry(
        workspace=workspace,
        at=moment,
        actor=user,
        action="a",
        subject="s",
        summary="50 % of “it”; a 'quote'",
        detail={"numbers": [1, 2.5, None], "text": "Zoë's"},
    )
    assert writes.insert(entry)
    stored = AuditEntry.objects.get(pk=entry.pk)
    names = [field.attname for field in AuditEntry._meta.concrete_fields]
    assert {n: getattr(stored, n) for n in names} == {n: getattr(entry, n) for n in names}
    assert not entry._state.adding
    entry.refresh_from_db()


def test_rows_of_several_tables_are_written_in_one_round_trip(django_assert_num_queries) -> None:
    workspace = factories.workspace()
    batch = factories.batch(workspace)
    item = BatchItem(batch=batch, position=1, subject_id=7)
    entry = AuditEntry(workspace=workspace, action="a", subject="50 %", summary="s", detail={})
    ending = ("UPDATE core_batch SET kind = %s WHERE id = %s", ["other", batch.pk])
    with django_assert_num_queries(1):
        writes.together(writes.insertion(item), ending, writes.insertion(entry))
    assert BatchItem.objects.get().subject_id == 7
    assert AuditEntry.objects.get(action="a").subject == "50 %"
    assert Batch.objects.get(pk=batch.pk).kind == "other"


def test_a_row_whose_place_is_taken_is_an_error_or_an_answer() -> None:
    batch = factories.batch(factories.workspace())
    first, second = (BatchItem(batch=batch, position=1, subject_id=7) for _ in range(2))
    assert writes.insert(first, unless_taken=True)
    assert not writes.insert(second, unless_taken=True)
    with pytest.raises(IntegrityError, match="subject_once_per_batch"), transaction.atomic():
        writes.insert(second)
    assert second.pk is None
    assert BatchItem.objects.count() == 1


def test_a_change_writes_its_columns_only_and_leaves_other_rows_alone() -> None:
    workspace = factories.workspace()
    batch, other = factories.batch(workspace), factories.batch(workspace)
    user: User = factories.user()
    assert writes.change(batch, {"created_by": user, "options": {"a": 1}, "finished_at": None})
    stored = Batch.objects.get(pk=batch.pk)
    assert (stored.created_by, stored.options, stored.state) == (user, {"a": 1}, "running")
    assert Batch.objects.get(pk=other.pk).created_by is None


def test_a_change_is_made_only_in_the_state_and_under_the_condition_given() -> None:
    batch = factories.batch(factories.workspace())
    assert not writes.change(batch, {"options": {"a": 1}}, state="done")
    never = writes.Given("kind = %s", ["no such kind"])
    assert not writes.change(batch, {"options": {"a": 1}}, state="running", given=never)
    assert writes.change(batch, {"options": {"a": 2}}, given=writes.Given("kind = %s", ["labels"]))
    assert Batch.objects.get(pk=batch.pk).options == {"a": 2}


def test_a_move_is_one_statement_and_loses_the_race_where_its_condition_does_not_hold(
    django_assert_num_queries,
) -> None:
    batch = factories.batch(factories.workspace())
    with pytest.raises(LostRace):
        BATCH.move(batch, "done", writes.Given("kind = %s", ["no such kind"]))
    assert Batch.objects.get(pk=batch.pk).state == batch.state == "running"
    with django_assert_num_queries(1):
        BATCH.move(batch, "done", finished_at=None)
    with pytest.raises(IllegalMove):
        BATCH.move(batch, "cancelled")


def test_a_move_may_count_in_the_database() -> None:
    batch = factories.batch(factories.workspace(), [])
    item = BatchItem.objects.create(batch=batch, position=1, subject_id=1, state="working")
    BatchItem.objects.update(attempts=4)
    from core.models import ITEM

    ITEM.move(item, "waiting", attempts=F("attempts") + 1)
    assert BatchItem.objects.get(pk=item.pk).attempts == 5


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_commits_by_itself_does_so_and_not_inside_a_transaction() -> None:
    batch = factories.batch(factories.workspace())
    with writes.commit_of_its_own():
        assert not connection.in_atomic_block
        writes.change(batch, {"options": {"a": 1}})
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="durable"),
        writes.commit_of_its_own(),
    ):
        writes.change(batch, {"options": {"a": 2}})
    assert Batch.objects.get(pk=batch.pk).options == {"a": 1}
