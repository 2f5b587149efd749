"""Every call about a parcel that is one of an order's several, beside one that has its label: neither
is ever taken for the other."""

from django.utils import timezone

from orders import dispatch, splitting
from orders.label_notes import note_label
from orders.models import Dispatch, Order
from orders.sync import read_orders
from shipping.labels import purchase
from shipping.models import Label
from shipping.plan import plan_order
from tests.faults.label_calls import Buying, Finding, OfAccount, Rates
from tests.faults.subjects import WRITE, Subject
from tests.faults.tiktok_calls import Telling


def in_two(order: Order, subject: Subject) -> Order:
    """The order in a parcel for each of its two lines."""
    groups = [[line.tiktok_id] for line in order.lines.order_by("pk")]
    assert len(groups) == 2
    splitting.split(order, groups, user=subject.bench.user)
    return current(order)


def current(order: Order) -> Order:
    """The order's row as it is now."""
    return Order.objects.select_related("shop").get(pk=order.pk)


class _Second(OfAccount):
    """The second parcel of an order in the United States; the first has its label."""

    provider, slug, lane = "TikTok Shop", "tiktok", "TIKTOK"
    buy_path = "/fulfillment/*/packages"

    def whole(self) -> Order:
        return self.bench.order(self.lane, units=2)

    def an_order(self) -> Order:
        order = in_two(self.whole(), self)
        self.first = purchase.prepare(order, plan_order(order, now=timezone.now()))
        assert purchase.buy_label(label_id=self.first.pk) == "bought"
        return current(order)

    def package_of(self, label: Label) -> str:
        """The package TikTok shows for the label's one line; "" for none."""
        (order,) = read_orders(label.order.shop, [label.order.tiktok_id])
        (line,) = order.parts[label.part - 1]["lines"]
        row = order.lines.get(tiktok_id=line)
        return row.package_id if row.package_status not in ("", "TO_FULFILL") else ""

    def settled(self, label: Label, state: str) -> str:
        """The state, once each label is for the package that its own line lies in."""
        kept = Label.objects.select_related("order__shop__authorization")
        first, second = kept.get(pk=self.first.pk), kept.get(pk=label.pk)
        assert first.provider_label_id == self.package_of(first) != ""
        assert second.provider_label_id == self.package_of(second)
        assert first.provider_label_id != second.provider_label_id
        fault = self.bench.fault
        if self.kind == WRITE and fault and fault.carried_out:
            assert state == "bought"
        return state


class _SecondAbroad(_Second):
    """The same where TikTok has a package for each parcel."""

    buy_path = "/fulfillment/*/packages/*/ship"

    def whole(self) -> Order:
        return self.bench.order_abroad(self.lane, skus=2)


class Services(_Second, Rates):
    """TikTok's services for some lines."""

    call = "shipping services, for a part"
    method, path = "POST", "/fulfillment/*/orders/*/shipping_services/query"


class CreatePackage(_Second, Buying):
    """Buying TikTok's label for some lines."""

    call = "create a package, for a part"
    kind = WRITE  # one label was paid before
    path = _Second.buy_path

    def settle(self) -> str:
        return self.settled(self.label, super().settle())


class FindByOrder(_Second, Finding):
    """What became of it: the order's lines name their packages."""

    call = "find a part, by the order"
    path = "/order/*/orders"

    def settle(self) -> str:
        return self.settled(self.label, super().settle())


class FindByPackage(FindByOrder):
    """What became of it: the package itself."""

    call = "find a part, by the package"
    path = "/fulfillment/*/packages/*"


class ShipPackage(_SecondAbroad, CreatePackage):
    """Arranging the package of one part."""

    call = "ship a package, of a part"
    path = _SecondAbroad.buy_path


class MarkShipped(Telling):
    """An own label's number for some lines, after the first parcel's was told."""

    call = "mark shipped, a part"
    kind = WRITE
    method = "POST"
    path = "/fulfillment/*/orders/*/packages"

    def an_order(self) -> Order:
        order = self.bench.order(skus=2)
        while order.lines.values("sku_id").distinct().count() < 2:  # one SKU's units stay together
            order = self.bench.order(skus=2)
        return in_two(order, self)

    def prepare(self) -> None:
        self.order = self.an_order()
        tail = int(self.order.tiktok_id) % 10**9
        self.numbers = [f"1Z999AA1{part}{tail:09}" for part in (1, 2)]
        for part, number in enumerate(self.numbers, start=1):
            note_label(self.order.pk, "bought", "ups", number, part=part)
        self.order = current(self.order)
        first, self.dispatch = (self.asked(part) for part in (1, 2))
        assert dispatch.tell_tiktok(dispatch_id=first.pk) == "done"

    def asked(self, part: int) -> Dispatch:
        number = self.numbers[part - 1]
        return dispatch.request(self.order, tracking_number=number, carrier="ups", part=part)

    def told(self) -> bool:
        """Whether TikTok has the second number as well, each with its own line."""
        (order,) = read_orders(self.bench.shop, [self.order.tiktok_id])
        shown = {line.tiktok_id: line.tracking_number for line in order.lines.all()}
        first, second = (shown[one["lines"][0]] for one in order.parts)
        assert first == self.numbers[0]
        assert second in ("", self.numbers[1])
        return bool(second)


CALLS: tuple[type[Subject], ...] = (
    Services,
    CreatePackage,
    FindByOrder,
    FindByPackage,
    ShipPackage,
    MarkShipped,
)
