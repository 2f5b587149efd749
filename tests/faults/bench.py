"""What a cell of the matrix stands on: a workspace, its accounts and its shop at one sandbox."""

import fnmatch
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from core import breaker
from core.errors import RemoteError
from core.models import Circuit, RateLimit, User, Workspace
from orders.models import Order
from orders.sync import read_orders
from shipping.models import LabelAccount, LedgerEntry
from shops import wire
from shops.catalog.models import Sku
from shops.models import Authorization, Shop
from shops.tiktok_shop import auth
from shops.tiktok_shop.auth import TokenGrant
from tests import factories
from tests.faults.faults import Fault
from tests.faults.line import Line
from tests.sandbox.running import Running

KEYS = {"easypost": "EZTKsandbox-faults", "shippo": "shippo_test_sandbox_faults"}
ABROAD, HOME = "TH", "US"
NAMES = {"easypost": "EasyPost", "shippo": "Shippo", "tiktok": "TikTok Shipping"}


@dataclass
class Bench:
    """One workspace in a database that is swept, at a sandbox that goes on."""

    sandbox: Running
    line: Line
    known_shop: dict[str, str]
    grant: TokenGrant
    workspace: Workspace = field(default_factory=factories.workspace)

    def __post_init__(self) -> None:
        self.user: User = factories.member(self.workspace)
        factories.ship_from(self.workspace)
        factories.preset(self.workspace)
        self._charges_before = self._all_charges()
        self.fault: Fault | None = None

    # -- Who is there ----------------------------------------------------------------------------
    @cached_property
    def shop(self) -> Shop:
        """The sandbox's shop, connected."""
        return factories.shop(
            self.workspace, authorization=self.authorization(self.grant), **self.known_shop
        )

    def authorization(self, grant: TokenGrant) -> Authorization:
        """A seller's permission with these tokens."""
        row = factories.authorization(self.workspace)
        row.hold_tokens(
            access=grant.access_token,
            access_until=grant.access_expires_at,
            refresh=grant.refresh_token,
            refresh_until=grant.refresh_expires_at,
        )
        row.scopes = sorted(grant.scopes)
        row.save()
        return row

    def new_grant(self) -> TokenGrant:
        """Tokens of their own, for what uses them up."""
        now = timezone.now()
        return auth.exchange_code(wire.token_host(), code=self.sandbox.code(), now=now)

    def account(self, provider: str) -> LabelAccount:
        """The workspace's account at a provider."""
        row = LabelAccount(workspace=self.workspace, provider=provider, name=NAMES[provider])
        if provider == "tiktok":
            row.shop = self.shop
        else:
            row.hold_key(KEYS[provider])
        row.save()
        return row

    def order(self, lane: str = "SELLER", *, units: int = 1, skus: int = 1) -> Order:
        """A fresh order, ready to be bought; its items have a weight and a size."""
        number = self.sandbox.new_order(shipping_type=lane, units=units, skus=skus)
        return self._measured(number)

    def order_abroad(self, lane: str = "SELLER", *, skus: int = 1, same_as: str = "") -> Order:
        """The same in a market where it has its package as soon as it is paid; `same_as` names an
        order of the same buyer."""
        same = {"same_as": same_as} if same_as else {}
        number = self.sandbox.new_order(shipping_type=lane, units=1, skus=skus, fresh=True, **same)
        self.go_to(ABROAD)
        return self._measured(number)

    def go_to(self, region: str) -> None:
        """The shop is in another market from now on."""
        self.sandbox.tiktok(shop_region=region)
        self.shop.region = region
        self.shop.save(update_fields=["region"])

    def _measured(self, number: str) -> Order:
        shop = self.shop
        read_orders(shop, [number])
        Sku.objects.filter(shop=shop).update(
            weight_g=200, length_mm=150, width_mm=100, height_mm=50, measured_by="product"
        )
        return Order.objects.select_related("shop").get(shop=shop, tiktok_id=number)

    # -- What goes wrong -------------------------------------------------------------------------
    def strike(self, fault: Fault, method: str, path: str) -> None:
        """Every call of `method` to `path` meets the fault from now on."""
        self.fault = fault
        if fault.kind == "told":  # made by who sends the events
            return
        self.line.strike(fault, method, path)
        if fault.kind != "line":
            rule = {"seconds": 2.0, **fault.rule}
            whole = f"^{fnmatch.translate(path)}"
            self.sandbox.fault(fault.kind, method=method, path=whole, times=-1, **rule)

    def lift(self) -> None:
        """All is well again, and a while has passed."""
        self.line.lift()
        self.sandbox.clear_faults()
        self.calm()

    def calm(self) -> None:
        """As after a pause: no circuit is open, nobody waits in line."""
        Circuit.objects.all().delete()
        RateLimit.objects.all().delete()
        breaker.forget()

    def sent(self, method: str, path: str) -> int:
        """Calls of `method` to paths like `path` that reached the sandbox since it started."""
        calls = self.sandbox.state()["calls"].items()
        return sum(count for call, count in calls if fnmatch.fnmatch(call, f"{method} {path}"))

    # -- What it cost ----------------------------------------------------------------------------
    def charges(self) -> int:
        """Labels the simulated providers took money for since this bench was set up."""
        return self._all_charges() - self._charges_before

    def _all_charges(self) -> int:
        return sum(wallet["charges"] for wallet in self.sandbox.state()["wallets"].values())

    def booked(self) -> int:
        """Charges in our own ledger; what TikTok settles later stands there as zero."""
        entries = LedgerEntry.objects.of(self.workspace).filter(kind="charge")
        return entries.exclude(amount=0).count()


def name_of(raised: list[RemoteError]) -> str:
    """The class of the last error as the matrix writes it: one of core.errors."""
    if not raised:
        return "answered"
    own = [kind for kind in type(raised[-1]).__mro__ if kind.__module__ == RemoteError.__module__]
    return own[0].__name__


AGES = timedelta(minutes=10)
