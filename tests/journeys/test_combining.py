"""Two orders of one buyer share a box: combined by a person, one label bought for both."""

from playwright.sync_api import expect

from orders.models import BoxMate, Order
from tests.journeys.desk import PLAIN, Desk


def test_two_orders_of_one_buyer_travel_under_one_label(desk: Desk) -> None:
    first = desk.sandbox.new_order(**PLAIN)
    (other,) = desk.open({"same_as": first})
    desk.go("orders:combine")
    desk.press("Ask TikTok now")
    expect(desk.page.locator("#groups tbody tr")).to_have_count(1)
    desk.press("Combine 2 orders")
    expect(desk.toast()).to_contain_text("2 orders travel in one box now")
    mate = BoxMate.objects.get()
    expect(desk.page.get_by_text("1 more order in this box")).to_be_visible()
    assert {mate.lead.tiktok_id, mate.order.tiktok_id} == {first, other.tiktok_id}
    desk.worker.settle()
    desk.buy(Order.objects.get(pk=mate.lead_id))
    desk.worker.settle()
    for order in (mate.lead, mate.order):
        desk.wait_for_stage(order, "shipped")
    assert desk.charges() == 1
    numbers = {order["id"]: order for order in desk.sandbox.orders()}
    assert {numbers[one]["status"] for one in (first, other.tiktok_id)} == {"AWAITING_COLLECTION"}
