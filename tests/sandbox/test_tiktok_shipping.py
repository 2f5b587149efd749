"""Own labels: Mark Package As Shipped, its refusals, and the one correction."""

import pytest

from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import Caller

UPS_NUMBER = "1Z999AA10123456784"
USPS_NUMBER = "9400100000000000000000"


def number(at: int) -> str:
    return f"1Z999AA1{at:010d}"


@pytest.fixture
def ups(shop: Caller) -> str:
    return shop.carrier("UPS")


@pytest.fixture
def order(sandbox: Running) -> str:
    return sandbox.new_order(shipping_type="SELLER", units=1, skus=1)


def test_marking_an_order_shipped_makes_its_package(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    before = shop.order(order)
    assert before["packages"] == []
    answer = shop.mark(order, UPS_NUMBER, ups)
    assert answer["code"] == 0
    assert answer["data"]["order_line_item_ids"] == [line["id"] for line in before["line_items"]]
    after = shop.order(order)
    assert after["status"] == "AWAITING_COLLECTION"
    assert after["packages"] == [{"id": answer["data"]["package_id"]}]
    assert after["tracking_number"] == UPS_NUMBER
    assert after["rts_time"] >= before["paid_time"]
    assert after["line_items"][0]["package_status"] == "PROCESSING"
    assert after["line_items"][0]["shipping_provider_name"] == "UPS"
    assert sandbox.state()["shipped"] == {"orders": 1, "SELLER": 1, "TIKTOK": 0}


def test_changing_an_order_moves_its_update_time(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    sandbox.travel(100)
    before = shop.order(order)["update_time"]
    shop.mark(order, UPS_NUMBER, ups)
    assert shop.order(order)["update_time"] >= before + 100


def test_shipping_twice_is_refused_with_the_same_or_another_number(
    shop: Caller, order: str, ups: str
) -> None:
    assert shop.mark(order, UPS_NUMBER, ups)["code"] == 0
    assert shop.mark(order, UPS_NUMBER, ups)["code"] == 21011006
    assert shop.mark(order, number(5), ups)["code"] == 21011006


def test_states_that_cannot_be_shipped_have_their_codes(
    sandbox: Running, shop: Caller, ups: str
) -> None:
    def code(**order: object) -> int:
        return int(shop.mark(sandbox.new_order(**order), UPS_NUMBER, ups)["code"])

    assert code(status="ON_HOLD", shipping_type="SELLER") == 21011044
    assert code(status="UNPAID", shipping_type="SELLER") == 21042057
    assert code(status="CANCELLED", shipping_type="SELLER") == 21011041
    assert code(fulfillment_by_tiktok=True) == 21008025
    assert code(shipping_type="TIKTOK") == 21008106
    assert shop.mark("576000000000000000", UPS_NUMBER, ups)["code"] == 21011001


def test_an_open_after_sale_request_blocks_shipping(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    sandbox.order(order, "aftersale")
    assert shop.mark(order, UPS_NUMBER, ups)["code"] == 21011007
    sandbox.order(order, "aftersale", open=False)
    assert shop.mark(order, UPS_NUMBER, ups)["code"] == 0


def test_shipping_turns_a_wish_to_cancel_down(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    sandbox.order(order, "request-cancel")
    assert shop.order(order)["is_buyer_request_cancel"] is True
    assert shop.mark(order, UPS_NUMBER, ups)["code"] == 0
    assert shop.order(order)["is_buyer_request_cancel"] is False


def test_a_number_must_fit_its_carrier(shop: Caller, order: str, ups: str) -> None:
    assert shop.mark(order, "1Z999AA1 0123", ups)["code"] == 21004012
    assert shop.mark(order, "XYZ", ups)["code"] == 11028006
    assert shop.mark(order, UPS_NUMBER, shop.carrier("FedEx"))["code"] == 21011022
    assert shop.mark(order, UPS_NUMBER, "123")["code"] == 21011022
    assert shop.mark(order, "", ups)["code"] == 21001001
    assert shop.order(order)["status"] == "AWAITING_SHIPMENT"


def test_usps_labels_from_outside_fail_verification_unless_the_rule_is_lifted(
    sandbox: Running, shop: Caller, order: str
) -> None:
    usps = shop.carrier("USPS")
    answer = shop.mark(order, USPS_NUMBER, usps)
    assert answer["code"] == 21004016
    assert "verification" in answer["message"]
    sandbox.tiktok(usps_refused=False)
    assert shop.mark(order, USPS_NUMBER, usps)["code"] == 0


def test_a_number_of_several_carriers_brings_a_warning(shop: Caller, order: str) -> None:
    answer = shop.mark(order, "1234567890", shop.carrier("DHL Express"))
    assert answer["code"] == 0
    assert "more than one" in answer["data"]["warning"]["message"]


def test_a_number_may_serve_one_recipient_twenty_times(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    assert shop.mark(order, UPS_NUMBER, ups)["code"] == 0
    stranger = sandbox.new_order(shipping_type="SELLER")
    assert shop.mark(stranger, UPS_NUMBER, ups)["code"] == 21011025
    for _ in range(19):
        same = sandbox.new_order(shipping_type="SELLER", same_as=order)
        assert shop.mark(same, UPS_NUMBER, ups)["code"] == 0
    same = sandbox.new_order(shipping_type="SELLER", same_as=order)
    assert shop.mark(same, UPS_NUMBER, ups)["code"] == 21011026


def test_part_of_an_order_ships_alone(sandbox: Running, shop: Caller, ups: str) -> None:
    order = shop.of_skus(3)
    lines = [line["id"] for line in shop.order(order)["line_items"]]
    assert shop.mark(order, number(1), ups, order_line_item_ids=["1"])["code"] == 21011029
    assert shop.mark(order, number(1), ups, order_line_item_ids=lines[:1])["code"] == 0
    assert shop.order(order)["status"] == "PARTIALLY_SHIPPING"
    assert shop.mark(order, number(2), ups)["code"] == 21011048
    assert shop.mark(order, number(2), ups, order_line_item_ids=lines[:1])["code"] == 21011006
    rest = [{"order_line_id": line} for line in lines[1:]]
    assert shop.mark(order, number(2), ups, order_line_list=rest)["code"] == 0
    done = shop.order(order)
    assert done["status"] == "AWAITING_COLLECTION"
    assert done["split_or_combine_tag"] == "SPLIT"
    assert len(done["packages"]) == 2
    shown = [(line["tracking_number"], line["package_id"]) for line in done["line_items"]]
    first, second = (package["id"] for package in done["packages"])
    assert shown == [(number(1), first), (number(2), second), (number(2), second)]


def test_units_of_one_sku_travel_in_one_package(sandbox: Running, shop: Caller, ups: str) -> None:
    order = sandbox.new_order(shipping_type="SELLER", units=3, skus=1)
    lines = [line["id"] for line in shop.order(order)["line_items"]]
    assert shop.mark(order, number(1), ups, order_line_item_ids=lines[:2])["code"] == 21011036
    assert shop.order(order)["packages"] == []
    assert shop.mark(order, number(1), ups, order_line_item_ids=lines)["code"] == 0


def test_a_part_of_a_combined_order_is_not_shipped_alone(
    sandbox: Running, shop: Caller, ups: str
) -> None:
    order = shop.of_skus(2)
    mate = sandbox.new_order(shipping_type="SELLER", same_as=order)
    asked = {"combinable_packages": [{"id": order, "order_ids": [order, mate]}]}
    assert shop.ok("POST", "/fulfillment/202309/packages/combine", body=asked)["errors"] == []
    lines = [line["id"] for line in shop.order(order)["line_items"]]
    assert shop.mark(order, number(1), ups, order_line_item_ids=lines[:1])["code"] == 21011046
    assert shop.mark(order, number(1), ups, order_line_item_ids=lines)["code"] == 0


def test_an_order_is_on_its_way_once_all_its_packages_were_scanned(
    sandbox: Running, shop: Caller, ups: str
) -> None:
    order = shop.of_skus(2)
    lines = [line["id"] for line in shop.order(order)["line_items"]]

    def status_after(at: int) -> str:
        sandbox.control("POST", "parcels", {"number": number(at)})
        return str(shop.order(order)["status"])

    shop.mark(order, number(1), ups, order_line_item_ids=lines[:1])
    assert status_after(1) == "PARTIALLY_SHIPPING"
    assert [line["display_status"] for line in shop.order(order)["line_items"]] == [
        "IN_TRANSIT",
        "AWAITING_SHIPMENT",
    ]
    shop.mark(order, number(2), ups, order_line_item_ids=lines[1:])
    assert shop.order(order)["status"] == "AWAITING_COLLECTION"
    assert status_after(1) == "AWAITING_COLLECTION"  # delivered, while the other was not scanned
    assert status_after(2) == "IN_TRANSIT"
    assert status_after(2) == "DELIVERED"


def test_a_tracking_number_may_be_corrected_once_and_within_three_days(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    update = f"/fulfillment/202309/orders/{order}/shipping_info/update"
    body = {"tracking_number": number(8), "shipping_provider_id": ups}
    assert shop.refused("POST", update, body=body) == 21011043
    package = shop.mark(order, UPS_NUMBER, ups)["data"]["package_id"]
    assert shop.ok("POST", update, body=body) == {}
    assert shop.order(order)["tracking_number"] == number(8)
    assert shop.refused("POST", update, body=body) == 21011051
    by_package = f"/fulfillment/202309/packages/{package}/shipping_info/update"
    assert shop.refused("POST", by_package, body=body) == 21011051
    late = sandbox.new_order(shipping_type="SELLER")
    other = shop.mark(late, number(9), ups)["data"]["package_id"]
    sandbox.travel(73 * 3600)
    by_package = f"/fulfillment/202309/packages/{other}/shipping_info/update"
    assert (
        shop.refused("POST", by_package, body={**body, "tracking_number": number(10)}) == 21011050
    )


def test_a_parcel_is_scanned_delivered_and_completed_as_time_goes_by(
    sandbox: Running, shop: Caller, order: str, ups: str
) -> None:
    package = shop.mark(order, UPS_NUMBER, ups)["data"]["package_id"]
    seen = []
    for days in (1, 4, 8):
        sandbox.travel(days * 86400)
        shop.access = Caller(sandbox).access
        seen.append(shop.order(order)["status"])
    assert seen == ["IN_TRANSIT", "DELIVERED", "COMPLETED"]
    detail = shop.ok("GET", f"/fulfillment/202309/packages/{package}")
    assert detail["package_status"] == "COMPLETED"


def test_providers_are_listed_for_own_labels_only(sandbox: Running, shop: Caller) -> None:
    path = "/logistics/202309/delivery_options/{}/shipping_providers"
    own = sandbox.orders(shipping_type="SELLER")[0]["option_id"]
    names = [row["name"] for row in shop.ok("GET", path.format(own))["shipping_providers"]]
    assert {"UPS", "FedEx", "USPS", "DHL eCommerce", "OnTrac"} <= set(names)
    theirs = sandbox.orders(shipping_type="TIKTOK")[0]["option_id"]
    assert shop.refused("GET", path.format(theirs)) == 21008117
    assert shop.refused("GET", path.format("1")) == 21008116
