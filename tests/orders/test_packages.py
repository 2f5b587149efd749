"""TikTok's packages: read, shown, and shipped by their ids where markets want that."""

import pytest
from django.test import Client
from django.utils import timezone

from core.access import wreverse
from orders import dispatch, packages, sync
from orders.label_notes import note_label
from orders.models import Order, Package
from shops.models import Shop
from tests import factories
from tests.shops.sandboxed import Connected

UPS = "1Z999AA10123456784"


def an_order(shop: Connected, **how: object) -> Order:
    number = shop.sandbox.new_order(units=1, **how)
    (order,) = sync.read_orders(shop.shop, [number])
    return order


def reread(order: Order) -> Order:
    (fresh,) = sync.read_orders(order.shop, [order.tiktok_id])
    return fresh


def shipped(order: Order) -> Order:
    made = dispatch.request(order, tracking_number=UPS, carrier="ups")
    assert dispatch.tell_tiktok(dispatch_id=made.pk) == "done"
    return reread(order)


def test_changed_packages_are_read_and_found_by_order(connected: Connected) -> None:
    order = shipped(an_order(connected, shipping_type="SELLER"))
    assert packages.read_due() > 0
    (package,) = packages.packages_of(order)
    assert (package.status, package.tracking_number, package.carrier) == ("PROCESSING", UPS, "UPS")
    assert packages.words(package) == "label made, not collected"
    assert package.detail_at is None


def test_reading_again_asks_only_for_what_changed_since(connected: Connected) -> None:
    now = timezone.now()
    first = packages.read_changed(connected.shop, now=now)
    assert first == Package.objects.count() > 1
    assert packages.read_changed(connected.shop, now=now) < first


def test_a_detail_says_how_far_tiktok_is_with_a_label(connected: Connected) -> None:
    order = shipped(an_order(connected, shipping_type="SELLER"))
    (package,) = packages.read_order(order, now=timezone.now())
    assert (package.sub_status, package.shipping_type) == ("RTS_success", "SELLER")
    assert packages.words(package) == "label made, not collected"
    package.shipping_type = "TIKTOK"
    assert packages.words(package) == "label ready to print"
    package.sub_status = "RTSING"
    assert packages.words(package) == "TikTok is buying the label"


def test_a_package_that_was_taken_apart_is_no_longer_shown(connected: Connected) -> None:
    order = an_order(connected, shipping_type="SELLER")
    Package.objects.create(
        workspace=connected.workspace,
        shop=connected.shop,
        tiktok_id="11530000",
        order_ids=[order.tiktok_id],
        status="TO_FULFILL",
    )
    assert packages.read_order(order, now=timezone.now()) == []
    assert packages.packages_of(order) == []


@pytest.fixture
def abroad(connected: Connected) -> Connected:
    """The same shop in a market whose orders have packages before they are shipped."""
    Shop.objects.filter(pk=connected.shop.pk).update(region="TH")
    connected.shop.refresh_from_db()
    return connected


def labelled(shop: Connected, number: str) -> Order:
    order = an_order(shop, shipping_type="SELLER")
    note_label(order.pk, "bought", "ups", number)
    return order


def test_own_labels_are_told_by_package_many_with_one_call(abroad: Connected) -> None:
    numbers = [f"1Z999AA1{at:010d}" for at in range(3)]
    orders = [labelled(abroad, number) for number in numbers]
    gone = labelled(abroad, "1Z999AA19999999999")
    abroad.sandbox.tiktok(shop_region="TH")
    orders = [reread(order) for order in orders]
    reread(gone)
    abroad.sandbox.order(gone.tiktok_id, "aftersale")
    for order, number in zip([*orders, gone], [*numbers, "1Z999AA19999999999"], strict=True):
        dispatch.request(order, tracking_number=number, carrier="ups")
    dispatch.dispatch_due()
    calls = abroad.sandbox.state()["calls"]
    assert sum(n for path, n in calls.items() if path.endswith("/packages/ship")) == 1
    assert [order.dispatches.get().state for order in orders] == ["done"] * 3
    refused = gone.dispatches.get()
    assert (refused.state, refused.code) == ("refused", "21011007")
    assert Order.objects.get(pk=orders[0].pk).status == "AWAITING_COLLECTION"


