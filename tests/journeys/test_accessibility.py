"""Every page meets WCAG 2.2 AA as far as a machine can tell, in both colour schemes."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order
from shipping.models import SpendLimits
from tests.journeys.desk import Desk
from tests.journeys.every_page import PLAIN_PAGES, addresses, furnish, visit

AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
AA = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What the colour scheme can change.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# Colours are compared where they come to rest, not on their way from one scheme to the other.
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
}"""
RUN = """async rules => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(" ")).join(", ")}`);
}"""


@pytest.mark.timeout(240)
def test_no_page_has_a_barrier_that_axe_knows(
    desk: Desk, allowed_console_errors: list[str]
) -> None:
    # The page that is not there; and axe itself, which writes styles where the policy allows none.
    allowed_console_errors += ["status of 404", "Applying inline style violates"]
    found = {}
    for address in PLAIN_PAGES:
        visit(desk, address)
        found[address] = barriers(desk.page)
    furnish(desk)
    for name, address in addresses(desk):
        visit(desk, address)
        found[name] = barriers(desk.page)
    found |= _opened(desk)
    assert {name: list_ for name, list_ in found.items() if list_} == {}


def test_a_sheet_without_a_choice_is_scrolled_by_keyboard_on_a_phone(
    desk: Desk, allowed_console_errors: list[str]
) -> None:
    allowed_console_errors.append("Applying inline style violates")
    desk.open({}, {})
    SpendLimits.objects.create(workspace=desk.workspace, currency="USD", approve_above=1)
    desk.page.set_viewport_size({"width": 390, "height": 560})
    desk.go("orders:queue")
    desk.page.keyboard.press("b")
    expect(desk.page.locator("#sheet [data-confirm]")).to_contain_text("Ask a second person")
    assert barriers(desk.page) == []


def _opened(desk: Desk) -> dict[str, list[str]]:
    """The sheets, the list of keys, and a selection."""
    found, page = {}, desk.page
    desk.go("orders:queue")
    page.get_by_label("Select all on this page").check()
    found["selection"] = barriers(page)
    page.keyboard.press("b")
    expect(page.locator("#sheet [data-confirm]")).to_be_visible()
    found["sheet"] = barriers(page)
    page.keyboard.press("Escape")
    for name in ("Parcel", "Service"):
        page.locator("[data-bulk]").get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#sheet h2")).to_contain_text(name.lower())
        found[f"sheet of {name}"] = barriers(page)
        page.keyboard.press("Escape")
    desk.go("orders:detail", order_id=Order.objects.exclude(parts=[]).get().pk)
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator("#spread [data-confirm]")).to_be_visible()
    found["parcels"] = barriers(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found["keys"] = barriers(page)
    return found


def barriers(page: Page) -> list[str]:
    """What axe finds, as "rule: elements"; in the dark only what that may change."""
    page.evaluate(STILL)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    # Evaluated by the browser itself, so that the page's strict policy stays as it is.
    page.evaluate(AXE.read_text())
    light: Any = page.evaluate(RUN, AA)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark: Any = page.evaluate(RUN, COLOURS)
    return [*light, *(f"dark {barrier}" for barrier in dark)]
