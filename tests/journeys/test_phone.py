"""At the width of a phone: nothing sticks out, thumbs hit what they aim at, labels are bought."""

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import Desk
from tests.journeys.every_page import PLAIN_PAGES, addresses, furnish, visit

PHONE = {"width": 390, "height": 844}
# Hidden and inline elements apart, what is pressed is at least this high; half pixels are rounding.
SMALL = """() => [...document.querySelectorAll("main .btn, .rail__link, main input:not([type=hidden])\
:not([type=checkbox]):not([type=radio]), main select, .bulk .btn, dialog[open] .btn")]
  .filter(node => node.checkVisibility({visibilityProperty: true}))
  .filter(node => node.getBoundingClientRect().height < 43.5)
  .map(node => `${node.className || node.name}: ${node.textContent.trim().slice(0, 30)} `
    + node.getBoundingClientRect().height)"""
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def phone(desk: Desk) -> Desk:
    desk.page.set_viewport_size(PHONE)
    return desk


def test_no_page_is_wider_than_the_screen_or_has_tiny_targets(
    phone: Desk, allowed_console_errors: list[str]
) -> None:
    allowed_console_errors.append("status of 404")  # the page that is not there
    found = {address: _faults(phone, address) for address in PLAIN_PAGES}
    furnish(phone)
    found |= {name: _faults(phone, address) for name, address in addresses(phone)}
    assert {name: what for name, what in found.items() if what != (0, [])} == {}


def _faults(phone: Desk, address: str) -> tuple[int, list[str]]:
    visit(phone, address)
    return phone.page.evaluate(WIDER), phone.page.evaluate(SMALL)


def test_labels_are_bought_and_printed_on_a_phone(phone: Desk) -> None:
    first, second, _ = phone.open({}, {}, {})
    page = phone.page
    phone.page.goto(phone.url)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Queue").click()
    for order in (first, second):
        phone.row(order).get_by_role("checkbox").check()
    bar = page.locator("[data-bulk]")
    box = bar.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"]
    bar.get_by_role("button", name="Buy labels").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("2 labels")
    sheet.locator("[data-confirm]").click()
    expect(page.locator("#batch-live")).to_contain_text("2 bought")
    expect(page.get_by_role("link", name="Print all · 2 labels")).to_be_visible()
    assert phone.charges() == 2
