"""The page of purchases that only a person can settle: what is known, where to look, what to
press."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import AuditEntry, Role
from orders.models import Order
from shipping.labels.person import where_to_look
from shipping.labels.reconcile import reconcile_due
from shipping.models import Label, LedgerEntry
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.test_pages_labels import unknown

PAID = {"provider_label_id": "label1", "tracking_number": "1Z999AA10123456784", "cost": "8.41"}


def listed(desk: Desk) -> str:
    return text_of(desk.get("needs-word"))


def test_nothing_to_settle_is_good_news(desk: Desk, world: World) -> None:
    assert "Every purchase is settled" in listed(desk)


def test_each_case_says_what_is_known_and_where_to_look(desk: Desk, world: World) -> None:
    label = unknown(world, person=True)
    page = listed(desk)
    order = Order.objects.get(pk=label.order_id)
    assert order.tiktok_id in page
    assert "EasyPost&#x27;s dashboard, Shipments" in page
    assert f"Shipment {label.provider_ref['shipment_id']}" in page
    assert label.reason in page
    assert "It was bought" in page
    assert "It was not bought" in page


def test_what_the_provider_can_still_tell_is_not_asked_of_a_person(
    desk: Desk, world: World
) -> None:
    unknown(world)
    page = listed(desk)
    assert "Still being asked about" in page
    assert "It was bought" not in page


def test_it_was_bought_books_the_label_and_notes_who_said_so(desk: Desk, world: World) -> None:
    label = unknown(world, person=True)
    response = desk.post("label-resolve", PAID | {"from": "word"}, label_id=label.pk)
    assert response["Location"].endswith("/labels/your-word/")
    label.refresh_from_db()
    assert (label.state, label.tracking_number) == ("bought", "1Z999AA10123456784")
    assert LedgerEntry.objects.get(label=label).amount == label.cost
    entry = AuditEntry.objects.get(action="label.bought")
    assert entry.actor == world.user
    assert "Every purchase is settled" in listed(desk)


def test_it_was_not_bought_frees_the_order_and_notes_who_said_so(desk: Desk, world: World) -> None:
    label = unknown(world, charged=False, person=True)
    desk.post("label-resolve", {"outcome": "not_bought", "from": "word"}, label_id=label.pk)
    label.refresh_from_db()
    assert label.state == "refused"
    assert AuditEntry.objects.get(action="label.not_bought").actor == world.user
    assert world.quotes(Order.objects.select_related("shop").get(pk=label.order_id)).price


@pytest.mark.parametrize("role", [Role.PACKER, Role.VIEWER])
def test_only_who_may_buy_may_say_so(world: World, role: str) -> None:
    label = unknown(world, person=True)
    theirs = desk_of(world.workspace, role)
    assert "It was bought" not in listed(theirs)
    assert theirs.post("label-resolve", PAID, label_id=label.pk).status_code == 403


def test_a_day_without_an_answer_brings_it_here_and_tells_people_where(
    desk: Desk, world: World
) -> None:
    label = unknown(world, charged=False)
    long_ago = timezone.now() - timedelta(hours=25)
    Label.objects.filter(pk=label.pk).update(intent_at=long_ago, due_at=long_ago)
    world.provider.fail("find", RuntimeError("nonsense"))
    reconcile_due()
    assert "It was bought" in listed(desk)
    (note,) = world.workspace.notification_set.all()
    assert note.link.endswith("/labels/your-word/")


@pytest.mark.parametrize(
    ("provider", "where", "number"),
    [
        ("easypost", "EasyPost's dashboard", "shp_1"),
        ("shippo", "Shippo's web app", ""),
        ("tiktok", "TikTok Seller Center", ""),
        ("another", "Easypost's own pages", ""),
    ],
)
def test_where_to_look_depends_on_the_provider(
    world: World, provider: str, where: str, number: str
) -> None:
    label = unknown(world)
    label.provider = provider
    label.provider_ref = {"shipment_id": "shp_1", "rate_id": "rate_1"}
    found = where_to_look(label)
    assert found.where.startswith(where)
    assert (found.label_id, label.order.tiktok_id in found.what) == (number, True)
