"""What a journey holds in its hands: the browser's page, the simulated world, the worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from core.access import wreverse
from core.models import User, Workspace
from creatorflow.demo.setting_up import KEYS, Demo, set_up
from orders.models import Order
from tests.journeys.worker import Worker, eventually
from tests.sandbox.running import Running

# Only one account: so it is known who is asked, and whose purchase a fault strikes.
EASYPOST = {"easypost": KEYS["easypost"]}
# An order of one unit that is light and whose weight the product tells.
PLAIN = {"shipping_type": "SELLER", "seller_sku": "GG-LIP-BER", "units": 1}


@dataclass
class Desk:
    """`demo` is there once `open` was called, or a test has set it."""

    page: Page
    url: str
    sandbox: Running
    worker: Worker
    demo: Demo | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of this journey."""
        if self.demo is not None:
            return self.demo.workspace
        return Workspace.objects.get()

    def open(self, *orders: Mapping[str, Any], keys: Mapping[str, str] = EASYPOST) -> list[Order]:
        """A workspace that is set up, its shop with these orders read and priced, somebody signed
        in; the orders as we have them."""
        numbers = [self.sandbox.new_order(**(PLAIN | dict(shape))) for shape in orders]
        self.demo = set_up(self.sandbox.url, keys)
        self.sign_in(self.demo.user)
        self.worker.settle()
        return [Order.objects.get(tiktok_id=number) for number in numbers]

    def sign_in(self, user: User) -> None:
        """Give the browser a session, as signing in would."""
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.url}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def go(self, name: str, query: str = "", **arguments: Any) -> None:
        """Open a page of the workspace by the name of its address."""
        self.page.goto(self.url + wreverse(self.workspace, name, **arguments) + query)

    def go_order(self, order: Order) -> None:
        """Open the order's page, its shipping panel included."""
        self.go("orders:detail", order_id=order.pk)
        expect(self.page.locator("#shipping-panel .skeleton")).to_have_count(0)

    def press(self, name: str, *, exact: bool = False) -> None:
        """Click the button or link that says so."""
        button = self.page.get_by_role("button", name=name, exact=exact)
        link = self.page.get_by_role("link", name=name, exact=exact)
        button.or_(link).first.click()

    def toast(self) -> Locator:
        """The words that appear after an action."""
        return self.page.locator("#toasts")

    def row(self, order: Order) -> Locator:
        """The order's row in a list."""
        return self.page.locator("tr", has=self.page.locator(f"a[href*='/orders/{order.pk}/']"))

    def buy(self, order: Order) -> None:
        """Buy one order from its page: sheet, confirm, the batch's page."""
        self.go_order(order)
        self.press("Buy this label")
        self.page.locator("#sheet [data-confirm]").click()
        self.page.wait_for_url("**/batches/*/**")

    def stage(self, order: Order) -> str:
        """Where the order stands now."""
        return str(Order.objects.values_list("stage", flat=True).get(pk=order.pk))

    def wait_for_stage(self, order: Order, stage: str) -> None:
        """Wait until the order is there."""
        eventually(lambda: self.stage(order) == stage)

    def charges(self, provider: str = "easypost") -> int:
        """How often the provider's wallet was charged."""
        entries = self.sandbox.ledger().get(provider, [])
        return sum(1 for entry in entries if entry["kind"] == "charge")
