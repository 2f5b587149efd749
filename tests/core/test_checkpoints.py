"""The steps at which the crash harness kills: all are where their table says, and idle otherwise."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.checkpoints import STEPS

ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "shops", "orders", "shipping", "dashboard", "creatorflow")


def passed(path: Path) -> Iterator[tuple[str, str]]:
    """(step, dotted name of the function around it) for each `reached(...)` in a file."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)

    def walk(node: ast.AST, where: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            yield from walk(child, f"{where}.{child.name}" if named else where)  # type: ignore[union-attr]
            if isinstance(child, ast.Call) and getattr(child.func, "id", "") == "reached":
                (name,) = child.args
                assert isinstance(name, ast.Constant), f"{where}: the step's name is no literal"
                yield str(name.value), where

    return walk(ast.parse(path.read_text()), module)


def test_every_step_is_passed_exactly_where_the_table_says_and_no_other_is() -> None:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    found = sorted(step for path in files for step in passed(path))
    assert found == sorted((name, where) for name, (where, _) in STEPS.items())


def test_every_step_says_in_words_what_is_done_by_then() -> None:
    assert all(len(words) > 8 for _, words in STEPS.values())


def run(code: str, crash_at: str) -> int:
    """The exit code of a process that was told to die at `crash_at`; -9 if it did."""
    environment = os.environ | {"CREATORFLOW_CRASH_AT": crash_at}
    words = [sys.executable, "-c", f"from core.checkpoints import reached\n{code}"]
    return subprocess.run(words, env=environment, cwd=ROOT, check=False, timeout=60).returncode


def test_a_process_dies_at_the_nth_passing_and_not_before() -> None:
    assert run("reached('buy.intended')", "buy.intended:2") == 0
    assert run("reached('buy.settled'); reached('buy.settled')", "buy.intended:2") == 0
    assert run("for _ in range(2): reached('buy.intended')", "buy.intended:2") == -signal.SIGKILL


@pytest.mark.parametrize("count", ["", ":1"])
def test_a_plan_in_a_file_kills_one_process_and_is_gone_then(tmp_path: Path, count: str) -> None:
    plan = tmp_path / "plan"
    assert run("reached('buy.intended')", str(plan)) == 0  # nothing is planned yet
    plan.write_text(f"buy.intended{count}")
    assert run("reached('buy.settled')", str(plan)) == 0
    assert run("reached('buy.intended')", str(plan)) == -signal.SIGKILL
    assert not plan.exists()
    assert run("reached('buy.intended')", str(plan)) == 0
