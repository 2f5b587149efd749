# Longer than 300 lines: one class per call, to be read side by side.
"""Every call to Shippo and EasyPost, and the purchase of TikTok's own labels."""

from django.utils import timezone

from core.errors import RemoteError
from orders.models import Order
from shipping import accounts
from shipping.labels import documents, purchase, reconcile
from shipping.labels import void as voiding
from shipping.models import Label, LabelAccount, QuoteSet
from shipping.parcels import parcels_for
from shipping.plan import plan_order
from shipping.plan_notes import note_of
from tests.faults.bench import AGES
from tests.faults.subjects import FILE, SPEND, WRITE, Subject


class OfAccount(Subject):
    """A call of one label account; `slug` is its provider."""

    slug: str
    lane = "SELLER"
    account: LabelAccount

    def prepare(self) -> None:
        self.account = self.bench.account(self.slug)

    def an_order(self) -> Order:
        return self.bench.order(self.lane)

    def a_label(self) -> Label:
        """A label ready to be bought."""
        order = self.an_order()
        return purchase.prepare(order, plan_order(order, now=timezone.now()))

    def bought(self) -> Label:
        label = self.a_label()
        assert purchase.buy_label(label_id=label.pk) == "bought"
        return again(label)

    def with_account(self, state: str) -> str:
        """The state, and whether the account was paused by the way."""
        paused = LabelAccount.objects.get(pk=self.account.pk).state == "paused"
        return f"{state}, account paused" if paused else state


def again(label: Label) -> Label:
    """The label's row as it is now, with what purchases need."""
    parts = ("account__shop__authorization", "account__workspace", "workspace", "order__shop")
    return Label.objects.select_related(*parts).get(pk=label.pk)


def now_is(label: Label) -> Label:
    """The label's own columns as they are now."""
    return Label.objects.get(pk=label.pk)


def again_account(account: LabelAccount) -> LabelAccount:
    """The account's row as it is now."""
    parts = ("workspace", "shop__authorization")
    return LabelAccount.objects.select_related(*parts).get(pk=account.pk)


class Rates(OfAccount):
    """Asking for rates: free, and a shipment at the provider may be left behind."""

    call = "rates"

    def prepare(self) -> None:
        super().prepare()
        self.order = self.an_order()

    def act(self) -> None:
        self.quotes: QuoteSet = plan_order(self.order, now=timezone.now())

    def row(self) -> str:
        state = "rate chosen" if self.quotes.chosen is not None else "no rate"
        return self.with_account(state)

    def seen(self) -> str:
        problem = note_of(self.quotes, parcels_for([self.order])[self.order.pk]).problem
        words = [f["message"] for f in self.quotes.failures if f["message"] not in problem]
        return " ".join([problem, *words]).strip()

    def settle(self) -> str:
        put_right(self.account)
        chosen = plan_order(self.order, now=timezone.now()).chosen
        return "no rate" if chosen is None else "rate chosen"


def put_right(account: LabelAccount) -> None:
    """A person tests the key of a paused account."""
    current = again_account(account)
    if current.state == "paused":
        accounts.recheck(current, now=timezone.now())


class Buying(OfAccount):
    """The call that costs money."""

    call = "buy"
    kind = SPEND
    method = "POST"

    def prepare(self) -> None:
        super().prepare()
        self.label = self.a_label()

    def act(self) -> None:
        purchase.buy_label(label_id=self.label.pk)

    def row(self) -> str:
        return self.with_account(now_is(self.label).state)

    def seen(self) -> str:
        return now_is(self.label).reason

    def settle(self) -> str:
        return settled(self.label)


def settled(label: Label) -> str:
    """How a purchase ends: bought again where nothing was sent, asked about where nobody knows."""
    label = now_is(label)
    if label.state == "ready":
        purchase.buy_label(label_id=label.pk)
    old = timezone.now() - AGES
    if Label.objects.filter(pk=label.pk, state="unknown").update(due_at=old, intent_at=old):
        reconcile.reconcile_due()
    return now_is(label).state


class Finding(OfAccount):
    """Asking what became of a purchase whose answer was lost, although it was paid."""

    call = "find"
    buy_path: str

    def prepare(self) -> None:
        super().prepare()
        self.label = self.a_label()
        rule = {"method": "POST", "path": self.buy_path, "times": 1}
        self.bench.sandbox.fault("reset_after_effect", **rule)
        assert purchase.buy_label(label_id=self.label.pk) == "unknown"
        self.bench.lift()
        old = timezone.now() - AGES
        Label.objects.filter(pk=self.label.pk).update(intent_at=old, due_at=old)

    def act(self) -> None:
        reconcile.reconcile_due()

    def row(self) -> str:
        return self.with_account(now_is(self.label).state)

    def seen(self) -> str:
        return now_is(self.label).reason

    def settle(self) -> str:
        put_right(self.account)
        return settled(self.label)


