"""A shop's client waits its turn: long for a question, hardly for what cannot be taken back."""

from collections.abc import Iterator

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from pytest_django import Settings

from core.errors import RateLimited
from core.requests import identified
from core.waiting import answering, somebody_waits
from shops.clients import tiktok_client, use_transport
from shops.models import Shop
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.fulfillment import create_package
from shops.tiktok_shop.measures import Size
from tests import factories

pytestmark = pytest.mark.django_db
ASKED: list[str] = []


def answer(request: httpx.Request) -> httpx.Response:
    ASKED.append(request.url.path)
    body = {"code": 0, "message": "Success", "request_id": "r", "data": {"package_id": "1"}}
    return httpx.Response(200, json=body)


@pytest.fixture
def client(settings: Settings) -> Iterator[TikTokShopClient]:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "key", "secret"
    ASKED.clear()
    shop: Shop = factories.shop(factories.workspace())
    with use_transport(httpx.MockTransport(answer)):
        yield tiktok_client(shop)


def buy(client: TikTokShopClient) -> None:
    create_package(client, weight_g=200, size=Size(150, 100, 50), service_id="7", order_id="1")


def test_a_purchase_that_would_wait_longer_than_20_seconds_is_not_sent(
    client: TikTokShopClient,
) -> None:
    buy(client)
    client._limiter.push_back(client.limit_key, 60)
    with pytest.raises(RateLimited) as refused:
        buy(client)
    assert len(ASKED) == 1
    assert 39 < (refused.value.retry_after or 0) < 43


def test_a_purchase_is_sent_when_its_turn_is_near(client: TikTokShopClient) -> None:
    buy(client)
    client._limiter.push_back(client.limit_key, 0.3)
    buy(client)
    assert len(ASKED) == 2


def test_a_page_waits_for_no_pause_that_a_worker_would_sit_out(client: TikTokShopClient) -> None:
    client.call("authorized_shops")
    client._limiter.push_back(client.limit_key, 10.5)
    with answering(), pytest.raises(RateLimited) as refused:
        client.call("authorized_shops")
    assert len(ASKED) == 1
    assert (refused.value.retry_after or 0) > 5


def test_a_request_knows_that_somebody_waits() -> None:
    seen: list[bool] = []

    def page(request: HttpRequest) -> HttpResponse:
        seen.append(somebody_waits())
        return HttpResponse()

    identified(page)(HttpRequest())
    assert (seen, somebody_waits()) == ([True], False)


def test_those_who_are_turned_away_take_no_turn_from_others(client: TikTokShopClient) -> None:
    buy(client)
    client._limiter.push_back(client.limit_key, 60)
    waits = []
    for _ in range(5):
        with pytest.raises(RateLimited) as refused:
            buy(client)
        waits.append(refused.value.retry_after or 0)
    assert max(waits) == waits[0]
