"""The queue's Late risk tab: one button, for what helps these orders next."""

from typing import Any

import pytest
from django.test import Client

from core.models import Role, Workspace
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace("desk")


def page(client: Client, desk: Workspace, role: str = Role.OWNER) -> str:
    client.force_login(factories.member(desk, role))
    response = client.get(f"/w/{desk.slug}/queue/?tab=late")
    assert response.status_code == 200
    return response.content.decode()


def actions(html: str) -> str:
    """What stands top right."""
    return html.partition('id="queue-actions"')[2].partition("</div>")[0]


def late(desk: Workspace, stage: str, count: int = 1, **fields: Any) -> None:
    price = {"plan_price": "5.00", "plan_currency": "USD"}
    for _ in range(count):
        factories.clock(factories.order(desk, stage=stage, **(price | fields)), risk="risk")


def test_labels_of_those_that_have_none_are_bought_first(desk: Workspace, client: Client) -> None:
    late(desk, "bought")
    late(desk, "ready", 2)
    shown = actions(page(client, desk))
    assert "Buy 2 labels · $10.00" in shown
    assert '"filter": "tab=late"' in shown
    assert "Hand over" not in shown


def test_the_number_holds_for_more_than_a_page(desk: Workspace, client: Client) -> None:
    late(desk, "bought", 2)
    late(desk, "ready", 51)
    assert "Buy 51 labels · $255.00" in actions(page(client, desk))


def test_parcels_that_have_labels_are_handed_over(desk: Workspace, client: Client) -> None:
    late(desk, "bought")
    late(desk, "fix")
    shown = actions(page(client, desk))
    assert "Hand over 1 parcel" in shown
    assert f'href="/w/{desk.slug}/handover/"' in shown


def test_nothing_is_offered_that_would_do_nothing(desk: Workspace, client: Client) -> None:
    late(desk, "fix")
    assert "btn-primary" not in actions(page(client, desk))
    late(desk, "ready")
    assert "btn-primary" not in actions(page(client, desk, Role.VIEWER))
