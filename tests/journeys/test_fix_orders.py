"""Every reason why an order cannot be bought has a button, and pressing it makes the order ready."""

import re

import pytest
from playwright.sync_api import expect

from orders.models import Order
from orders.staging import restage
from shipping.models import LabelAccount, ShipFrom
from tests.journeys.desk import Desk


def test_a_missing_weight_is_entered_once_and_serves_the_next_order_too(desk: Desk) -> None:
    first, second = desk.open({"seller_sku": "TK-CAB-5"}, {"seller_sku": "TK-CAB-5"})
    desk.go("orders:queue", "?tab=fix")
    desk.row(first).get_by_role("link", name="Enter the weight").click()
    desk.page.get_by_label("weight of one, in ounces").fill("6.5")
    desk.press("Save this weight")
    expect(desk.toast()).to_contain_text("ready to buy")
    desk.wait_for_stage(second, "ready")
    desk.worker.settle()
    desk.go("orders:queue")
    expect(desk.row(second)).to_contain_text(re.compile(r"\$\d+\.\d\d"))


@pytest.mark.parametrize("how", [0, 1, 2], ids=["zip-of-another-state", "no-street", "no-zip"])
def test_a_wrong_address_is_corrected_for_this_order(desk: Desk, how: int) -> None:
    (order,) = desk.open({"bad_address": how})
    desk.go("orders:queue", "?tab=fix")
    desk.row(order).get_by_role("link", name="Correct the address").click()
    desk.page.locator("#fix").get_by_role("button", name="Correct the address").click()
    _enter_address(desk)
    expect(desk.toast()).to_contain_text("ready to buy")
    expect(desk.page.locator("address")).to_contain_text("1100 Congress Ave")
    assert desk.stage(order) == "ready"


def test_a_masked_address_is_entered_by_a_person(desk: Desk) -> None:
    hidden = {"line1": "1*** C*** A***", "postal": "78***"}
    (order,) = desk.open({"address": hidden})
    desk.go_order(order)
    expect(desk.page.locator("#fix")).to_contain_text("TikTok hides part of this address")
    desk.press("Enter the address")
    _enter_address(desk)
    expect(desk.toast()).to_contain_text("ready to buy")
    assert desk.stage(order) == "ready"


def test_an_order_without_any_address_gets_one_from_a_person(desk: Desk) -> None:
    (order,) = desk.open({})
    Order.objects.filter(pk=order.pk).update(recipient={}, address_state="none")
    restage([order.pk])
    desk.go("orders:queue", "?tab=fix")
    desk.row(order).get_by_role("link", name="Enter the address").click()
    desk.press("Enter the address")
    _enter_address(desk)
    expect(desk.toast()).to_contain_text("ready to buy")
    assert desk.stage(order) == "ready"


def test_an_order_nobody_offered_a_rate_for_is_asked_for_again(desk: Desk) -> None:
    desk.sandbox.fault("status", method="POST", path="/v2/shipments", status=500, times=-1)
    (order,) = desk.open({})
    desk.go_order(order)
    desk.sandbox.clear_faults()
    desk.press("Ask for rates again")
    expect(desk.toast()).to_contain_text("1 order waiting for new rates")
    desk.worker.settle()
    desk.page.reload()
    expect(desk.page.get_by_role("button", name="Buy this label")).to_be_visible()
    assert desk.stage(order) == "ready"


def test_a_status_that_nobody_knows_is_shown_and_read_again(desk: Desk) -> None:
    (order,) = desk.open({})
    desk.sandbox.order(order.tiktok_id, "status", status="TO_BE_BLESSED", unknown=True)
    desk.go_order(order)
    desk.press("Check again at TikTok")
    expect(desk.page.locator("#fix")).to_contain_text("“TO_BE_BLESSED”")
    desk.sandbox.order(order.tiktok_id, "status", status="AWAITING_SHIPMENT")
    desk.press("Read it again")
    expect(desk.toast()).to_contain_text("read from TikTok just now")
    assert desk.stage(order) == "ready"


