"""A fresh small sandbox for each test."""

from collections.abc import Iterator

import pytest

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
