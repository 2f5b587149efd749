"""Telling parts further up that something happened, without importing them.

Who listens is written in one table, creatorflow/events.py; each listener is a job.
"""

from typing import Any, cast

from django.utils.module_loading import import_string

from core.jobs import Job

TABLE = "creatorflow.events.EVENTS"


def publish(event: str, **ids: Any) -> None:
    """Queue every listener of `event`; inside a transaction they commit, or vanish, with it.

    KeyError for an event that the table does not have.
    """
    for path in import_string(TABLE)[event]:
        cast(Job, import_string(path)).later(**ids)
