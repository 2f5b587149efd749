"""`./dev check`: the gate, the same here and in CI; it ends with a list of failures."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet

from creatorflow.embedded_postgres import temporary_folder

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


class Step(NamedTuple):
    """One command of the gate; `environment` is added to ours."""

    name: str
    command: list[str]
    environment: dict[str, str]


def steps(folder: Path) -> Iterator[Step]:
    """The commands, quick ones first; `folder` is for what they leave behind."""
    production = {
        "CREATORFLOW_DATA": str(folder),
        "CREATORFLOW_ENV_FILE": os.devnull,
        "DEBUG": "false",
        "PUBLIC_URL": "https://creatorflow.example",
        "ALLOWED_HOSTS": "creatorflow.example",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "SMTP_HOST": "smtp.creatorflow.example",
        "VAULT_KEYS": f"gate:{Fernet.generate_key().decode()}",
    }
    django = [sys.executable, "-W", "error", "manage.py"]
    on_database = [sys.executable, "-m", "creatorflow.embedded_postgres", *django]
    yield Step("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."], {})
    # `dev` is half a shell script, which the formatter would take apart.
    yield Step("lint", [str(BIN / "ruff"), "check", "--quiet", ".", "dev"], {})
    if templates := sorted(str(path) for path in (ROOT / "templates").rglob("*.html")):
        yield Step(
            "templates", [str(BIN / "djade"), "--check", "--target-version", "6.1", *templates], {}
        )
    yield Step("imports", [str(BIN / "lint-imports")], {})
    yield Step("audit", [sys.executable, "-m", "tests.ground.audit"], {})
    yield Step("types", [str(BIN / "mypy")], production)
    yield Step("deployment", [*django, "check", "--deploy", "--fail-level", "WARNING"], production)
    yield Step("migrations", [*on_database, "makemigrations", "--check", "--dry-run"], production)


def passes(step: Step) -> bool:
    """Run one step; its words are shown only when it fails."""
    started = time.monotonic()
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        step.command,
        cwd=ROOT,
        env=inherited | step.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{step.name:<12}{verdict:<8}{time.monotonic() - started:6.1f} s", flush=True)
    if done.returncode or done.stdout.startswith("audit:"):
        print(done.stdout.rstrip(), flush=True)
    return done.returncode == 0


def main() -> int:
    """0 when every step passes."""
    with temporary_folder() as folder:
        failed = [step.name for step in steps(folder) if not passes(step)]
    print(f"check: {'all passed' if not failed else 'failed: ' + ', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
