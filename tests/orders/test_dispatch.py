"""Telling TikTok that an order is shipped: once, and never by guessing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from core.models import AuditEntry, Notification
from core.states import IllegalMove
from orders import dispatch, sync
from orders.label_notes import note_label
from orders.models import Dispatch, Order, OrderEvent
from shops.clients import use_transport
from shops.models import Authorization, DeliveryProviders
from tests.shops.sandboxed import Connected

UPS = "1Z999AA10123456784"
OTHER = "1Z999AA10000000055"
MARK = "/fulfillment/*/orders/*/packages"


def an_order(shop: Connected, **how: Any) -> Order:
    """An order with an own label just bought for it."""
    number = shop.sandbox.new_order(shipping_type="SELLER", units=2, **how)
    (order,) = sync.read_orders(shop.shop, [number])
    note_label(order.pk, "bought", "ups", UPS)
    order.refresh_from_db()
    return order


def told(order: Order, *, carrier: str = "ups", number: str = UPS) -> Dispatch:
    made = dispatch.request(order, tracking_number=number, carrier=carrier)
    dispatch.tell_tiktok(dispatch_id=made.pk)
    made.refresh_from_db()
    return made


def again(made: Dispatch, *, later: timedelta = timedelta(minutes=10)) -> str:
    """Take it on after a while."""
    Dispatch.objects.filter(pk=made.pk).update(told_at=timezone.now() - later)
    dispatch.tell_tiktok(dispatch_id=made.pk)
    made.refresh_from_db()
    return made.state


def marks(shop: Connected) -> int:
    """How often TikTok was told."""
    calls: dict[str, int] = shop.sandbox.state()["calls"]
    return sum(n for path, n in calls.items() if path.endswith("/packages") and "POST" in path)


class Answering(httpx.BaseTransport):
    """The real wire, with an answer of ours for the one call that marks an order shipped."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.inner, self.answer, self.asked = httpx.HTTPTransport(), answer, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/packages"):
            self.asked += 1
            return self.answer(request)
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


