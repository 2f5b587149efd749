"""What every test may use: one database server for the run, a Chromium that may talk to us only."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from creatorflow.embedded_postgres import EmbeddedPostgres, url
from tests.ground.plugin import OWN_FOLDER

pytest_plugins = ["tests.ground.browser", "tests.ground.s3"]


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The address of the run's PostgreSQL: the embedded one, unless DATABASE_URL named another."""
    folder = Path(os.environ[OWN_FOLDER]) / "postgres"
    if os.environ["DATABASE_URL"] != url(folder):
        yield os.environ["DATABASE_URL"]
        return
    with EmbeddedPostgres(folder, durable=False):
        yield url(folder)


@pytest.fixture(scope="session")
def django_db_setup(
    database_server: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """pytest-django's own set-up, after the server has started and before it stops."""
    yield
    from django.db import connection, connections

    # A thread of the last tests may not have hung up yet, and a database in use cannot be dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connections.close_all()


@pytest.fixture(autouse=True)
def _nothing_of_another_test() -> None:
    """What this process saw of circuits, and noted of calls, belongs to a database that is gone."""
    from core import breaker
    from shops import journal

    breaker.forget()
    journal.forget()


@pytest.fixture
def django_assert_max_num_queries() -> Callable[[int], AbstractContextManager[None]]:
    """pytest-django's, which tells the queries it did not expect, and leaves out the notes of calls
    that were made before."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from shops import journal

    @contextmanager
    def at_most(number: int) -> Iterator[None]:
        journal.flush()
        with CaptureQueriesContext(connection) as caught:
            yield
        words = "\n".join(query["sql"][:300] for query in caught.captured_queries)
        assert len(caught) <= number, f"{len(caught)} queries, not {number}:\n{words}"

    return at_most
