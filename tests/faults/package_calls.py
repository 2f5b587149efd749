# Longer than 300 lines: one class per call, to be read side by side.
"""Every call about TikTok's packages: reading, shipping, combining and splitting them, and putting
another number on one."""

from django.utils import timezone

from core.errors import RemoteError
from orders import combining, dispatch, packages, tracking_edit
from orders.models import BoxMate, CombineGroup, Dispatch, Order, Package, TrackingEdit
from orders.sync import read_orders
from shops.clients import tiktok_client
from shops.tiktok_shop.combining import split, splitting
from tests.faults.bench import AGES
from tests.faults.label_calls import Buying, Finding, Rates
from tests.faults.subjects import WRITE, Subject
from tests.faults.tiktok_calls import OfTikTok, Telling

CHOSEN = "1Z999AA1"


class OfPackages(OfTikTok):
    """A call in a market whose orders have their package before it is shipped."""

    def prepare(self) -> None:
        self.said = ""
        self.order = self.bench.order_abroad()

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        self.act()
        return self.row()


class SearchPackages(OfPackages):
    """Packages that changed since the last one we know."""

    call = "search packages"
    method = "POST"
    path = "/fulfillment/*/packages/search"

    def act(self) -> None:
        packages.read_due()

    def row(self) -> str:
        found = packages.packages_of(self.order)
        return "package here" if found else "no package here, asked again later"


class PackageDetail(OfPackages):
    """An order's package in detail, which a person asked for."""

    call = "package detail"
    path = "/fulfillment/*/packages/*"

    def act(self) -> None:
        self.said = ""
        try:
            packages.read_order(self.order, now=timezone.now())
        except RemoteError as error:
            self.said = f"The packages could not be read: {error.message}"

    def row(self) -> str:
        detailed = Package.objects.exclude(detail_at=None).filter(shop=self.bench.shop)
        return "detail here" if detailed.exists() else "as before"


class _Arranged:
    provider, slug, lane = "TikTok Shop", "tiktok", "TIKTOK"

    def an_order(self) -> Order:
        return self.bench.order_abroad(self.lane)  # type: ignore[attr-defined, no-any-return]


class HandoverSlots(_Arranged, Rates):
    """How a package may change hands; where TikTok refuses to say, it decides that itself."""

    call = "handover slots"
    path = "/fulfillment/*/packages/*/handover_time_slots"


class ShipPackage(_Arranged, Buying):
    """Arranging TikTok's label for a package, which is settled with the seller's statements."""

    call = "ship a package"
    kind = WRITE
    path = "/fulfillment/*/packages/*/ship"

    def prepare(self) -> None:
        super().prepare()
        self.sent_before = self.bench.sent(self.method, self.path)

    def settle(self) -> str:
        state = super().settle()
        number = self.label.order.tiktok_id
        (package,) = self.bench.sandbox.orders(id=number)[0]["packages"]
        assert (package == self.label_id()) == (state == "bought")
        fault = self.bench.fault
        if fault and fault.carried_out:
            assert state == "bought"
            assert self.bench.sent(self.method, self.path) - self.sent_before == 1, "sent twice"
        return state

    def label_id(self) -> str:
        self.label.refresh_from_db()
        return self.label.provider_label_id


class FindArranged(_Arranged, Finding):
    """What became of a package whose answer was lost although it was arranged."""

    call = "find, by the waiting package"
    buy_path = "/fulfillment/*/packages/*/ship"
    path = "/fulfillment/*/packages/*"


class ShipPackages(Telling):
    """Own labels told by package, many with one call."""

    call = "ship packages"
    kind = WRITE
    method = "POST"
    path = "/fulfillment/*/packages/ship"

    def an_order(self) -> Order:
        return self.bench.order_abroad()

    def prepare(self) -> None:
        super().prepare()
        self.sent_before = self.bench.sent(self.method, self.path)

    def told(self) -> bool:
        (order,) = read_orders(self.bench.shop, [self.order.tiktok_id])
        fault = self.bench.fault
        if fault and fault.carried_out:
            assert self.bench.sent(self.method, self.path) - self.sent_before == 1, "told twice"
        return order.tracking_number == self.dispatch.tracking_number


# -- Several orders in one package, one order in several --------------------------------------------
class Combinable(OfPackages):
    """Which orders TikTok would put into one package."""

    call = "what can be combined"
    path = "/fulfillment/*/combinable_packages/search"

    def prepare(self) -> None:
        super().prepare()
        mate = self.bench.order_abroad(same_as=self.order.tiktok_id)
        self.pair = [self.order, mate]
        Order.objects.filter(pk__in=[one.pk for one in self.pair]).update(stage="ready", blocker="")

    def act(self) -> None:
        self.said = ""
        try:
            combining.look(self.bench.shop, now=timezone.now())
        except RemoteError as error:
            self.said = error.message

    def group(self) -> CombineGroup | None:
        return CombineGroup.objects.filter(order_ids__contains=[self.order.tiktok_id]).first()

    def row(self) -> str:
        group = self.group()
        return group.state if group else "nothing offered, asked again later"

    def shared(self) -> str:
        """The package that TikTok put both orders into; "" where each has its own."""
        ids = [self.bench.sandbox.orders(id=one.tiktok_id)[0]["packages"] for one in self.pair]
        (first,), (second,) = ids
        return str(first) if first == second else ""

    def boxed(self) -> str:
        """The package of our own box; "" where there is none."""
        row = BoxMate.objects.filter(order__in=self.pair).first()
        return row.package_id if row else ""


