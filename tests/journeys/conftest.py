"""A real Chromium, a real web server, a worker, and the simulated third parties in a process of
their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from creatorflow.demo.processes import Processes, start_sandbox
from creatorflow.demo.start import APP
from shops import wire
from tests.journeys.desk import Desk
from tests.journeys.worker import Worker
from tests.sandbox.running import Running

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def third_parties(
    live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The sandbox's process, started once; each journey gets a world of its own from it."""
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with Processes(folder, {}) as processes:
        url = start_sandbox(processes, port=0, orders=1, seed=1, web=live_server.url)
        sandbox = Running(url)
        sandbox.tiktok(rate_limit=1000.0, document_delay=0.2)
        yield sandbox
        sandbox.http.close()


@pytest.fixture
def sandbox(
    third_parties: Running, live_server: LiveServer, settings: Settings
) -> Iterator[Running]:
    """Third parties without an order yet, which the settings point at."""
    third_parties.control("POST", "reset", {"orders": 0, "seed": 1})
    _aim(settings, third_parties.url, live_server.url)
    cache.clear()
    yield third_parties
    wire.forget()


def _aim(settings: Settings, url: str, web: str) -> None:
    for name, value in APP.items():
        setattr(settings, name, value)
    settings.PUBLIC_URL = web
    settings.TIKTOK_SHOP_URL = settings.TIKTOK_SHOP_AUTH_URL = url
    settings.TIKTOK_SHOP_AUTHORIZE_URL = settings.TIKTOK_SHOP_AUTHORIZE_URL_US = url
    settings.TIKTOK_SHOP_RATE_PER_SECOND = 500
    settings.EASYPOST_BASE_URL, settings.SHIPPO_BASE_URL = f"{url}/v2", url
    settings.EASYPOST_API_KEY = settings.SHIPPO_API_KEY = ""
    settings.REHEARSAL = True
    form_action = [*settings.SECURE_CSP["form-action"], url]
    settings.SECURE_CSP = settings.SECURE_CSP | {"form-action": form_action}
    # Hashing takes half a second on purpose; no journey is about that.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def worker(transactional_db: None, sandbox: Running) -> Iterator[Worker]:
    """Queued jobs are run while the test goes on; stopped before the tables are emptied."""
    with Worker() as running:
        yield running


@pytest.fixture
def desk(page: Page, live_server: LiveServer, sandbox: Running, worker: Worker) -> Desk:
    """Everything a journey needs, before anybody has done anything."""
    page.set_default_timeout(15_000)
    return Desk(page, live_server.url, sandbox, worker)


@pytest.fixture
def downloaded(page: Page) -> Callable[[str], Any]:
    """The bytes behind an address, asked for with the browser's session."""

    def get(address: str) -> Any:
        answer = page.context.request.get(address)
        assert answer.ok, answer.status
        return answer

    return get
