"""TikTok that answers nobody is left alone for every shop at once; one shop's answer brings it back."""

from collections.abc import Iterator

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from core import breaker
from core.errors import CircuitOpen, Unavailable
from core.models import Circuit
from shops.clients import API_CIRCUIT, circuit_of, tiktok_client, use_transport
from shops.models import Shop
from shops.tiktok_shop.orders import order_detail
from tests import factories

pytestmark = pytest.mark.django_db
SHOPS = 7


class Wire:
    """Silent for the shops in `silent`; counts what was sent."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.sent: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        cipher = request.url.params["shop_cipher"]
        self.sent.append(cipher)
        if cipher in self.silent:
            raise httpx.ConnectTimeout("no answer", request=request)
        body = {"code": 0, "message": "Success", "request_id": "r", "data": {"orders": []}}
        return httpx.Response(200, json=body)


@pytest.fixture
def wire(settings: Settings) -> Iterator[Wire]:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "key", "secret"
    made = Wire()
    with use_transport(httpx.MockTransport(made)):
        yield made


@pytest.fixture
def shops() -> list[Shop]:
    return [
        factories.shop(factories.workspace(f"W{n}"), cipher=f"cipher-{n}") for n in range(SHOPS)
    ]


def ask(shop: Shop) -> None:
    order_detail(tiktok_client(shop), order_ids=["1"])


def silence(wire: Wire, shops: list[Shop]) -> None:
    wire.silent = {shop.cipher for shop in shops}
    for shop in shops:
        with pytest.raises(Unavailable):
            ask(shop)


def test_after_a_few_shops_without_an_answer_the_next_ones_do_not_wait(
    wire: Wire, shops: list[Shop]
) -> None:
    silence(wire, shops)
    assert len(set(wire.sent)) < SHOPS
    assert breaker.is_open(API_CIRCUIT)
    sent = len(wire.sent)
    with pytest.raises(CircuitOpen):
        ask(shops[-1])
    assert len(wire.sent) == sent
    assert not breaker.is_open(circuit_of(shops[-1].pk))  # of the shop itself nothing is known


def test_the_answer_to_one_shop_lets_all_through_again(wire: Wire, shops: list[Shop]) -> None:
    silence(wire, shops)
    wire.silent.clear()
    Circuit.objects.update(retry_at=timezone.now())
    breaker.forget()
    for shop in (shops[-1], shops[-2]):
        ask(shop)
    assert not breaker.is_open(API_CIRCUIT)


def test_one_shop_in_trouble_stops_no_other(wire: Wire, shops: list[Shop]) -> None:
    bad, *good = shops
    wire.silent = {bad.cipher}
    for shop in good:
        with pytest.raises(Unavailable):
            ask(bad)
        ask(shop)
    assert breaker.is_open(circuit_of(bad.pk))
    assert not breaker.is_open(API_CIRCUIT)
