"""Orders there is nothing to buy for say so instead of showing a parcel and rates."""

import pytest

from orders.models import Order
from shipping.labels.purchase import buy_label
from tests.shipping.desks import Desk, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

# A purchase commits its intent before the money moves.
pytestmark = pytest.mark.django_db(transaction=True)


def panel(desk: Desk, order: Order) -> str:
    return text_of(desk.get("order-panel", part=True, order_id=order.pk))


@pytest.mark.parametrize(
    ("changes", "title", "why"),
    [
        ({"status": "UNPAID"}, "Nothing to buy yet", "as soon as the buyer has paid"),
        ({"status": "CANCELLED"}, "Nothing to buy", "The order is cancelled. There is no parcel"),
        ({"status": "IN_TRANSIT"}, "Nothing to buy", "TikTok has this order as shipped"),
        (
            {"fulfillment_type": "FULFILLMENT_BY_TIKTOK"},
            "Nothing to buy",
            "TikTok ships this order from its own warehouse.",
        ),
    ],
)
def test_an_order_there_is_nothing_to_buy_for_says_why(
    desk: Desk, world: World, changes: dict[str, str], title: str, why: str
) -> None:
    words = panel(desk, world.order(**changes))
    assert title in words
    assert why in words
    assert "Ask again" not in words
    assert "Save and ask for rates" not in words


def test_an_order_on_hold_may_have_its_parcel_set_already(desk: Desk, world: World) -> None:
    words = panel(desk, world.order(status="ON_HOLD"))
    assert "Nothing to buy" not in words
    assert "Save and ask for rates" in words


def test_a_shipped_order_shows_its_label_and_no_more(desk: Desk, world: World) -> None:
    label = world.label()
    buy_label(label_id=label.pk)
    Order.objects.filter(pk=label.order_id).update(stage="shipped")
    label.refresh_from_db()
    words = panel(desk, label.order)
    assert label.tracking_number in words
    assert "Nothing to buy" not in words
