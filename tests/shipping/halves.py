"""What the tests of parcels share: an order of two SKUs, in a parcel each."""

import pytest
from django.utils import timezone

from core.models import Batch
from orders import splitting
from orders.models import Order
from orders.plan_notes import note_plans
from shipping import batches
from shipping.plan import context_for
from shipping.plan_notes import note_for
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world


def halves(order: Order) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for line in order.lines.order_by("pk"):
        groups.setdefault(line.sku_id, []).append(line.tiktok_id)
    return list(groups.values())


def fresh(order: Order) -> Order:
    return Order.objects.select_related("shop").get(pk=order.pk)


@pytest.fixture
def order(world: World) -> Order:
    """Two SKUs, three units of each, in two parcels."""
    made = world.order(sku="serum mirror", units=3)
    splitting.split(made, halves(made), user=world.user)
    return fresh(made)


def planned(order: Order) -> Order:
    note = note_for(order, timezone.now(), context_for([order]))
    assert note is not None
    note_plans({order.pk: note})
    return fresh(order)


def run(batch: Batch) -> None:
    batches.run_batch(batch_id=batch.pk)
    batch.refresh_from_db()


def batch_of(world: World, order: Order) -> Batch:
    return batches.start(world.workspace, Order.objects.filter(pk=order.pk), world.user)


def cancel_items(world: World, order: Order, part: int) -> None:
    """On TikTok, the buyer takes back what is in that parcel."""
    gone = order.parts[part - 1]["lines"]
    lines = world.tiktok.documents[order.tiktok_id]["line_items"]
    changed = [
        one | ({"display_status": "CANCELLED"} if one["id"] in gone else {}) for one in lines
    ]
    world.change(order, line_items=changed)
