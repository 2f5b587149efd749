"""Pages of orders become rows: once each, newest wins, ours untouched, removed lines gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Workspace
from orders.mapping import map_order
from orders.models import Line, Order, OrderEvent
from orders.upsert import Upserted, upsert
from shops.catalog.models import Sku
from shops.models import Shop
from tests import factories
from tests.orders import documents

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def workspace() -> Workspace:
    workspace = factories.workspace()
    factories.ship_from(workspace)
    factories.account(workspace)
    return workspace


@pytest.fixture
def shop(workspace: Workspace) -> Shop:
    shop = factories.shop(workspace)
    factories.sku(shop, tiktok_id="1729001")
    return shop


def put(shop: Shop, *found: dict[str, Any], force: bool = False, now: datetime = NOW) -> Upserted:
    return upsert(shop, [map_order(one, now=now) for one in found], now=now, force=force)


def test_a_new_order_is_written_with_its_stage_and_lines(shop: Shop) -> None:
    document = documents.order()
    result = put(shop, document)
    order = Order.objects.get()
    assert (result.new, result.written) == (1, [order.pk])
    assert (order.workspace, order.shop) == (shop.workspace, shop)
    assert (order.stage, order.blocker) == ("ready", "")
    assert order.raw == document
    assert order.recipient["name"] == "José Ortiz"
    assert (order.tags, order.parcel, order.fixed_recipient) == ([], {}, {})
    assert order.lines.count() == 2


def test_an_older_copy_never_overwrites_a_newer_one(shop: Shop) -> None:
    document = documents.order()
    put(shop, document)
    put(shop, document | {"status": "IN_TRANSIT", "update_time": documents.PAID + 7200})
    put(shop, document | {"status": "UNPAID"}, force=True)
    assert Order.objects.get().status == "IN_TRANSIT"


def test_two_copies_on_one_page_become_the_newer_one(shop: Shop) -> None:
    document = documents.order()
    newer = document | {"status": "IN_TRANSIT", "update_time": documents.PAID + 9000}
    put(shop, newer, document)
    assert Order.objects.get().status == "IN_TRANSIT"


def test_what_is_ours_survives_every_sync(shop: Shop) -> None:
    document = documents.order()
    put(shop, document)
    Order.objects.update(
        held_because="gift", tags=["vip"], note="careful", parcel={"weight_g": 5}, plan_name="UPS"
    )
    put(shop, document | {"update_time": documents.PAID + 9000, "buyer_nickname": "new"})
    order = Order.objects.get()
    assert (order.held_because, order.tags, order.note) == ("gift", ["vip"], "careful")
    assert (order.parcel, order.plan_name) == ({"weight_g": 5}, "UPS")
    assert order.buyer_nickname == "new"
    assert (order.stage, order.blocker) == ("hold", "held")


def test_lines_follow_the_newest_copy(shop: Shop) -> None:
    kept, gone, late = documents.line(), documents.line(), documents.line(seller_sku="LATE")
    document = documents.order(line_items=[kept, gone])
    put(shop, document)
    before = Line.objects.get(tiktok_id=kept["id"]).pk
    newer = {"update_time": documents.PAID + 9000, "line_items": [kept | {"sale_price": "1"}, late]}
    put(shop, document | newer)
    assert set(Line.objects.values_list("tiktok_id", flat=True)) == {kept["id"], late["id"]}
    row = Line.objects.get(tiktok_id=kept["id"])
    assert row.pk == before
    assert row.sale_price == 1


def test_an_order_that_lost_all_its_lines_has_none(shop: Shop) -> None:
    document = documents.order()
    put(shop, document)
    put(shop, document | {"update_time": documents.PAID + 9000, "line_items": None})
    assert not Line.objects.exists()
    assert Order.objects.get().blocker == "no_weight"


def test_a_copy_we_have_is_not_written_again_unless_asked_for(shop: Shop) -> None:
    document = documents.order()
    put(shop, document)
    assert put(shop, document, now=NOW + timedelta(hours=1)).unchanged == 1
    assert put(shop, document, now=NOW + timedelta(hours=1), force=True).unchanged == 0
    assert Order.objects.get().synced_at == NOW + timedelta(hours=1)


def test_two_changes_within_one_second_are_both_seen(shop: Shop) -> None:
    """The first copy may have been read in the middle of the second its update_time names."""
    just_now = int(NOW.timestamp()) - 2
    document = documents.order(update_time=just_now)
    put(shop, document)
    put(shop, document | {"status": "CANCELLED"}, now=NOW + timedelta(seconds=40))
    assert Order.objects.get().status == "CANCELLED"


def test_changes_are_noted_on_the_timeline_and_only_changes(shop: Shop) -> None:
    document = documents.order()
    put(shop, document)
    assert not OrderEvent.objects.exists()
    later = {
        "update_time": documents.PAID + 9000,
        "status": "AWAITING_COLLECTION",
        "tracking_number": "1Z9",
        "recipient_address": documents.address(name="J*** O***"),
    }
    put(shop, document | later)
    put(shop, document | later | {"update_time": documents.PAID + 9001})
    assert list(OrderEvent.objects.order_by("pk").values_list("kind", "text")) == [
        ("sync", "TikTok: Awaiting shipment → Awaiting collection."),
        ("sync", "TikTok shows tracking number 1Z9."),
        ("address", "TikTok now hides the address."),
        ("decision", "Shipped."),
    ]
    assert OrderEvent.objects.get(kind="address").at == NOW  # quotes made before it no longer hold


def test_unseen_skus_are_noted_with_tiktoks_names(shop: Shop) -> None:
    put(shop, documents.order(line_items=[documents.line(sku_id="77", product_id="9")]))
    sku = Sku.objects.get(tiktok_id="77")
    assert (sku.product_id, sku.seller_sku, sku.weight_g) == ("9", "GLOW-30", None)
    assert Order.objects.get().blocker == "no_weight"


def test_nonsense_is_stored_and_shown(shop: Shop) -> None:
    put(
        shop,
        documents.order(
            status="RESTING",
            payment="free",
            recipient_address="nowhere",
            line_items=[{}, None, "x", {"sku_id": 5, "sub_item_info": [{"id": "\x00"}]}],
            packages=[None, {"id": "8"}],
        ),
    )
    order = Order.objects.get()
    assert (order.stage, order.blocker) == ("fix", "unknown_status")
    assert order.package_ids == ["8"]
    assert order.currency == "XXX"


def test_a_page_costs_the_same_queries_whatever_its_size(shop: Shop) -> None:
    def queries(count: int) -> int:
        page = [documents.order() for _ in range(count)]
        with CaptureQueriesContext(connection) as seen:
            put(shop, *page)
        return len(seen)

    queries(1)  # makes the connection's temporary tables
    assert queries(2) == queries(50)


def test_orders_of_two_shops_with_the_same_number_stay_apart(
    workspace: Workspace, shop: Shop
) -> None:
    other = factories.shop(workspace, name="Other")
    document = documents.order()
    put(shop, document)
    put(other, document | {"status": "CANCELLED", "update_time": documents.PAID + 9000})
    assert Order.objects.get(shop=shop).status == "AWAITING_SHIPMENT"
    assert Line.objects.filter(order__shop=shop).count() == 2
