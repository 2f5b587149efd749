"""One order in two parcels: spread on its page, each with its rate, bought together."""

import pytest
from playwright.sync_api import Page, expect

from orders.models import Dispatch, Order
from shipping.models import Label
from tests.journeys.desk import Desk

TWO = {"seller_sku": None, "skus": 2, "units": 1, "fresh": True}


@pytest.fixture
def order(desk: Desk) -> Order:
    """Two products of one buyer, on their page."""
    (made,) = desk.open(TWO)
    assert made.stage == "ready", made.blocker
    desk.go_order(made)
    return made


def spread(desk: Desk) -> None:
    """Confirm the choice of one parcel for each product, by keyboard alone."""
    page = desk.page
    page.get_by_role("button", name="Ship in several parcels").press("Enter")
    dialog = page.locator("#spread")
    expect(dialog.locator("select").first).to_be_focused()
    expect(dialog.locator("[data-confirm]")).to_have_text("Ship in 2 parcels")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.locator("[data-confirm]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(desk.toast()).to_contain_text("It travels in 2 parcels now.")
    desk.worker.settle()


def test_an_order_is_shipped_in_two_parcels(desk: Desk, order: Order) -> None:
    page = desk.page
    spread(desk)
    desk.go_order(order)
    parcels = page.locator("#parcels")
    expect(parcels.get_by_text("no label yet")).to_have_count(2)
    _rates_of(page, "Parcel 1 of 2")
    page.get_by_role("link", name="Parcel 2", exact=True).click()
    _rates_of(page, "Parcel 2 of 2")
    page.reload()
    _rates_of(page, "Parcel 2 of 2")
    desk.press("Buy 2 labels")
    expect(page.locator("#sheet")).to_contain_text("2 labels for 1 order")
    page.locator("#sheet [data-confirm]").click()
    expect(page.locator("#batch-live")).to_contain_text("1 bought")
    for name in ("parcel 1 of 2", "parcel 2 of 2"):
        expect(page.locator("#batch-rest").get_by_text(name)).to_be_visible()
    desk.worker.settle()
    desk.wait_for_stage(order, "shipped")
    assert desk.charges() == 2
    desk.go_order(order)
    for label in Label.objects.order_by("part"):
        expect(parcels.get_by_text(label.tracking_number)).to_be_visible()
        expect(page.locator("#shipping-panel")).to_contain_text(label.tracking_number)
    told = Dispatch.objects.order_by("part").values_list("state", flat=True)
    assert list(told) == ["done", "done"]


def _rates_of(page: Page, parcel: str) -> None:
    panel = page.locator("#shipping-panel")
    expect(panel.get_by_role("heading", name=parcel)).to_be_visible()
    expect(panel.get_by_text("chosen")).to_be_visible()


def test_each_item_gets_a_parcel_of_its_own_by_one_press(
    desk: Desk, allowed_console_errors: list[str]
) -> None:
    allowed_console_errors.append("status of 422")  # a choice that is refused
    (order,) = desk.open({"shipping_type": "TIKTOK", "units": 3})
    desk.go_order(order)
    desk.press("Ship in several parcels")
    confirm = desk.page.locator("#spread [data-confirm]")
    expect(confirm).to_have_text("Choose a second parcel")
    confirm.click()
    dialog = desk.page.locator("#spread")
    expect(dialog.get_by_role("alert")).to_have_text("Several parcels need an item each.")
    dialog.get_by_role("button", name="One parcel per item").click()
    expect(confirm).to_have_text("Ship in 3 parcels")
    confirm.click()
    expect(desk.toast()).to_contain_text("It travels in 3 parcels now.")
    desk.press("One parcel again")
    expect(desk.toast()).to_contain_text("It travels in one parcel again.")
    order.refresh_from_db()
    assert order.parts == []