def refusal(code: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(200, json={"code": code, "message": "no", "data": None})


def test_tiktok_is_told_the_number_and_the_carrier(connected: Connected) -> None:
    order = an_order(connected)
    made = told(order, number=" 1z999aa1 0123456784 ")
    assert (made.state, made.tracking_number) == ("done", UPS)
    assert made.package_id
    assert made.done_at is not None
    (fresh,) = sync.read_orders(connected.shop, [order.tiktok_id])
    assert (fresh.status, fresh.tracking_number) == ("AWAITING_COLLECTION", UPS)
    assert fresh.stage == "shipped"
    assert OrderEvent.objects.filter(order=order, kind="dispatch", text__contains=UPS).exists()


def test_asking_twice_tells_tiktok_once(connected: Connected) -> None:
    order = an_order(connected)
    first, second = told(order), told(order)
    assert first == second
    assert Dispatch.objects.count() == 1
    assert connected.sandbox.state()["shipped"]["orders"] == 1


def test_the_list_of_carriers_is_kept_for_a_day(connected: Connected) -> None:
    told(an_order(connected))
    kept = DeliveryProviders.objects.get()
    told(an_order(connected), number=OTHER)
    assert DeliveryProviders.objects.get().fetched_at == kept.fetched_at
    DeliveryProviders.objects.update(fetched_at=timezone.now() - timedelta(days=2))
    told(an_order(connected), number="1Z999AA10000000056")
    assert DeliveryProviders.objects.get().fetched_at > kept.fetched_at


def test_a_carrier_tiktok_does_not_list_is_refused_without_telling(connected: Connected) -> None:
    order = an_order(connected)
    made = told(order, carrier="purolator")
    assert made.state == "refused"
    assert "Purolator" in made.reason
    assert connected.sandbox.state()["shipped"]["orders"] == 0


def test_a_refused_number_is_told_to_people_with_its_button(connected: Connected) -> None:
    order = an_order(connected)
    made = told(order, number="9400111202555842332669")
    assert made.state == "refused"
    order.refresh_from_db()
    assert (order.stage, order.blocker) == ("fix", "dispatch_refused")
    assert Notification.objects.filter(workspace=connected.workspace, level="bad").count() == 1
    assert order.events.filter(kind="dispatch").count() == 1
    with pytest.raises(IllegalMove):
        dispatch.retry(told(an_order(connected)), connected.user)


def test_a_refused_number_may_be_told_again_by_a_person(connected: Connected) -> None:
    order = an_order(connected)
    with use_transport(Answering(refusal(21011044))):
        made = told(order)
    assert (made.state, made.code) == ("refused", "21011044")
    dispatch.retry(made, connected.user)
    assert again(made) == "done"
    assert AuditEntry.objects.filter(action="dispatch.retried", actor=connected.user).exists()
    order.refresh_from_db()
    assert order.stage != "fix"


def test_an_answer_lost_after_the_effect_is_found_by_reading_and_not_told_twice(
    connected: Connected,
) -> None:
    order = an_order(connected)
    connected.sandbox.fault("reset_after_effect", path=MARK)
    made = told(order)
    assert made.state == "unknown"
    assert again(made) == "done"
    assert connected.sandbox.state()["shipped"]["orders"] == 1


def test_an_answer_lost_before_the_effect_is_told_again_once_it_cannot_arrive(
    connected: Connected,
) -> None:
    order = an_order(connected)
    connected.sandbox.fault("reset", path=MARK)
    made = told(order)
    assert made.state == "unknown"
    assert again(made, later=timedelta(seconds=5)) == "unknown"
    assert again(made) == "due"
    assert again(made) == "done"


def test_a_process_that_died_while_telling_is_resolved_by_reading(connected: Connected) -> None:
    order = an_order(connected)
    made = dispatch.request(order, tracking_number=UPS, carrier="ups")
    Dispatch.objects.filter(pk=made.pk).update(state="telling", told_at=timezone.now())
    dispatch.tell_tiktok(dispatch_id=made.pk)
    made.refresh_from_db()
    assert made.state == "telling"
    assert again(made) == "due"


def test_already_shipped_with_our_number_is_done(connected: Connected) -> None:
    order = an_order(connected)
    told(order)
    Dispatch.objects.update(state="due", done_at=None)
    made = Dispatch.objects.get()
    dispatch.tell_tiktok(dispatch_id=made.pk)
    made.refresh_from_db()
    assert made.state == "done"


def test_already_shipped_with_another_number_is_refused_with_words(connected: Connected) -> None:
    order = an_order(connected)
    told(order)
    Dispatch.objects.update(state="withdrawn")
    made = told(order, number=OTHER)
    assert made.state == "refused"
    assert UPS in made.reason


def test_shipped_without_any_number_is_refused_and_not_told_for_ever(connected: Connected) -> None:
    order = an_order(connected)
    with use_transport(Answering(refusal(21011006))):
        made = told(order)
        assert made.state == "unknown"
        assert again(made) == "refused"
    assert "no tracking number" in made.reason


def test_a_warning_with_success_is_kept(connected: Connected) -> None:
    order = an_order(connected)
    warned = {"package_id": "9", "warning": {"message": "match more than one provider"}}
    wire = Answering(lambda request: httpx.Response(200, json={"code": 0, "data": warned}))
    with use_transport(wire):
        made = told(order)
    assert made.state == "done"
    assert "match more than one provider" in made.reason


def test_when_tiktok_asks_which_lines_every_live_line_is_named(connected: Connected) -> None:
    order = an_order(connected)
    named: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if b"order_line_item_ids" not in request.content:
            return httpx.Response(200, json={"code": 21011048, "message": "name the lines"})
        named.append(request.content.decode())
        return httpx.Response(200, json={"code": 0, "data": {"package_id": "9"}})

    with use_transport(Answering(answer)):
        assert told(order).state == "done"
    assert all(line.tiktok_id in named[0] for line in order.lines.all())


@pytest.mark.parametrize("path", [MARK, "/logistics/*/shipping_providers", "*tracking_validation"])
def test_trouble_that_carried_out_nothing_is_tried_again_later(
    connected: Connected, path: str
) -> None:
    order = an_order(connected)
    connected.sandbox.fault(
        "status", path=path, status=429, times=5, body={"code": 36009002, "message": "slow"}
    )
    made = told(order)
    assert made.state == "due"
    assert made.attempts == 1
    assert made.due_at > timezone.now()
    connected.sandbox.clear_faults()
    assert again(made) == "done"


def test_a_platform_order_has_nothing_to_tell(connected: Connected) -> None:
    number = connected.sandbox.new_order(shipping_type="TIKTOK")
    (order,) = sync.read_orders(connected.shop, [number])
    with pytest.raises(ValueError, match="no label of our own"):
        dispatch.request(order, tracking_number=UPS, carrier="ups")


def test_a_new_label_replaces_a_number_tiktok_never_took(connected: Connected) -> None:
    order = an_order(connected)
    refused = told(order, carrier="purolator")
    made = told(order, number=OTHER)
    refused.refresh_from_db()
    assert (refused.state, made.state) == ("withdrawn", "done")
    with pytest.raises(dispatch.DispatchConflict):
        dispatch.request(order, tracking_number=UPS, carrier="ups")


def test_an_answer_nobody_foresaw_is_words_for_the_seller(connected: Connected) -> None:
    order = an_order(connected)

    def broken(request: httpx.Request) -> httpx.Response:
        raise ValueError("0x7f")

    with use_transport(Answering(broken)):
        made = told(order)
    assert made.state == "unknown"
    assert "0x7f" not in made.reason
    assert "could not be understood" in made.reason


def test_a_sweep_tells_many_and_reads_their_orders_back(live: Connected) -> None:
    orders = [an_order(live) for _ in range(7)]
    for at, order in enumerate(orders):
        dispatch.request(order, tracking_number=f"1Z999AA1000000{at:04d}", carrier="ups")
    assert dispatch.dispatch_due() == 7
    assert set(Dispatch.objects.values_list("state", flat=True)) == {"done"}
    assert set(Order.objects.values_list("stage", flat=True)) == {"shipped"}
    assert dispatch.dispatch_due() == 0


def test_two_sweeps_never_hold_the_same_dispatch(connected: Connected) -> None:
    made = dispatch.request(an_order(connected), tracking_number=UPS, carrier="ups")
    assert dispatch._claim(timezone.now()) == [made.pk]
    assert dispatch._claim(timezone.now()) == []


def test_what_could_not_be_told_without_a_sign_in_is_due_when_the_shop_is_back(
    connected: Connected,
) -> None:
    order = an_order(connected)
    permissions = Authorization.objects.filter(shops=order.shop)
    permissions.update(state="lost")
    made = told(order)
    assert made.state == "due"
    assert made.due_at > timezone.now() + timedelta(minutes=4)
    permissions.update(state="active")
    dispatch.resume(shop_id=order.shop_id)
    made.refresh_from_db()
    assert made.due_at <= timezone.now()
    assert (again(made), marks(connected)) == ("done", 1)
