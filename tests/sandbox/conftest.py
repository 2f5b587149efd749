"""A fresh small sandbox for each test."""

from collections.abc import Iterator

import easypost
import pytest

from tests.sandbox.ear import Ear
from tests.sandbox.label_buyers import Wire, easypost_client, shippo_session
from tests.sandbox.running import Running, running
from tests.sandbox.tiktok_caller import Caller


@pytest.fixture
def sandbox() -> Iterator[Running]:
    """A sandbox with 120 orders and seed 7, stopped at the end of the test."""
    with running(orders=120, seed=7) as started:
        yield started


@pytest.fixture
def shop(sandbox: Running) -> Caller:
    """An authorized caller of the sandbox's TikTok Shop."""
    return Caller(sandbox)


@pytest.fixture
def ear() -> Iterator[Ear]:
    """A server that keeps the webhooks it is sent."""
    listening = Ear()
    yield listening
    listening.close()


@pytest.fixture
def seller(sandbox: Running) -> Iterator[easypost.EasyPostClient]:
    """EasyPost's own client, aimed at the sandbox."""
    with easypost_client(sandbox.url) as client:
        yield client


@pytest.fixture
def wire(sandbox: Running) -> Iterator[Wire]:
    """A plain session with a Shippo key, aimed at the sandbox."""
    with shippo_session(sandbox.url) as wire:
        yield wire
