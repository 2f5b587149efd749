"""The packing bench and the queue, worked by keyboard and scanner alone."""

import itertools
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from core import files
from core.models import Role, Workspace
from orders.models import Line, Order
from shipping.models import Label, PackScan, PackSession, PrintFile, QuoteSet
from tests import factories
from tests.journeys.desk import Desk
from tests.journeys.worker import eventually
from tests.shipping.labels.papers import png

# Printing for real takes a browser without a screen longer than all the rest.
PRINTER = "window.print = () => { top.printed = (top.printed || 0) + 1 }"
DESK = ".desk"


def furnish(of: Workspace, count: int) -> list[Order]:
    """So many bought orders of one to three units, with labels whose files are there."""
    account, shop = factories.account(of), factories.shop(of)
    for sku in "ABC":
        factories.sku(shop, tiktok_id=f"id-{sku}", seller_sku=sku, product_name=f"Thing {sku}")
    template = factories.order(of, shop=shop, stage="bought")
    orders = []
    for number in range(count):
        values = {
            f.attname: getattr(template, f.attname) for f in Order._meta.fields if f.name != "id"
        }
        skus = ["id-A", "id-B", "id-C"][: number % 3 + 1]
        values |= {"tiktok_id": f"5770{number:014}", "sku_ids": skus, "unit_count": len(skus)}
        orders.append(Order(**values))
    orders = Order.objects.bulk_create(orders)
    template.delete()
    lines = [
        Line(
            order=order, tiktok_id=sku, sku_id=sku, product_id="p", seller_sku=sku[3:],
            product_name=f"Thing {sku[3:]}", currency="USD", sale_price=12, original_price=12,
        )
        for order in orders
        for sku in order.sku_ids
    ]  # fmt: skip
    Line.objects.bulk_create(lines)
    _label(of, account, orders)
    return orders


def _label(of: Workspace, account: Any, orders: list[Order]) -> None:
    ends = timezone.now()
    quotes = QuoteSet.objects.bulk_create(
        [QuoteSet(workspace=of, order=o, expires_at=ends, spec={}, rates=[]) for o in orders]
    )
    key = files.save(png(), suffix=".png")  # a viewer for PDF takes longer than all the rest
    Label.objects.bulk_create(
        [
            Label(
                workspace=of, order=order, account=account, quote_set=quote, state="bought",
                provider="easypost", carrier="ups", service="Ground", service_name="UPS Ground",
                price=5, cost=5, currency="USD", spec={}, settled_at=ends, file_key=key, label_format="PNG",
                file_pages=1, provider_label_id=f"shp_{order.pk}", tracking_number=f"1Z{order.pk:016}",
            )
            for order, quote in zip(orders, quotes, strict=True)
        ]
    )  # fmt: skip


@pytest.fixture
def bench(desk: Desk) -> Desk:
    """A packer at an open bench, with nothing on it."""
    place = factories.workspace()
    desk.sign_in(factories.member(place, Role.PACKER))
    return desk


def scan(page: Page, code: str) -> None:
    """What a scanner does, whatever has the focus: it types, then presses Enter. Of a long number
    all but the first character arrive at once, as from a scanner without pauses."""
    page.keyboard.type(code[:1])
    if code[1:]:
        page.keyboard.insert_text(code[1:])
    page.keyboard.press("Enter")


def codes_of(order: Order) -> list[str]:
    return [order.tiktok_id, *(sku[3:] for sku in order.sku_ids)]


@pytest.mark.timeout(420)
def test_three_hundred_orders_are_packed_and_printed_without_a_mouse(bench: Desk) -> None:
    orders = furnish(bench.workspace, 300)
    page = bench.page
    page.add_init_script(PRINTER)
    bench.go("shipping:bench")
    for code in itertools.chain.from_iterable(codes_of(order) for order in orders):
        scan(page, code)
    expect(page.locator("[data-aside]")).to_have_attribute("data-packed", "300", timeout=300_000)
    eventually(lambda: not Label.objects.filter(printed_at=None).exists(), seconds=60)
    eventually(lambda: page.evaluate("window.printed") == 300)
    assert PackSession.objects.filter(packed_at__isnull=False).count() == 300
    assert PackScan.objects.filter(quantity=1).count() == sum(o.unit_count for o in orders)
    assert not PackScan.objects.filter(does__in=["wrong", "refused", "asked"]).exists()


