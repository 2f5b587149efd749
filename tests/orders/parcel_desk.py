"""What the tests of an order's parcels on its page share: a shop whose owner is signed in, and
pressing the dialog's buttons."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from orders import sync
from orders.models import Order
from shops.models import Shop
from tests.shops.sandboxed import Connected

UPS = "1Z999AA10123456784"
DIALOG = 'id="spread"'


@pytest.fixture
def desk(connected: Connected, client: Client) -> Connected:
    """The owner is signed in."""
    client.force_login(connected.user)
    return connected


@pytest.fixture
def abroad(desk: Connected) -> Connected:
    """A shop in a market where TikTok keeps a package for each parcel."""
    desk.sandbox.tiktok(shop_region="TH")
    Shop.objects.filter(pk=desk.shop.pk).update(region="TH")
    desk.shop.refresh_from_db()
    return desk


def order_of(shop: Connected, *, lane: str = "SELLER", units: int = 2, skus: int = 2) -> Order:
    number = shop.sandbox.new_order(shipping_type=lane, units=units, skus=skus, fresh=True)
    (order,) = sync.read_orders(shop.shop, [number])
    return order


def fresh(order: Order) -> Order:
    return Order.objects.select_related("shop", "workspace").get(pk=order.pk)


def url(order: Order, path: str = "") -> str:
    return f"/w/{order.workspace.slug}/orders/{order.pk}/{path}"


def page(client: Client, order: Order) -> str:
    answer = client.get(url(order))
    assert answer.status_code == 200
    return str(answer.content.decode())


def rows(html: str) -> list[str]:
    """What each choice of the dialog is about: lines by commas."""
    return re.findall(r'name="lines" value="([\d,]+)"', html)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def send(client: Client, order: Order, op: str, **data: Any) -> HttpResponse:
    client.cookies.pop("messages", None)
    return client.post(url(order, "parcels/"), {"op": op, **data})


def spread(client: Client, order: Order, *numbers: int) -> HttpResponse:
    """Choose these parcels in the dialog, in its order, and confirm."""
    lines = rows(page(client, order))
    version = str(order.split_version)
    return send(client, order, "split", lines=lines, number=numbers, version=version)


def in_two(client: Client, shop: Connected, **how: Any) -> Order:
    order = order_of(shop, **how)
    assert spread(client, order, 1, 2).status_code == 303
    return fresh(order)
