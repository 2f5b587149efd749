"""An archive of core.backups, checked to the last byte, then put in place of the database."""

import hashlib
import subprocess
import tarfile
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from core import backups, files, postgres_tools, vault
from core.backups import DUMP, FOLDER, MANIFEST, Manifest

_CHUNK = 1 << 20
# One transaction with what follows: until it ends the old tables are there, and after a failure they still are.
_CLEAR = "SET lock_timeout = '10s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public"


class CannotRestore(Exception):
    """Nothing was changed; the message says what stands in the way."""


def check(path: Path) -> Manifest:
    """Read the whole archive and compare every checksum. CannotRestore when anything is not as it was written."""
    try:
        with tarfile.open(path) as archive:
            sums = {entry.name: _sha256(_content(archive, entry)) for entry in archive}
            if MANIFEST not in sums:
                raise CannotRestore(f"{path} has no manifest: it is not a whole backup.")
            manifest = Manifest.of(_content(archive, archive.getmember(MANIFEST)).read())
    except (OSError, tarfile.TarError, ValueError) as error:
        raise CannotRestore(f"{path} cannot be read: {error}") from error
    wanted = {DUMP: manifest.dump_sha256}
    wanted |= {FOLDER + key: key.partition(".")[0].replace("/", "") for key in manifest.files}
    found = {name: digest for name, digest in sums.items() if name != MANIFEST}
    if wanted != found:
        wrong = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
        raise CannotRestore(f"{path} is damaged: {', '.join(wrong[:5])}.")
    return manifest


def obstacles(manifest: Manifest, *, force: bool, without_keys: bool) -> list[str]:
    """Why the archive cannot take the database's place now, as sentences."""
    return [
        *_versions(manifest),
        *_keys(manifest, without_keys),
        *_database(force),
    ]


def apply(path: Path, manifest: Manifest) -> None:
    """Put files and database in place, the files first: they are only added. CannotRestore leaves the database as
    it was."""
    with tarfile.open(path) as archive, tempfile.TemporaryDirectory(prefix="restore-") as folder:
        for key in manifest.files:
            content = _content(archive, archive.getmember(FOLDER + key)).read()
            if files.save(content, suffix="." + key.partition(".")[2]) != key:
                raise CannotRestore(f"{key} is not what its name says.")
        dump = Path(folder) / DUMP
        with dump.open("wb") as target:
            source = _content(archive, archive.getmember(DUMP))
            while chunk := source.read(_CHUNK):
                target.write(chunk)
        _load(dump, manifest)


def _load(dump: Path, manifest: Manifest) -> None:
    at_least = max(manifest.server, postgres_tools.server_major())
    environment, where = postgres_tools.environment(), postgres_tools.conninfo()
    connection.close()  # nobody, not even we, may hold a lock on what is dropped
    read = [str(postgres_tools.program("pg_restore", at_least=at_least)), "--no-owner"]
    read += ["--no-privileges", "--file=-", str(dump)]
    put = [str(postgres_tools.program("psql", at_least=at_least)), "--no-psqlrc", "--quiet"]
    put += [
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        f"--command={_CLEAR}",
        "--file=-",
        where,
    ]
    with (
        _started(read, env=environment, stdout=subprocess.PIPE) as reader,
        _started(put, env=environment, stdin=reader.stdout) as writer,
    ):
        if reader.stdout:
            reader.stdout.close()  # psql's alone now, so that its end ends pg_restore
        _, words = writer.communicate()
        told = reader.stderr.read() if reader.stderr else ""
    if writer.returncode or reader.returncode:
        raise CannotRestore(f"PostgreSQL refused the dump: {(words or told).strip()}")
    subprocess.run([*put[:3], "--command=ANALYZE", where], env=environment, check=True)


@contextmanager
def _started(
    command: list[str],
    *,
    env: dict[str, str],
    stdin: IO[str] | None = None,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, env=env, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True
    )
    with process:
        yield process


def _versions(manifest: Manifest) -> Iterator[str]:
    server = postgres_tools.server_major()
    if server < manifest.server:
        yield f"The backup is of PostgreSQL {manifest.server}, this server is {server}: older."
    known = set(MigrationLoader(None).disk_migrations)
    strange = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if strange:
        yield (
            f"The backup is of a newer version ({manifest.version}, build {manifest.build}): this code does "
            f"not know {', '.join(strange[:3])}. Install that version, restore, then go on from there."
        )


def _keys(manifest: Manifest, without_keys: bool) -> Iterator[str]:
    missing = lost_keys(manifest.vault_keys)
    if missing and not without_keys:
        yield (
            f"VAULT_KEYS lacks {', '.join(missing)}: tokens and provider keys in this backup could not be read. "
            "Add the keys, or say --without-keys and connect shops and accounts anew."
        )


def lost_keys(needed: Collection[str]) -> list[str]:
    """Which of these ids are not in VAULT_KEYS."""
    return sorted(set(needed) - vault.key_ids(settings.VAULT_KEYS))


def _database(force: bool) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        others = cursor.fetchone()[0]
    if others:
        who = "1 other is" if others == 1 else f"{others} others are"
        yield f"{who} connected to the database: stop web and workers first."
    if backups.is_used() and not force:
        yield "The database is in use: people, workspaces or foreign tables are in it. --force replaces all of it."


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(entry)
    if file is None:
        raise CannotRestore(f"{entry.name} is not a file.")
    return file


def _sha256(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
