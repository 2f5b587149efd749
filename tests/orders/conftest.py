"""Fixtures of tests about orders."""

import pytest

from tests.sandbox.running import Running
from tests.shops.sandboxed import Connected, bring_about, sandbox

__all__ = ["sandbox"]


@pytest.fixture
def live(sandbox: Running, transactional_db: None) -> Connected:
    """A connected shop in a database whose commits are real, so that threads see them."""
    return bring_about(sandbox)


@pytest.fixture
def connected(sandbox: Running, db: None) -> Connected:
    """A connected shop; what the test writes is rolled back."""
    return bring_about(sandbox)
