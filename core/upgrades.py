"""Whether this code can take over the database: what `manage.py upgrade_check` looks at in core."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from core import backups, heartbeats, restoring
from core.version import BUILD

_LEAST_FREE = 1_000_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before an upgrade; one that `stops` has to be put right first."""

    text: str
    stops: bool = False


def migrations() -> Iterator[Finding]:
    """What `migrate` would do, what of it cannot be taken back, and whether the database is ahead of this code."""
    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations)
    ahead = sorted(set(MigrationRecorder(connection).applied_migrations()) - known)
    if ahead:
        names = ", ".join(f"{app}.{name}" for app, name in ahead[:5])
        yield Finding(f"The database was migrated by newer code: {names}.", stops=True)
    plan = [step for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    if plan:
        yield Finding(f"{len(plan)} migrations to apply: {', '.join(map(str, plan[:8]))}.")
    for step in plan:
        if not _is_reversible(step):
            yield Finding(f"{step} cannot be taken back: make a backup first.")


def _is_reversible(step: Migration) -> bool:
    return all(operation.reversible for operation in step.operations)


def vault_keys() -> Iterator[Finding]:
    """Whether every sealed secret's key is in VAULT_KEYS; asks only columns that the database has already."""
    with connection.cursor() as cursor:
        source: psycopg.Connection[tuple[object, ...]] = cursor.connection
        lost = restoring.lost_keys(backups.vault_key_ids(source))
    if lost:
        words = f"VAULT_KEYS lacks {', '.join(lost)}, which stored tokens or keys are sealed with."
        yield Finding(words, stops=True)


def workers() -> Iterator[Finding]:
    """Worker groups that still run other code than this: they would meet tables they do not know."""
    other = [row for row in heartbeats.alive(now=timezone.now()) if row.build != BUILD]
    for row in other:
        yield Finding(
            f"A worker group at {row.process} runs version {row.version}, build {row.build}: stop it first.",
            stops=True,
        )


def disk_space() -> Iterator[Finding]:
    """A migration may write a whole table anew; where the server is elsewhere its own disk is not seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = int(cursor.fetchone()[0])
    folder = Path(settings.DATA_DIR)
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    if free < max(size, _LEAST_FREE):
        yield Finding(
            f"{free / 1e9:.1f} GB are free in {folder}; the database has {size / 1e9:.1f} GB, and a migration may "
            "need as much again.",
            stops=True,
        )