class Fetching(OfAccount):
    """The label's file, right after the purchase."""

    call = "document"
    kind = FILE
    path = "/files/*"

    def prepare(self) -> None:
        super().prepare()
        self.label = self.bought()

    def act(self) -> None:
        documents.fetch(self.label)

    def row(self) -> str:
        label = now_is(self.label)
        kept = "file kept" if label.file_key else "file due again"
        return f"{label.state}, {kept}"

    def seen(self) -> str:
        return now_is(self.label).document_error

    def settle(self) -> str:
        Label.objects.filter(pk=self.label.pk).update(document_due_at=timezone.now())
        documents.fetch_due()
        return self.row()


class Voiding(OfAccount):
    """Asking for the money back."""

    call = "void"
    kind = WRITE
    method = "POST"

    def prepare(self) -> None:
        super().prepare()
        self.label = self.bought()

    def act(self) -> None:
        voiding.void(self.label, self.bench.user)

    def row(self) -> str:
        return self.with_account(now_is(self.label).state)

    def seen(self) -> str:
        return now_is(self.label).reason

    def settle(self) -> str:
        put_right(self.account)
        label = again(self.label)
        if label.state == "bought":  # the person presses the button again
            return str(voiding.void(label, self.bench.user))
        swept(self.label)
        return now_is(self.label).state


def swept(label: Label) -> None:
    """The sweep over refunds, a while later."""
    old = timezone.now() - AGES
    Label.objects.filter(pk=label.pk).update(due_at=old, void_at=old)
    voiding.voids_due()


class RefundStatus(OfAccount):
    """Asking what became of a wish for the money."""

    call = "refund status"

    def prepare(self) -> None:
        super().prepare()
        self.label = self.bought()
        assert voiding.void(self.label, self.bench.user) == "refunding"

    def act(self) -> None:
        swept(self.label)

    def row(self) -> str:
        return self.with_account(now_is(self.label).state)

    def seen(self) -> str:
        return now_is(self.label).reason

    def settle(self) -> str:
        put_right(self.account)
        swept(self.label)
        return now_is(self.label).state


class Checking(OfAccount):
    """Testing the key of an account."""

    call = "check"

    def act(self) -> None:
        self.said = ""
        try:
            accounts.recheck(again_account(self.account), now=timezone.now())
        except RemoteError as error:
            self.said = error.message

    def row(self) -> str:
        return again_account(self.account).state

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        accounts.recheck(again_account(self.account), now=timezone.now())
        return again_account(self.account).state


class _EasyPost:
    provider, slug = "EasyPost", "easypost"
    buy_path = "/v2/shipments/*/buy"


class _Shippo:
    provider, slug = "Shippo", "shippo"
    buy_path = "/transactions"


class EasyPostRates(_EasyPost, Rates):
    method, path = "POST", "/v2/shipments"


class EasyPostBuying(_EasyPost, Buying):
    path = _EasyPost.buy_path


class EasyPostFinding(_EasyPost, Finding):
    path = "/v2/shipments/*"


class EasyPostFetching(_EasyPost, Fetching):
    pass


class EasyPostVoiding(_EasyPost, Voiding):
    path = "/v2/shipments/*/refund"


class EasyPostRefundStatus(_EasyPost, RefundStatus):
    path = "/v2/shipments/*"


class EasyPostChecking(_EasyPost, Checking):
    path = "/v2/shipments"


class ShippoRates(_Shippo, Rates):
    method, path = "POST", "/shipments"


class ShippoBuying(_Shippo, Buying):
    path = _Shippo.buy_path


class ShippoFinding(_Shippo, Finding):
    path = "/transactions"


class ShippoFetching(_Shippo, Fetching):
    pass


class ShippoVoiding(_Shippo, Voiding):
    path = "/refunds"


class ShippoRefundStatus(_Shippo, RefundStatus):
    path = "/transactions/*"


class ShippoChecking(_Shippo, Checking):
    path = "/carrier_accounts"


CALLS: tuple[type[Subject], ...] = (
    EasyPostRates,
    EasyPostBuying,
    EasyPostFinding,
    EasyPostVoiding,
    EasyPostRefundStatus,
    EasyPostChecking,
    EasyPostFetching,
    ShippoRates,
    ShippoBuying,
    ShippoFinding,
    ShippoVoiding,
    ShippoRefundStatus,
    ShippoChecking,
    ShippoFetching,
)
