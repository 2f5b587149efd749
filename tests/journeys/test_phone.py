"""At the width of a phone: nothing sticks out, thumbs hit what they aim at, labels are bought."""

import pytest
from playwright.sync_api import expect

from orders.models import Order
from tests import factories
from tests.journeys.desk import PLAIN, Desk
from tests.journeys.every_page import PLAIN_PAGES, addresses, furnish, visit

PHONE = {"width": 390, "height": 844}
# Hidden and inline elements apart, what is pressed is at least this high; half pixels are rounding.
SMALL = """() => [...document.querySelectorAll("main .btn, .rail__link, main input:not([type=hidden])\
:not([type=checkbox]):not([type=radio]), main select, .bulk .btn, dialog[open] .btn")]
  .filter(node => node.checkVisibility({visibilityProperty: true}))
  .filter(node => node.getBoundingClientRect().height < 43.5)
  .map(node => `${node.className || node.name}: ${node.textContent.trim().slice(0, 30)} `
    + node.getBoundingClientRect().height)"""
# Two cells of a row in one place, and buttons that only a swipe to the side would show.
HIDDEN = """() => {
  const found = [];
  for (const row of document.querySelectorAll("main tr")) {
    const cells = [...row.children].filter(cell => cell.checkVisibility() && cell.clientWidth > 1);
    const boxes = cells.map(cell => cell.getBoundingClientRect());
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 3 && high > 3) found.push(`${cells[i].textContent} on ${cells[i + j + 1].textContent}`);
    }));
  }
  const buttons = [...document.querySelectorAll("main .btn")].filter(node => node.checkVisibility());
  const beyond = buttons.filter(node => node.getBoundingClientRect().right > innerWidth + 1);
  return [...found, ...beyond.filter(node => !node.closest(".filters, .queue__chips, .scroll"))
    .map(node => `beyond the edge: ${node.textContent}`)].map(words => words.replace(/\\s+/g, " "));
}"""
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
    question = next(address for name, address in addresses(phone) if name == "approval")
    visit(phone, question)
    approve = phone.page.get_by_role("button", name="Approve and buy")
    expect(approve).to_be_in_viewport(ratio=1)


def _faults(phone: Desk, address: str) -> tuple[int, list[str]]:
    visit(phone, address)
    small, hidden = phone.page.evaluate(SMALL), phone.page.evaluate(HIDDEN)
    return phone.page.evaluate(WIDER), [*small, *hidden]


def test_a_dry_run_without_prices_fits_a_phone(phone: Desk) -> None:
    phone.open({}, {})
    box = phone.workspace.parcel_presets.get(name="Box L")
    actions = {"parcel": {"box": box.pk}, "insurance": {"of": "value"}, "signature": "adult"}
    factories.rule(phone.workspace, name="All in large boxes, insured", actions=actions)
    phone.go("shipping:rules")
    phone.press("Dry run")
    changed = phone.page.get_by_role("region", name="Orders that would change")
    expect(changed).to_contain_text("Not quoted")
    assert phone.page.evaluate(WIDER) == 0
    assert phone.page.evaluate(HIDDEN) == []


def test_the_queue_keeps_long_names_of_services_within_a_desk_screen(desk: Desk) -> None:
    first = desk.sandbox.new_order(**PLAIN)
    desk.open({"same_as": first, "units": 3})
    flagged = {"is_sample": True, "tags": ["fragile"], "combine_group": "one"}
    long = "DHL eCommerce Parcel Ground Greater Than One Pound"
    Order.objects.update(plan_name=long, **flagged)
    desk.page.set_viewport_size({"width": 1440, "height": 900})
    desk.go("orders:queue")
    expect(desk.page.locator("#rows tr")).to_have_count(2)
    assert desk.page.evaluate(WIDER) == 0
    expect(desk.page.locator("#rows .rate .sub").first).to_have_attribute("title", long)


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
