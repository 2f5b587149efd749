"""A workspace with an EasyPost account that was added with a key, over a wire of its own."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from core.models import User, Workspace
from shipping import accounts
from shipping.models import LabelAccount
from shops.clients import use_transport
from tests import factories

GOOD, OTHER, BAD = "EZTKgood00000000", "EZTKother0000000", "EZTKbad000000000"

# What EasyPost says of a shipment whose postage is paid, as far as it is read.
BOUGHT = {
    "tracking_code": "1Z999AA10123456784",
    "selected_rate": {
        "id": "rate_1",
        "carrier": "UPS",
        "service": "Ground",
        "rate": "5.00",
        "currency": "USD",
    },
    "postage_label": {"label_url": "https://files.example/label.pdf"},
    "fees": [],
}


class EasyPost(httpx.BaseTransport):
    """The list of shipments, for keys it knows; `down` makes it answer nothing of use."""

    down = False
    gate: threading.Barrier | None = None

    def __init__(self) -> None:
        self.shipments: dict[str, str] = {}  # key -> the bought shipment it sees

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            return httpx.Response(503, json={"error": {"code": "DOWN", "message": "Down."}})
        if self.gate:
            self.gate.wait(10)
        if BAD in request.headers["authorization"]:
            error = {"code": "APIKEY.INACTIVE", "message": "This api key is no longer active."}
            return httpx.Response(401, json={"error": error})
        name = request.url.path.rpartition("/")[2]
        if name.startswith("shp_"):
            return self._shipment(name, request)
        return httpx.Response(200, json={"shipments": [], "has_more": False})

    def _shipment(self, name: str, request: httpx.Request) -> httpx.Response:
        key = request.headers["authorization"].removeprefix("Bearer ")
        if self.shipments.get(key) != name:
            error = {"code": "NOT_FOUND", "message": "The requested resource could not be found."}
            return httpx.Response(404, json={"error": error})
        return httpx.Response(200, json=BOUGHT | {"id": name})


@pytest.fixture
def easypost() -> Iterator[EasyPost]:
    wire = EasyPost()
    with use_transport(wire):
        yield wire


@pytest.fixture
def workspace(db: None) -> Workspace:
    return factories.workspace()


@pytest.fixture
def owner(workspace: Workspace) -> User:
    return factories.member(workspace)


@pytest.fixture
def account(easypost: EasyPost, workspace: Workspace, owner: User) -> LabelAccount:
    return accounts.add(workspace, "easypost", GOOD, user=owner)
