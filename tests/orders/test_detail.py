"""The order's page: what happened, what stands in the way, and putting it right in one go."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from core.models import Role, User, Workspace
from orders.blockers import BLOCKERS
from orders.models import Dispatch, Order, OrderEvent
from shops.catalog.models import Sku
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    desk = factories.workspace(slug="desk")
    factories.ship_from(desk)
    factories.account(desk)
    factories.shop(desk)
    return desk


@pytest.fixture
def owner(desk: Workspace, client: Client) -> User:
    person = factories.member(desk)
    client.force_login(person)
    return person


def order(desk: Workspace, **fields: object) -> Order:
    made = factories.order(desk, **fields)
    factories.line(made)
    return made


def html(client: Client, order: Order, path: str = "") -> str:
    answer = client.get(f"/w/desk/orders/{order.pk}/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, order: Order, path: str, **data: object) -> HttpResponse:
    return client.post(f"/w/desk/orders/{order.pk}/{path}/", data)


def told(answer: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def queued() -> list[str]:
    return [task.task["args"][0] for task in OrmQ.objects.all()]


def test_the_page_says_what_when_where_and_for_how_much(desk, owner, client) -> None:
    now = timezone.now()
    made = order(
        desk,
        tiktok_id="576900000000000231",
        total="24.00",
        subtotal="22.00",
        shipping_fee="2.00",
        scan_by=now + timedelta(hours=30),
        due_at=now + timedelta(hours=3, minutes=20, seconds=30),
        delivery_option_name="Standard shipping",
        buyer_message="Leave it with the neighbour",
        seller_note="Fragile",
        note="Repeat buyer",
        tags=["vip"],
    )
    for _ in range(2):
        factories.line(made, status="CANCELLED")
    page = html(client, made)
    for words in (
        "576900000000000231", "5769…231", "Awaiting shipment", "Own label", "in 3 h 20 m", "Jo Ortiz",
        "Austin, TX 78701", "$24.00", "$2.00", "1×", "2 more cancelled", "SERUM-30",
        "Standard shipping", "Leave it with the neighbour", "Fragile", "Repeat buyer", "vip",
        "Placed on TikTok.", "Paid by the buyer.",
    ):  # fmt: skip
        assert words in page, words
    assert f'hx-get="/w/desk/orders/{made.pk}/shipping/"' in page


def test_the_timeline_tells_who_did_what_newest_first(desk, owner, client) -> None:
    made = order(desk)
    OrderEvent.objects.create(order=made, kind="hold", text="Held: no stock", actor=owner)
    page = html(client, made)
    assert page.index("Held: no stock") < page.index("Placed on TikTok.")
    assert owner.email in page


def test_a_long_timeline_costs_no_more_queries(desk, owner, client) -> None:
    made = order(desk)
    factories.line(made, sku_id="sku-of-another-parcel")

    def cost() -> int:
        with CaptureQueriesContext(connection) as caught:
            html(client, made)
        return len(caught)

    cost()  # the first page of a process looks at what the next ones know
    few = cost()
    for number in range(25):
        OrderEvent.objects.create(order=made, kind="sync", text=str(number), actor=owner)
        factories.line(made, sku_id=f"sku-{number}")
        Dispatch.objects.create(order=made, state="withdrawn", tracking_number="1Z", carrier="ups")
    assert cost() <= few <= 20


@pytest.mark.parametrize("code", sorted(BLOCKERS))
def test_every_blocker_is_a_sentence_with_its_button(code, desk, owner, client) -> None:
    factories.sku(desk.shops.get(), tiktok_id="sku-1", weight_g=None)
    made = order(desk, stage="fix", blocker=code, recipient={}, address_state="none")
    page = html(client, made)
    blocker = BLOCKERS[code]
    assert 'id="fix"' in page
    if blocker.action == "measure":
        assert "Save this weight" in page
    elif blocker.button:
        assert blocker.button in page


def test_tiktoks_words_that_we_do_not_know_are_shown(desk, owner, client) -> None:
    made = order(
        desk, status="TELEPORTING", currency="XTS", total="7.10", lane="drone", stage="odd"
    )
    page = html(client, made)
    assert "Teleporting" in page
    assert "7.10 XTS" in page
    assert "drone" in page


def test_the_document_for_support_is_text_not_markup(desk, owner, client) -> None:
    raw = {"note": "</pre><script>alert(1)</script>", "name": "Größe 美容"}
    page = html(client, order(desk, raw=raw, buyer_message="<b>hi</b>"))
    assert "<script>alert" not in page
    assert "<b>hi" not in page
    assert "Größe 美容" in page


def test_a_masked_address_is_explained_and_not_asked_of_platform_orders(
    desk, owner, client
) -> None:
    masked = {"name": "J*** O***", "street1": "***", "city": "Austin", "state": "TX"}
    platform = order(desk, lane="platform", address_state="masked", recipient=masked)
    page = html(client, platform)
    assert "the label carries the full one" in page
    assert 'data-dialog="address"' not in page
    own = order(desk, lane="own", address_state="masked", recipient=masked)
    assert "TikTok hides part of this address." in html(client, own)


def test_a_stranger_finds_nothing_and_a_viewer_changes_nothing(desk, owner, client) -> None:
    made = order(desk, stage="fix", blocker="bad_address", note="Repeat buyer")
    client.force_login(factories.member(desk, Role.VIEWER))
    page = html(client, made)
    assert "Repeat buyer" in page
    assert "A packer, manager or owner can put it right." in page
    assert 'method="post" action="/w/desk/orders/' not in page
    for path in ("address", "weights", "note", "act"):
        assert send(client, made, path, action="hold").status_code == 403
    client.force_login(factories.member(factories.workspace()))
    assert client.get(f"/w/desk/orders/{made.pk}/").status_code == 404
    foreign = order(factories.workspace())
    client.force_login(owner)
    assert client.get(f"/w/desk/orders/{foreign.pk}/").status_code == 404


# -- putting it right --------------------------------------------------------------------------------------------------

ADDRESS = {
    "name": "Jo Ortiz",
    "street1": "1 Main St",
    "city": "Austin",
    "state": "TX",
    "postal_code": "78701",
    "country": "US",
}


@pytest.fixture
def weighed(desk: Workspace) -> Sku:
    return factories.sku(desk.shops.get(), tiktok_id="sku-1")


@pytest.fixture
def misaddressed(desk: Workspace, weighed: Sku) -> Order:
    return order(
        desk,
        stage="fix",
        blocker="bad_address",
        address_state="bad",
        recipient=ADDRESS | {"postal_code": "94110"},
        plan_price="5.00",
    )


def test_a_corrected_address_makes_the_order_ready_at_once(misaddressed, owner, client) -> None:
    answer = send(client, misaddressed, "address", **ADDRESS)
    assert answer.status_code == 303
    assert told(answer) == "The address is kept for this order. The order is ready to buy."
    misaddressed.refresh_from_db()
    assert misaddressed.stage == "ready"
    assert misaddressed.address["postal_code"] == "78701"
    assert misaddressed.plan_price is None  # it was for the other address
    assert "shipping.quoting.quote_due" in queued()
    assert "Corrected by your team" in html(client, misaddressed)


def test_a_refused_address_comes_back_open_with_its_reason(misaddressed, owner, client) -> None:
    answer = send(client, misaddressed, "address", **(ADDRESS | {"postal_code": "94110"}))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "data-open-now" in page
    assert "The ZIP code 94110 is not in TX." in page
    assert 'value="1 Main St"' in page
    misaddressed.refresh_from_db()
    assert misaddressed.fixed_recipient == {}


def test_an_address_with_more_in_the_way_says_what_is_left(desk, owner, client) -> None:
    factories.sku(desk.shops.get(), tiktok_id="sku-1", weight_g=None)
    made = order(desk, stage="fix", blocker="no_address", address_state="none", recipient={})
    assert told(send(client, made, "address", **ADDRESS)) == (
        "The address is kept for this order. The weight of an item is not known."
    )


def test_a_weight_is_asked_once_kept_for_the_sku_and_frees_the_order_at_once(
    desk, owner, client
) -> None:
    sku = factories.sku(desk.shops.get(), tiktok_id="sku-1", weight_g=None)
    made = order(desk, stage="fix", blocker="no_weight")
    assert "SERUM-30: weight of one, in ounces" in html(client, made)
    answer = send(client, made, "weights", **{f"sku_{sku.pk}": "8.4"})
    assert told(answer) == "The weight is kept, for later orders, too. The order is ready to buy."
    sku.refresh_from_db()
    assert (sku.weight_g, sku.measured_by) == (239, "person")
    made.refresh_from_db()
    assert made.stage == "ready"


def test_a_weight_of_zero_counts_as_not_known(desk, owner, client) -> None:
    factories.sku(desk.shops.get(), tiktok_id="sku-1", weight_g=0)
    assert "SERUM-30: weight of one" in html(client, order(desk, stage="fix", blocker="no_weight"))


def test_an_impossible_weight_is_refused_in_words(desk, owner, client) -> None:
    sku = factories.sku(desk.shops.get(), tiktok_id="sku-1", weight_g=None)
    made = order(desk, stage="fix", blocker="no_weight")
    answer = send(client, made, "weights", **{f"sku_{sku.pk}": "352740"})
    assert answer.status_code == 422
    assert "no parcel carrier takes" in answer.content.decode()
    sku.refresh_from_db()
    assert sku.weight_g is None


def test_the_teams_note_is_kept_and_a_book_is_refused(desk, owner, client) -> None:
    made = order(desk)
    assert told(send(client, made, "note", note="Add a sticker")) == "Note saved."
    made.refresh_from_db()
    assert made.note == "Add a sticker"
    refused = send(client, made, "note", note="x" * 2001)
    assert refused.status_code == 422
    assert "at most 2000 characters" in refused.content.decode()


def test_what_tiktok_refused_is_said_with_the_code_behind_details(desk, owner, client) -> None:
    made = order(desk, stage="fix", blocker="dispatch_refused", label_state="bought")
    Dispatch.objects.create(
        order=made, state="refused", tracking_number="1Z9", carrier="ups",
        reason="This number belongs to UPS, the order says USPS.", code="21011001",
    )  # fmt: skip
    page = html(client, made)
    assert (
        page.count("This number belongs to UPS") == 2
    )  # what stands in the way, and what was told
    assert "code 21011001" in page
    assert "Tell TikTok again" in page
