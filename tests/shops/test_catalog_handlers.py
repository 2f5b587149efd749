"""What TikTok tells about products and stock: the product is read again, whatever the event says."""

from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from core.models import WebhookEvent
from shops.catalog import handlers, reading
from shops.catalog.models import Sku
from shops.clients import use_transport
from shops.models import Shop
from tests import factories
from tests.orders.pressing import queued
from tests.shops.test_catalog import Products, fresh, products, shop

__all__ = ["products", "shop"]

pytestmark = pytest.mark.django_db


def told(shop: Shop, kind: int, data: dict[str, Any], **fields: Any) -> WebhookEvent:
    document = {"type": kind, "shop_id": shop.tiktok_id, "data": data}
    return factories.webhook(str(kind), document, **({"owner": shop.tiktok_id} | fields))


def sold(shop: Shop, **fields: Any) -> Sku:
    """A SKU whose product was read a while ago."""
    return factories.sku(shop, **({"product_id": "p1", "product_read_at": timezone.now()} | fields))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (5, {"product_id": "p1", "status": "PRODUCT_AUDIT_FAILURE", "suspended_reason": ""}),
        (15, {"product_id": "p1", "changed_fields": ["title"], "change_source": "SELLER_CENTER"}),
        (16, {"product_id": "p1", "product_types": ["GPR_PRODUCT"]}),
        (18, {"product_id": "p1", "previous_category_id": "1", "current_category_id": "2"}),
        (27, {"product_id": "p1", "sku_id": "s1", "current_inventory_status": "LOW_STOCK"}),
        (37, {"product_id": "p1", "audit": {"status": "PRE_APPROVED"}}),
        (50, {"product_id": "p1", "skus": [{"id": "s1"}]}),
        (62, {"product_id": "p1", "abnormality_types": ["Weight"]}),
        (71, {"product_id": "p1", "sku_id": "s1", "change_detail": []}),
    ],
)
def test_the_product_of_every_kind_is_read_again(
    products: Products, shop: Shop, kind: int, data: dict[str, Any]
) -> None:
    sku = sold(shop, tiktok_id="s1", weight_g=100, measured_by="product")
    products.known["p1"] = {
        "title": "Glow Serum, new recipe",
        "package_weight": {"value": "0.3", "unit": "KILOGRAM"},
        "skus": [
            {
                "id": "s1",
                "seller_sku": "GLOW-31",
                "sales_attributes": [{"value_name": "30 ml"}, {"value_name": "Rose"}],
                "inventory": [{"warehouse_id": "1", "quantity": 7}, {"quantity": 5}],
            }
        ],
    }
    row = told(shop, kind, data)
    handlers.product_changed(events=[row])
    assert row.outcome == "read again: 1 SKU"
    assert row.workspace_id == shop.workspace_id
    assert queued() == ["shops.catalog.reading.read_due_skus"]
    assert reading.read_due_skus() == 1
    kept = fresh(sku)
    assert (kept.weight_g, kept.product_name) == (300, "Glow Serum, new recipe")
    assert (kept.seller_sku, kept.sku_name) == ("GLOW-31", "30 ml, Rose")
    assert (kept.stock_total, kept.stock_read_at is not None) == (12, True)
    assert reading.read_due_skus() == 0  # and only once


def test_a_persons_weight_stays_while_names_and_stock_follow_the_product(
    products: Products, shop: Shop
) -> None:
    sku = sold(shop, tiktok_id="s1", weight_g=250, measured_by="person")
    products.known["p1"] = {
        "title": "New name",
        "package_weight": {"value": "9", "unit": "KILOGRAM"},
        "skus": [{"id": "s1", "inventory": [{"quantity": 0}]}],
    }
    handlers.product_changed(events=[told(shop, 15, {"product_id": "p1"})])
    reading.read_due_skus()
    kept = fresh(sku)
    assert (kept.weight_g, kept.product_name, kept.stock_total) == (250, "New name", 0)
    assert kept.seller_sku == sku.seller_sku  # the product told none


def test_a_change_while_its_product_is_being_read_is_not_lost(
    products: Products, shop: Shop
) -> None:
    sold(shop, tiktok_id="s1", product_read_at=None)
    products.known["p1"] = {"skus": [{"id": "s1"}]}

    def meanwhile(request: httpx.Request) -> httpx.Response:
        answer = products(request)
        if len(products.asked) == 1:
            handlers.product_changed(events=[told(shop, 15, {"product_id": "p1"})])
        return answer

    with use_transport(httpx.MockTransport(meanwhile)):
        reading.read_due_skus()
        reading.read_due_skus()
    assert products.asked == ["p1", "p1"]


def test_a_product_id_may_be_a_json_number(shop: Shop) -> None:
    sold(shop, tiktok_id="s1", product_id="576486316948490000")
    row = told(shop, 5, {"product_id": 576486316948490000, "status": "PRODUCT_FIRST_PASS_REVIEW"})
    handlers.product_changed(events=[row])
    assert row.outcome == "read again: 1 SKU"


def test_products_nobody_has_ordered_concern_nobody_here(shop: Shop) -> None:
    row = told(shop, 16, {"product_id": "unheard-of"})
    handlers.product_changed(events=[row])
    assert row.outcome == "no SKU of it is known here"
    assert not queued()


def test_stock_in_tiktoks_warehouse_names_the_seller_and_a_sku(shop: Shop) -> None:
    assert shop.authorization is not None
    sku = sold(shop, tiktok_id="s9")
    row = told(shop, 24, {"goods_id": "1", "sku_id": "s9"}, owner=shop.authorization.open_id)
    handlers.product_changed(events=[row])
    assert fresh(sku).changed_at is not None
    assert row.workspace_id == shop.workspace_id


def test_an_inventory_event_without_an_envelope_is_known_by_its_sku(shop: Shop) -> None:
    sku = sold(shop, tiktok_id="1729507467923261408")
    flat = {
        "event_id": "e",
        "seller_id": "7498",
        "product_id": "p1",
        "sku_id": 1729507467923261408,
        "quantity_snapshot_after_change": {"total_quantity": 7},
    }
    row = factories.webhook("68", flat, owner="7498")
    handlers.product_changed(events=[row])
    assert fresh(sku).changed_at is not None


def test_a_strangers_products_are_done_with(shop: Shop, settings: Settings) -> None:
    sold(shop, tiktok_id="s1")
    row = told(shop, 15, {"product_id": "p1"}, owner="700")
    handlers.product_changed(events=[row])
    assert row.outcome == "no connected shop"
    assert not queued()
