# Longer than 300 lines: one class per call, to be read side by side.
"""Every call to TikTok Shop and to its token host."""

from datetime import timedelta

from django.utils import timezone

from core.errors import RemoteError
from orders import dispatch
from orders.label_notes import note_label
from orders.models import Dispatch, Order, SyncCursor
from orders.sync import sync_shop
from shipping.batch_checks import reread
from shops import connect, logistics, subscriptions, tokens
from shops.catalog.models import Sku
from shops.catalog.reading import read_due_skus
from shops.models import Authorization, DeliveryProviders, Shop, Warehouse, WebhookSubscription
from tests.faults.label_calls import Buying, Fetching, Finding, Rates
from tests.faults.subjects import WRITE, Subject

UPS = "1Z999AA10123456784"


class OfTikTok(Subject):
    """A call of TikTok's."""

    provider = "TikTok Shop"


# -- Connecting and tokens ---------------------------------------------------------------------------
class Exchange(OfTikTok):
    """A code for tokens: it works once, so a lost answer costs the seller another round."""

    call = "exchange a code"
    kind = WRITE
    path = "/api/v2/token/get"

    def connect(self) -> None:
        self.said = ""
        try:
            connect.connect(
                self.bench.workspace,
                self.bench.user,
                self.bench.sandbox.code(),
                now=timezone.now(),
            )
        except connect.ConnectError as error:
            self.said = error.text

    def act(self) -> None:
        self.connect()

    def row(self) -> str:
        shop = Shop.objects.filter(workspace=self.bench.workspace).first()
        return "connected" if shop else "no shop"

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        if not Shop.objects.filter(workspace=self.bench.workspace).exists():
            self.connect()  # the seller starts again
        return self.row()


class AuthorizedShops(Exchange):
    """Which shops the tokens cover, while a seller is connected."""

    call = "authorized shops"
    kind = "reads"
    path = "/authorization/*/shops"


class Refresh(OfTikTok):
    """New tokens for old: the refresh token dies of it."""

    call = "refresh a token"
    kind = WRITE
    path = "/api/v2/token/refresh"

    def prepare(self) -> None:
        self.row_of = self.bench.authorization(self.bench.new_grant())
        self.due()

    def due(self) -> None:
        Authorization.objects.filter(pk=self.row_of.pk).update(next_refresh_at=timezone.now())

    def act(self) -> None:
        tokens.refresh(now=timezone.now())

    def row(self) -> str:
        row = self.current()
        if row.refresh_failures:
            return f"{row.state}, old token in use, refreshed again later"
        return row.state

    def current(self) -> Authorization:
        return Authorization.objects.get(pk=self.row_of.pk)

    def seen(self) -> str:
        row = self.current()
        return row.lost_because or row.refresh_error

    def settle(self) -> str:
        self.due()
        tokens.refresh(now=timezone.now())
        return self.row()


# -- Reading a shop ------------------------------------------------------------------------------------
class Search(OfTikTok):
    """The poll: a window of changed orders."""

    call = "search orders"
    method = "POST"
    path = "/order/*/orders/search"

    def prepare(self) -> None:
        shop = self.bench.shop
        before = timezone.now() - timedelta(minutes=1)
        SyncCursor.objects.filter(shop=shop).update(complete_until=before, due_at=before)
        self.before = before
        self.number = self.bench.sandbox.new_order(shipping_type="SELLER", units=1)

    def act(self) -> None:
        sync_shop(shop_id=self.bench.shop.pk)

    def cursor(self) -> SyncCursor:
        return SyncCursor.objects.get(shop=self.bench.shop)

    def row(self) -> str:
        cursor = self.cursor()
        moved = cursor.complete_until is not None and cursor.complete_until > self.before
        words = "complete up to now" if moved else "complete as before, asked again later"
        here = Order.objects.filter(shop=self.bench.shop, tiktok_id=self.number).exists()
        return f"{words}, order here" if here else words

    def seen(self) -> str:
        return self.cursor().last_error

    def settle(self) -> str:
        SyncCursor.objects.update(due_at=timezone.now(), claimed_until=None)
        self.act()
        return self.row()


class Detail(OfTikTok):
    """The order as TikTok has it, right before money moves."""

    call = "order detail"
    path = "/order/*/orders"

    def prepare(self) -> None:
        self.order = self.bench.order()

    def act(self) -> None:
        fresh, verdicts = reread([self.order])
        verdict = verdicts.get(self.order.pk)
        self.state = f"item {verdict.state}" if verdict else "item goes on"
        self.said = verdict.reason if verdict else ""
        assert bool(fresh) != bool(verdict)

    def row(self) -> str:
        return self.state

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        self.act()
        return self.state


class Warehouses(OfTikTok):
    """The shop's warehouses, read when it is connected."""

    call = "warehouses"
    path = "/logistics/*/warehouses"

    def prepare(self) -> None:
        logistics.read_warehouses(shop_id=self.bench.shop.pk)
        self.known = Warehouse.objects.count()
        assert self.known

    def act(self) -> None:
        self.said = ""
        try:
            logistics.read_warehouses(shop_id=self.bench.shop.pk)
        except RemoteError as error:
            self.said = error.message

    def row(self) -> str:
        return "as before" if Warehouse.objects.count() == self.known else "gone"

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        self.act()
        return self.row()


