"""A backup is everything but the secrets, and a restore puts all of it back: proven by a round trip."""

import hashlib
import io
import json
import os
import re
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql
from pytest_django import Settings

from core import files, postgres_tools, restoring, vault
from core.backups import DUMP, MANIFEST
from core.version import BUILD, VERSION
from shipping.models import Label
from shops.models import Authorization
from tests import factories
from tests.ground.s3 import BUCKET, KEY, SECRET, Server
from tests.ground.source import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
LABEL = b"%PDF-1.4 a label that was paid for %%EOF"
COPY = "copy_of_creatorflow"


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Path:
    settings.FILE_STORE = str(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def label(store: Path) -> Label:
    """A bought label with its file, in a workspace with a connected shop."""
    row = factories.label(factories.order(factories.workspace("Glöw ☀")))
    row.file_key = files.save(LABEL, suffix=".pdf")
    row.save(update_fields=["file_key"])
    factories.charge(row)
    return row


def backed_up(tmp_path: Path) -> tuple[Path, str]:
    told = io.StringIO()
    call_command("backup", str(tmp_path / "backup.tar"), stdout=told)
    return tmp_path / "backup.tar", told.getvalue()


def connect(name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(postgres_tools.conninfo(), dbname=name, autocommit=True)


@pytest.fixture
def other_database() -> Iterator[str]:
    """An empty database beside the tests' own; the address of it."""
    with connect("postgres") as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(COPY)))
    host = connection.settings_dict["HOST"]
    yield f"postgresql://{connection.settings_dict['USER']}@/{COPY}?host={host}"
    with connect("postgres") as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(COPY)))


def manage(
    *words: str, database: str, store: Path | str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    given = os.environ | {"DATABASE_URL": database, "FILE_STORE": str(store)} | environment
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, cwd=ROOT)


def contents(name: str) -> dict[str, tuple[int, str]]:
    """Table -> how many rows, and a checksum over all of them."""
    found = {}
    with connect(name) as database:
        for model in apps.get_models(include_auto_created=True):
            table = sql.Identifier(model._meta.db_table)
            rows = database.execute(sql.SQL("SELECT t::text FROM {} t").format(table)).fetchall()
            texts = sorted(text for (text,) in rows)
            digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
            found[model._meta.db_table] = (len(texts), digest)
    return found


def test_the_way_there_and_back_loses_nothing(
    label: Label, tmp_path: Path, other_database: str, store: Path
) -> None:
    archive, _ = backed_up(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    done = manage("restore", str(archive), database=other_database, store=elsewhere)
    assert done.returncode == 0, done.stderr
    before, after = contents(connection.settings_dict["NAME"]), contents(COPY)
    assert after == before
    assert before["shipping_label"][0] == before["shipping_ledgerentry"][0] == 1
    assert (elsewhere / label.file_key).read_bytes() == LABEL
    row = Authorization.objects.get()
    with connect(COPY) as copy:
        sealed = copy.execute("SELECT refresh_token_sealed FROM shops_authorization").fetchone()
    owner = Authorization.SEALED["refresh_token_sealed"].format(pk=row.pk)
    assert sealed is not None
    assert vault.unseal(sealed[0], owner=owner) == "refresh"
    # The copy is a database like any other: it keeps its guards, and can be backed up itself.
    with connect(COPY) as copy, pytest.raises(psycopg.Error, match="ledger|never"):
        copy.execute("UPDATE shipping_ledgerentry SET amount = 0")
    again = manage("backup", str(tmp_path / "again.tar"), database=other_database, store=elsewhere)
    assert again.returncode == 0, again.stderr
    refused = manage("restore", str(archive), database=other_database, store=elsewhere)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    forced = manage(
        "restore", str(tmp_path / "again.tar"), "--force", database=other_database, store=elsewhere
    )
    assert forced.returncode == 0, forced.stderr
    assert contents(COPY) == before


def test_an_archive_is_its_owners_alone_and_says_what_it_has_not(
    label: Label, tmp_path: Path
) -> None:
    archive, told = backed_up(tmp_path)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert "Not in it: VAULT_KEYS" in told
    assert "test" in told  # the id of the key that its secrets need
    with tarfile.open(archive) as opened:
        assert opened.getnames() == [DUMP, f"files/{label.file_key}", MANIFEST]
        file = opened.extractfile(MANIFEST)
        assert file is not None
        manifest = json.load(file)
    assert (manifest["version"], manifest["build"]) == (VERSION, BUILD)
    assert manifest["vault_keys"] == ["test"]
    assert ["shipping", "0001_initial"] in manifest["migrations"]


def test_neither_keys_nor_tokens_are_in_an_archive_in_clear(
    label: Label, tmp_path: Path, settings: Settings
) -> None:
    archive, _ = backed_up(tmp_path)
    content = archive.read_bytes()
    assert settings.VAULT_KEYS.partition(":")[2].encode() not in content
    assert settings.SECRET_KEY.encode() not in content


def test_a_folder_gets_a_file_named_by_the_moment(tmp_path: Path, store: Path) -> None:
    call_command("backup", str(tmp_path), stdout=io.StringIO())
    (made,) = tmp_path.glob("creatorflow-20*.tar")
    assert restoring.check(made).files == []


def test_an_archive_is_never_written_over(tmp_path: Path, store: Path) -> None:
    (tmp_path / "mine.tar").write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(tmp_path / "mine.tar"))
    assert (tmp_path / "mine.tar").read_text() == "mine"


