from datetime import timedelta
import pytest
from django.conf import settings as s
from django.test import Client
from django.utils import timezone
from shipping.models import TrackingEvent
from tests import factories
H = timedelta(hours=1)

@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_shots(page, live_server):
    glow = factories.workspace("Glow & Gather")
    shop = factories.shop(glow, name="Glow Shop"); two = factories.shop(glow, name="Second Shop")
    now = timezone.now()
    for n in range(4):
        factories.label(factories.order(glow, shop=shop, due_at=now + (n - 2) * 9 * H), settled_at=now - (30 - n) * H, carrier="usps" if n % 2 else "ups", service_name="Ground Advantage" if n % 2 else "Ground", tracking_number="9400100208303109884128" if n % 2 else "1Z999AA10123456784")
    factories.label(factories.order(glow, shop=two, status="CANCELLED"), settled_at=now - 3 * H)
    rows = []
    for n, (st, d) in enumerate([("in_transit", 6), ("in_transit", 12), ("out_for_delivery", 0.2), ("return_to_sender", 1), ("failure", 2), ("delivered", 1)]):
        at = now - timedelta(days=d)
        rows.append(factories.label(factories.order(glow, shop=shop, stage="shipped"), settled_at=now - timedelta(days=d + 2), tracking_status=st, tracking_at=at, first_scan_at=at))
    for n in range(7):
        TrackingEvent.objects.create(label=rows[0], at=now - n * 5 * H, status="in_transit", text=f"Arrived at USPS Facility", place="AUSTIN TX 78701", source="easypost", dedupe=str(n))
    c = Client(); c.force_login(factories.member(glow))
    page.context.add_cookies([{"name": s.SESSION_COOKIE_NAME, "value": c.cookies[s.SESSION_COOKIE_NAME].value, "url": live_server.url}])
    errors = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    base = f"{live_server.url}/w/{glow.slug}"
    for width in (1440, 390):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            todo = {"unscanned": "/tracking/", "stalled": "/tracking/?list=stalled", "exc": "/tracking/?list=exceptions"}
            if scheme == "light":
                todo |= {"order": f"/orders/{rows[0].order_id}/", "claim": f"/labels/{rows[1].pk}/claim/?list=stalled"}
            for name, path in todo.items():
                page.goto(base + path); page.wait_for_timeout(400)
                page.screenshot(path=f"/tmp/cf/w2/tr-{name}-{width}-{scheme}.png")
                wide = page.evaluate("document.documentElement.scrollWidth")
                print(name, width, scheme, "scrollWidth", wide)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(base + "/tracking/"); page.get_by_role("button", name="Void and rebuy").first.click(); page.wait_for_timeout(200)
    page.screenshot(path="/tmp/cf/w2/tr-dialog.png")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Stalled").click(); page.wait_for_timeout(600)
    print(page.url, errors)
    page.goto(base + "/plan/" if False else base + "/"); page.wait_for_timeout(800); page.screenshot(path="/tmp/cf/w2/tr-plan.png")
