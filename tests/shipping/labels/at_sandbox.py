"""A desk whose one label account is at a simulated provider, EasyPost and Shippo in turn."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from orders.models import Order
from shipping.labels.purchase import buy_label, prepare
from shipping.models import Label, LabelAccount
from shipping.plan import plan_order
from shops import wire
from shops.clients import use_transport
from tests.sandbox.running import Running, running
from tests.shipping.labels.world import World, make_world

KEYS = {"easypost": "EZTKsandbox-labels", "shippo": "shippo_test_sandbox_labels"}


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Running]:
    """A sandbox that the providers' settings point at."""
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "app", "secret"
    settings.SHIPPO_RATE_PER_SECOND = 1000
    with running(orders=1, seed=7) as started:
        settings.EASYPOST_BASE_URL, settings.SHIPPO_BASE_URL = f"{started.url}/v2", started.url
        yield started
        wire.forget()


@pytest.fixture(params=KEYS)
def desk(request: pytest.FixtureRequest, db: None, sandbox: Running) -> World:
    """A workspace whose one account is at a simulated provider."""
    made = make_world()
    account: LabelAccount = made.account
    account.provider = request.param
    account.hold_key(KEYS[request.param])
    account.save()
    return made


def an_order(desk: World) -> Order:
    """An order ready to be shipped; TikTok stays in memory."""
    with use_transport(desk.tiktok):
        return desk.order()


def buy(order: Order) -> Label:
    """Its label, bought at the one account."""
    quotes = plan_order(order, now=timezone.now())
    assert quotes.failures == []
    label = prepare(order, quotes)
    assert buy_label(label_id=label.pk) == "bought"
    return again(label)


def again(label: Label) -> Label:
    """The label as it is now."""
    return Label.objects.select_related("account__workspace", "order").get(pk=label.pk)
