"""What TikTok tells about orders: each order it names is read anew, and nothing else is believed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from core import dead_letters, inbox
from core.errors import Rejected, Unavailable
from core.models import WebhookEvent
from creatorflow.events import WEBHOOKS
from orders import handlers
from orders.models import Order, OrderEvent
from shops.clients import use_transport
from shops.models import Shop
from tests import factories
from tests.orders import documents
from tests.orders.pressing import queued

pytestmark = pytest.mark.django_db


class OrderDetail:
    """A TikTok that shows the orders it was given, and keeps which ids each call asked for."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.asked: list[list[str]] = []
        self.down = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            return httpx.Response(503)
        ids = request.url.params["ids"].split(",")
        self.asked.append(ids)
        found = [self.known[one] for one in ids if one in self.known]
        return httpx.Response(200, json={"code": 0, "data": {"orders": found}})

    def order(self, **changes: Any) -> str:
        document = documents.order(**changes)
        self.known[document["id"]] = document
        return str(document["id"])


@pytest.fixture
def tiktok(settings: Settings) -> Iterator[OrderDetail]:
    settings.TIKTOK_SHOP_APP_KEY = settings.TIKTOK_SHOP_APP_SECRET = "x"
    settings.TIKTOK_SHOP_RATE_PER_SECOND = 1000
    tiktok = OrderDetail()
    with use_transport(httpx.MockTransport(tiktok)):
        yield tiktok


@pytest.fixture
def shop() -> Shop:
    workspace = factories.workspace()
    factories.ship_from(workspace)
    factories.account(workspace)
    return factories.shop(workspace)


def told(shop: Shop, kind: int, data: dict[str, Any], **fields: Any) -> WebhookEvent:
    """An event as the receiver stores it."""
    return factories.webhook(
        str(kind),
        {"type": kind, "shop_id": shop.tiktok_id, "timestamp": 1_795_003_600, "data": data},
        owner=shop.tiktok_id,
        **fields,
    )


def status(order_id: object, word: str = "AWAITING_SHIPMENT", **data: Any) -> dict[str, Any]:
    return {"order_id": order_id, "order_status": word, "is_on_hold_order": False} | data


def sentences(order: Order) -> list[str]:
    return list(order.events.filter(kind="webhook").order_by("pk").values_list("text", flat=True))


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (1, {"order_status": "UNPAID", "update_time": 1}, "order status changed (unpaid)"),
        (2, {"reverse_type": 1}, "a return or cancellation changed"),
        (3, {"update_time": 1}, "the delivery address changed"),
        (11, {"cancel_status": "CANCELLATION_REQUEST_PENDING"}, "a cancellation changed (cancel"),
        (12, {"return_status": "BUYER_SHIPPED_ITEM"}, "a return changed (buyer shipped item)"),
    ],
)
def test_every_kind_that_names_an_order_has_it_read_and_told(
    tiktok: OrderDetail, shop: Shop, kind: int, data: dict[str, Any], words: str
) -> None:
    number = tiktok.order(status="IN_TRANSIT")
    row = told(shop, kind, {"order_id": number, **data})
    handlers.read_told(events=[row])
    order = Order.objects.get(tiktok_id=number)
    assert order.status == "IN_TRANSIT"  # what TikTok shows now, whatever the event says
    assert sentences(order)[0].startswith(f"TikTok told us: {words}")
    assert row.outcome == f"read order {number}"
    assert row.workspace_id == shop.workspace_id
    assert "shipping.quoting.quote_due" in queued()


def test_a_package_names_several_orders_and_all_are_read_in_one_call(
    tiktok: OrderDetail, shop: Shop
) -> None:
    first, second, third = (tiktok.order() for _ in range(3))
    packages = [
        {"package_id": "115", "order_id_list": [first, second]},
        {"package_id": "116", "order_id_list": [third]},
    ]
    row = told(shop, 4, {"sc_type": "COMBINE", "package_list": packages, "update_time": 9})
    handlers.read_told(events=[row])
    assert len(tiktok.asked) == 1
    assert Order.objects.filter(tiktok_id__in=[first, second, third]).count() == 3
    assert sentences(Order.objects.get(tiktok_id=third)) == [
        "TikTok told us: its packages changed (combine)."
    ]
    assert row.outcome == f"read 3 orders, the first {first}"


