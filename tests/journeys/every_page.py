"""A workspace with one of everything, and the addresses of all its pages."""

from collections.abc import Iterator

from playwright.sync_api import expect

from core.access import wreverse
from core.models import Batch
from orders import actions
from orders.models import Order
from orders.splitting import split
from shipping.models import Preset, QuoteSet, Rule, RuleRun, SpendApproval
from shops.catalog.models import Sku
from tests import factories
from tests.journeys.desk import Desk
from tests.shipping.spend import rows

BUY = "/v2/shipments/*/buy"
PLAIN_PAGES = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/")


def furnish(desk: Desk) -> None:
    """Orders in every stage, a batch with a failure, an unknown outcome and prints, people,
    notifications."""
    shapes = [{}] * 5 + [{"seller_sku": "TK-CAB-5"}, {"bad_address": 0}, {"request_cancel": True}]
    two = {"seller_sku": None, "skus": 2, "fresh": True}
    orders = desk.open(*shapes, {"status": "ON_HOLD"}, {"shipping_type": "TIKTOK"}, two)
    split(orders[-1], [[line.tiktok_id] for line in orders[-1].lines.all()], user=None)
    colleague = factories.user("packer@creatorflow.example")
    factories.member(desk.workspace, "packer", colleague)
    factories.invitation(desk.workspace, email="next@creatorflow.example")
    dead = {"state": "parked", "reason": "TikTok did not answer in time.", "code": "Timeout"}
    factories.webhook("1", {"type": 1}, workspace=desk.workspace, subject="5769", **dead)
    actions.hold(desk.workspace, [orders[4].pk], because="Out of stock", until=None, user=colleague)
    rows.approval(desk.workspace, asked_by=colleague)
    factories.rule(desk.workspace, name="UPS for all")
    heavy = {"all": [{"what": "weight", "from": 500, "to": None}]}
    factories.rule(desk.workspace, name="Heavy ones", conditions=heavy)
    factories.rule_set(desk.workspace)
    factories.rule_run(desk.workspace)
    factories.quick(desk.workspace)
    factories.override(desk.workspace)
    refusal = {"error": {"code": "POSTAGE", "message": "Unable to buy postage.", "errors": []}}
    desk.sandbox.fault("status", path=BUY, status=422, body=refusal, times=1)
    desk.sandbox.fault("timeout_after_effect", path=BUY, seconds=0.2, times=1)
    _buy(desk, orders[:4])


def _buy(desk: Desk, orders: list[Order]) -> None:
    desk.go("orders:queue")
    for order in orders:
        desk.row(order).get_by_role("checkbox").check()
    desk.page.keyboard.press("b")
    desk.page.locator("#sheet [data-confirm]").click()
    expect(desk.page.locator("#batch-live")).to_contain_text("2 bought")
    desk.worker.settle()


# Name -> queries of the pages that show what they show by themselves.
PAGES = {
    "dashboard:plan": [""],
    "dashboard:connections": [""],
    "orders:queue": [f"?tab={tab}" for tab in ("ready", "late", "hold", "fix", "bought", "all")],
    "shipping:batches": [""],
    "shipping:needs-word": [""],
    "shipping:bench": [""],
    "shipping:totes": [""],
    "shipping:print-jobs": [""],
    "shipping:lanes": ["", "?days=90"],
    "orders:combine": [""],
    "shipping:tracking": [
        f"?list={name}"
        for name in ("unscanned", "stalled", "exceptions", "moving", "delivered", "handled")
    ],
    "shipping:cancellations": [
        f"?list={name}" for name in ("waiting", "ended", "labels", "address")
    ],
    "shipping:money": [
        f"?list={name}" for name in ("late", "pending", "credited", "refused", "kept")
    ],
    "shipping:handover": [""],
    "shipping:handover-past": [""],
    "shipping:handover-idle": [""],
    "shipping:manifests": [""],
    "shipping:health": ["", "?week=2026-11-16"],
    "shops:list": [""],
    "shipping:settings": [""],
    "shipping:skus": [""],
    "shipping:rules": [""],
    "shipping:rule-add": [""],
    "shipping:presets": [""],
    "shipping:quick-add": [""],
    "shipping:quick-menu": [""],
    "shipping:account-add": [""],
    "shipping:address-add": [""],
    "shipping:preset-add": [""],
    "shipping:spending": [""],
    "shipping:spending-change": ["?currency=USD"],
    "shipping:savings": [""],
    "shipping:savings-baseline": ["?lane=own"],
    "policy:rules": ["", "?market=*", "?on=2026-01-10"],
    "core:team": [""],
    "core:notifications": [""],
    "core:audit": [""],
    "core:inbox": ["", "?tab=recent"],
}


def addresses(desk: Desk) -> Iterator[tuple[str, str]]:
    """Name and address of every page a person can open."""
    for name, queries in PAGES.items():
        for query in queries:
            yield f"{name}{query}", wreverse(desk.workspace, name) + query
    for batch in Batch.objects.all():
        for shown in ("problems", "done"):
            page = wreverse(desk.workspace, "shipping:batch", batch_id=batch.public_id)
            yield f"batch {shown}", f"{page}?show={shown}"
    seen: set[str] = set()
    for order in Order.objects.order_by("pk"):
        state = f"{order.stage} {order.blocker} {order.label_state} {len(order.parts)}".strip()
        if state not in seen:
            seen.add(state)
            yield f"order {state}", wreverse(desk.workspace, "orders:detail", order_id=order.pk)
    quoted = QuoteSet.objects.order_by("pk").first()
    if quoted is not None:
        yield "why", wreverse(desk.workspace, "shipping:why", order_id=quoted.order_id)
    yield from _of_settings(desk)
    for one in SpendApproval.objects.all():
        yield "approval", wreverse(desk.workspace, "shipping:approval", approval_id=one.pk)
    yield "password", "/accounts/password/change/"
    yield "sign-ins", "/accounts/sessions/"
    yield "new workspace", "/new-workspace/"
    yield "not found", wreverse(desk.workspace, "dashboard:plan") + "nowhere/"


def _of_settings(desk: Desk) -> Iterator[tuple[str, str]]:
    """Pages about one rule, one run of the rules, one preset, one SKU."""
    place = desk.workspace
    for rule in Rule.objects.all():
        yield f"rule {rule.name}", wreverse(place, "shipping:rule-edit", rule_id=rule.pk)
    for run in RuleRun.objects.all():
        yield "rule run", wreverse(place, "shipping:rule-run", run_id=run.pk)
    for preset in Preset.objects.all():
        yield "preset", wreverse(place, "shipping:quick-edit", quick_id=preset.pk)
    for sku in Sku.objects.of(place).order_by("pk")[:1]:
        for name in ("sku-edit", "sku-barcode"):
            yield name, wreverse(place, f"shipping:{name}", sku_id=sku.pk)


def visit(desk: Desk, address: str) -> None:
    """Open a page and wait until its parts have arrived."""
    desk.page.goto(desk.url + address)
    expect(desk.page.locator("main .skeleton")).to_have_count(0)
    desk.page.wait_for_function("!document.querySelector('.htmx-request, .htmx-settling')")