class Combine(Combinable):
    """Putting them into one, which has no key."""

    call = "combine"
    kind = WRITE
    method = "POST"
    path = "/fulfillment/*/packages/combine"

    def prepare(self) -> None:
        super().prepare()
        combining.look(self.bench.shop, now=timezone.now())
        self.sent_before = self.bench.sent(self.method, self.path)

    def act(self) -> None:
        group = self.group()
        assert group is not None
        self.said = ""
        try:
            combining.join(group, user=self.bench.user)
        except combining.CannotCombine as problem:
            self.said = str(problem)

    def row(self) -> str:
        return "in one box" if self.boxed() else f"apart, {super().row()}"

    def settle(self) -> str:
        if not self.boxed():  # the person asks TikTok anew, and presses the button again
            combining.look(self.bench.shop, now=timezone.now())
            self.act()
        assert self.boxed() == self.shared()
        fault = self.bench.fault
        if fault and fault.carried_out:
            assert self.bench.sent(self.method, self.path) - self.sent_before == 1, "combined twice"
        return self.row()


class Uncombine(Combine):
    """Taking an order out of its box."""

    call = "uncombine"
    path = "/fulfillment/*/packages/*/uncombine"

    def prepare(self) -> None:
        super().prepare()
        super().act()
        assert self.boxed()

    def act(self) -> None:
        box = BoxMate.objects.select_related("order__shop__authorization").get()
        self.said = ""
        try:
            combining.leave(box.order, user=self.bench.user)
        except combining.CannotCombine as problem:
            self.said = str(problem)

    def row(self) -> str:
        return "in one box" if self.boxed() else "apart"

    def settle(self) -> str:
        if self.boxed():  # the person presses the button again
            self.act()
        assert self.boxed() == self.shared()
        return self.row()


class Splitting(OfPackages):
    """Whether an order may travel in several packages."""

    call = "what can be split"
    path = "/fulfillment/*/orders/split_attributes"

    def prepare(self) -> None:
        self.said = ""
        self.order = self.bench.order_abroad(skus=2)
        self.found = ""

    def act(self) -> None:
        client, self.said, self.found = tiktok_client(self.bench.shop), "", "nothing known"
        try:
            found = splitting(client, [self.order.tiktok_id])
        except RemoteError as error:
            self.said = error.message
        else:
            self.found = "may be split" if found[self.order.tiktok_id].can else "may not be split"

    def row(self) -> str:
        return self.found


class Split(Splitting):
    """Splitting it, which has no key: the order says whether it was done."""

    call = "split"
    kind = WRITE
    method = "POST"
    path = "/fulfillment/*/orders/*/split"

    def act(self) -> None:
        client, self.said = tiktok_client(self.bench.shop), ""
        lines = list(self.order.lines.values_list("tiktok_id", flat=True))
        try:
            split(client, order_id=self.order.tiktok_id, groups=[[line] for line in lines])
        except RemoteError as error:
            self.said = error.message

    def row(self) -> str:
        self.bench.calm()  # as after the pause that was asked for
        (order,) = read_orders(self.bench.shop, [self.order.tiktok_id])
        return "in one package" if len(order.package_ids) == 1 else "in several packages"

    def settle(self) -> str:
        if self.row() == "in one package":
            self.act()
        return self.row()


# -- Another number on a package ---------------------------------------------------------------------
class EditTracking(OfTikTok):
    """Putting another number in place of the one TikTok has, which it allows once."""

    call = "correct a package's number"
    kind = WRITE
    method = "POST"
    path = "/fulfillment/*/packages/*/shipping_info/update"

    def prepare(self) -> None:
        self.said = ""
        self.order = self.bench.order()
        tail = int(self.order.tiktok_id) % 10**9
        made = dispatch.request(self.order, tracking_number=f"{CHOSEN}0{tail:09}", carrier="ups")
        assert dispatch.tell_tiktok(dispatch_id=made.pk) == "done"
        self.number = f"{CHOSEN}1{tail:09}"
        self.dispatch = made
        self.sent_before = self.bench.sent(self.method, self.path)

    def act(self) -> None:
        related = Dispatch.objects.select_related("order__shop__authorization")
        self.said = ""
        try:
            tracking_edit.edit(
                related.get(pk=self.dispatch.pk), self.number, "ups", user=self.bench.user
            )
        except tracking_edit.CannotEdit as problem:
            self.said = str(problem)

    def current(self) -> TrackingEdit:
        return TrackingEdit.objects.filter(dispatch=self.dispatch).latest("pk")

    def row(self) -> str:
        return self.current().state

    def seen(self) -> str:
        return self.said or self.current().reason

    def settle(self) -> str:
        TrackingEdit.objects.filter(state="unknown").update(told_at=timezone.now() - AGES)
        tracking_edit.settle_due()
        if self.row() == "refused":  # the edit is left: the person tries again
            self.act()
        (order,) = read_orders(self.bench.shop, [self.order.tiktok_id])
        assert (order.tracking_number == self.number) == (self.row() == "done")
        fault = self.bench.fault
        if fault and fault.carried_out:
            assert self.bench.sent(self.method, self.path) - self.sent_before == 1, "told twice"
        return self.row()


class EditOrdersTracking(EditTracking):
    """The same by the order, where its package's id is not known."""

    call = "correct an order's number"
    path = "/fulfillment/*/orders/*/shipping_info/update"

    def prepare(self) -> None:
        super().prepare()
        Dispatch.objects.filter(pk=self.dispatch.pk).update(package_id="")


CALLS: tuple[type[Subject], ...] = (
    SearchPackages,
    PackageDetail,
    HandoverSlots,
    ShipPackage,
    FindArranged,
    ShipPackages,
    Combinable,
    Combine,
    Uncombine,
    Splitting,
    Split,
    EditTracking,
    EditOrdersTracking,
)
