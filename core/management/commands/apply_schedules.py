"""Write the table of scheduled work into the queue."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.module_loading import import_string
from django_q.models import Schedule

from core import jobs

TABLE = "creatorflow.schedules.SCHEDULES"  # by name: apps do not import the project above them
RUN = f"{jobs.run.__module__}.{jobs.run.__qualname__}"


class Command(BaseCommand):
    """Adds what is missing, corrects what differs, removes what the table no longer has; safe to
    repeat."""

    help = "Write creatorflow/schedules.py into the queue's schedule and remove stale rows."

    def handle(self, *args: Any, **options: Any) -> None:
        """Idempotent; rows that somebody else scheduled are left alone."""
        table: dict[str, tuple[str, int]] = import_string(TABLE)
        for name, (path, _) in table.items():
            if getattr(import_string(path), "path", None) != path:
                raise ValueError(f"{name}: {path} is not a job")
        with transaction.atomic():
            ours = Schedule.objects.filter(func=RUN)
            removed, _ = ours.exclude(name__in=table).delete()
            for name, (path, minutes) in table.items():
                # An existing row keeps its next_run, so that a restart delays nothing.
                Schedule.objects.update_or_create(
                    name=name,
                    func=RUN,
                    defaults={
                        "args": repr((path, {})),
                        "kwargs": None,
                        "cluster": str(import_string(path).queue),
                        "schedule_type": Schedule.MINUTES,
                        "minutes": minutes,
                        "repeats": -1,
                    },
                )
        self.stdout.write(f"{len(table)} schedules, {removed} stale ones removed.")
