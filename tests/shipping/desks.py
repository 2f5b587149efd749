"""A desk per test: a world, a signed-in owner, and addresses inside the workspace."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from core.access import wreverse
from core.models import Role, Workspace
from shipping.providers.memory import Memory
from tests import factories
from tests.shipping.labels.world import World, provider_of_key
from tests.shipping.labels.worlds import world as world

# It stands where an adapter's class stands, and pages ask that class what it can.
provider_of_key.can = Memory.can  # type: ignore[attr-defined]

__all__ = ["Desk", "desk", "world"]


@dataclass
class Desk:
    """A browser of a member; `part=True` asks as HTMX does."""

    client: Client
    workspace: Workspace

    def get(self, name: str, query: str = "", *, part: bool = False, **kwargs: Any) -> HttpResponse:
        return self.client.get(self._url(name, kwargs) + query, headers=_headers(part))

    def post(
        self, name: str, data: dict[str, Any] | None = None, *, part: bool = False, **kwargs: Any
    ) -> HttpResponse:
        return self.client.post(self._url(name, kwargs), data or {}, headers=_headers(part))

    def told(self, response: HttpResponse) -> list[str]:
        """Messages waiting for the next page."""
        return [str(message) for message in get_messages(response.wsgi_request)]

    def _url(self, name: str, kwargs: dict[str, Any]) -> str:
        return wreverse(self.workspace, f"shipping:{name}", **kwargs)


def _headers(part: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if part else {}


def desk_of(workspace: Workspace, role: str = Role.OWNER) -> Desk:
    """The desk of a new member with that role."""
    client = Client()
    client.force_login(factories.member(workspace, role))
    return Desk(client, workspace)


@pytest.fixture
def desk(world: World) -> Desk:
    """The owner's desk in the world's workspace."""
    client = Client()
    client.force_login(world.user)
    return Desk(client, world.workspace)


def text_of(response: HttpResponse) -> str:
    """The page without its tags, blanks run together."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())
