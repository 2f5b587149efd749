"""A workspace with a shop, and the desk of its owner."""

import pytest

from core.models import Workspace
from tests import factories
from tests.shipping.desks import Desk, desk_of


@pytest.fixture
def glow(db: None) -> Workspace:
    """A workspace with one shop."""
    place = factories.workspace("Glow")
    factories.shop(place)
    return place


@pytest.fixture
def owner(glow: Workspace) -> Desk:
    return desk_of(glow)
