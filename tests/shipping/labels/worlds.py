"""The fixture `world`, for the tests of labels and of batches."""

from collections.abc import Iterator

import pytest

from shipping.providers import registry
from shops.clients import use_transport
from tests.shipping.labels.world import PROVIDERS, World, make_world


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch, settings) -> Iterator[World]:
    """One workspace whose providers and TikTok are in memory."""
    settings.TIKTOK_SHOP_APP_KEY = "app"
    settings.TIKTOK_SHOP_APP_SECRET = "secret"
    settings.TIKTOK_SHOP_RATE_PER_SECOND = 1000
    for slug in ("easypost", "shippo"):
        monkeypatch.setitem(registry.PROVIDERS, slug, "tests.shipping.labels.world.provider_of_key")
    made = make_world()
    with use_transport(made.tiktok):
        yield made
    PROVIDERS.clear()
