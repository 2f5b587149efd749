"""Giving a label back, on the order's page."""

import pytest

from core.errors import OutcomeUnknown
from core.models import AuditEntry
from orders.models import Dispatch
from shipping.models import LedgerEntry
from shipping.providers.base import VoidOutcome
from tests.shipping.desks import Desk
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.test_pages_labels import bought, panel


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        (VoidOutcome.REFUNDED, "voided", "$8.41 came back"),
        (VoidOutcome.REQUESTED, "refunding", "comes back when the provider agrees"),
        (VoidOutcome.REFUSED, "bought", "was not voided"),
    ],
)
def test_voiding_says_what_became_of_the_money(
    desk: Desk, world: World, outcome: VoidOutcome, state: str, words: str
) -> None:
    label = bought(world)
    world.provider.void_outcome = outcome
    response = desk.post("label-void", label_id=label.pk)
    label.refresh_from_db()
    assert label.state == state
    assert words in desk.told(response)[-1]
    assert AuditEntry.objects.filter(action="label.void_requested", actor=world.user).exists()


def test_a_void_in_the_dark_says_that_it_is_not_known_yet(desk: Desk, world: World) -> None:
    label = bought(world)
    world.provider.fail("void", OutcomeUnknown("No answer.", provider="EasyPost"))
    response = desk.post("label-void", label_id=label.pk)
    assert "not known yet" in desk.told(response)[-1]
    assert "Print the label" not in panel(desk, label.order_id)


def test_the_money_of_a_voided_label_may_be_asked_for_again(desk: Desk, world: World) -> None:
    label = bought(world)
    desk.post("label-void", label_id=label.pk)
    text = panel(desk, label.order_id)
    assert "Ask for the money again" in text
    assert "Rates" in text
    world.provider.void_outcome = VoidOutcome.REFUSED
    response = desk.post("label-void", label_id=label.pk)
    assert "$8.41 is not given back" in desk.told(response)[-1]
    assert "Paid, not used" in panel(desk, label.order_id)


@pytest.mark.parametrize("state", ["done", "unknown", "due"])
def test_voiding_a_number_that_tiktok_knows_warns_before_and_after(
    desk: Desk, world: World, state: str
) -> None:
    label = bought(world)
    Dispatch.objects.filter(order=label.order_id).delete()
    Dispatch.objects.create(
        order=label.order, state=state, tracking_number=label.tracking_number, carrier="ups"
    )
    knows = state != "due"
    assert ("TikTok knows its tracking number" in panel(desk, label.order_id)) == knows
    response = desk.post("label-void", label_id=label.pk)
    assert any("TikTok knows" in words for words in desk.told(response)) == knows


def test_a_label_that_was_given_back_cannot_be_voided_again(desk: Desk, world: World) -> None:
    label = bought(world)
    world.provider.void_outcome = VoidOutcome.REFUNDED
    desk.post("label-void", label_id=label.pk)
    assert desk.post("label-void", label_id=label.pk).status_code == 404
    assert LedgerEntry.objects.filter(kind="refund").count() == 1
