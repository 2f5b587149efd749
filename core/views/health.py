"""Whether this process answers, and whether it can do its work: for load balancers, containers and people."""

import threading
import time
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.errors import RemoteError
from core.file_stores import Unwritable, store

# The store is asked with a real write, so not for each of several probes a second.
_STORE_SECONDS = 10.0
_lock = threading.Lock()
_store_asked: tuple[float, str] | None = None


def live(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all; nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """200 when database, migrations and file store are as they should be; else 503 with the parts that are not."""
    checks = {"database": database(), "migrations": "", "files": files()}
    checks["migrations"] = "not asked" if checks["database"] else migrations()
    failed = [name for name, trouble in checks.items() if trouble]
    body = {"ready": not failed, **{name: words or "ok" for name, words in checks.items()}}
    return JsonResponse(body, status=503 if failed else 200)


def database() -> str:
    """What is wrong with the database, without its address or words; "" when it answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "cannot be reached"
    return ""


def migrations() -> str:
    """How many migrations of this code the database has not; "" when none."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except DatabaseError:
        return "the database is empty"
    missing = _wanted() - applied
    return f"{len(missing)} not applied" if missing else ""


def files() -> str:
    """What is wrong with the file store; "" when it takes a file."""
    global _store_asked
    now = time.monotonic()
    with _lock:
        if _store_asked and now - _store_asked[0] < _STORE_SECONDS:
            return _store_asked[1]
        try:
            store().probe()
            words = ""
        except (Unwritable, RemoteError):
            words = "cannot be written to"
        _store_asked = (now, words)
        return words


def forget() -> None:
    """The next question asks the file store anew; for tests."""
    global _store_asked
    _store_asked = None


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    """Every migration of this code; it does not change while the process runs."""
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations)
