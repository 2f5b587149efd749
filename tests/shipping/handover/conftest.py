"""Somebody who hands parcels over."""

import pytest

from core.models import User, Workspace
from tests import factories


@pytest.fixture
def packer(glow: Workspace) -> User:
    return factories.member(glow, "packer")
