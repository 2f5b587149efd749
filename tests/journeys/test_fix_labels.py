"""What can go wrong with a purchase or with TikTok's ear, and the button that puts it right."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from orders.models import Dispatch
from shipping.models import Label, LabelAccount, LedgerEntry
from tests.journeys.desk import Desk

BUY = "/v2/shipments/*/buy"
MARK = "/fulfillment/202309/orders/*/packages"


def test_a_refused_tracking_number_is_told_to_tiktok_again(desk: Desk) -> None:
    (order,) = desk.open({})
    refusal = {"code": 21011026, "message": "Too many orders for one number.", "request_id": "r1"}
    desk.sandbox.fault("status", provider="tiktok", path=MARK, status=200, body=refusal, times=1)
    desk.buy(order)
    desk.wait_for_stage(order, "fix")
    desk.go("orders:queue", "?tab=fix")
    desk.row(order).get_by_role("link", name="Tell TikTok again").click()
    expect(desk.page.locator("#fix")).to_contain_text("TikTok refused the tracking number")
    desk.press("Tell TikTok again")
    expect(desk.toast()).to_contain_text("told to TikTok again")
    desk.wait_for_stage(order, "shipped")
    assert desk.sandbox.state()["shipped"]["orders"] == 1
    assert list(Dispatch.objects.values_list("state", flat=True)) == ["done"]


def test_of_a_batch_only_what_failed_is_tried_again(desk: Desk) -> None:
    desk.open(*[{}] * 4)
    problem = {"code": "SHIPMENT.POSTAGE.FAILURE", "message": "Unable to buy postage."}
    refusal = {"error": problem | {"errors": []}}
    desk.sandbox.fault("status", path=BUY, status=422, body=refusal, times=1)
    desk.go("orders:queue")
    desk.page.get_by_label("Select all on this page").check()
    desk.page.keyboard.press("b")
    desk.page.locator("#sheet [data-confirm]").click()
    problems = desk.page.locator("#batch-rest")
    expect(problems).to_contain_text("Unable to buy postage")
    expect(desk.page.locator("#batch-live")).to_contain_text("3 bought")
    assert desk.charges() == 3
    problems.get_by_role("button", name="Try again").first.click()
    expect(desk.page.locator("#batch-live")).to_contain_text("4 bought")
    desk.worker.settle()
    assert desk.charges() == Label.objects.filter(state="bought").count() == 4


def test_a_lost_answer_is_asked_for_and_never_paid_twice(desk: Desk) -> None:
    (order,) = desk.open({})
    desk.sandbox.fault("timeout_after_effect", path=BUY, seconds=0.3, times=1)
    desk.buy(order)
    problems = desk.page.locator("#batch-rest")
    expect(problems).to_contain_text("never bought again before that is clear")
    assert (desk.charges(), Label.objects.get().state) == (1, "unknown")
    desk.go_order(order)
    expect(desk.page.locator("#fix")).to_contain_text("Nothing is bought again before that")
    desk.press("Ask the provider now")
    expect(desk.page.locator("#shipping-panel")).to_contain_text("Print the label")
    desk.wait_for_stage(order, "shipped")
    assert (desk.charges(), LedgerEntry.objects.count()) == (1, 1)


def test_a_lost_answer_is_settled_by_itself_too(desk: Desk) -> None:
    (order,) = desk.open({})
    desk.sandbox.fault("timeout_after_effect", path=BUY, seconds=0.3, times=1)
    desk.buy(order)
    desk.worker.settle()
    _let_time_pass()
    desk.worker.sweep("reconcile-labels", "fetch-documents", "tell-tiktok")
    desk.page.reload()
    expect(desk.page.locator("#batch-live")).to_contain_text("1 bought")
    assert (desk.charges(), desk.stage(order)) == (1, "shipped")


def test_an_account_whose_key_died_is_paused_until_it_has_a_new_one(desk: Desk) -> None:
    (order,) = desk.open({})
    refusal = {"error": {"code": "APIKEY.INACTIVE", "message": "This key is off.", "errors": []}}
    desk.sandbox.fault("status", path=BUY, status=403, body=refusal, times=-1)
    desk.buy(order)
    desk.worker.settle()
    assert LabelAccount.objects.get(provider="easypost").state == "paused"
    desk.page.reload()
    desk.press("Open the settings")
    expect(desk.page.get_by_role("row", name="EasyPost")).to_contain_text(
        "does not accept this key"
    )
    desk.sandbox.clear_faults()
    desk.press("New key")
    desk.page.locator("#sheet").get_by_label("API key").fill("EZTKsandbox0000000000new1")
    desk.press("Test and replace")
    expect(desk.toast()).to_contain_text("has a new key")
    desk.wait_for_stage(order, "ready")
    desk.worker.settle()
    desk.buy(order)
    desk.wait_for_stage(order, "shipped")
    assert desk.charges() == 1


def _let_time_pass() -> None:
    """What waits for a later moment is due now."""
    before = timezone.now() - timedelta(hours=1)
    Label.objects.filter(state="unknown").update(due_at=before, intent_at=before)
