"""The rules of the layout that import-linter and ruff cannot see."""

import ast
import importlib
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from creatorflow.events import EVENTS
from creatorflow.schedules import SCHEDULES
from tests.ground import source

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
SHAPELESS = {
    "services.py",
    "utils.py",
    "helpers.py",
    "tasks.py",
    "signals.py",
    "misc.py",
    "common.py",
}
# Words that have no business here: package hosts, and marks of work left for later.
HOSTS = re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|registry|deb\.debian)[\w.-]*", re.I)
LATER = re.compile(
    r"\b(?:TODO|FIXME|XXX:|HACK|raise NotImplementedError|lorem ipsum|coming soon)\b"
)
LOCKS = {Path("LICENSE"), Path("tests/test_architecture.py")}
ASSERTING = ("assert", "raises", "warns", "expect", "fail", "check", "to_")


def explains_its_length(path: Path) -> bool:
    """Whether line 1 is a comment that says why this one is long."""
    first = source.text_of(path).partition("\n")[0]
    return first.startswith("# ") and len(first) > 20


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = [
        f"{path}: {lines} lines"
        for path in source.python_files()
        if (lines := source.text_of(path).count("\n")) > LONGEST_FILE
        and not explains_its_length(path)
    ]
    assert not long


def test_no_function_is_longer_than_a_screen() -> None:
    """Tables that a test file declares as such may be functions of any length."""
    long = [
        f"{path}:{node.lineno} {node.name}: {size} lines"
        for path in source.python_files()
        if not (path.parts[0] == "tests" and explains_its_length(path))
        for node in source.functions_of(path)
        if (size := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long


def test_no_module_is_named_after_nothing() -> None:
    assert not [str(path) for path in source.python_files() if path.name in SHAPELESS]


def state_assignments(tree: ast.AST) -> Iterator[int]:
    """Lines that assign to an attribute called `state`, or update it without asking what it was."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        parts = [part for target in targets for part in ast.walk(target)]
        for part in parts:
            if isinstance(part, ast.Attribute) and part.attr == "state":
                yield part.lineno
        if isinstance(node, ast.Call) and source.name_of_call(node) == "update":
            asked = re.search(r"\bstate(?:__in)?=", ast.unparse(node.func))
            if not asked and any(word.arg == "state" for word in node.keywords):
                yield node.lineno


def test_a_state_changes_only_through_the_table_of_moves() -> None:
    stray = [
        f"{path}:{line}"
        for path in source.product_files()
        if path != Path("core/states.py")
        for line in state_assignments(source.tree_of(path))
    ]
    assert not stray


def test_the_search_for_state_changes_finds_them() -> None:
    sample = """
row.state = "a"
row.x, row.state = 1, "b"
rows.update(state="c", x=1)
rows.filter(state="c").update(state="d")
rows.update(x=1)
row.states = 1
"""
    assert sorted(state_assignments(ast.parse(sample))) == [2, 3, 4]


def test_a_broad_except_says_why() -> None:
    """Unless it only tidies up and raises again, it has a comment on its line or next to it."""
    silent = []
    for path in source.python_files():
        comments = source.comments_of(path)
        for node in ast.walk(source.tree_of(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            near = range(node.lineno - 1, node.body[0].lineno + 1)
            passes_on = ast.unparse(node.body[-1]) == "raise"
            if (
                broad
                and not passes_on
                and not any(len(comments.get(line, "")) > 10 for line in near)
            ):
                silent.append(f"{path}:{node.lineno}")
    assert not silent


def declared(*groups: str) -> set[str]:
    """The packages that pyproject.toml asks for, by their distribution's name."""
    document = tomllib.loads((source.ROOT / "pyproject.toml").read_text())
    asked = list(document["project"]["dependencies"])
    for group in groups:
        asked += document["dependency-groups"][group]
    return {re.split(r"[^a-z0-9-]", line)[0] for line in asked}


def groups_of(path: Path) -> tuple[str, ...]:
    """The dependency groups that are installed where this file runs."""
    if path.parts[0] in source.PRODUCT:
        return ()
    return ("sandbox",) if path.parts[0] == "sandbox" else ("sandbox", "dev")


def imported(path: Path) -> Iterator[str]:
    """Top-level names of other people's packages."""
    for node in ast.walk(source.tree_of(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in (name.partition(".")[0] for name in names):
            if name not in sys.stdlib_module_names and not (source.ROOT / name).exists():
                yield name


def test_whatever_is_imported_is_declared() -> None:
    """A package that is there only because another one needs it may go without notice."""
    distributions = importlib.metadata.packages_distributions()
    missing = set()
    for path in source.python_files():
        for name in imported(path):
            by = {found.lower().replace("_", "-") for found in distributions.get(name, [name])}
            if not by & declared(*groups_of(path)):
                missing.add(f"{path}: {name}")
    assert not missing


@pytest.mark.parametrize("path", [job for job, _ in SCHEDULES.values()])
def test_every_scheduled_job_exists(path: str) -> None:
    assert is_job(path)


@pytest.mark.parametrize(
    ("event", "path"), [(event, path) for event, paths in EVENTS.items() for path in paths]
)
def test_every_event_is_told_to_jobs_that_exist(event: str, path: str) -> None:
    assert is_job(path), event


def is_job(path: str) -> bool:
    """Whether a dotted path names something that can be queued."""
    module, _, name = path.rpartition(".")
    return hasattr(getattr(importlib.import_module(module), name), "later")


def test_every_test_asserts() -> None:
    idle = []
    for path in source.python_files():
        if path.parts[0] != "tests" or not path.name.startswith("test_"):
            continue
        for node in source.functions_of(path):
            if node.name.startswith("test_") and not asserts(node):
                idle.append(f"{path}:{node.lineno} {node.name}")
    assert not idle


def asserts(node: source.Function) -> bool:
    """Whether a test has an assertion, or calls something named like one."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call) and source.name_of_call(part).startswith(ASSERTING):
            return True
    return False


def test_nothing_names_a_package_host_or_is_left_for_later() -> None:
    found = []
    for path in source.text_files():
        if path in LOCKS:
            continue
        for number, line in enumerate(source.text_of(path).splitlines(), start=1):
            if HOSTS.search(line) or LATER.search(line):
                found.append(f"{path}:{number} {line.strip()[:80]}")
    assert not found


def test_nothing_mentions_the_machine_it_was_written_on() -> None:
    # Put together from parts, so that this file itself can be looked through.
    places = [
        str(source.ROOT) + "/",
        "/" + "work/",
        *("shared/" + at for at in ("facts", "design")),
    ]
    here = re.compile("|".join(map(re.escape, places)))
    found = [
        f"{path}:{number}"
        for path in source.text_files()
        for number, line in enumerate(source.text_of(path).splitlines(), start=1)
        if here.search(line)
    ]
    assert not found


def test_models_have_no_default_ordering_and_no_signals() -> None:
    """An ordering hidden in Meta makes every count and join sort; a signal hides who acts."""
    found = []
    for path in source.product_files():
        for node in ast.walk(source.tree_of(path)):
            if isinstance(node, ast.ClassDef) and node.name == "Meta":
                names = [
                    ast.unparse(t)
                    for s in node.body
                    if isinstance(s, ast.Assign)
                    for t in s.targets
                ]
                if "ordering" in names and "models" in str(path):
                    found.append(f"{path}:{node.lineno} ordering")
            if isinstance(node, ast.ImportFrom) and node.module == "django.db.models.signals":
                found.append(f"{path}:{node.lineno} signals")
    assert not found
