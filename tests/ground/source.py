"""What the architecture test reads: our files, and what stands in them."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("core", "shops", "orders", "shipping", "dashboard", "creatorflow")
SKIPPED = {"migrations", "vendor", "fixtures", "__pycache__"}
TEXT = {".py", ".html", ".css", ".js", ".toml", ".yaml", ".yml", ".md", ".txt", ".sh", ".json", ""}

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or would be committed, relative to the checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        # Not a checkout but a copy: what tools made lies in folders with a dot.
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        made = re.compile(r"(^|/)(\.(?!ci/)[^/]+|__pycache__)/")
        return tuple(sorted(path for path in found if not made.search(path.as_posix())))
    paths = (Path(name.decode()) for name in listed.split(b"\0") if name)
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


def python_files() -> list[Path]:
    """Our Python, without what Django or somebody else wrote."""
    return [path for path in files() if path.suffix == ".py" and not SKIPPED & set(path.parts)]


def product_files() -> list[Path]:
    """The Python that is deployed."""
    return [path for path in python_files() if path.parts[0] in PRODUCT]


def text_files() -> list[Path]:
    """Everything a person wrote, in whatever language."""
    return [path for path in files() if path.suffix in TEXT and not SKIPPED & set(path.parts)]


@cache
def text_of(path: Path) -> str:
    """The text of a file of the checkout."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(text_of(path), str(path))


def functions_of(path: Path) -> Iterator[Function]:
    """Every function, however deep."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def comments_of(path: Path) -> dict[int, str]:
    """Line number → comment."""
    tokens = tokenize.generate_tokens(io.StringIO(text_of(path)).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def name_of_call(node: ast.Call) -> str:
    """`raises` for pytest.raises(...), `check` for check(...)."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
