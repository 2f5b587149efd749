"""Rules written and tried in the browser, and presets pressed on selected orders, by keyboard."""

from playwright.sync_api import expect

from orders.models import Order
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
