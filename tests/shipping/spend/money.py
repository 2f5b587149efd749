"""Limits, and a past in which parcels cost what they usually do."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from orders.models import Order
from shipping.models import Label, QuoteSet, SpendLimits
from shipping.providers.memory import Offer
from shipping.spend import usual
from tests import factories
from tests.shipping.labels.world import World


def limits(world: World, **values: Any) -> SpendLimits:
    """Limits in dollars; without the alarm for prices unless asked for."""
    plain: dict[str, Any] = {"jump_percent": None, "batch_jump_percent": None}
    return SpendLimits.objects.create(workspace=world.workspace, **(plain | values))


def past(world: World, count: int = 10, price: str = "8.41", **fields: Any) -> list[Label]:
    """Labels bought yesterday for parcels like those of `world.order()`, learned from."""
    spec = world.quotes(world.order()).spec
    found = [
        factories.label(
            factories.order(world.workspace, stage="shipped"),
            account=world.account,
            spec=spec,
            price=Decimal(price),
            cost=Decimal(price),
            settled_at=timezone.now() - timedelta(days=1, minutes=n),
            **({"service_name": "UPS Ground"} | fields),
        )
        for n in range(count)
    ]
    usual.refresh(world.workspace.pk, now=timezone.now())
    return found


def quoted(world: World, **changes: Any) -> Order:
    """An order that is ready, with rates."""
    order = world.order(**changes)
    world.quotes(order)
    return order


def costs(world: World, price: str) -> None:
    """From now on the provider asks this much; what it had offered has run out."""
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", price, 3),)
    QuoteSet.objects.update(expires_at=timezone.now())
