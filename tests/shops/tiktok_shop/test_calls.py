from datetime import timedelta

import pytest

from core.errors import Unavailable
from shops.tiktok_shop.endpoints import ENDPOINTS
from shops.tiktok_shop.events import subscribe, subscriptions, unsubscribe
from shops.tiktok_shop.logistics import delivery_options, shipping_providers, warehouses
from shops.tiktok_shop.measures import product_measures
from shops.tiktok_shop.orders import order_detail, search_orders_page
from shops.tiktok_shop.packages import search_packages
from shops.tiktok_shop.products import listed_skus, product_detail, search_products
from shops.tiktok_shop.scopes import NEEDED, missing, purpose
from shops.tiktok_shop.shops import authorized_shops
from tests.shops.tiktok_shop.wire import NOW, Wire, ok


def test_orders_are_searched_by_window_oldest_change_first() -> None:
    wire = Wire(ok({"orders": [{"id": "1", "status": "SOME_NEW_STATUS"}], "total_count": 1}))
    page = search_orders_page(
        wire.client(),
        updated_since=NOW,
        updated_until=NOW + timedelta(hours=1),
        created_since=NOW,
        shipping_type="SELLER",
    )
    second = int(NOW.timestamp())
    assert wire.asked == ("POST", "/order/202309/orders/search")
    assert wire.query() == {"page_size": "100", "sort_field": "update_time", "sort_order": "ASC"}
    assert wire.body() == {
        "update_time_ge": second,
        "update_time_lt": second + 3600,
        "create_time_ge": second,
        "shipping_type": "SELLER",
    }
    assert page.items == [{"id": "1", "status": "SOME_NEW_STATUS"}]


@pytest.mark.parametrize("size", [0, 101])
def test_a_page_size_tiktok_would_refuse_is_not_asked_for(size: int) -> None:
    wire = Wire(ok())
    with pytest.raises(ValueError, match="page_size"):
        search_orders_page(wire.client(), page_size=size)
    with pytest.raises(ValueError, match="page_size"):
        search_products(wire.client(), page_size=size)
    with pytest.raises(ValueError, match="page_size"):
        search_packages(wire.client(), page_size=size)
    assert wire.requests == []


def test_orders_are_read_by_up_to_fifty_ids() -> None:
    wire = Wire(ok({"orders": [{"id": "2"}]}))
    assert order_detail(wire.client(), order_ids=["1", "2"]) == [{"id": "2"}]
    assert wire.asked == ("GET", "/order/202507/orders")
    assert wire.query() == {"ids": "1,2"}
    with pytest.raises(ValueError, match="50"):
        order_detail(wire.client(), order_ids=[str(n) for n in range(51)])
    assert order_detail(wire.client(), order_ids=[]) == []
    assert len(wire.requests) == 1


def test_carriers_warehouses_and_delivery_options_are_lists_as_documented() -> None:
    wire = Wire(ok({"shipping_providers": [{"id": "9", "name": "UPS"}]}))
    found = shipping_providers(wire.client(), delivery_option_id="55", buyer_region="DE")
    assert found == [{"id": "9", "name": "UPS"}]
    assert wire.asked == ("GET", "/logistics/202309/delivery_options/55/shipping_providers")
    assert wire.query() == {"buyer_region": "DE"}

    wire = Wire(ok({"warehouses": [{"id": "1", "address": {"distict": "Kings"}}]}))
    assert warehouses(wire.client())[0]["address"]["distict"] == "Kings"
    assert wire.asked == ("GET", "/logistics/202309/warehouses")

    wire = Wire(ok({"delivery_options": [{"id": "3"}]}))
    assert delivery_options(wire.client(), warehouse_id="1") == [{"id": "3"}]
    assert wire.asked == ("GET", "/logistics/202309/warehouses/1/delivery_options")


