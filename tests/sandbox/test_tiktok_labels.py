"""TikTok's own labels: quote, buy, wait for the document, and the packages that come of it."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import Caller

Json = dict[str, Any]
BUY = "/fulfillment/202512/packages"
BOX: Json = {
    "weight": {"value": "1.2", "unit": "POUND"},
    "dimension": {"length": "9", "width": "6", "height": "3", "unit": "INCH"},
}


@pytest.fixture
def order(sandbox: Running) -> str:
    return sandbox.new_order(shipping_type="TIKTOK", units=1, skus=1)


def quote(order: str) -> str:
    return f"/fulfillment/202309/orders/{order}/shipping_services/query"


def document(package: str) -> str:
    return f"/fulfillment/202309/packages/{package}/shipping_documents"


LABEL = {"document_type": "SHIPPING_LABEL"}


def test_services_are_quoted_by_weight_and_one_is_the_default(shop: Caller, order: str) -> None:
    light = shop.ok("POST", quote(order), body=BOX)["shipping_services"]
    assert [row["is_default"] for row in light].count(True) == 1
    prices = [Decimal(row["price"]) for row in light]
    assert prices == sorted(prices)
    row = light[0]
    parts = ("shipping_fee", "shipping_app_service_fee", "signature_fee")
    assert Decimal(row["price"]) == sum(Decimal(row[name]) for name in parts)
    heavy = shop.ok("POST", quote(order), body=BOX | {"weight": {"value": "9000", "unit": "GRAM"}})
    assert Decimal(heavy["shipping_services"][0]["price"]) > prices[0]


def test_quotes_are_refused_for_own_label_orders_and_strange_boxes(
    sandbox: Running, shop: Caller, order: str
) -> None:
    own = sandbox.new_order(shipping_type="SELLER")
    assert shop.refused("POST", quote(own), body=BOX) == 21008106
    stone = {"weight": {"value": "1", "unit": "STONE"}}
    assert shop.refused("POST", quote(order), body=BOX | stone) == 21001001
    number = {"weight": {"value": 1.2, "unit": "POUND"}}
    assert shop.refused("POST", quote(order), body=BOX | number) == 21001001
    heavy = {"weight": {"value": "400", "unit": "POUND"}}
    assert shop.refused("POST", quote(order), body=BOX | heavy) == 21011037
    huge = {"dimension": {"length": "90", "width": "60", "height": "60", "unit": "INCH"}}
    assert shop.refused("POST", quote(order), body=BOX | huge) == 11021014


def test_buying_charges_the_wallet_once_and_ships_the_order(
    sandbox: Running, shop: Caller, order: str
) -> None:
    offers = shop.ok("POST", quote(order), body=BOX)["shipping_services"]
    chosen = offers[-1]
    body = {"ship_type": "1", "order_id": order, "shipping_service_id": chosen["id"], **BOX}
    bought = shop.ok("POST", BUY, body=body)
    assert bought["shipping_service_info"]["price"] == chosen["price"]
    assert shop.order(order)["status"] == "AWAITING_COLLECTION"
    assert shop.refused("POST", BUY, body=body) == 21022025
    assert sandbox.state()["wallets"]["tiktok"]["net"] == chosen["price"]
    entry = sandbox.ledger()["tiktok"][0]
    assert entry["ref"] == bought["package_id"]
    assert entry["kind"] == "charge"


def test_the_default_service_is_taken_when_none_is_named(shop: Caller, order: str) -> None:
    offers = shop.ok("POST", quote(order), body=BOX)["shipping_services"]
    bought = shop.ok("POST", BUY, body={"ship_type": "1", "order_id": order, **BOX})
    default = next(row for row in offers if row["is_default"])
    assert bought["shipping_service_info"]["id"] == default["id"]
    other = {"ship_type": "1", "order_id": order, "shipping_service_id": "1", **BOX}
    assert shop.refused("POST", BUY, body=other) == 21022025


def test_a_failed_purchase_charges_nothing(sandbox: Running, shop: Caller, order: str) -> None:
    sandbox.tiktok(label_failures=1)
    body = {"ship_type": "1", "order_id": order, **BOX}
    assert shop.refused("POST", BUY, body=body) == 21022026
    assert sandbox.ledger() == {}
    assert shop.ok("POST", BUY, body=body)["package_id"]


def test_wrong_purchases_are_refused(sandbox: Running, shop: Caller, order: str) -> None:
    own = sandbox.new_order(shipping_type="SELLER")
    held = sandbox.new_order(shipping_type="TIKTOK", status="ON_HOLD")
    assert shop.refused("POST", BUY, body={"ship_type": "1", "order_id": own, **BOX}) == 21008106
    assert shop.refused("POST", BUY, body={"ship_type": "1", "order_id": held, **BOX}) == 21011044
    assert shop.refused("POST", BUY, body={"ship_type": "9", "order_id": order, **BOX}) == 21001001
    wrong = {"ship_type": "1", "order_id": order, "shipping_service_id": "1", **BOX}
    assert shop.refused("POST", BUY, body=wrong) == 11003011


def test_part_of_an_order_and_several_orders_in_one_box_can_be_bought(
    sandbox: Running, shop: Caller
) -> None:
    big = sandbox.new_order(shipping_type="TIKTOK", units=2, skus=1)
    lines = [{"order_line_id": line["id"]} for line in shop.order(big)["line_items"]]
    part = {"ship_type": "2", "order_id": big, "order_line_item": lines[:1], **BOX}
    foreign = part | {"order_line_item": [{"order_line_id": "1"}]}
    assert shop.refused("POST", BUY, body=foreign) == 21011029
    first = shop.ok("POST", BUY, body=part)["package_id"]
    shown = shop.order(big)
    assert shown["status"] == "PARTIALLY_SHIPPING"
    assert shown["split_or_combine_tag"] == "SPLIT"
    inside = [(line.get("package_id"), line["package_status"]) for line in shown["line_items"]]
    assert inside == [(first, "PROCESSING"), (None, "TO_FULFILL")]
    package = shop.ok("GET", f"/fulfillment/202309/packages/{first}")
    assert package["order_line_item_ids"] == [lines[0]["order_line_id"]]
    assert package["split_and_combine_tag"] == "SPLIT"
    assert [sku["quantity"] for sku in package["orders"][0]["skus"]] == [1]
    assert shop.refused("POST", BUY, body=part) == 21022025
    assert shop.refused("POST", quote(big), body=BOX) == 21011048
    assert shop.refused("POST", BUY, body={"ship_type": "1", "order_id": big, **BOX}) == 21011048
    taken = {"order_line_item_ids": [lines[0]["order_line_id"]]}
    assert shop.refused("POST", quote(big), body=BOX | taken) == 21011006
    rest = shop.ok("POST", quote(big), body=BOX | {"order_line_list": lines[1:]})
    assert rest["order_line_id"] == [lines[1]["order_line_id"]]
    second = shop.ok("POST", BUY, body=part | {"order_line_item": lines[1:]})["package_id"]
    assert second != first
    assert shop.order(big)["status"] == "AWAITING_COLLECTION"
    searched = shop.ok("POST", "/fulfillment/202309/packages/search", {"page_size": "50"}, {})
    told = {row["id"]: row["order_line_item_ids"] for row in searched["packages"]}
    wanted = zip((first, second), lines, strict=True)
    assert all(told[id_] == [line["order_line_id"]] for id_, line in wanted)
    one = sandbox.new_order(shipping_type="TIKTOK")
    two = sandbox.new_order(shipping_type="TIKTOK", same_as=one)
    several = {"ship_type": "3", "order_list_ids": [one, two], **BOX}
    package = shop.ok("POST", BUY, body=several)["package_id"]
    assert shop.order(two)["split_or_combine_tag"] == "COMBINED"
    inside = shop.ok("GET", f"/fulfillment/202309/packages/{package}")
    assert {row["id"] for row in inside["orders"]} == {one, two}


def test_the_document_comes_late_and_is_a_four_by_six_pdf(
    sandbox: Running, shop: Caller, order: str
) -> None:
    sandbox.tiktok(document_delay=60)
    package = shop.ok("POST", BUY, body={"ship_type": "1", "order_id": order, **BOX})["package_id"]
    detail = f"/fulfillment/202309/packages/{package}"
    assert shop.ok("GET", detail)["package_sub_status"] == "RTSING"
    assert shop.refused("GET", document(package), LABEL) == 11034037
    sandbox.travel(61)
    assert shop.ok("GET", detail)["package_sub_status"] == "RTS_success"
    answer = shop.ok("GET", document(package), LABEL)
    assert answer["tracking_number"] == shop.order(order)["tracking_number"]
    file = sandbox.http.get(answer["doc_url"])
    assert file.headers["content-type"] == "application/pdf"
    assert file.content.startswith(b"%PDF-")
    assert b"288 432" in file.content
    sandbox.travel(25 * 3600)
    assert sandbox.http.get(answer["doc_url"]).status_code == 403
    forged = answer["doc_url"].replace(".pdf", "0.pdf")
    assert sandbox.http.get(forged).status_code == 403


def test_own_labels_have_no_document_at_tiktok(sandbox: Running, shop: Caller) -> None:
    own = sandbox.new_order(shipping_type="SELLER")
    package = shop.mark(own, "1Z999AA10123456784", shop.carrier("UPS"))["data"]["package_id"]
    assert shop.refused("GET", document(package), LABEL) == 21008017
    assert shop.refused("GET", document("1"), LABEL) == 21011001
    assert shop.refused("GET", document(package), {"document_type": "POSTER"}) == 36009004


def test_tracking_validation_knows_tiktoks_numbers(shop: Caller, order: str) -> None:
    shop.ok("POST", BUY, body={"ship_type": "1", "order_id": order, **BOX})
    path = "/fulfillment/202508/tts_tracking_validation"
    number = shop.order(order)["tracking_number"]
    assert shop.ok("GET", path, {"tracking_number": number})["is_tiktok_shipping"] is True
    other = shop.ok("GET", path, {"tracking_number": "1Z999AA10123456784"})
    assert other == {"is_tiktok_shipping": False, "is_tiktok_collection": False}


def test_packages_are_searched_in_pages(sandbox: Running, shop: Caller) -> None:
    path, found, token = "/fulfillment/202309/packages/search", [], ""
    while True:
        query = {"page_size": "4"} | ({"page_token": token} if token else {})
        data = shop.ok("POST", path, query, {})
        found += [row["id"] for row in data["packages"]]
        token = data["next_page_token"]
        if not token:
            break
    assert len(found) == len(set(found)) == data["total_count"] == sandbox.state()["packages"]
    assert shop.refused("POST", path, {"page_size": "51"}, {}) == 36009004
    moving = shop.ok("POST", path, {"page_size": "50"}, {"package_status": "FULFILLING"})
    assert all(row["status"] == "FULFILLING" for row in moving["packages"])


def test_products_show_weight_and_size_and_some_lack_them(shop: Caller) -> None:
    path = "/product/202502/products/search"
    rows = shop.ok("POST", path, {"page_size": "100"}, {"status": "ACTIVATE"})["products"]
    assert sum(len(row["skus"]) for row in rows) >= 55
    details = [shop.ok("GET", f"/product/202309/products/{row['id']}") for row in rows[:30]]
    details += [shop.ok("GET", f"/product/202309/products/{row['id']}") for row in rows[30:]]
    units = {row["package_weight"]["unit"] for row in details if "package_weight" in row}
    assert units == {"KILOGRAM", "POUND"}
    bare = sum(len(row["skus"]) for row in details if "package_weight" not in row)
    assert 3 <= bare <= 4
    assert any("sku_weight" in sku for row in details for sku in row["skus"])
    assert any("package_dimensions" not in row for row in details)
    assert shop.refused("GET", "/product/202309/products/1") == 12052032
    one = shop.ok("POST", path, {"page_size": "10"}, {"seller_skus": ["GG-LIP-BER"]})
    assert [row["title"] for row in one["products"]] == ["Overnight Lip Mask"]


def test_warehouses_and_their_delivery_options_are_listed(shop: Caller) -> None:
    houses = shop.ok("GET", "/logistics/202309/warehouses")["warehouses"]
    assert {house["type"] for house in houses} == {"SALES_WAREHOUSE", "RETURN_WAREHOUSE"}
    assert houses[0]["address"]["distict"] == "Franklin"
    path = f"/logistics/202309/warehouses/{houses[0]['id']}/delivery_options"
    kinds = [row["type"] for row in shop.ok("GET", path)["delivery_options"]]
    assert kinds == ["SEND_BY_SELLER", "STANDARD"]
