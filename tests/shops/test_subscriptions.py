"""What TikTok is asked to tell us: subscribed with the shop, compared daily, repaired, ended."""

from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from core.models import Role
from shops import checks, subscriptions
from shops.clients import tiktok_client, use_transport
from shops.models import Shop, WebhookSubscription
from shops.reception import last_event, reception
from shops.tiktok_shop import events
from tests import factories
from tests.orders.pressing import queued, told
from tests.shops.sandboxed import Connected

pytestmark = pytest.mark.django_db
HOOK = "http://127.0.0.1:8000/hooks/tiktok"


def at_tiktok(shop: Shop) -> dict[str, str]:
    """Event types with the address TikTok has for each."""
    return {one["event_type"]: one["address"] for one in events.subscriptions(tiktok_client(shop))}


def states(shop: Shop) -> set[str]:
    return set(WebhookSubscription.objects.filter(shop=shop).values_list("state", flat=True))


def test_every_kind_we_act_on_and_that_a_shop_can_subscribe_to_is_wanted() -> None:
    assert len(subscriptions.WANTED) == 14
    assert {"ORDER_STATUS_CHANGE", "REVERSE_STATUS_UPDATE", "INVOICE_STATUS_CHANGE"} < set(
        subscriptions.WANTED
    )
    assert "NEW_MESSAGE" not in subscriptions.WANTED


def test_connecting_a_shop_subscribes_it(connected: Connected) -> None:
    assert "shops.subscriptions.subscribe" in queued()
    assert subscriptions.subscribe(shop_id=connected.shop.pk) == 14
    assert at_tiktok(connected.shop) == dict.fromkeys(subscriptions.WANTED, HOOK)
    assert states(connected.shop) == {"active"}


def test_what_tiktok_confirms_is_not_asked_for_again(connected: Connected) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    before = connected.sandbox.state()["calls"]["PUT /event/202309/webhooks"]
    assert subscriptions.subscribe(shop_id=connected.shop.pk) == 14
    assert connected.sandbox.state()["calls"]["PUT /event/202309/webhooks"] == before


def test_what_was_lost_or_goes_elsewhere_is_repaired(connected: Connected) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    client = tiktok_client(connected.shop)
    events.unsubscribe(client, event_type="PACKAGE_UPDATE")
    events.subscribe(client, event_type="ORDER_STATUS_CHANGE", address="https://old.example/hook")
    assert subscriptions.subscribe(shop_id=connected.shop.pk) == 14
    assert at_tiktok(connected.shop) == dict.fromkeys(subscriptions.WANTED, HOOK)


def test_another_public_address_moves_every_subscription(
    connected: Connected, settings: Settings
) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    settings.PUBLIC_URL = "https://desk.example"
    assert subscriptions.check_due() == 1
    subscriptions.subscribe(shop_id=connected.shop.pk)
    assert set(at_tiktok(connected.shop).values()) == {"https://desk.example/hooks/tiktok"}


def test_one_refused_kind_is_noted_and_the_others_stand(connected: Connected) -> None:
    inner = httpx.HTTPTransport()

    def meddle(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" and b"INVOICE_STATUS_CHANGE" in request.content:
            return httpx.Response(200, json={"code": 36009004, "message": "not for this market"})
        return inner.handle_request(request)

    with use_transport(httpx.MockTransport(meddle)):
        assert subscriptions.subscribe(shop_id=connected.shop.pk) == 13
    inner.close()
    refused = WebhookSubscription.objects.get(shop=connected.shop, state="failed")
    assert refused.event_type == "INVOICE_STATUS_CHANGE"
    assert refused.error


def test_while_tiktok_is_down_nothing_is_lost_and_it_is_tried_again_soon(
    connected: Connected,
) -> None:
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(503))):
        assert subscriptions.subscribe(shop_id=connected.shop.pk) == 0
    assert states(connected.shop) == {"failed"}
    assert subscriptions.check_due() == 0
    WebhookSubscription.objects.update(checked_at=timezone.now() - timedelta(minutes=31))
    assert subscriptions.check_due() == 1
    assert subscriptions.subscribe(shop_id=connected.shop.pk) == 14


def test_two_runs_at_once_come_to_the_same_end(connected: Connected) -> None:
    inner = httpx.HTTPTransport()

    def other_run(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            WebhookSubscription.objects.filter(state="wanted").update(state="active")
        return inner.handle_request(request)

    with use_transport(httpx.MockTransport(other_run)):
        subscriptions.subscribe(shop_id=connected.shop.pk)
    inner.close()
    assert states(connected.shop) == {"active"}


def test_a_shop_is_looked_at_once_a_day_and_when_it_has_no_rows(connected: Connected) -> None:
    assert subscriptions.check_due() == 1
    subscriptions.subscribe(shop_id=connected.shop.pk)
    assert subscriptions.check_due() == 0
    WebhookSubscription.objects.update(checked_at=timezone.now() - timedelta(hours=25))
    assert subscriptions.check_due() == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ("https://desk.example", "https://open-api.example", ""),
        ("http://desk.example", "https://open-api.example", "https addresses only"),
        ("https://desk.example:8443", "https://open-api.example", "port"),
        ("https://203.0.113.7", "https://open-api.example", "no public name"),
        ("https://desk", "https://open-api.example", "no public name"),
        ("https://desk.local", "https://open-api.example", "no public name"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9", ""),
        ("https://desk.example", "http://127.0.0.1:9", ""),
        ("http://desk.example", "http://127.0.0.1:9", "on this machine"),
    ],
)
def test_where_tiktok_cannot_reach_us_is_said_in_words(
    settings: Settings, ours: str, theirs: str, words: str
) -> None:
    settings.PUBLIC_URL, settings.TIKTOK_SHOP_URL = ours, theirs
    assert words in subscriptions.why_not()
    assert bool(subscriptions.why_not()) == bool(words)


