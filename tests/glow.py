"""A workspace in Los Angeles with a shop, and its owner's browser."""

import pytest
from django.test import Client

from core.models import Role, Workspace
from tests import factories


@pytest.fixture
def glow(db: None) -> Workspace:
    """A workspace whose days are those of Los Angeles."""
    place = factories.workspace("Glow", time_zone="America/Los_Angeles")
    factories.shop(place)
    return place


@pytest.fixture
def as_owner(client: Client, glow: Workspace) -> Client:
    client.force_login(factories.member(glow, Role.OWNER))
    return client
