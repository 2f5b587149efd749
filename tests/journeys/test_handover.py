"""The door by keyboard and scanner alone: parcels out, strangers stopped, the handover closed."""

from playwright.sync_api import expect

from shipping.models import CloseOut, HandoverScan, Label
from tests.journeys.desk import Desk


def test_parcels_are_scanned_out_faster_than_answers_come(desk: Desk) -> None:
    orders = desk.open({}, {}, {})
    desk.go("orders:queue")
    for order in orders:
        desk.row(order).get_by_role("checkbox").check()
    desk.page.keyboard.press("b")
    desk.page.locator("#sheet [data-confirm]").click()
    expect(desk.page.locator("#batch-live")).to_contain_text("3 bought")
    desk.worker.settle()
    numbers = list(Label.objects.order_by("pk").values_list("tracking_number", flat=True))

    desk.go("shipping:handover")
    expect(desk.page.locator("#code")).to_be_focused()
    for code in (numbers[0], "1Z0000000000000000", numbers[1], numbers[0], numbers[2]):
        desk.page.keyboard.type(code)
        desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#door-live")).to_contain_text("Every parcel is out")
    # What was refused in between is still to be seen: nobody has set it aside yet.
    stopped = desk.page.locator("#door-stopped li")
    expect(stopped).to_have_count(2)
    expect(stopped.nth(0)).to_contain_text("1Z0000000000000000")
    expect(stopped.nth(1)).to_contain_text("handed over already")
    assert HandoverScan.objects.count() == 3
    above, below = desk.page.locator("[data-verdict]").bounding_box(), stopped.first.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]  # the verdict is where the scanner's eyes are
    stopped.first.get_by_role("button", name="Set aside").click()
    expect(stopped).to_have_count(1)
    expect(desk.page.locator("#code")).to_be_focused()

    desk.page.get_by_role("link", name="Close the handover").first.click()
    desk.press("Close this handover")
    expect(desk.toast()).to_contain_text("parcels handed over")
    assert CloseOut.objects.exclude(closed_at=None).exists()
