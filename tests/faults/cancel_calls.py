"""Every call about calling an order off: reading what buyers ask, answering them, and a seller's
own wish."""

from typing import ClassVar

from django.utils import timezone

from core.errors import RemoteError
from core.waiting import answering
from orders.cancellations import answer, read, seller
from orders.models import Cancellation, CancellationAnswer, Order
from orders.sync import read_orders
from shops.tiktok_shop.returns import Reason
from tests.faults.bench import AGES
from tests.faults.subjects import WRITE, Subject
from tests.faults.tiktok_calls import OfTikTok

PACKED = Reason("seller_reject_apply_product_has_been_packed", "Product has been packed")
ADDRESS = "seller_cancel_paid_reason_address_not_deliver"


class OfCancellations(OfTikTok):
    """A call about an order whose buyer asked to cancel it."""

    def prepare(self) -> None:
        self.said = ""
        self.number = self.bench.sandbox.new_order(shipping_type="SELLER", units=1)
        self.bench.sandbox.order(self.number, "request-cancel")
        read_orders(self.bench.shop, [self.number])

    def seen(self) -> str:
        return self.said

    def status(self) -> str:
        """The order's state at TikTok."""
        return str(self.bench.sandbox.orders(id=self.number)[0]["status"])


class SearchCancellations(OfCancellations):
    """What buyers ask: all that waits is read, so that nothing is left out by a poll that failed."""

    call = "search cancellations"
    method = "POST"
    path = "/return_refund/*/cancellations/search"

    def act(self) -> None:
        read.poll_shop(shop_id=self.bench.shop.pk)

    def row(self) -> str:
        here = Cancellation.objects.waiting().filter(order__tiktok_id=self.number).exists()
        return "request here" if here else "no request here, asked again later"

    def settle(self) -> str:
        self.act()
        return self.row()


class OfAnswers(OfCancellations):
    """A call about a request that waits for its answer."""

    def prepare(self) -> None:
        super().prepare()
        (self.request,) = read.read_of(self.bench.shop, [self.number])
        self.sent_before = self.sent()

    def sent(self) -> int:
        return self.bench.sent(self.method, self.path)


class RejectReasons(OfAnswers):
    """TikTok's reasons for refusing a request, read before a person chooses one."""

    call = "reasons to refuse"
    path = "/return_refund/*/reject_reasons"

    def act(self) -> None:
        self.said, self.reasons = "", list[Reason]()
        try:
            self.reasons = answer.reasons_for(self.request)
        except RemoteError as error:
            self.said = f"TikTok's reasons could not be read: {error.message}"

    def row(self) -> str:
        assert not CancellationAnswer.objects.exists()
        return "reasons offered" if PACKED in self.reasons else "no reasons, nothing answered"

    def settle(self) -> str:
        self.act()
        return self.row()


class Answering(OfAnswers):
    """An answer, under a key that makes a repeated call the same one."""

    kind = WRITE
    method = "POST"
    ends: ClassVar[str]  # the order's state at TikTok once it was heard

    def current(self) -> CancellationAnswer:
        return CancellationAnswer.objects.filter(cancellation=self.request).latest("pk")

    def row(self) -> str:
        return self.current().state

    def seen(self) -> str:
        return self.current().trouble

    def settle(self) -> str:
        if self.current().state == "refused":  # the person presses the button again
            self.act()
        for _ in range(2):
            old = timezone.now() - AGES
            CancellationAnswer.objects.update(due_at=old, told_at=old)
            answer.answers_due()
        done = self.current().state == "done"
        request = Cancellation.objects.get(pk=self.request.pk)
        assert request.is_waiting != done
        assert not done or (self.status(), request.ended_by) == (self.ends, "us")
        fault = self.bench.fault
        if fault and fault.carried_out:
            assert self.sent() - self.sent_before == 1, "answered twice"
        return self.current().state


class Approve(Answering):
    """Agreeing: TikTok cancels the order and pays the buyer back."""

    call = "approve a cancellation"
    path = "/return_refund/*/cancellations/*/approve"
    ends = "CANCELLED"

    def act(self) -> None:
        answer.approve(self.bench.workspace, [self.request.pk], user=self.bench.user)


class Reject(Answering):
    """Refusing for one of TikTok's reasons: the order goes on."""

    call = "refuse a cancellation"
    path = "/return_refund/*/cancellations/*/reject"
    ends = "AWAITING_SHIPMENT"

    def act(self) -> None:
        ids = [self.request.pk]
        answer.reject(self.bench.workspace, ids, PACKED, comment="", user=self.bench.user)


class ReadAgain(Approve):
    """What became of an answer that was lost although TikTok heard it."""

    call = "search cancellations, after a lost answer"
    kind = "reads"
    path = "/return_refund/*/cancellations/search"
    answered: ClassVar[str] = "/return_refund/*/cancellations/*/approve"

    def prepare(self) -> None:
        super().prepare()
        search = {"method": "POST", "path": self.path, "times": -1, "status": 503}
        lost = {"method": "POST", "path": self.answered, "times": 1}
        self.bench.sandbox.fault("reset_after_effect", **lost)
        self.bench.sandbox.fault("status", **search)
        super().act()
        assert self.current().state == "unknown"
        self.bench.lift()

    def act(self) -> None:
        CancellationAnswer.objects.update(due_at=timezone.now())
        answer.answers_due()

    def sent(self) -> int:
        """Answers, not readings: however those go, there is no second one."""
        return self.bench.sent("POST", self.answered)


class SellerCancel(OfTikTok):
    """A seller calls the whole order off. There is no key: a person looks before trying again."""

    call = "cancel an order"
    kind = WRITE
    method = "POST"
    path = "/return_refund/*/cancellations"

    def prepare(self) -> None:
        self.order = self.bench.order()
        self.sent_before = self.bench.sent(self.method, self.path)

    def act(self) -> None:
        self.said = ""
        try:
            with answering():
                seller.cancel(self.order, ADDRESS, user=self.bench.user)
        except seller.CannotCancel as problem:
            self.said = str(problem)

    def row(self) -> str:
        return Order.objects.get(pk=self.order.pk).status.replace("_", " ").lower()

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        (self.order,) = read_orders(self.bench.shop, [self.order.tiktok_id])
        if self.row() != "cancelled":  # a person looked, and tries again
            self.act()
        fault = self.bench.fault
        if fault and fault.carried_out:
            assert self.bench.sent(self.method, self.path) - self.sent_before == 1, "asked twice"
        return self.row()


CALLS: tuple[type[Subject], ...] = (
    SearchCancellations,
    RejectReasons,
    Approve,
    Reject,
    ReadAgain,
    SellerCancel,
)
