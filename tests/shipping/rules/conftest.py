"""A world with rules: write them, go live, and look at what orders got."""

from typing import Any

import pytest

from orders.models import Order
from shipping.models import Rule
from shipping.rules import book as books
from shipping.rules import live
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world


class Book:
    """The rules of a test's workspace, written and live."""

    def __init__(self, world: World) -> None:
        self.world = world

    def write(self, name: str, actions: dict[str, Any], *items: Any, **fields: Any) -> Rule:
        """A rule below the others; with `items` as what must be so. Not live yet."""
        conditions = fields.pop("conditions", {"all": list(items)} if items else {})
        return factories.rule(
            self.world.workspace, name=name, actions=actions, conditions=conditions, **fields
        )

    def go_live(self) -> None:
        """What is written counts, and is applied."""
        books.go_live(self.world.workspace, user=self.world.user)
        live.apply_due()

    def live(self, name: str, actions: dict[str, Any], *items: Any, **fields: Any) -> Rule:
        """Write one more rule and go live with all."""
        rule = self.write(name, actions, *items, **fields)
        self.go_live()
        return rule


@pytest.fixture
def book(world: World) -> Book:
    return Book(world)


def fresh(order: Order) -> Order:
    """The order as it is now."""
    return Order.objects.select_related("shop").get(pk=order.pk)