def test_an_order_is_held_and_released(desk: Desk) -> None:
    (order,) = desk.open({})
    desk.go_order(order)
    desk.press("Hold", exact=True)
    desk.page.get_by_label("Why").fill("Out of stock until Friday")
    desk.page.locator("#hold").get_by_role("button", name="Hold", exact=True).click()
    expect(desk.page.locator("#fix")).to_contain_text("Out of stock until Friday")
    desk.go("orders:queue", "?tab=hold")
    expect(desk.row(order)).to_contain_text("Held by your team")
    desk.row(order).get_by_role("link", name="Release").click()
    desk.page.locator("#fix").get_by_role("button", name="Release").click()
    expect(desk.toast()).to_contain_text("1 order released")
    assert desk.stage(order) == "ready"


def test_an_order_whose_buyer_asked_to_cancel_is_shipped_anyway(desk: Desk) -> None:
    (order,) = desk.open({"request_cancel": True})
    desk.go_order(order)
    desk.press("Ship anyway")
    expect(desk.toast()).to_contain_text("although the buyer asked to cancel")
    desk.worker.settle()
    desk.buy(order)
    expect(desk.page.get_by_role("heading", name="Batch of 1 order")).to_be_visible()
    desk.wait_for_stage(order, "shipped")


def test_without_a_ship_from_address_the_button_leads_to_where_it_is_entered(desk: Desk) -> None:
    (order,) = desk.open({})
    ShipFrom.objects.all().delete()
    _look_again(desk, order)
    desk.press("Add a ship-from address")
    desk.press("Add an address")
    fields = {
        "What you call it": "Studio",
        "Sender's name": "Maya Ortiz",
        "Street": "2140 Glendale Blvd",
        "City": "Los Angeles",
        "State": "CA",
        "ZIP or postal code": "90039",
        "Phone": "213 555 0134",
    }
    _fill_sheet(desk, fields)
    desk.press("Save the address")
    expect(desk.toast()).to_contain_text("is saved")
    desk.wait_for_stage(order, "ready")


def test_without_a_label_account_the_button_leads_to_where_one_is_added(
    desk: Desk, allowed_console_errors: list[str]
) -> None:
    allowed_console_errors.append("status of 422")  # the browser's word for a refused form
    (order,) = desk.open({}, keys={})
    _look_again(desk, order)
    desk.press("Add a label account")
    desk.press("Add an account")
    sheet = desk.page.locator("#sheet")
    sheet.get_by_label("Provider").select_option("easypost")
    sheet.get_by_label("API key").fill("EZ-not-a-key")
    desk.press("Test and add")
    expect(sheet.locator(".field__error")).to_contain_text("does not accept this key")
    sheet.get_by_label("API key").fill("EZTKsandbox0000000000demo")
    desk.press("Test and add")
    expect(desk.toast()).to_contain_text("EasyPost is connected")
    desk.wait_for_stage(order, "ready")
    assert LabelAccount.objects.filter(provider="easypost", state="active").count() == 1


def _look_again(desk: Desk, order: Order) -> None:
    desk.go_order(order)
    desk.press("Check again at TikTok")
    expect(desk.page.locator("#fix")).to_contain_text("Cannot be bought yet")


def _enter_address(desk: Desk) -> None:
    dialog = desk.page.locator("dialog#address")
    values = {
        "name": "Iris O'Connor",
        "street1": "1100 Congress Ave",
        "city": "Austin",
        "state": "TX",
        "postal_code": "78701",
        "phone": "512 555 0188",
    }
    for name, value in values.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_role("button", name="Save this address").click()


def _fill_sheet(desk: Desk, fields: dict[str, str]) -> None:
    for label, value in fields.items():
        desk.page.locator("#sheet").get_by_label(label).first.fill(value)
