"""What the tests of the order pages share: orders that lack nothing, pressing buttons, and what people are told."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django_q.models import OrmQ

from core.models import Workspace
from orders.models import Order
from tests import factories


@pytest.fixture
def desk(client: Client) -> Workspace:
    """A workspace whose owner is signed in and whose orders lack nothing."""
    desk = factories.workspace(slug="desk")
    client.force_login(factories.member(desk))
    factories.ship_from(desk)
    factories.account(desk)
    factories.sku(factories.shop(desk), tiktok_id="sku-1")
    return desk


def order(desk: Workspace, **fields: object) -> Order:
    """An order of one unit of that SKU."""
    made = factories.order(desk, **fields)
    factories.line(made)
    return made


def press(client: Client, action: str, **data: object) -> str:
    """Press a button of the bulk bar; what the person is told."""
    return _press(client, "/w/desk/queue/bulk/", {"action": action, **data})


def press_one(client: Client, order: Order, action: str, **data: object) -> str:
    """Press a button of the order's page; what the person is told."""
    url = f"/w/{order.workspace.slug}/orders/{order.pk}/act/"
    return _press(client, url, {"action": action, **data})


def told(answer: Any) -> str:
    """The messages that an answer brings along."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def queued() -> list[str]:
    """The jobs that wait for a worker."""
    return [task.task["args"][0] for task in OrmQ.objects.all()]


def _press(client: Client, url: str, data: dict[str, object]) -> str:
    client.cookies.pop("messages", None)  # of an earlier press
    answer = client.post(url, data)
    assert answer.status_code == 303, answer.content
    return told(answer)