def test_nothing_is_asked_where_tiktok_cannot_reach_us(
    connected: Connected, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://desk.example"
    assert subscriptions.subscribe(shop_id=connected.shop.pk) == 0
    assert subscriptions.check_due() == 0
    assert not WebhookSubscription.objects.exists()


@pytest.fixture
def owner(client: Client, connected: Connected) -> Client:
    client.force_login(connected.user)
    return client


def address(connected: Connected, name: str, **kwargs: int) -> str:
    return reverse(f"shops:{name}", kwargs={"workspace": connected.workspace.slug, **kwargs})


def test_disconnecting_ends_the_subscriptions_at_tiktok(
    connected: Connected, owner: Client
) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    owner.post(address(connected, "disconnect", shop_id=connected.shop.pk))
    calls = connected.sandbox.state()["calls"]
    assert calls["DELETE /event/202309/webhooks"] == 14
    assert not WebhookSubscription.objects.exists()


def test_a_shop_is_disconnected_also_while_tiktok_is_down(
    connected: Connected, owner: Client
) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(503))):
        owner.post(address(connected, "disconnect", shop_id=connected.shop.pk))
    connected.shop.refresh_from_db()
    assert connected.shop.disconnected_at is not None
    assert not WebhookSubscription.objects.exists()


def heard(shop: Shop, kind: int, *, late: float, ago: timedelta) -> None:
    at = timezone.now() - ago
    factories.webhook(
        str(kind),
        {},
        owner=shop.tiktok_id,
        received_at=at,
        sent_at=at - timedelta(seconds=late),
    )


def test_the_page_shows_each_kind_the_last_event_and_how_late_events_are(
    connected: Connected, owner: Client
) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    WebhookSubscription.objects.filter(event_type="INVOICE_STATUS_CHANGE").update(
        error="Not for this market."
    )
    row = WebhookSubscription.objects.get(event_type="INVOICE_STATUS_CHANGE")
    subscriptions.SUBSCRIPTION.move(row, "failed")
    for late in (1, 2, 9):
        heard(connected.shop, 1, late=late, ago=timedelta(minutes=late))
    heard(connected.shop, 11, late=3, ago=timedelta(hours=2))
    text = owner.get(address(connected, "webhooks")).content.decode()
    assert f'data-copy="{HOOK}"' in text
    assert "13 of 14 kinds subscribed" in text
    assert "half arrive within 2 s, the slowest of the last 100 took 9 s" in text
    assert "Not for this market." in text
    assert "Recipient&#x27;s address" in text


def test_the_page_costs_the_same_for_one_event_and_for_many(
    connected: Connected, owner: Client
) -> None:
    subscriptions.subscribe(shop_id=connected.shop.pk)
    url = address(connected, "webhooks")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            owner.get(url, headers={"HX-Request": "true"})
        return len(seen)

    few = queries()
    for number in range(150):
        heard(connected.shop, 1 + number % 3, late=1, ago=timedelta(seconds=number))
    assert queries() == few


def test_the_delay_is_that_of_the_last_hundred(connected: Connected) -> None:
    for number in range(120):
        late = 100 if number >= 100 else 2
        heard(connected.shop, 1, late=late, ago=timedelta(seconds=number))
    (found,) = reception([connected.shop])
    assert (found.usual, found.longest) == (2, 2)
    assert last_event([connected.shop]) == found.last_at
    assert last_event([]) is None


def test_where_tiktok_cannot_reach_us_the_page_says_so(
    connected: Connected, owner: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://desk.example"
    text = owner.get(address(connected, "webhooks")).content.decode()
    assert "this machine" in text
    assert "Check now" not in text


def test_checking_now_queues_it_for_who_may_set_up(connected: Connected, owner: Client) -> None:
    answer = owner.post(address(connected, "check-webhooks", shop_id=connected.shop.pk))
    assert "being asked" in told(answer)
    assert queued().count("shops.subscriptions.subscribe") == 2
    owner.force_login(factories.member(connected.workspace, Role.VIEWER))
    assert (
        owner.post(address(connected, "check-webhooks", shop_id=connected.shop.pk)).status_code
        == 403
    )


def webhook_check(connected: Connected) -> checks.Check:
    found = checks.run(connected.workspace, now=timezone.now())
    return next(check for check in found if check.title == "Webhooks")


def test_the_check_turns_green_with_the_first_event(
    connected: Connected, settings: Settings
) -> None:
    assert webhook_check(connected).tone == "amber"
    assert HOOK in webhook_check(connected).words
    heard(connected.shop, 1, late=1, ago=timedelta(minutes=1))
    assert webhook_check(connected).tone == "green"
    settings.PUBLIC_URL = "http://desk.example"
    assert webhook_check(connected).tone == "amber"


def test_without_a_shop_there_is_nothing_to_check(db: None) -> None:
    found = checks.run(factories.workspace(), now=timezone.now())
    assert "Webhooks" not in {check.title for check in found}
