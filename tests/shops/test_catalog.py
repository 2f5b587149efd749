"""Weights and sizes: from the product, from a person, or not known."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from shops.catalog import reading
from shops.catalog.models import Sku
from shops.clients import use_transport
from shops.models import Shop
from tests import factories
from tests.shops.sandboxed import Connected

pytestmark = pytest.mark.django_db


class Products:
    """A TikTok that knows products by id, or answers something else for them."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        product_id = request.url.path.rpartition("/")[2]
        self.asked.append(product_id)
        found = self.known.get(product_id)
        if isinstance(found, httpx.Response):
            return found
        if found is None:
            return httpx.Response(200, json={"code": 12052032, "message": "unknown"})
        return httpx.Response(200, json={"code": 0, "data": {"id": product_id} | found})


@pytest.fixture
def products(settings: Settings) -> Iterator[Products]:
    settings.TIKTOK_SHOP_APP_KEY = settings.TIKTOK_SHOP_APP_SECRET = "x"
    settings.TIKTOK_SHOP_RATE_PER_SECOND = 1000
    products = Products()
    with use_transport(httpx.MockTransport(products)):
        yield products


@pytest.fixture
def shop() -> Shop:
    return factories.shop(factories.workspace())


def unread(shop: Shop, **fields: Any) -> Sku:
    blank = {"weight_g": None, "measured_by": "", "product_read_at": None}
    return factories.sku(shop, **(blank | fields))


def fresh(sku: Sku) -> Sku:
    sku.refresh_from_db()
    return sku


def test_a_skus_own_weight_wins_over_the_products(products: Products, shop: Shop) -> None:
    own, other = unread(shop, product_id="p"), unread(shop, product_id="p")
    products.known["p"] = {
        "package_weight": {"value": "1", "unit": "POUND"},
        "package_dimensions": {"length": "10", "width": "5", "height": "2", "unit": "INCH"},
        "skus": [
            {"id": own.tiktok_id, "sku_weight": {"value": "0.25", "unit": "KILOGRAM"}},
            {"id": other.tiktok_id},
        ],
    }
    assert reading.read_due_skus() == 1
    assert (fresh(own).weight_g, own.length_mm, own.measured_by) == (250, 254, "product")
    assert (fresh(other).weight_g, other.height_mm) == (454, 51)
    assert products.asked == ["p"]


def test_a_persons_weight_is_never_overwritten(products: Products, shop: Shop) -> None:
    sku = unread(shop, product_id="p")
    user = factories.member(shop.workspace)
    reading.measure(sku, weight_g=99, size=(100, 80, 20), user=user)
    products.known["p"] = {
        "package_weight": {"value": "5", "unit": "KILOGRAM"},
        "skus": [{"id": sku.tiktok_id}],
    }
    reading.read_due_skus()
    assert (fresh(sku).weight_g, sku.width_mm, sku.measured_by) == (99, 80, "person")


@pytest.mark.parametrize(
    "weight",
    [
        {"value": "0", "unit": "KILOGRAM"},
        {"value": "10000", "unit": "KILOGRAM"},
        {"value": "-3", "unit": "POUND"},
        {"value": "NaN", "unit": "POUND"},
        {"value": "3", "unit": "STONE"},
        "heavy",
        None,
    ],
)
def test_a_weight_that_cannot_be_counts_as_not_known(
    products: Products, shop: Shop, weight: object
) -> None:
    sku = unread(shop, product_id="p")
    products.known["p"] = {"package_weight": weight, "skus": [{"id": sku.tiktok_id}]}
    reading.read_due_skus()
    assert fresh(sku).weight_g is None
    assert sku.product_read_at is not None


def test_a_product_that_fails_does_not_block_the_next(products: Products, shop: Shop) -> None:
    skus = {name: unread(shop, product_id=name) for name in ("gone", "broken", "odd", "well")}
    products.known |= {
        "broken": httpx.Response(500, text="oops"),
        "odd": {"skus": "none"},
        "well": {
            "package_weight": {"value": "1", "unit": "KILOGRAM"},
            "skus": [{"id": skus["well"].tiktok_id}],
        },
    }
    reading.read_due_skus()
    assert fresh(skus["well"]).weight_g == 1000
    assert fresh(skus["gone"]).product_read_at is not None
    assert fresh(skus["odd"]).product_read_at is not None
    assert fresh(skus["broken"]).product_read_at is None
    products.asked.clear()
    reading.read_due_skus()
    assert set(products.asked) == {"broken"}


def test_a_product_without_weight_is_looked_at_again_after_a_while(
    products: Products, shop: Shop
) -> None:
    sku = unread(shop, product_id="p", product_read_at=timezone.now() - timedelta(hours=7))
    products.known["p"] = {
        "package_weight": {"value": "1", "unit": "KILOGRAM"},
        "skus": [{"id": sku.tiktok_id}],
    }
    reading.read_due_skus()
    assert fresh(sku).weight_g == 1000


def test_a_shop_that_is_not_connected_is_not_asked(products: Products, shop: Shop) -> None:
    unread(shop, product_id="p")
    Shop.objects.update(disconnected_at=timezone.now())
    assert reading.read_due_skus() == 0
    assert products.asked == []


@pytest.mark.django_db(transaction=True)
def test_one_process_reads_products_at_a_time(products: Products, shop: Shop) -> None:
    unread(shop, product_id="p")
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with reading._only_reader() as alone:
                assert alone
                inside.set()
                go_on.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(20)
    assert reading.read_due_skus() == 0
    go_on.set()
    thread.join()
    assert reading.read_due_skus() == 1


def test_names_follow_tiktok_and_weights_stay(shop: Shop) -> None:
    sku = factories.sku(shop, tiktok_id="s1", product_name="Old")
    line = {
        "sku_id": "s1",
        "product_id": "p9",
        "seller_sku": "NEW",
        "product_name": "Sérum Éclat",
        "sku_name": "",
        "image_url": "",
    }
    assert reading.note_skus(shop, [line, line, line | {"sku_id": ""}]) == {"s1"}
    assert (fresh(sku).product_name, sku.product_id, sku.weight_g) == ("Sérum Éclat", "p9", 200)


def test_the_sandboxs_products_are_read(connected: Connected) -> None:
    from orders.sync import read_orders

    ids = [order["id"] for order in connected.sandbox.orders(status="AWAITING_SHIPMENT")]
    read_orders(connected.shop, ids)
    assert reading.read_due_skus() > 5
    skus = Sku.objects.filter(shop=connected.shop)
    assert skus.filter(weight_g__gt=0, measured_by="product").count() > skus.count() / 2


def test_what_is_noted_while_products_are_read_is_read_by_the_same_run(
    products: Products, shop: Shop
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not products.asked:
            unread(shop, product_id="second")  # an order that came in just then
        return products(request)

    unread(shop, product_id="first")
    with use_transport(httpx.MockTransport(answer)):
        assert reading.read_due_skus() == 2
    assert products.asked == ["first", "second"]
