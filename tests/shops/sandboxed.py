"""A workspace whose shop is connected to a sandbox over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django import Settings

from core.models import User, Workspace
from shops import connect, wire
from shops.models import Shop
from tests import factories
from tests.sandbox.running import Running, running


@dataclass
class Connected:
    """A sandbox and the shop that was connected to it the way a seller does it."""

    sandbox: Running
    workspace: Workspace
    user: User
    shop: Shop


def aim_at(settings: Settings, url: str) -> None:
    """Point every TikTok address of the settings at `url`, with the sandbox's keys."""
    settings.TIKTOK_SHOP_APP_KEY = "sandboxapp"
    settings.TIKTOK_SHOP_APP_SECRET = "sandbox-app-secret-0123456789abcdef"
    settings.TIKTOK_SHOP_SERVICE_ID = "7300000000000000001"
    settings.TIKTOK_SHOP_URL = settings.TIKTOK_SHOP_AUTH_URL = url
    settings.TIKTOK_SHOP_AUTHORIZE_URL = settings.TIKTOK_SHOP_AUTHORIZE_URL_US = url
    settings.TIKTOK_SHOP_RATE_PER_SECOND = 1000


def state_of(url: str) -> str:
    """The one-time state in an authorize address."""
    return dict(parse_qsl(urlsplit(url).query))["state"]


def come_back(sandbox: Running, workspace: Workspace, user: User, **code: Any) -> dict[str, str]:
    """The query of the way back, after the seller granted everything (or what `code` says)."""
    state = state_of(connect.begin(workspace, user, "US"))
    granted = sandbox.control("POST", "tiktok/code", code)["code"]
    return {"code": granted, "state": state, "app_key": "sandboxapp", "shop_region": "US"}


def connect_shop(sandbox: Running, workspace: Workspace, user: User, **code: Any) -> Shop:
    """The shop, connected by way of TikTok's page."""
    done = connect.complete(come_back(sandbox, workspace, user, **code), user)
    assert isinstance(done, connect.Connected)
    return done.shops[0]


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Running]:
    """A sandbox with 120 orders that the settings point at."""
    with running(orders=120, seed=7, settings={"rate_limit": 5000.0}) as started:
        aim_at(settings, started.url)
        yield started
        wire.forget()


@pytest.fixture
def connected(sandbox: Running, db: None) -> Connected:
    """A workspace ready to ship, with its shop connected to the sandbox."""
    return bring_about(sandbox)


def bring_about(sandbox: Running) -> Connected:
    """The same for tests that ask for a database of their own kind."""
    workspace = factories.workspace()
    user = factories.member(workspace)
    factories.ship_from(workspace)
    factories.account(workspace)
    return Connected(sandbox, workspace, user, connect_shop(sandbox, workspace, user))
