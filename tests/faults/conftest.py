"""One sandbox for all cells: they take orders of their own, so none stands in another's way."""

import itertools
from collections.abc import Iterator

import httpx
import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from core import http
from sandbox import easypost_wire, shippo_manifests
from shipping import gates
from shops import wire
from shops.tiktok_shop import client
from shops.tiktok_shop.auth import TokenGrant, TokenHost, exchange_code
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.shops import authorized_shops
from tests.faults.bench import HOME, Bench
from tests.faults.database import swept
from tests.faults.line import DeadEnds, Line
from tests.faults.table import Cell, read, write
from tests.sandbox.running import Running, running
from tests.shops.sandboxed import aim_at

APP, SECRET = "sandboxapp", "sandbox-app-secret-0123456789abcdef"
SETTINGS = {"rate_limit": 100_000.0, "document_delay": 0, "webhook_retries": []}
_number = itertools.count(10_000)


@pytest.fixture(scope="session")
def faulty_sandbox() -> Iterator[Running]:
    """The sandbox of the matrix."""
    with running(orders=20, seed=7, settings=SETTINGS) as started:
        yield started


@pytest.fixture(scope="session")
def grant(faulty_sandbox: Running) -> TokenGrant:
    """The tokens all cells share; nothing they do uses them up."""
    with httpx.Client() as plain:
        host = TokenHost(faulty_sandbox.url, APP, SECRET, plain)
        return exchange_code(host, code=faulty_sandbox.code(), now=timezone.now())


@pytest.fixture(scope="session")
def known_shop(faulty_sandbox: Running, grant: TokenGrant) -> dict[str, str]:
    """The sandbox's shop as our row names it."""
    with httpx.Client() as plain:
        asking = TikTokShopClient(APP, SECRET, faulty_sandbox.url, plain, grant.access_token)
        first = authorized_shops(asking)[0]
    return {"tiktok_id": first.id, "cipher": first.cipher}


@pytest.fixture(scope="session")
def line() -> Iterator[Line]:
    """The wire of all cells, with connections that are kept."""
    dead_ends = DeadEnds()
    made = Line(dead_ends)
    yield made
    made.end()
    dead_ends.close()


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In place of pytest-django's: commits are real, and swept away after the test."""
    with django_db_blocker.unblock(), swept():
        yield


@pytest.fixture
def bench(
    db: None,
    faulty_sandbox: Running,
    line: Line,
    grant: TokenGrant,
    known_shop: dict[str, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    """A workspace at the sandbox; pauses between tries are left out."""
    aim_at(settings, faulty_sandbox.url)
    settings.EASYPOST_BASE_URL = f"{faulty_sandbox.url}/v2"
    settings.SHIPPO_BASE_URL = faulty_sandbox.url
    # An address TikTok was not told of yet; nobody listens there.
    settings.PUBLIC_URL = f"http://127.0.0.1:9/{next(_number)}"
    settings.SHIPPING_WEBHOOK_SECRET = "told-in-secret"
    settings.SHIPPO_RATE_PER_SECOND = settings.EASYPOST_RATE_PER_SECOND = 10_000
    monkeypatch.setattr(easypost_wire, "LISTS_PER_SECOND", 10_000)
    monkeypatch.setattr(shippo_manifests, "QUEUE_SECONDS", 0.0)
    monkeypatch.setattr(http, "BACKOFF", 0.0)
    monkeypatch.setattr(client, "PAUSE", 0.001)
    monkeypatch.setattr(gates, "PAUSE", 0.001)
    with wire.use_transport(line):
        yield Bench(faulty_sandbox, line, known_shop, grant)
        line.lift()
        faulty_sandbox.clear_faults()
        faulty_sandbox.tiktok(shop_region=HOME)


@pytest.fixture(scope="session")
def written() -> Iterator[dict[tuple[str, str, str], Cell]]:
    """What a run found, kept at its end where it was asked to write the table."""
    found: dict[tuple[str, str, str], Cell] = {}
    yield found
    if found:
        write(({**read(), **found}).values())
