"""Programs that start a world of their own: Django reads its settings once a process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What the test run has set for itself; a world sets its own.
OURS = ("CREATORFLOW_", "DJANGO_", "DATABASE_URL", "FILE_STORE", "PYTEST_")


def module(name: str, *words: str, seconds: float = 300) -> dict[str, Any]:
    """Run `python -m name words…` to its end; what it prints last, as JSON."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    done = subprocess.run(
        [sys.executable, "-m", name, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    print(done.stderr[-6000:], file=sys.stderr)
    assert done.stdout.strip(), f"{name} ended with {done.returncode}"
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))
