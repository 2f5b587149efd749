"""The main job, as a new seller does it: from an account to printed labels and shipped orders."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db.models import Sum
from playwright.sync_api import expect
from pypdf import PdfReader

from core.models import Batch, Workspace
from orders.models import Order
from shipping.models import LedgerEntry
from tests.journeys.desk import Desk
from tests.journeys.worker import eventually


def test_from_signing_up_to_shipped_orders(desk: Desk, downloaded: Callable[[str], Any]) -> None:
    desk.sandbox.control("POST", "reset", {"orders": 90, "seed": 4})
    _sign_up(desk)
    _set_up_shipping(desk)
    _connect(desk)
    ready = _wait_for_orders(desk)
    page = desk.page

    desk.go("orders:queue")
    for key in ("j", "x", "a", "b"):
        page.keyboard.press(key)
    expect(page.locator("#sheet h2")).to_have_text(f"Buy {ready} labels")
    expect(page.locator("#sheet [data-confirm]")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/batches/*/**")
    expect(page.locator("#batch-live")).to_contain_text(f"{ready} bought", timeout=40_000)

    with page.context.expect_page() as opened:
        page.get_by_role("link", name=f"Print all · {ready} labels").click()
    pdf = downloaded(opened.value.url)
    assert pdf.headers["content-type"] == "application/pdf"
    assert len(PdfReader(BytesIO(pdf.body())).pages) == ready

    desk.go("shops:list")
    desk.press("Read now")  # of a label of its own TikTok tells with the next reading
    desk.worker.settle()
    world = desk.sandbox.state()
    assert world["shipped"]["orders"] == ready
    assert Order.objects.filter(stage="shipped", label_state="bought").count() == ready
    _books_agree(desk, world)


def _sign_up(desk: Desk) -> None:
    page = desk.page
    page.goto(desk.url)
    desk.press("Create an account")
    page.get_by_label("Email").fill("maya@creatorflow.example")
    page.get_by_label("Password").fill("a-long-and-odd-word-42")
    desk.press("Create account")
    page.get_by_label("Name of your business").fill("Glow & Gather")
    desk.press("Create workspace")
    expect(page.get_by_role("heading", name="Connect your TikTok Shop")).to_be_visible()
    assert Workspace.objects.get().name == "Glow & Gather"


def _set_up_shipping(desk: Desk) -> None:
    page = desk.page
    desk.press("Settings")
    sheet = page.locator("#sheet")

    desk.press("Add an address")
    address = {
        "label": "Studio",
        "name": "Maya Ortiz",
        "street1": "2140 Glendale Blvd",
        "city": "Los Angeles",
        "state": "CA",
        "postal_code": "90039",
        "phone": "213 555 0134",
    }
    _fill(desk, address)
    desk.press("Save the address")
    expect(desk.toast()).to_contain_text("“Studio” is saved")

    desk.press("Add a box")
    _fill(desk, {"name": "Box M", "length": "9", "width": "7", "height": "4", "weight": "3"})
    sheet.get_by_role("button", name="Save the box").click()
    expect(page.get_by_role("heading", name="Box M")).to_be_visible()

    desk.press("Add an account")
    sheet.get_by_label("Provider").select_option("easypost")
    sheet.get_by_label("API key").fill("EZTKsandbox0000000000demo")
    desk.press("Test and add")
    expect(page.get_by_role("row", name="EasyPost")).to_contain_text("Active")


def _fill(desk: Desk, values: dict[str, str]) -> None:
    for name, value in values.items():
        desk.page.locator(f"#sheet [name={name}]").fill(value)


def _connect(desk: Desk) -> None:
    """Out to TikTok's page, over real redirects, and back."""
    page = desk.page
    desk.press("Shops")
    desk.press("Go to TikTok")
    page.wait_for_url(f"{desk.sandbox.url}/open/authorize**")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{desk.url}/w/*/shops/")
    expect(page.get_by_role("row", name="Glow & Gather US")).to_be_visible()


def _wait_for_orders(desk: Desk) -> int:
    """The list of shops and the queue fill by themselves; how many orders are ready in the end."""
    expect(desk.page.get_by_text("Complete as of")).to_be_visible()
    desk.worker.settle()
    eventually(lambda: Order.objects.filter(stage="ready", plan_price=None).count() == 0)
    ready = Order.objects.filter(stage="ready").count()
    assert ready >= 50
    return ready


def _books_agree(desk: Desk, world: dict[str, Any]) -> None:
    """The batch's page, our ledger and the providers' wallets name one sum."""
    charged = sum(Decimal(wallet["net"]) for wallet in world["wallets"].values())
    assert LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] == charged > 0
    page = desk.page
    desk.go("shipping:batch", batch_id=Batch.objects.get().public_id)
    shown = page.locator("section", has=page.get_by_role("heading", name="Charged"))
    amounts = shown.locator("td.side").all_inner_texts()
    assert sum(Decimal(text.replace("$", "").replace(",", "")) for text in amounts) == charged
