"""The whole day's work without a mouse."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.desk import Desk


def test_orders_are_bought_and_printed_with_the_keyboard_alone(desk: Desk) -> None:
    desk.open(*[{}] * 5)
    page, press = desk.page, desk.page.keyboard.press
    desk.page.goto(desk.url)
    press("g")
    press("q")
    page.wait_for_url("**/queue/**")
    press("j")
    press("x")
    press("j")
    press("j")
    press("Shift+X")
    expect(page.locator("[data-bulk-count]")).to_have_text("3 orders selected")
    press("k")
    press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("2 orders selected")
    press("b")
    expect(page.locator("#sheet [data-confirm]")).to_be_focused()
    press("Enter")
    page.wait_for_url("**/batches/*/**")
    expect(page.locator("#batch-live")).to_contain_text("2 bought")
    expect(page.get_by_role("link", name="Print all")).to_be_visible()
    with page.context.expect_page() as opened:
        press("p")
    assert re.search(r"/print-files/\d+/", opened.value.url)
    assert desk.charges() == 2


def test_the_list_of_keys_the_search_and_the_way_out(desk: Desk) -> None:
    first, *_ = desk.open({}, {})
    page, press = desk.page, desk.page.keyboard.press
    desk.go("orders:queue")
    press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type(first.tiktok_id)
    press("Enter")
    page.wait_for_url("**q=**")
    expect(page.locator("[data-row]")).to_have_count(1)
    press("j")
    press("Enter")
    page.wait_for_url(f"**/orders/{first.pk}/")


def test_a_dialog_keeps_the_focus_and_gives_it_back(desk: Desk) -> None:
    desk.open({})
    page, press = desk.page, desk.page.keyboard.press
    desk.go("orders:queue")
    press("j")
    press("x")
    press("b")
    expect(page.locator("#sheet [data-confirm]")).to_be_focused()
    for _ in range(8):
        press("Tab")
        assert _focus_is_inside(page, "#sheet")
    press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    assert _focus_is_inside(page, "form[data-select]")


def _focus_is_inside(page: Page, selector: str) -> bool:
    """Whether the focused element is in there; the browser's own bars count as outside."""
    script = "where => document.hasFocus() && !!document.activeElement.closest(where + ', body')"
    inside = "where => document.activeElement === document.body || " + script.split("=>")[1]
    return bool(page.evaluate(inside.replace(", body", ""), selector))
