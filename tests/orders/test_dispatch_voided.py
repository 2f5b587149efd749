"""A label is voided while TikTok is told its number, or was."""

import httpx
import pytest

from core.models import Notification
from orders import dispatch
from shops.clients import use_transport
from tests.orders.test_dispatch import MARK, OTHER, UPS, Answering, again, an_order, refusal, told
from tests.shops.sandboxed import Connected


def test_a_voided_label_is_withdrawn_only_while_tiktok_does_not_know_it(
    connected: Connected,
) -> None:
    waiting, done = an_order(connected), an_order(connected)
    dispatch.request(waiting, tracking_number=UPS, carrier="ups")
    told(done, number=OTHER)
    assert dispatch.withdraw(waiting)
    assert not dispatch.withdraw(done)


@pytest.mark.parametrize(
    ("fault", "state"), [("reset", "withdrawn"), ("reset_after_effect", "done")]
)
def test_a_number_voided_while_its_call_was_out_is_not_told_again(
    connected: Connected, fault: str, state: str
) -> None:
    order = an_order(connected)
    connected.sandbox.fault(fault, path=MARK)
    made = told(order)
    assert not dispatch.withdraw(order)
    assert dispatch.known_number(order) == UPS
    with pytest.raises(dispatch.NotYet):
        dispatch.request(order, tracking_number=OTHER, carrier="ups")
    assert again(made) == state
    shipped = connected.sandbox.state()["shipped"]["orders"]
    told_too_late = Notification.objects.filter(cause=f"order:{order.pk}:voided_number").count()
    assert shipped == told_too_late == (state == "done")
    assert (dispatch.known_number(order) == UPS) == (state == "done")
    if state == "withdrawn":
        assert told(order, number=OTHER).state == "done"


def test_a_number_voided_while_its_call_was_refused_is_withdrawn(connected: Connected) -> None:
    order = an_order(connected)

    def voided_meanwhile(request: httpx.Request) -> httpx.Response:
        dispatch.withdraw(order)
        return refusal(21011044)(request)

    with use_transport(Answering(voided_meanwhile)):
        made = told(order)
    assert made.state == "withdrawn"
    order.refresh_from_db()
    assert order.stage != "fix"


def test_a_label_kept_after_all_is_told_as_before(connected: Connected) -> None:
    order = an_order(connected)
    connected.sandbox.fault("reset", path=MARK)
    made = told(order)
    dispatch.withdraw(order)
    assert dispatch.keep(order)
    assert again(made) == "due"
    assert again(made) == "done"
    assert not dispatch.keep(an_order(connected))
