"""Packages before they are shipped: by id outside the United States, combined, split."""

import pytest

from tests.sandbox.ear import Ear
from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import Caller

PACKAGES = "/fulfillment/202309/packages"
COMBINABLE = "/fulfillment/202309/combinable_packages/search"
UPS_NUMBER = "1Z999AA10123456784"


@pytest.fixture
def pair(sandbox: Running) -> list[str]:
    first = sandbox.new_order(shipping_type="TIKTOK", units=2, skus=1)
    return [first, sandbox.new_order(shipping_type="TIKTOK", units=1, skus=1, same_as=first)]


def groups(shop: Caller) -> list[list[str]]:
    found = shop.ok("GET", COMBINABLE, {"page_size": "50"})["combinable_packages"]
    return [group["order_ids"] for group in found]


def combined(shop: Caller, ids: list[str]) -> str:
    asked = {"combinable_packages": [{"id": ids[0], "order_ids": ids}]}
    answer = shop.ok("POST", f"{PACKAGES}/combine", None, asked)
    assert answer["errors"] == []
    return str(answer["packages"][0]["id"])


def bought(shop: Caller, **what: object) -> dict[str, object]:
    weight = {"value": "340", "unit": "GRAM"}
    size = {"length": "25", "width": "15", "height": "4", "unit": "CM"}
    body = {"weight": weight, "dimension": size, **what}
    return shop.call("POST", "/fulfillment/202512/packages", None, body).json()


def test_orders_of_one_buyer_are_offered_combined_and_bought_as_one(
    shop: Caller, pair: list[str]
) -> None:
    assert pair in groups(shop)
    package = combined(shop, pair)
    assert pair not in groups(shop)
    shown = shop.ok("GET", f"{PACKAGES}/{package}")
    assert (shown["package_status"], shown["split_and_combine_tag"]) == ("TO_FULFILL", "COMBINE")
    assert shop.order(pair[1])["status"] == "AWAITING_SHIPMENT"
    assert bought(shop, ship_type="1", order_id=pair[0])["code"] == 21011033
    answer = bought(shop, ship_type="3", order_list_ids=pair)
    assert answer["code"] == 0
    assert {shop.order(one)["status"] for one in pair} == {"AWAITING_COLLECTION"}
    assert shop.refused("GET", f"{PACKAGES}/{package}") == 21011001


def test_an_order_taken_out_leaves_the_rest_to_be_bought(
    sandbox: Running, shop: Caller, pair: list[str]
) -> None:
    three = [*pair, sandbox.new_order(shipping_type="TIKTOK", same_as=pair[0])]
    package = combined(shop, three)
    left = shop.ok("POST", f"{PACKAGES}/{package}/uncombine", None, {"order_ids": [three[2]]})
    assert left["packages"] == [{"id": package, "order_ids": pair}]
    assert bought(shop, ship_type="1", order_id=three[2])["code"] == 0
    assert bought(shop, ship_type="3", order_list_ids=pair)["code"] == 0


def test_a_cancelled_order_leaves_its_combined_package(
    sandbox: Running, shop: Caller, pair: list[str]
) -> None:
    package = combined(shop, pair)
    sandbox.order(pair[1], "cancel")
    shown = shop.ok("GET", f"{PACKAGES}/{package}")
    assert [entry["id"] for entry in shown["orders"]] == pair[:1]
    assert bought(shop, ship_type="1", order_id=pair[0])["code"] == 0


def test_orders_that_do_not_belong_together_are_refused_inside_an_answer_of_success(
    sandbox: Running, shop: Caller, pair: list[str]
) -> None:
    other = sandbox.new_order(shipping_type="TIKTOK")
    asked = {"combinable_packages": [{"id": pair[0], "order_ids": [pair[0], other]}]}
    answer = shop.ok("POST", f"{PACKAGES}/combine", None, asked)
    assert answer["packages"] == []
    assert answer["errors"][0]["code"] == 21011031
    assert answer["errors"][0]["detail"] == {"package_id": pair[0]}


def test_an_order_is_split_and_its_parts_are_bought_one_by_one(
    shop: Caller, pair: list[str]
) -> None:
    attributes = shop.ok(
        "GET", "/fulfillment/202309/orders/split_attributes", {"order_ids": ",".join(pair)}
    )["split_attributes"]
    assert [entry["can_split"] for entry in attributes] == [True, False]
    lines = [line["id"] for line in shop.order(pair[0])["line_items"]]
    path = f"/fulfillment/202309/orders/{pair[0]}/split"
    parts = [{"id": str(at), "order_line_item_ids": [line]} for at, line in enumerate(lines)]
    assert shop.refused("POST", path, None, {"splittable_groups": parts[:1]}) == 21011005
    assert len(shop.ok("POST", path, None, {"splittable_groups": parts})["packages"]) == 2
    assert bought(shop, ship_type="1", order_id=pair[0])["code"] == 21011048
    for line, status in zip(lines, ("PARTIALLY_SHIPPING", "AWAITING_COLLECTION"), strict=True):
        entry = [{"order_line_id": line}]
        answer = bought(shop, ship_type="2", order_id=pair[0], order_line_item=entry)
        assert answer["code"] == 0
        assert shop.order(pair[0])["status"] == status


def split_in_two(shop: Caller, order: str) -> tuple[list[str], list[str]]:
    """The order's lines, and the packages they are in from now on."""
    lines = [line["id"] for line in shop.order(order)["line_items"]]
    parts = [{"id": str(at), "order_line_item_ids": [line]} for at, line in enumerate(lines)]
    path = f"/fulfillment/202309/orders/{order}/split"
    made = shop.ok("POST", path, None, {"splittable_groups": parts})["packages"]
    return lines, [package["id"] for package in made]


