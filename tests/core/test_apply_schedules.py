"""The table of scheduled work becomes rows of the queue, again and again without harm."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule

from core import jobs, workspaces
from creatorflow import schedules

pytestmark = pytest.mark.django_db
MAIL = workspaces.mail_invitation.path


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, int]]:
    rows = {"mail": (MAIL, 5), "mail-more": (MAIL, 1)}
    monkeypatch.setattr(schedules, "SCHEDULES", rows)
    return rows


def test_each_row_calls_its_job_and_repeats_for_ever(table: dict[str, tuple[str, int]]) -> None:
    call_command("apply_schedules", verbosity=0)
    row = Schedule.objects.get(name="mail")
    assert (row.func, row.minutes, row.repeats) == ("core.jobs.run", 5, -1)
    assert row.schedule_type == Schedule.MINUTES
    assert row.args == repr((MAIL, {}))


def test_repeating_changes_nothing_and_keeps_the_next_run(
    table: dict[str, tuple[str, int]],
) -> None:
    call_command("apply_schedules", verbosity=0)
    later = timezone.now() + timedelta(minutes=3)
    Schedule.objects.filter(name="mail").update(next_run=later)
    table["mail"] = (MAIL, 10)
    call_command("apply_schedules", verbosity=0)
    row = Schedule.objects.get(name="mail")
    assert (row.minutes, row.next_run) == (10, later)
    assert Schedule.objects.count() == 2


def test_stale_rows_of_ours_go_and_rows_of_others_stay(table: dict[str, tuple[str, int]]) -> None:
    Schedule.objects.create(name="gone", func="core.jobs.run", args=repr((MAIL, {})))
    Schedule.objects.create(name="theirs", func="somebody.else")
    call_command("apply_schedules", verbosity=0)
    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {"mail", "mail-more", "theirs"}


def test_a_path_that_is_no_job_stops_the_command(table: dict[str, tuple[str, int]]) -> None:
    table["wrong"] = ("core.workspaces.create", 1)
    with pytest.raises(ValueError, match="not a job"):
        call_command("apply_schedules", verbosity=0)
    assert not Schedule.objects.exists()


def test_only_jobs_are_run_by_name() -> None:
    with pytest.raises(ValueError, match="not a job"):
        jobs.run("core.workspaces.create", {})
