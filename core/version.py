"""Which code this process runs, read when it starts: an upgrade replaces the files under it."""

import hashlib
from pathlib import Path

VERSION = "0.1.0"  # as in pyproject.toml, which an image need not hold; a test compares them
_ROOT = Path(__file__).resolve().parent.parent
_PRODUCT = ("core", "shops", "orders", "shipping", "dashboard", "creatorflow")


def _build_of(root: Path) -> str:
    """A short hash of the product's Python files: the same on every machine that runs the same code."""
    digest = hashlib.sha256()
    for app in _PRODUCT:
        for path in sorted((root / app).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


BUILD = _build_of(_ROOT)
