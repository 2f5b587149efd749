"""Virtual bundles: where a call names order lines, it names every part of them that is still
wanted."""

from dataclasses import replace

import httpx
import pytest
from django.utils import timezone

from core.errors import Rejected
from orders import dispatch, packages, splitting, sync
from orders.label_notes import note_label
from orders.models import Dispatch, Line, Order
from shipping.providers.tiktok import TikTok
from shops.clients import tiktok_client
from shops.tiktok_shop.fulfillment import Line as ShippedLine
from shops.tiktok_shop.fulfillment import mark_package_shipped
from tests.contracts.cases import SPEC
from tests.orders.parcel_desk import abroad as abroad
from tests.orders.parcel_desk import desk as desk
from tests.orders.parcel_desk import fresh
from tests.shops.sandboxed import Connected

UPS = ("1Z999AA10123456784", "1Z999AA10123456793")
UPS_ID = "7117859084333745966"  # at the sandbox


def order_of(shop: Connected, *, lane: str = "SELLER") -> Order:
    """Two products, each a bundle of three parts."""
    made = {"shipping_type": lane, "units": 1, "skus": 2, "bundles": 3, "fresh": True}
    (order,) = sync.read_orders(shop.shop, [shop.sandbox.new_order(**made)])
    return order


def apart(order: Order) -> list[list[str]]:
    return [[line.tiktok_id] for line in order.lines.order_by("pk")]


def test_parts_that_were_cancelled_or_cannot_be_read_are_not_named() -> None:
    parts = [{"id": "1", "display_status": "CANCELLED"}, {"id": "2"}, {"sku_id": "3"}, "4"]
    assert Line(sub_items=parts).bundled == ("2",)
    assert Line().bundled == ()


def test_tiktok_refuses_a_bundle_named_without_its_parts(connected: Connected) -> None:
    order = order_of(connected)
    with pytest.raises(Rejected):
        mark_package_shipped(
            tiktok_client(connected.shop),
            order_id=order.tiktok_id,
            tracking_number=UPS[0],
            shipping_provider_id=UPS_ID,
            lines=[ShippedLine(line) for (line,) in apart(order)],
        )


def test_parcels_with_bundles_are_told(connected: Connected) -> None:
    order = order_of(connected)
    splitting.split(order, apart(order), user=connected.user)
    for part, number in enumerate(UPS, start=1):
        note_label(order.pk, "bought", "ups", number, part=part)
        dispatch.request(fresh(order), tracking_number=number, carrier="ups", part=part)
    for one in Dispatch.objects.filter(state="due"):
        dispatch.tell_tiktok(dispatch_id=one.pk)
    assert set(Dispatch.objects.values_list("state", "reason")) == {("done", "")}
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert {line.tracking_number for line in order.lines.all()} == set(UPS)


def test_tiktoks_label_for_a_parcel_is_bought_with_the_parts_of_its_bundles(
    connected: Connected,
) -> None:
    order = order_of(connected, lane="TIKTOK")
    line = order.lines.order_by("pk")[0]
    part = replace(SPEC, tiktok_order_ids=(order.tiktok_id,), tiktok_lines=(line.tiktok_id,))
    with httpx.Client() as plain:
        client = tiktok_client(connected.shop)
        provider = TikTok(client, plain, base_url=connected.sandbox.url)
        with pytest.raises(Rejected):
            provider.quote(part)
        named = replace(part, tiktok_bundles=tuple((line.tiktok_id, one) for one in line.bundled))
        label = provider.buy(named, provider.quote(named).rates[0], key="k1")
    assert label.provider_label_id
    (order,) = sync.read_orders(connected.shop, [order.tiktok_id])
    shipped = [one.tiktok_id for one in order.lines.all() if splitting.is_shipped(one)]
    assert shipped == [line.tiktok_id]


def test_abroad_an_order_of_bundles_is_split_at_tiktok(abroad: Connected) -> None:
    order = order_of(abroad, lane="TIKTOK")
    splitting.split(order, apart(order), user=abroad.user)
    rows = packages.read_order(fresh(order), now=timezone.now())
    assert sorted(row.line_ids for row in rows) == sorted(apart(order))
