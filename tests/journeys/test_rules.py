"""Rules written and tried in the browser, presets pressed on selected orders, and what is taken back."""

from playwright.sync_api import expect

from orders.models import Order
from shipping.models import Preset
from tests import factories
from tests.journeys.desk import Desk


def test_a_rule_is_written_tried_and_made_live(desk: Desk) -> None:
    (order,) = desk.open({})
    page = desk.page
    desk.go("shipping:rules")
    desk.press("Add a rule")
    page.get_by_label("Name", exact=True).fill("All to USPS")
    page.get_by_label("What", exact=True).select_option("units")
    page.get_by_label("From", exact=True).fill("1")
    page.get_by_label("Tags, with commas").fill("counted")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.locator(".rules")).to_contain_text("If it has 1 or more units: add the tag")
    page.get_by_role("button", name="Dry run").click()
    page.wait_for_url("**/runs/*/**")
    expect(page.get_by_role("region", name="Orders that would change")).to_contain_text("counted")
    desk.go("shipping:rules")
    page.get_by_role("button", name="Go live").click()
    page.get_by_role("dialog").get_by_role("button", name="Go live").click()
    expect(desk.toast()).to_contain_text("The rules are live: 1 on.")
    desk.worker.settle()
    assert Order.objects.get(pk=order.pk).tags == ["counted"]


def test_a_digit_gives_the_selected_orders_a_preset_and_undo_takes_it_back(desk: Desk) -> None:
    first, second = desk.open({}, {})
    factories.quick(desk.workspace, key=3, name="Fragile", actions={"tags": ["fragile"]})
    page, press = desk.page, desk.page.keyboard.press
    desk.go("orders:queue")
    press("j")
    press("x")
    press("3")
    expect(desk.toast()).to_contain_text("Preset of 1 order given “Fragile”.")
    assert Order.objects.filter(tags=["fragile"]).count() == 1
    desk.toast().get_by_role("button", name="Undo").click()
    expect(desk.toast()).to_contain_text("Preset of 1 order set back.")
    assert not Order.objects.filter(tags=["fragile"]).exists()
    press("j")
    press("x")
    press("8")
    expect(desk.toast()).to_contain_text("There is no preset on key 8.")
    press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("a preset")
    assert {first.pk, second.pk} == set(Order.objects.values_list("pk", flat=True))


def test_a_deleted_preset_comes_back_by_the_button_in_its_message(desk: Desk) -> None:
    desk.open({})
    factories.quick(desk.workspace, key=3, name="Fragile", actions={"tags": ["fragile"]})
    desk.go("shipping:presets")
    desk.press("Delete “Fragile”")
    expect(desk.toast()).to_contain_text("“Fragile” is deleted, key 3 is free.")
    assert not Preset.objects.exists()
    desk.toast().get_by_role("button", name="Undo").click()
    expect(desk.toast()).to_contain_text("“Fragile” is on key 3 again.")
    assert Preset.objects.get().key == 3


def test_a_selection_of_requests_outlives_reasons_that_cannot_be_read(desk: Desk) -> None:
    for order in desk.open({}, {}, {}):
        factories.cancellation(order)
    page = desk.page
    desk.go("shipping:cancellations")
    for box in page.locator("[data-pick]").all()[:2]:
        box.check()
    path = "/return_refund/202309/reject_reasons"
    desk.sandbox.fault("status", path=path, status=503, times=9)
    page.locator("[data-bulk]").get_by_role("button", name="Refuse").click()
    expect(desk.toast()).to_contain_text("The selection is kept")
    expect(page.locator("[data-pick]:checked")).to_have_count(2)
    expect(page.locator("[data-bulk]")).to_contain_text("2")