class ProductDetail(OfTikTok):
    """A product's weight and size."""

    call = "product detail"
    path = "/product/*/products/*"

    def prepare(self) -> None:
        self.order = self.bench.order()
        Sku.objects.update(weight_g=None, product_read_at=None, measured_by="")

    def act(self) -> None:
        read_due_skus()

    def row(self) -> str:
        (sku,) = Sku.objects.all()
        return "to be read again" if sku.product_read_at is None else "read"

    def seen(self) -> str:
        return ""

    def settle(self) -> str:
        long_ago = timezone.now() - timedelta(days=1)
        Sku.objects.exclude(product_read_at=None).update(product_read_at=long_ago)
        self.act()
        return self.row()


# -- Telling TikTok ------------------------------------------------------------------------------------
class Telling(OfTikTok):
    """An own label's number on its way to TikTok: three calls, of which the last one tells."""

    def an_order(self) -> Order:
        return self.bench.order()

    def prepare(self) -> None:
        self.order = self.an_order()
        DeliveryProviders.objects.all().delete()
        note_label(self.order.pk, "bought", "ups", UPS)
        self.order.refresh_from_db()
        # A number of its own: one may serve several orders of the same recipient only.
        number = f"1Z999AA1{int(self.order.tiktok_id) % 10**10:010}"
        self.dispatch = dispatch.request(self.order, tracking_number=number, carrier="ups")

    def act(self) -> None:
        dispatch.tell_tiktok(dispatch_id=self.dispatch.pk)

    def current(self) -> Dispatch:
        return Dispatch.objects.get(pk=self.dispatch.pk)

    def row(self) -> str:
        return self.current().state

    def seen(self) -> str:
        return self.current().reason

    def settle(self) -> str:
        old = timezone.now() - timedelta(minutes=10)
        Dispatch.objects.exclude(told_at=None).update(told_at=old)
        for _ in range(2):
            if self.current().state == "refused":  # a person looked, and presses "Tell again"
                dispatch.retry(self.current(), self.bench.user)
            self.act()
        assert self.told() == (self.current().state == "done")
        return self.current().state

    def told(self) -> bool:
        """Whether TikTok has the number, once."""
        packages = self.bench.sandbox.orders(id=self.order.tiktok_id)[0]["packages"]
        assert len(packages) < 2
        return bool(packages)


class ShippingProviders(Telling):
    """Which carriers the order's delivery option takes."""

    call = "carriers of an option"
    path = "/logistics/*/delivery_options/*/shipping_providers"


class ValidateTracking(Telling):
    """Whether the number is TikTok's own."""

    call = "validate tracking"
    path = "/fulfillment/*/tts_tracking_validation"


class MarkShipped(Telling):
    """The call that marks the order shipped."""

    call = "mark shipped"
    kind = WRITE
    method = "POST"
    path = "/fulfillment/*/orders/*/packages"


# -- TikTok's own labels -------------------------------------------------------------------------------
class _Platform:
    provider, slug, lane = "TikTok Shop", "tiktok", "TIKTOK"
    buy_path = "/fulfillment/*/packages"


class Services(_Platform, Rates):
    """TikTok's services for a parcel."""

    call = "shipping services"
    method, path = "POST", "/fulfillment/*/orders/*/shipping_services/query"


class CreatePackage(_Platform, Buying):
    """Buying TikTok's label."""

    call = "create a package"
    path = "/fulfillment/*/packages"


class FindByOrder(_Platform, Finding):
    """What became of it: the order names its packages."""

    call = "find, by the order"
    path = "/order/*/orders"


class FindByPackage(_Platform, Finding):
    """What became of it: the package itself."""

    call = "find, by the package"
    path = "/fulfillment/*/packages/*"


class ShippingDocument(_Platform, Fetching):
    """Where the label's file lies."""

    call = "document"
    kind = "reads"
    path = "/fulfillment/*/packages/*/shipping_documents"


class LabelFile(_Platform, Fetching):
    """The file itself."""

    call = "label file"


# -- Webhooks ------------------------------------------------------------------------------------------
class Subscribe(OfTikTok):
    """Asking TikTok to tell us of a kind of event."""

    call = "subscribe"
    kind = WRITE
    method = "PUT"
    path = "/event/*/webhooks"

    def act(self) -> None:
        subscriptions.subscribe(shop_id=self.bench.shop.pk)

    def rows(self) -> list[WebhookSubscription]:
        return list(WebhookSubscription.objects.filter(shop=self.bench.shop))

    def row(self) -> str:
        return ", ".join(sorted({row.state for row in self.rows()}))

    def seen(self) -> str:
        return " ".join(sorted({row.error for row in self.rows()}))

    def settle(self) -> str:
        self.act()
        return self.row()


class Subscriptions(Subscribe):
    """Which kinds TikTok tells us of."""

    call = "list subscriptions"
    kind = "reads"
    method = "GET"


class Unsubscribe(Subscribe):
    """Asking TikTok to stop, before a shop is disconnected: it does not keep the shop here."""

    call = "unsubscribe"
    method = "DELETE"

    def prepare(self) -> None:
        super().prepare()
        subscriptions.subscribe(shop_id=self.bench.shop.pk)

    def act(self) -> None:
        subscriptions.end(self.bench.shop)

    def row(self) -> str:
        return super().row() or "none kept"

    def settle(self) -> str:
        """Once the shop is connected again."""
        subscriptions.subscribe(shop_id=self.bench.shop.pk)
        return self.row()


CALLS: tuple[type[Subject], ...] = (
    Exchange,
    AuthorizedShops,
    Refresh,
    Search,
    Detail,
    Warehouses,
    ProductDetail,
    ShippingProviders,
    ValidateTracking,
    MarkShipped,
    Services,
    CreatePackage,
    FindByOrder,
    FindByPackage,
    ShippingDocument,
    LabelFile,
    Subscriptions,
    Subscribe,
    Unsubscribe,
)
