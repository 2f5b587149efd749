"""Set the environment of a test run before Django reads its settings: earlier than any conftest.

Each run has a folder of its own for its database server and its files, so several runs never meet.
The server is started by the first test that needs the database (tests/conftest.py), and shared
with the run's xdist workers, which inherit this environment.
"""

import atexit
import os
from collections.abc import MutableMapping
from contextlib import ExitStack

from creatorflow.embedded_postgres import temporary_folder, url

OWN_FOLDER = "CREATORFLOW_TEST_RUN"


def prepare(environment: MutableMapping[str, str]) -> None:
    """Make the run's folder and name it; an xdist worker finds that its controller has done so."""
    if OWN_FOLDER in environment:
        return
    # Left at exit, not by a pytest hook: a run that fails to configure itself calls none.
    leave = ExitStack()
    atexit.register(leave.close)
    folder = leave.enter_context(temporary_folder("creatorflow-test-"))
    environment[OWN_FOLDER] = str(folder)
    environment.setdefault("DATABASE_URL", url(folder / "postgres"))
    values = {
        "CREATORFLOW_ENV_FILE": os.devnull,
        "CREATORFLOW_DATA": str(folder),
        "FILE_STORE": str(folder / "files"),
        "DEBUG": "false",
        "SECRET_KEY": "for-tests-only-" + "0" * 50,
        "VAULT_KEYS": "test:" + "A" * 43 + "=",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        # Playwright's synchronous interface runs an event loop in the thread of the test.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
    environment.update(values)


prepare(os.environ)