def test_a_damaged_label_file_is_named_and_the_rest_is_kept(
    label: Label, tmp_path: Path, store: Path
) -> None:
    (store / label.file_key).write_bytes(b"damaged")
    with pytest.raises(CommandError, match=label.file_key):
        call_command("backup", str(tmp_path / "backup.tar"), stdout=io.StringIO())
    manifest = restoring.check(tmp_path / "backup.tar")
    assert manifest.missing == [label.file_key]


def changed(archive: Path, name: str) -> Path:
    """A copy of the archive in which one bit of one member is another one."""
    target = archive.with_name("changed.tar")
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for entry in old:
            file = old.extractfile(entry)
            assert file is not None
            content = bytearray(file.read())
            if entry.name == name:
                content[len(content) // 2] ^= 1
            new.addfile(entry, io.BytesIO(bytes(content)))
    return target


def test_one_changed_bit_anywhere_is_noticed_before_anything_is_touched(
    label: Label, tmp_path: Path, other_database: str, store: Path
) -> None:
    archive, _ = backed_up(tmp_path)
    for name in (DUMP, f"files/{label.file_key}"):
        with pytest.raises(restoring.CannotRestore, match=f"damaged: {name}"):
            restoring.check(changed(archive, name))
    cut = tmp_path / "cut.tar"
    cut.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    elsewhere = tmp_path / "elsewhere"
    done = manage("restore", str(cut), database=other_database, store=elsewhere)
    assert done.returncode == 1
    assert not elsewhere.exists()
    with connect(COPY) as copy:
        assert copy.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)


def test_a_restore_without_the_needed_key_is_refused_unless_asked_for(
    label: Label, tmp_path: Path, other_database: str
) -> None:
    archive, _ = backed_up(tmp_path)
    other = {"VAULT_KEYS": "fresh:" + "B" * 43 + "="}
    elsewhere = tmp_path / "elsewhere"
    done = manage("restore", str(archive), database=other_database, store=elsewhere, **other)
    assert done.returncode == 1
    assert "VAULT_KEYS lacks test" in done.stderr
    words = ("restore", str(archive), "--without-keys")
    assert manage(*words, database=other_database, store=elsewhere, **other).returncode == 0


def test_a_backup_of_newer_code_is_refused(label: Label, tmp_path: Path) -> None:
    archive, _ = backed_up(tmp_path)
    manifest = restoring.check(archive)
    manifest.migrations.append(["shipping", "9999_from_the_future"])
    told = restoring.obstacles(manifest, force=True, without_keys=False)
    assert any("newer version" in words and "9999_from_the_future" in words for words in told)


def test_a_backup_of_a_newer_server_is_refused(label: Label, tmp_path: Path) -> None:
    archive, _ = backed_up(tmp_path)
    manifest = restoring.check(archive)
    manifest.server += 1
    told = restoring.obstacles(manifest, force=True, without_keys=False)
    assert any("older" in words for words in told)


def test_a_database_that_others_use_is_not_replaced(label: Label, tmp_path: Path) -> None:
    archive, _ = backed_up(tmp_path)
    manifest = restoring.check(archive)
    with connect(connection.settings_dict["NAME"]):
        (told,) = restoring.obstacles(manifest, force=True, without_keys=False)
    # A thread of an earlier test may not have hung up yet, so the number is only "at least one".
    assert re.fullmatch(
        r"(1 other is|\d+ others are) connected to the database: stop web and workers first\.", told
    )


def test_files_come_from_and_go_to_a_bucket_as_well(
    tmp_path: Path, settings: Settings, s3_server: Server, other_database: str
) -> None:
    address = f"s3://{BUCKET}/backups"
    settings.FILE_STORE, settings.S3_ENDPOINT = address, s3_server.url
    settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY = KEY, SECRET
    row = factories.label(factories.order(factories.workspace()))
    Label.objects.filter(pk=row.pk).update(file_key=files.save(LABEL, suffix=".pdf"))
    archive, _ = backed_up(tmp_path)
    target = f"s3://{BUCKET}/restored"
    keys = {"S3_ENDPOINT": s3_server.url, "S3_ACCESS_KEY": KEY, "S3_SECRET_KEY": SECRET}
    done = manage("restore", str(archive), database=other_database, store=target, **keys)
    assert done.returncode == 0, done.stderr
    kept = Label.objects.get(pk=row.pk).file_key
    assert (s3_server.folder / BUCKET / "restored" / kept).read_bytes() == LABEL


def test_a_program_older_than_the_server_is_not_used() -> None:
    assert postgres_tools.program("pg_dump", at_least=postgres_tools.server_major()).is_file()
    with pytest.raises(postgres_tools.NoTools, match="PostgreSQL 99 or newer"):
        postgres_tools.program("pg_dump", at_least=99)


def test_a_password_is_handed_over_where_no_list_of_processes_shows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cr3t")
    assert "s3cr3t" not in postgres_tools.conninfo()
    assert postgres_tools.environment()["PGPASSWORD"] == "s3cr3t"


def test_every_column_that_names_a_file_is_called_file_key() -> None:
    """A backup finds files by that name: another would be left out of it."""
    strange = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if "file" in field.name and field.name.endswith("key") and field.name != "file_key"
    ]
    assert strange == []