def test_products_are_measured_and_searched() -> None:
    product = {
        "id": "17",
        "package_weight": {"value": "1.32", "unit": "KILOGRAM"},
        "skus": [{"id": "1", "seller_sku": "MUG"}],
    }
    wire = Wire(ok(product))
    (measure,) = product_measures(product_detail(wire.client(), product_id="17"))
    assert (measure.sku_id, measure.weight_g) == ("1", 1320)
    assert wire.asked == ("GET", "/product/202309/products/17")

    wire = Wire(ok({"products": [{"id": "17"}], "next_page_token": ""}))
    (page,) = search_products(wire.client(), status="ACTIVATE", seller_skus=["MUG"])
    assert page.items == [{"id": "17"}]
    assert wire.asked == ("POST", "/product/202502/products/search")
    assert wire.body() == {"status": "ACTIVATE", "seller_skus": ["MUG"]}
    list(search_products(wire.client()))
    assert wire.body() == {"status": "ALL"}


@pytest.mark.parametrize(
    ("inventory", "stock"),
    [
        ([{"quantity": 7}, {"quantity": 0}], 7),
        ([{"quantity": 0}], 0),
        ([], None),
        (None, None),
        ([{"quantity": 7}, {"quantity": None}], None),
        ([{"quantity": -1}], None),
        ([{"quantity": True}], None),
        ([{"quantity": 10**12}], None),
        (["7"], None),
    ],
)
def test_stock_is_the_sum_of_all_warehouses_or_not_told(
    inventory: object, stock: int | None
) -> None:
    attributes = [{"value_name": "30 ml"}, {"value_name": None}, {"value_name": "Rose"}]
    sku = {"id": 9, "sales_attributes": attributes, "inventory": inventory}
    (listed,) = listed_skus({"id": "17", "title": "Serum", "skus": [sku]})
    assert listed.stock == stock
    assert (listed.sku_id, listed.product_name, listed.sku_name) == ("9", "Serum", "30 ml, Rose")


def test_shops_come_with_their_cipher_out_of_sight() -> None:
    shop = {
        "id": "7000",
        "name": "Maomao",
        "region": "US",
        "seller_type": "LOCAL",
        "cipher": "GCP_secret_cipher",
        "code": "USLC",
    }
    wire = Wire(ok({"shops": [shop, {"id": "7001", "cipher": "c2"}]}))
    first, second = authorized_shops(wire.client(cipher=""))
    assert (first.id, first.name, first.region, first.code) == ("7000", "Maomao", "US", "USLC")
    assert first.cipher == "GCP_secret_cipher"
    assert "GCP_secret_cipher" not in repr(first)
    assert (second.name, second.region) == ("", "")


def test_a_shop_without_a_cipher_is_unreadable() -> None:
    with pytest.raises(Unavailable):
        authorized_shops(Wire(ok({"shops": [{"id": "7000"}]})).client())


def test_webhooks_are_set_listed_and_removed() -> None:
    wire = Wire(ok({"webhooks": [{"event_type": "PACKAGE_UPDATE", "address": "https://x"}]}))
    subscribe(wire.client(), event_type="PACKAGE_UPDATE", address="https://x")
    assert wire.asked == ("PUT", "/event/202309/webhooks")
    assert wire.body() == {"event_type": "PACKAGE_UPDATE", "address": "https://x"}
    assert subscriptions(wire.client())[0]["address"] == "https://x"
    assert wire.last.content == b""
    unsubscribe(wire.client(), event_type="PACKAGE_UPDATE")
    assert wire.asked == ("DELETE", "/event/202309/webhooks")
    assert wire.body() == {"event_type": "PACKAGE_UPDATE"}
    with pytest.raises(ValueError, match="255"):
        subscribe(wire.client(), event_type="X", address="https://" + "x" * 250)


def test_missing_scopes_are_named_with_their_purpose() -> None:
    names = [scope.name for scope in NEEDED]
    assert set(names) == {endpoint.scope for endpoint in ENDPOINTS.values()}
    assert missing(names) == ()
    assert missing(None) == ()
    gone = missing(set(names) - {"seller.logistics"})
    assert [(scope.name, scope.purpose) for scope in gone] == [
        ("seller.logistics", "read warehouses and carriers")
    ]
    assert missing([]) == NEEDED
    assert purpose("seller.unheard.of") == "seller.unheard.of"