def test_an_invoice_names_orders_in_a_list(tiktok: OrderDetail, shop: Shop) -> None:
    number = tiktok.order()
    handlers.read_told(events=[told(shop, 36, {"order_ids": [number], "package_id": "1"})])
    assert Order.objects.filter(tiktok_id=number).exists()


def test_numbers_may_come_as_json_numbers(tiktok: OrderDetail, shop: Shop) -> None:
    number = tiktok.order()
    handlers.read_told(events=[told(shop, 1, status(int(number), update_time=str(1)))])
    assert Order.objects.filter(tiktok_id=number).exists()


def test_many_events_of_few_orders_ask_for_each_order_once(tiktok: OrderDetail, shop: Shop) -> None:
    numbers = [tiktok.order() for _ in range(60)]
    rows = [told(shop, 1, status(one)) for one in numbers for _ in range(3)]
    handlers.read_told(events=rows)
    assert [len(ids) for ids in tiktok.asked] == [50, 10]
    assert OrderEvent.objects.filter(kind="webhook").count() == 180
    assert {row.outcome.split()[0] for row in rows} == {"read"}


def test_an_older_copy_never_wins_whatever_the_order_of_events(
    tiktok: OrderDetail, shop: Shop
) -> None:
    number = tiktok.order(status="IN_TRANSIT", update_time=documents.PAID + 500)
    handlers.read_told(events=[told(shop, 1, status(number, "IN_TRANSIT"))])
    # A copy of TikTok's that lags behind answers the next question.
    tiktok.known[number] |= {"status": "AWAITING_SHIPMENT", "update_time": documents.PAID + 100}
    handlers.read_told(events=[told(shop, 1, status(number, "AWAITING_COLLECTION"))])
    assert Order.objects.get(tiktok_id=number).status == "IN_TRANSIT"


def test_an_event_about_what_was_read_since_asks_nobody(tiktok: OrderDetail, shop: Shop) -> None:
    number = tiktok.order(update_time=documents.PAID + 500)
    late = told(
        shop,
        1,
        status(number, update_time=documents.PAID + 400),
        received_at=timezone.now() - timedelta(minutes=1),
    )
    newer = told(shop, 1, status(number, update_time=documents.PAID + 900))
    handlers.read_told(events=[told(shop, 1, status(number))])
    handlers.read_told(events=[late])
    assert len(tiktok.asked) == 1
    assert late.outcome == f"read order {number}"
    handlers.read_told(events=[newer])  # names an update we have not seen
    assert len(tiktok.asked) == 2


def test_a_repeated_event_is_told_once(tiktok: OrderDetail, shop: Shop) -> None:
    number = tiktok.order()
    row = told(shop, 12, {"order_id": number, "return_status": "BUYER_SHIPPED_ITEM"})
    handlers.read_told(events=[row])
    # Once more within the same try, as when the events beside it spoil the call for all.
    handlers.read_told(events=[WebhookEvent.objects.get(pk=row.pk)])
    assert len(sentences(Order.objects.get(tiktok_id=number))) == 1


def test_an_event_that_a_person_has_handled_again_is_told_once(
    tiktok: OrderDetail, shop: Shop
) -> None:
    number = tiktok.order()
    row = told(shop, 12, {"order_id": number, "return_status": "BUYER_SHIPPED_ITEM"})
    inbox.process_due()
    asked = dead_letters.replay(
        WebhookEvent.objects.filter(pk=row.pk), by=factories.user(), now=timezone.now()
    )
    assert (asked, inbox.process_due()) == (1, 1)
    assert len(sentences(Order.objects.get(tiktok_id=number))) == 1


