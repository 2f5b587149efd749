"""Stored files: the key is the checksum, damage is noticed, and a file is there whole or not at
all."""

import os
import stat
from pathlib import Path

import pytest
from pytest_django import Settings

from core import files
from core.files import DamagedFile


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Path:
    settings.FILE_STORE = tmp_path / "store"
    return tmp_path / "store"


def everything(store: Path) -> list[str]:
    return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())


def test_what_is_stored_is_read_back_under_a_key_of_its_content(store: Path) -> None:
    key = files.save(b"a label", suffix=".pdf")
    assert key[2] == "/"
    assert key.endswith(".pdf")
    assert files.read(key) == b"a label"
    assert everything(store) == [key]


def test_the_same_bytes_are_one_file(store: Path) -> None:
    assert files.save(b"twice", suffix=".pdf") == files.save(b"twice", suffix=".pdf")
    assert len(everything(store)) == 1


def test_only_the_servers_own_user_may_look(store: Path) -> None:
    key = files.save(b"a label", suffix=".pdf")
    assert stat.S_IMODE((store / key).stat().st_mode) == 0o600
    assert stat.S_IMODE((store / key).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [b"", b"a labeL", b"a label and more"])
def test_changed_bytes_are_never_handed_out(store: Path, damage: bytes) -> None:
    key = files.save(b"a label", suffix=".pdf")
    (store / key).write_bytes(damage)
    with pytest.raises(DamagedFile, match="not what was stored"):
        files.read(key)


def test_a_missing_file_says_so(store: Path) -> None:
    key = files.save(b"a label", suffix=".pdf")
    (store / key).unlink()
    with pytest.raises(DamagedFile, match="cannot be read"):
        files.read(key)


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "ab/cd.pdf", "/" + "a" * 64, "zz/" + "z" * 62]
)
def test_what_is_not_a_key_opens_nothing(store: Path, key: str) -> None:
    with pytest.raises(DamagedFile):
        files.read(key)


def test_a_write_that_fails_leaves_nothing_behind(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.save(b"a label", suffix=".pdf")
    assert everything(store) == []
    monkeypatch.undo()
    assert files.read(files.save(b"a label", suffix=".pdf")) == b"a label"


def test_a_file_has_its_name_only_when_it_is_whole_and_on_the_disk(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        seen.append([name for name in everything(store) if name.endswith(".pdf")])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    key = files.save(b"a label", suffix=".pdf")
    assert seen[0] == []
    assert everything(store) == [key]
