"""Parcels as TikTok shows them are taken over from the order's page: the rest of an order that was
partly shipped there, and packages that were made there."""

import pytest
from django.test import Client

from orders import splitting, sync
from orders.models import Order, Package
from shops.clients import tiktok_client
from shops.tiktok_shop.fulfillment import Line as ShippedLine
from shops.tiktok_shop.fulfillment import mark_package_shipped
from tests.orders.parcel_desk import DIALOG, UPS, fresh, in_two, order_of, page, rows, send
from tests.orders.parcel_desk import abroad as abroad
from tests.orders.parcel_desk import desk as desk
from tests.orders.pressing import told
from tests.shops.sandboxed import Connected

UPS_ID = "7117859084333745966"  # at the sandbox


def test_the_rest_of_a_partly_shipped_order_is_taken_over(desk: Connected, client: Client) -> None:
    order = order_of(desk)
    shipped = rows(page(client, order))[0].split(",")
    mark_package_shipped(
        tiktok_client(desk.shop),
        order_id=order.tiktok_id,
        tracking_number=UPS,
        shipping_provider_id=UPS_ID,
        lines=[ShippedLine(line) for line in shipped],
    )
    (order,) = sync.read_orders(desk.shop, [order.tiktok_id])
    html = page(client, order)
    assert "Ship the rest" in html
    assert DIALOG not in html
    with pytest.raises(splitting.CannotSplit, match="Ship the rest"):
        splitting.split(order, [shipped, rows_left(order, shipped)], user=desk.user)
    assert "It travels in 2 parcels now." in told(send(client, order, "adopt"))
    assert [one["label"] for one in fresh(order).parts] == ["elsewhere", ""]
    assert "Ship the rest" not in page(client, order)


def rows_left(order: Order, shipped: list[str]) -> list[str]:
    ids = order.lines.values_list("tiktok_id", flat=True)
    return [line for line in ids if line not in shipped]


def test_packages_that_tiktok_shows_are_taken_over(abroad: Connected, client: Client) -> None:
    order = in_two(client, abroad, lane="TIKTOK", units=1)
    for one in order.parts:
        Package.objects.update_or_create(
            shop=abroad.shop,
            tiktok_id=one["package"],
            defaults={
                "workspace": abroad.workspace,
                "order_ids": [order.tiktok_id],
                "line_ids": one["lines"],
                "status": "TO_FULFILL",
            },
        )
    assert "Use TikTok's" not in page(client, order)
    Order.objects.filter(pk=order.pk).update(parts=[], part=0)  # as if it had been done there
    assert "Use TikTok's 2 packages" in page(client, order)
    send(client, order, "adopt")
    assert [one["package"] for one in fresh(order).parts] == [p["package"] for p in order.parts]


def test_an_order_that_tiktok_shows_whole_has_nothing_to_take_over(
    desk: Connected, client: Client
) -> None:
    order = order_of(desk)
    assert "TikTok shows one parcel for this order." in told(send(client, order, "adopt"))
