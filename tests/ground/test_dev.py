"""The start script: what it says, what it finds, what it would run."""

import ast
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.ground.source import ROOT


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, whose checkout is an empty folder."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    folders = {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "TOOLS": tmp_path / ".tools"}
    for name, path in folders.items():
        monkeypatch.setattr(module, name, str(path))
    return module


def program(path: Path, text: str) -> str:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_it_explains_itself_and_refuses_what_it_does_not_know() -> None:
    shown = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True)
    assert shown.returncode == 0
    for command in ("demo", "test", "check", "bench", "run server", "run worker", "lock"):
        assert f"\n  {command}" in shown.stdout
    for words in (["dance"], ["run"], ["run", "away"]):
        assert subprocess.run([ROOT / "dev", *words], capture_output=True).returncode == 2


def test_it_is_python_3_8() -> None:
    assert ast.parse((ROOT / "dev").read_text(), feature_version=(3, 8))


def test_a_shim_that_does_not_run_is_passed_over(dev: ModuleType, tmp_path: Path) -> None:
    shim = program(tmp_path / "shim", "echo 'version 3.13 is not installed' >&2; exit 127")
    assert dev.version_of(shim) == (0, 0)
    assert not dev.runs(shim)
    assert dev.version_of(sys.executable) == sys.version_info[:2]
    assert not dev.runs(str(tmp_path / "absent"))


def test_the_preferred_python_wins_over_newer_and_older_ones(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        program(tmp_path / name, f"echo {name.replace('.', ' ')}")
        for name in ("3.9", "3.12", "3.15", "3.13")
    ]
    monkeypatch.setattr(dev, "candidates", lambda: found)
    monkeypatch.delenv("CREATORFLOW_PYTHON", raising=False)
    assert dev.find_python("uv") == found[3]
    del found[3]
    assert dev.find_python("uv") == found[1]
    del found[1]
    assert dev.find_python("uv") == found[1]


def test_nothing_is_installed_while_the_pins_stay_the_same(dev: ModuleType, tmp_path: Path) -> None:
    pins = tmp_path / "requirements" / "demo.txt"
    pins.parent.mkdir()
    pins.write_text("django==1\n")
    (tmp_path / ".venv").mkdir()
    assert not dev.is_current("demo.txt")
    Path(dev.stamp_of("demo.txt")).write_text(dev.digest("demo.txt"))
    assert dev.is_current("demo.txt")
    pins.write_text("django==2\n")
    assert not dev.is_current("demo.txt")


def test_server_and_worker_run_with_the_database_at_hand(dev: ModuleType) -> None:
    server = dev.command_line("run", ["server", "--port", "9000"])
    worker = dev.command_line("run", ["worker"])
    assert server[:2] == worker[:2] == ["-m", "creatorflow.embedded_postgres"]
    assert server[-2:] == ["--port", "9000"]
    assert "creatorflow.wsgi:application" in server
    assert worker[-2:] == ["manage.py", "qcluster"]


def test_the_environment_keeps_bytecode_and_puts_ours_first(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = dev.environment()
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PATH"].startswith(str(Path(dev.VENV) / "bin"))
