"""Prices before anybody asks: ready orders, stuck ones tried again, changed ones anew."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from core.errors import Rejected, Unavailable
from orders import actions
from orders.models import Order
from shipping.models import QuoteSet
from shipping.quoting import quote_due, requote_skus, set_up_changed
from shops.catalog.models import Sku
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

# Orders are quoted in threads, which see only what was committed.
pytestmark = pytest.mark.django_db(transaction=True)


def asked(world: World) -> int:
    return world.provider.calls["quote"]


def test_every_ready_order_gets_its_plan_noted_on_itself(world: World) -> None:
    orders = [world.order() for _ in range(9)]
    assert quote_due() == 9
    for order in Order.objects.filter(pk__in=[o.pk for o in orders]):
        assert (order.plan_name, order.plan_price) == ("UPS Ground", Decimal("8.41"))
        assert order.plan_parcel["source"] == "Mailer, weight from the product"
        assert order.plan_until is not None


def test_what_is_quoted_is_left_alone(world: World) -> None:
    world.order()
    quote_due()
    assert quote_due() == 0
    assert asked(world) == 1


def test_orders_of_other_workspaces_are_left_to_their_own_run(world: World) -> None:
    world.order()
    assert quote_due(workspace_id=factories.workspace().pk) == 0
    assert quote_due(workspace_id=world.workspace.pk) == 1


def test_labelled_and_held_orders_are_not_quoted(world: World) -> None:
    factories.label(world.order(), state="buying")
    actions.hold(world.workspace, [world.order().pk], because="wait", user=None)
    assert quote_due() == 0


def test_an_order_that_cannot_be_rated_moves_to_needs_a_fix_with_the_sentence(
    world: World,
) -> None:
    world.provider.offers = ()
    order = world.order()
    quote_due()
    order.refresh_from_db()
    assert (order.stage, order.rate_problem) == ("fix", "No account offered a rate.")


def test_an_order_nobody_answered_for_is_tried_again_after_ten_minutes(world: World) -> None:
    order = world.order()
    down = Unavailable("EasyPost is down.", provider="EasyPost")
    world.provider.fail("quote", down)
    quote_due()
    assert quote_due() == 0
    early = timezone.now() - timedelta(minutes=11)
    QuoteSet.objects.update(at=early, expires_at=early + timedelta(minutes=20))
    assert quote_due() == 1
    order.refresh_from_db()
    assert (order.stage, order.plan_price) == ("ready", Decimal("8.41"))


def test_one_order_that_breaks_does_not_keep_the_others_from_their_prices(world: World) -> None:
    broken, fine = world.order(), world.order()
    Order.objects.filter(pk=broken.pk).update(recipient={"street1": "1 Main St", "planet": "Mars"})
    assert quote_due() == 2
    fine.refresh_from_db()
    assert fine.plan_price == Decimal("8.41")


def test_an_account_that_refuses_one_parcel_is_a_sentence_on_that_order_only(world: World) -> None:
    orders = [world.order() for _ in range(3)]
    world.provider.fail("quote", Rejected("The parcel is too long.", provider="EasyPost"))
    quote_due()
    stages = Order.objects.filter(pk__in=[o.pk for o in orders]).values_list("stage", flat=True)
    assert sorted(stages) == ["fix", "ready", "ready"]


def test_a_changed_set_up_quotes_everything_anew(world: World) -> None:
    stuck, priced = world.order(), world.order()
    quote_due()
    Order.objects.filter(pk=stuck.pk).update(stage="fix", blocker="no_rate", rate_problem="None.")
    set_up_changed(world.workspace.pk)
    stuck.refresh_from_db()
    assert (stuck.stage, stuck.rate_problem) == ("ready", "")
    assert quote_due() == 2
    assert asked(world) == 4
    priced.refresh_from_db()
    assert priced.plan_price is not None


def test_a_sku_that_weighs_something_else_quotes_its_orders_anew(world: World) -> None:
    serum, mirror = world.order(sku="serum"), world.order(sku="mirror")
    quote_due()
    Sku.objects.filter(tiktok_id="sku-serum").update(weight_g=900)
    requote_skus(shop_id=world.shop.pk, sku_ids=["sku-serum"])
    assert quote_due() == 1
    serum.refresh_from_db()
    mirror.refresh_from_db()
    assert serum.plan_parcel["weight_g"] == 900
    assert mirror.plan_parcel["weight_g"] == 200


def test_a_corrected_address_is_quoted_anew(world: World) -> None:
    order = world.order()
    quote_due()
    actions.fix_address(
        order, order.recipient | {"street1": "2 Main St", "state": "TX"}, user=world.user
    )
    assert quote_due() == 1
    assert QuoteSet.objects.latest("pk").spec["recipient"]["street1"] == "2 Main St"


def test_two_runs_do_not_ask_twice(world: World) -> None:
    world.order()
    counts: list[int] = []
    meet = threading.Event()

    def second(call: str) -> None:
        if call == "quote" and not meet.is_set():
            meet.set()
            counts.append(quote_due())

    world.provider._pause = second
    assert quote_due() == 1
    assert counts == [0]
    assert asked(world) == 1
    connection.close()