def test_a_wrong_item_turns_the_screen_red_until_the_right_one_is_scanned(bench: Desk) -> None:
    _, order = furnish(bench.workspace, 2)
    bench.go("shipping:bench")
    page = bench.page
    scan(page, order.tiktok_id)
    scan(page, "C")
    expect(page.locator(DESK)).to_have_attribute("data-tone", "loud")
    expect(page.locator("[data-bench-shouts]")).to_contain_text("Wrong item: C")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(163, 21, 12)"
    scan(page, "A")
    expect(page.locator(DESK)).to_have_attribute("data-tone", "good")
    expect(page.locator("[data-bench-shouts]")).to_be_empty()
    scan(page, "B")
    expect(page.locator(DESK)).to_have_attribute("data-tone", "done")
    assert page.evaluate("document.activeElement.id") == "scan"


def test_scans_made_without_a_connection_are_sent_later_and_count_once(
    bench: Desk, allowed_console_errors: list[str]
) -> None:
    allowed_console_errors.append("net::ERR")
    _, _, order = furnish(bench.workspace, 3)
    bench.go("shipping:bench")
    page = bench.page
    lost: list[str] = []

    def answer_is_lost(route: Route) -> None:
        """The server takes the first scan, and the way back breaks; the second does not leave."""
        if not lost:
            route.fetch()
        lost.append(route.request.post_data or "")
        route.abort("connectionfailed")

    page.route("**/bench/scan/", answer_is_lost)
    for code in codes_of(order):
        scan(page, code)
    expect(page.locator("[data-bench-line]")).to_contain_text("4 scans are kept")
    eventually(lambda: PackScan.objects.count() == 1)
    page.reload()
    expect(page.locator("[data-bench-line]")).to_contain_text("4 scans are kept")
    page.unroute("**/bench/scan/")
    expect(page.locator("[data-aside]")).to_have_attribute("data-packed", "1")
    expect(page.locator("[data-bench-line]")).to_be_hidden()
    assert PackScan.objects.count() == 4
    eventually(lambda: Label.objects.filter(order=order, printed_at__isnull=False).exists())


def test_undo_amounts_unknown_codes_and_skipping_need_no_mouse(bench: Desk) -> None:
    _, order = furnish(bench.workspace, 2)
    bench.go("shipping:bench")
    page, line = bench.page, bench.page.locator(".desk__words")
    scan(page, order.tiktok_id)
    scan(page, "4006381333931")
    expect(page.locator(".desk__ask")).to_contain_text("4006381333931")
    scan(page, "2")
    expect(line).to_contain_text("Thing B: 1 of 1")
    page.keyboard.press("Control+z")
    expect(line).to_contain_text("taken back")
    scan(page, "/skip out of stock")
    expect(line).to_contain_text("Skipped: out of stock")
    assert PackSession.objects.get().skip_reason == "out of stock"


def test_two_keys_lead_from_new_orders_to_printing(desk: Desk) -> None:
    desk.open(*[{}] * 3)
    page = desk.page
    page.context.add_cookies([{"name": "printing", "value": "4x6.browser.1.", "url": desk.url}])
    desk.go("orders:queue")
    page.evaluate(
        "sessionStorage.keys = '[]'; addEventListener('keydown', e => sessionStorage.keys ="
        " JSON.stringify([...JSON.parse(sessionStorage.keys), e.key]), true)"
    )
    page.keyboard.press("b")
    expect(page.locator("#sheet [data-confirm]")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/batches/*/**")
    eventually(lambda: PrintFile.objects.filter(printed_at__isnull=False).exists())
    assert page.evaluate("JSON.parse(sessionStorage.keys)") == ["b", "Enter"]
    assert desk.charges() == 3
    assert Label.objects.filter(printed_at__isnull=False).count() == 3
    expect(page.get_by_role("link", name="Print again").first).to_be_visible()


def test_nothing_prints_by_itself_where_the_machine_does_not_want_it(desk: Desk) -> None:
    desk.open({})
    page = desk.page
    desk.go("orders:queue")
    page.keyboard.press("b")
    expect(page.locator("#sheet [data-confirm]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Print all")).to_be_visible()
    desk.worker.settle()
    assert not PrintFile.objects.filter(printed_at__isnull=False).exists()


def test_what_a_machine_prints_on_is_remembered_by_it(desk: Desk) -> None:
    desk.open({})
    page = desk.page
    desk.go("orders:queue")
    page.keyboard.press("b")
    page.get_by_label("Labels as").select_option("letter")
    page.keyboard.press("Escape")
    page.context.clear_cookies(name="printing")
    desk.go("shipping:bench")
    page.reload()
    page.get_by_text("This machine", exact=True).click()
    expect(page.get_by_label("Labels as")).to_have_value("letter")