def test_a_split_order_is_told_and_its_packages_are_shipped_one_by_one(
    sandbox: Running, shop: Caller, pair: list[str], ear: Ear
) -> None:
    sandbox.tiktok(shop_region="TH", webhook_url=ear.url)
    lines, packages = split_in_two(shop, pair[0])
    (told,) = ear.events(1)
    assert told["type"] == 4
    assert told["data"]["sc_type"] == "SPLIT"
    sent = [(one["package_id"], one["order_id_list"]) for one in told["data"]["package_list"]]
    assert sent == [(package, [pair[0]]) for package in packages]
    ship = f"{PACKAGES}/{packages[0]}/ship"
    assert shop.ok("POST", ship, None, {}) == {}
    assert shop.refused("POST", ship, None, {}) == 21008099
    shown = shop.order(pair[0])
    assert shown["status"] == "PARTIALLY_SHIPPING"
    assert [(line["package_id"], line["package_status"]) for line in shown["line_items"]] == [
        (packages[0], "PROCESSING"),
        (packages[1], "TO_FULFILL"),
    ]
    waiting = shop.ok("GET", f"{PACKAGES}/{packages[1]}")
    assert waiting["order_line_item_ids"] == lines[1:]
    assert shop.ok("POST", f"{PACKAGES}/{packages[1]}/ship", None, {}) == {}
    assert shop.order(pair[0])["status"] == "AWAITING_COLLECTION"


def test_an_order_that_must_be_split_says_why_and_a_category_is_not_shipped_together(
    sandbox: Running, shop: Caller, pair: list[str]
) -> None:
    path, query = "/fulfillment/202309/orders/split_attributes", {"order_ids": pair[0]}
    sandbox.tiktok(shop_region="TH", most_items=1)
    (found,) = shop.ok("GET", path, query)["split_attributes"]
    assert (found["can_split"], found["must_split"]) == (True, True)
    (why,) = found["must_split_reasons"]
    assert (why["type"], why["max_count"]) == ("TOTAL_COUNT_LIMITATION", "1")
    product = shop.order(pair[0])["line_items"][0]["product_id"]
    (chain,) = shop.ok("GET", f"/product/202309/products/{product}")["category_chains"]
    sandbox.tiktok(most_items=0, most_of_category={chain["local_name"]: 1})
    (found,) = shop.ok("GET", path, query)["split_attributes"]
    (why,) = found["must_split_reasons"]
    assert (why["type"], why["category_id"]) == ("CATEGORY_ITEM_LIMITATION", chain["id"])
    (package,) = shop.order(pair[0])["packages"]
    assert shop.refused("POST", f"{PACKAGES}/{package['id']}/ship", None, {}) == 11006014
    _, packages = split_in_two(shop, pair[0])
    (found,) = shop.ok("GET", path, query)["split_attributes"]
    assert (found["must_split"], found["must_split_reasons"]) == (False, [])
    assert shop.ok("POST", f"{PACKAGES}/{packages[0]}/ship", None, {}) == {}


def test_a_part_of_a_combined_order_is_not_bought_alone(shop: Caller, pair: list[str]) -> None:
    combined(shop, pair)
    lines = [{"order_line_id": line["id"]} for line in shop.order(pair[0])["line_items"]]
    part = {"ship_type": "2", "order_id": pair[0]}
    assert bought(shop, **part, order_line_item=lines[:1])["code"] == 21011046
    assert bought(shop, **part, order_line_item=lines)["code"] == 21011033


def test_where_packages_come_first_they_are_shipped_by_their_ids(
    sandbox: Running, shop: Caller, pair: list[str]
) -> None:
    own = sandbox.new_order(shipping_type="SELLER", units=1)
    sandbox.tiktok(shop_region="TH")
    numbers = [shop.order(one)["packages"][0]["id"] for one in (*pair, own)]
    assert bought(shop, ship_type="1", order_id=pair[0])["code"] == 21008106
    assert shop.mark(own, UPS_NUMBER, shop.carrier("UPS"))["code"] == 21008106
    slots = shop.ok("GET", f"{PACKAGES}/{numbers[0]}/handover_time_slots")["pickup_slots"]
    assert [slot["avaliable"] for slot in slots] == [False, True, True]
    shipment = {"tracking_number": UPS_NUMBER, "shipping_provider_id": shop.carrier("UPS")}
    batch = [{"id": numbers[0]}, {"id": numbers[2], "self_shipment": shipment}, {"id": "9"}]
    answer = shop.ok("POST", f"{PACKAGES}/ship", None, {"packages": batch})
    assert [error["detail"]["package_id"] for error in answer["errors"]] == ["9"]
    assert shop.order(own)["tracking_number"] == UPS_NUMBER
    assert shop.ok("POST", f"{PACKAGES}/{numbers[1]}/ship", None, {}) == {}
    assert shop.refused("POST", f"{PACKAGES}/{numbers[1]}/ship", None, {}) == 21008099
    assert shop.order(pair[1])["status"] == "AWAITING_COLLECTION"


def test_in_the_united_states_packages_are_not_shipped_by_id(shop: Caller, pair: list[str]) -> None:
    package = combined(shop, pair)
    assert shop.refused("POST", f"{PACKAGES}/{package}/ship", None, {}) == 21008106
    documents = f"{PACKAGES}/{package}/shipping_documents"
    assert shop.refused("GET", documents, {"document_type": "SHIPPING_LABEL"}) == 21023035