def test_an_order_that_is_not_readable_yet_is_asked_about_again(
    tiktok: OrderDetail, shop: Shop
) -> None:
    row = told(shop, 1, status("576000000000000001"))
    with pytest.raises(Unavailable, match="does not show order 576000000000000001 yet"):
        handlers.read_told(events=[row])
    assert row.outcome == ""
    assert row.workspace_id == shop.workspace_id


def test_one_unreadable_order_does_not_hold_the_others_back(
    tiktok: OrderDetail, shop: Shop
) -> None:
    number = tiktok.order()
    good, bad = told(shop, 1, status(number)), told(shop, 1, status("576000000000000002"))
    with pytest.raises(Rejected):  # the inbox then tries fewer at a time
        handlers.read_told(events=[good, bad])
    with pytest.raises(Rejected):  # also where some of them are settled by now
        handlers.read_told(events=[good, bad])
    handlers.read_told(events=[good])
    with pytest.raises(Unavailable):
        handlers.read_told(events=[bad])
    assert tiktok.asked[1:] == [["576000000000000002"]] * 2
    assert len(sentences(Order.objects.get(tiktok_id=number))) == 1


def test_a_shop_nobody_has_connected_is_done_with(tiktok: OrderDetail, shop: Shop) -> None:
    stranger = told(shop, 1, status("1"))
    stranger.owner = "7000000000000000009"
    handlers.read_told(events=[stranger])
    Shop.objects.update(disconnected_at=timezone.now())
    gone = told(shop, 1, status("1"))
    handlers.read_told(events=[gone])
    assert (stranger.outcome, gone.outcome) == ("no connected shop", "no connected shop")
    assert not tiktok.asked


def test_a_seller_is_known_by_the_open_id_too(tiktok: OrderDetail, shop: Shop) -> None:
    assert shop.authorization is not None
    number = tiktok.order()
    row = told(shop, 2, {"order_id": number})
    row.owner = shop.authorization.open_id
    handlers.read_told(events=[row])
    assert Order.objects.get(tiktok_id=number).shop == shop


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (64, {"aftersales_request_id": "41", "aftersales_request_status": "PENDING"}),
        (65, {"rma_id": "42", "rma_status": "CREATED"}),
        (67, {"rma_id": "42", "refund_total": "5.00", "line_items": [{"sku_id": "1"}]}),
    ],
)
def test_events_that_name_no_order_have_the_shop_read(
    tiktok: OrderDetail, shop: Shop, kind: int, data: dict[str, Any]
) -> None:
    row = told(shop, kind, data)
    handlers.read_told(events=[row])
    assert row.outcome == "names no order: what changed in the shop is read"
    assert "orders.sync.hurry" in queued()
    assert not tiktok.asked


def test_a_refund_that_names_its_order_has_it_read(tiktok: OrderDetail, shop: Shop) -> None:
    number = tiktok.order()
    handlers.read_told(events=[told(shop, 67, {"line_items": [{"order_id": number}]})])
    assert Order.objects.filter(tiktok_id=number).exists()


def test_while_tiktok_is_down_everything_waits(tiktok: OrderDetail, shop: Shop) -> None:
    number = tiktok.order()
    tiktok.down = True
    row = told(shop, 1, status(number))
    with pytest.raises(Unavailable):
        handlers.read_told(events=[row])
    assert row.outcome == ""


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": [1]}', b'{"data": {"order_id": {}}}'])
def test_nonsense_names_no_order(tiktok: OrderDetail, shop: Shop, body: bytes) -> None:
    row = told(shop, 1, {})
    row.body = body
    handlers.read_told(events=[row])
    assert row.outcome.startswith("names no order")


def test_every_kind_about_orders_comes_here() -> None:
    mine = {kind for (_, kind), path in WEBHOOKS.items() if path == "orders.handlers.read_told"}
    assert mine == set(handlers.TOLD)