def test_a_lost_answer_of_a_batch_is_settled_by_reading_each_order(abroad: Connected) -> None:
    order = labelled(abroad, UPS)
    abroad.sandbox.tiktok(shop_region="TH")
    order = reread(order)
    abroad.sandbox.fault("timeout_after_effect", path="/fulfillment/*/packages/ship", seconds=0.1)
    made = dispatch.request(order, tracking_number=UPS, carrier="ups")
    dispatch.tell_tiktok(dispatch_id=made.pk)
    made.refresh_from_db()
    assert made.state == "unknown"
    abroad.sandbox.clear_faults()
    assert dispatch.tell_tiktok(dispatch_id=made.pk) == "done"


def test_what_was_refused_stays_refused_when_the_next_ones_number_cannot_be_checked(
    abroad: Connected,
) -> None:
    first = labelled(abroad, UPS)
    orders = [first, an_order(abroad, shipping_type="SELLER", same_as=first.tiktok_id)]
    abroad.sandbox.tiktok(shop_region="TH")
    carriers = ("royal mail", "ups")
    refused, waits = (
        dispatch.request(reread(order), tracking_number=UPS, carrier=carrier)
        for order, carrier in zip(orders, carriers, strict=True)
    )
    path = "/fulfillment/*/tts_tracking_validation"
    abroad.sandbox.fault("status", path=path, status=503, times=-1)
    dispatch.dispatch_due()
    refused.refresh_from_db()
    waits.refresh_from_db()
    assert (refused.state, waits.state) == ("refused", "due")
    assert "does not take Royal Mail" in refused.reason


def test_an_order_without_its_package_is_refused_in_words(abroad: Connected) -> None:
    made = dispatch.request(labelled(abroad, UPS), tracking_number=UPS, carrier="ups")
    assert dispatch.tell_tiktok(dispatch_id=made.pk) == "refused"
    made.refresh_from_db()
    assert "no package of this order" in made.reason


def test_one_number_stands_on_orders_of_one_buyer_only(connected: Connected) -> None:
    first = shipped(an_order(connected, shipping_type="SELLER"))
    same = an_order(connected, shipping_type="SELLER", same_as=first.tiktok_id)
    assert shipped(same).tracking_number == UPS
    other = dispatch.request(
        an_order(connected, shipping_type="SELLER"), tracking_number=UPS, carrier="ups"
    )
    assert dispatch.tell_tiktok(dispatch_id=other.pk) == "refused"
    other.refresh_from_db()
    assert "of another buyer" in other.reason


def test_one_number_stands_on_as_many_orders_as_the_rule_says(connected: Connected) -> None:
    factories.override(connected.workspace, key="tracking.most_orders", value="1")
    first = shipped(an_order(connected, shipping_type="SELLER"))
    same = an_order(connected, shipping_type="SELLER", same_as=first.tiktok_id)
    made = dispatch.request(same, tracking_number=UPS, carrier="ups")
    assert dispatch.tell_tiktok(dispatch_id=made.pk) == "refused"
    made.refresh_from_db()
    assert made.reason.endswith("TikTok allows 1.")


def test_the_order_page_shows_its_packages_and_asks_for_them(
    connected: Connected, client: Client
) -> None:
    order = shipped(an_order(connected, shipping_type="SELLER"))
    client.force_login(connected.user)
    page = wreverse(connected.workspace, "orders:detail", order_id=order.pk)
    assert "TikTok lists no package yet" in client.get(page).content.decode()
    url = wreverse(connected.workspace, "orders:packages", order_id=order.pk)
    assert client.post(url).status_code == 303
    text = client.get(page).content.decode()
    assert "label made, not collected" in text
    assert "read " in text
    assert order.package_ids[0] in text


def test_when_tiktok_does_not_answer_the_page_says_so(connected: Connected, client: Client) -> None:
    order = shipped(an_order(connected, shipping_type="SELLER"))
    connected.sandbox.fault("status", path="/fulfillment/*/packages/*", status=503, times=20)
    client.force_login(connected.user)
    url = wreverse(connected.workspace, "orders:packages", order_id=order.pk)
    answer = client.post(url, follow=True)
    assert "The packages could not be read" in answer.content.decode()
    assert not Package.objects.filter(detail_at__isnull=False).exists()
