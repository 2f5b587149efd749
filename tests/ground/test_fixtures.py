"""The fixtures every other test leans on."""

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_socket
from django.conf import settings
from django.db import connection

from tests.ground.browser import watch

PAGE = b"""<!doctype html><link rel="icon" href="data:,"><title>Desk</title>
<script>
console.error("broken");
fetch("http://elsewhere.example/x").catch(() => {});
setTimeout(() => { throw new Error("late") });
</script>"""


@pytest.mark.django_db
def test_the_database_is_the_runs_own_server() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_database()")
        version, name = cursor.fetchone()
    assert version >= 150000
    assert name.startswith("test_")
    assert str(settings.FILE_STORE).startswith(os.environ["CREATORFLOW_TEST_RUN"])


@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_nothing_beyond_this_machine_can_be_reached() -> None:
    with socket.socket() as outside, pytest.raises(pytest_socket.SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))


class Page(http.server.BaseHTTPRequestHandler):
    """One page that does everything a page must not do."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the browser's console is what the test is about."""


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_browser_guard_sees_strangers_and_complaints(
    page: Any, address: str, allowed_console_errors: list[str]
) -> None:
    allowed_console_errors += ["broken", "elsewhere.example", "late", "ERR_FAILED"]
    faults = watch(page.context)
    page.route("http://elsewhere.example/**", lambda route: route.abort())
    with page.context.expect_event("weberror"):
        page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.title() == "Desk"
    assert "console: broken" in faults
    assert "asked http://elsewhere.example/x" in faults
    assert any(fault.startswith("script: ") and "late" in fault for fault in faults)
