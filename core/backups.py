"""One archive that holds everything but the secrets: the database, the files it names, and a manifest.

The dump and the list of files are of one snapshot. Files are only ever added and their names are their checksums, so
that what is read after the snapshot is what it named.
"""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import psycopg
from django.apps import apps
from django.db import connection, models
from psycopg import sql

from core import files, postgres_tools
from core.files import DamagedFile
from core.version import BUILD, VERSION

FORMAT = 1
DUMP, MANIFEST, FOLDER = "database.dump", "manifest.json", "files/"
_CHUNK = 1 << 20


class BackupFailed(Exception):
    """No archive was made; the message says why."""


@dataclass(slots=True)
class Manifest:
    """What an archive holds and what is needed to use it; the last member of the archive."""

    made_at: str
    version: str
    build: str
    server: int  # PostgreSQL's major version
    migrations: list[list[str]]  # [app, name]
    vault_keys: list[str]  # ids of the keys that its secrets are sealed with
    dump_sha256: str
    files: list[str]  # keys, which are checksums
    missing: list[str] = field(default_factory=list)  # named by the database, gone or damaged
    format: int = FORMAT

    @classmethod
    def of(cls, text: bytes) -> "Manifest":
        """From its JSON. ValueError when it is none of ours."""
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("a manifest of another format")
        try:
            return cls(**document)
        except TypeError as error:
            raise ValueError("a manifest with other fields") from error


def write(target: Path, *, now: datetime) -> Manifest:
    """Make the archive `target`, readable by its owner only. BackupFailed, and no file, when that cannot be."""
    if target.exists():
        raise BackupFailed(f"{target} is there already.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        unfinished = Path(folder) / "archive.tar"
        with _snapshot() as (source, snapshot):
            dump = Path(folder) / DUMP
            _dump(dump, snapshot)
            keys = file_keys(source)
            manifest = Manifest(
                made_at=now.isoformat(timespec="seconds"),
                version=VERSION,
                build=BUILD,
                server=source.info.server_version // 10_000,
                migrations=[list(row) for row in _rows(source, _MIGRATIONS)],
                vault_keys=sorted(vault_key_ids(source)),
                dump_sha256=_sha256(dump),
                files=[],
            )
        with unfinished.open("xb") as raw, tarfile.open(fileobj=raw, mode="w") as archive:
            os.fchmod(raw.fileno(), 0o600)
            archive.add(dump, DUMP)
            for key in sorted(keys):
                _add_file(archive, key, manifest)
            _add(archive, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
            archive.close()
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.rename(target)
    return manifest


def file_keys(source: psycopg.Connection[Any]) -> set[str]:
    """Every stored file that a row names: all columns called `file_key`."""
    found: set[str] = set()
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if column.name == "file_key":
                found |= {text for (text,) in _rows(source, _distinct(model, "file_key")) if text}
    return {key for key in found if files.is_key(key)}


def vault_key_ids(source: psycopg.Connection[Any]) -> set[str]:
    """Ids of the keys that sealed any stored secret: the part before its first dot."""
    found: set[str] = set()
    for model in apps.get_models():
        for column in getattr(model, "SEALED", {}):
            rows = _rows(source, _distinct(model, column, "split_part({}, '.', 1)"))
            found |= {text for (text,) in rows if text}
    found |= {text for (text,) in _rows(source, _SECOND_STEP) if text}
    return found


# core.second_step seals within a JSON column of the library's.
_SECOND_STEP = sql.SQL(
    "SELECT DISTINCT split_part(COALESCE(data->>'secret', data->>'seed'), '.', 1)"
    " FROM mfa_authenticator"
)
_MIGRATIONS = sql.SQL("SELECT app, name FROM django_migrations ORDER BY app, name")


@contextmanager
def _snapshot() -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """A connection that sees one moment, and the name by which pg_dump sees the same one."""
    password = postgres_tools.environment().get("PGPASSWORD")
    with psycopg.connect(postgres_tools.conninfo(), password=password) as source:
        source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        source.read_only = True
        row = source.execute("SELECT pg_export_snapshot()").fetchone()
        yield source, str(row[0]) if row else ""


def _dump(target: Path, snapshot: str) -> None:
    pg_dump = postgres_tools.program("pg_dump", at_least=postgres_tools.server_major())
    command = [str(pg_dump), "--format=custom", "--no-owner", "--no-privileges"]
    command += [f"--snapshot={snapshot}", f"--file={target}", postgres_tools.conninfo()]
    done = subprocess.run(command, env=postgres_tools.environment(), capture_output=True, text=True)
    if done.returncode:
        raise BackupFailed(f"pg_dump failed: {done.stderr.strip()}")


def _add_file(archive: tarfile.TarFile, key: str, manifest: Manifest) -> None:
    """A file that is gone or damaged is named, and keeps nobody from a backup of all the others."""
    try:
        content = files.read(key)
    except DamagedFile:
        manifest.missing.append(key)
        return
    _add(archive, FOLDER + key, content)
    manifest.files.append(key)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _distinct(model: type[models.Model], column: str, of: str = "{}") -> sql.Composed:
    name, table = sql.Identifier(column), sql.Identifier(model._meta.db_table)
    what = sql.SQL(cast(Any, of)).format(name)
    return sql.SQL("SELECT DISTINCT {} FROM {} WHERE {} <> ''").format(what, table, name)


def _rows(
    source: psycopg.Connection[Any], statement: sql.SQL | sql.Composed
) -> list[tuple[Any, ...]]:
    return list(source.execute(statement).fetchall())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_used() -> bool:
    """Whether a restore would destroy anything: people, workspaces, or tables that are not ours."""
    tables = set(connection.introspection.table_names())
    if not tables:
        return False
    if "core_user" not in tables:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM core_user) OR EXISTS (SELECT FROM core_workspace)"
        )
        return bool(cursor.fetchone()[0])
