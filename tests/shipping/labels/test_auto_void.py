"""Labels of orders that were cancelled after the purchase are given back by themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import Unavailable
from core.models import AuditEntry, Notification
from orders.models import Order
from orders.sync import read_orders
from shipping.labels.auto_void import is_automatic, is_emptied, set_automatic, void_cancelled
from shipping.labels.purchase import buy_label
from shipping.models import Label, MoneyBack
from shipping.money_due import totals
from shipping.providers.base import VoidOutcome
from tests.shipping.labels.world import World
from tests.shipping.spread import bought, spread


def cancelled(world: World, **label: object) -> Label:
    """A label that was bought before its order was cancelled."""
    row = world.label()
    buy_label(label_id=row.pk)
    Label.objects.filter(pk=row.pk).update(**label)
    Order.objects.filter(pk=row.order_id).update(status="CANCELLED", stage="closed")
    return Label.objects.get(pk=row.pk)


def texts(label: Label) -> list[str]:
    return list(label.order.events.filter(kind="label").values_list("text", flat=True))


def test_the_label_is_given_back_and_the_order_says_so(world: World) -> None:
    label = cancelled(world)
    assert void_cancelled() == 1
    label.refresh_from_db()
    assert label.state == "refunding"
    assert label.money_back.why == "cancelled"
    assert "The order was cancelled: its label is voided by itself, $8.41 is asked back." in texts(
        label
    )
    told = Notification.objects.get(cause=f"label:{label.pk}:cancelled")
    assert label.order.tiktok_id in told.text
    assert void_cancelled() == 0


def test_labels_of_orders_that_go_on_are_left_alone(world: World) -> None:
    row = world.label()
    buy_label(label_id=row.pk)
    assert void_cancelled() == 0
    row.refresh_from_db()
    assert row.state == "bought"


@pytest.mark.parametrize(
    ("column", "because"),
    [
        ({"first_scan_at": timezone.now()}, "scanned"),
        ({"tracking_status": "in_transit"}, "scanned"),
        ({"settled_at": timezone.now() - timedelta(days=91)}, "window"),
    ],
)
def test_what_cannot_come_back_is_told_once_and_not_asked(
    world: World, column: dict[str, object], because: str
) -> None:
    label = cancelled(world, **column)
    void_cancelled()
    label.refresh_from_db()
    assert (label.state, label.money_back.left_because) == ("bought", because)
    assert world.provider.calls["void"] == 0
    Notification.objects.update(seen_at=timezone.now())
    assert void_cancelled() == 0
    assert Notification.objects.filter(cause=f"label:{label.pk}:cancelled").count() == 1


def test_a_workspace_may_keep_such_labels_until_a_person_decides(world: World) -> None:
    set_automatic(world.workspace, False, user=world.user)
    label = cancelled(world)
    void_cancelled()
    label.refresh_from_db()
    assert (label.state, label.money_back.left_because) == ("bought", "off")
    assert not is_automatic(world.workspace.pk)
    set_automatic(world.workspace, True, user=world.user)
    void_cancelled()
    label.refresh_from_db()
    assert label.state == "refunding"
    assert AuditEntry.objects.filter(action="workspace.void_setting").count() == 2


def test_a_provider_that_cannot_be_asked_is_asked_again_later(world: World) -> None:
    label = cancelled(world)
    world.provider.fail("void", Unavailable("Down.", provider="x"))
    void_cancelled()
    label.refresh_from_db()
    assert label.state == "bought"
    assert void_cancelled() == 0
    MoneyBack.objects.update(retry_at=timezone.now())
    world.provider.void_outcome = VoidOutcome.REFUNDED
    assert void_cancelled() == 1
    label.refresh_from_db()
    assert label.state == "voided"


def test_a_provider_that_says_no_is_not_asked_again(world: World) -> None:
    label = cancelled(world)
    world.provider.void_outcome = VoidOutcome.REFUSED
    void_cancelled()
    label.refresh_from_db()
    assert (label.state, label.money_back.outcome) == ("bought", "in_use")
    assert label.money_back.retry_at is None
    assert void_cancelled() == 0
    assert any("could not be given back" in text for text in texts(label))


def test_the_label_of_a_parcel_that_is_cancelled_is_voided_and_the_other_one_is_kept(
    world: World,
) -> None:
    order = spread(world.order(sku="serum mirror"))
    for _ in range(2):
        buy_label(label_id=world.label(Order.objects.select_related("shop").get(pk=order.pk)).pk)
    first, second = order.labels.order_by("part")
    document = world.tiktok.documents[order.tiktok_id]
    gone = order.parts[1]["lines"][0]
    lines = [
        line | ({"display_status": "CANCELLED"} if line["id"] == gone else {})
        for line in document["line_items"]
    ]
    world.change(order, line_items=lines)
    read_orders(world.shop, [order.tiktok_id])
    world.provider.void_outcome = VoidOutcome.REFUNDED
    assert void_cancelled() == 1
    for label in (first, second):
        label.refresh_from_db()
    assert (first.state, second.state) == ("bought", "voided")
    assert not MoneyBack.objects.filter(label=first).exists()
    assert sum(entry.amount for entry in first.ledger.all()) == first.cost
    assert sum(entry.amount for entry in second.ledger.all()) == 0
    (total,) = totals(world.workspace, since=timezone.now() - timedelta(days=1))
    assert total.ties
    assert (total.kept, total.credited) == (first.money, second.money)
    text = f"Parcel 2 of order {order.tiktok_id} was cancelled: its label is voided by itself, "
    assert f"{text}$8.41 came back." in texts(second)
    order.refresh_from_db()
    assert [one["label"] for one in order.parts] == ["bought", "gone"]
    assert (order.label_state, order.stage) == ("bought", "bought")
    assert void_cancelled() == 0


def test_a_parcel_of_which_one_item_is_left_keeps_its_label(world: World) -> None:
    order = world.order(sku="serum mirror", units=2)
    first, *rest = order.lines.order_by("pk").values_list("tiktok_id", flat=True)
    spread(order, [[first], rest])
    label = bought(order, 2, account=world.account)
    order.lines.filter(tiktok_id=rest[0]).update(status="CANCELLED")
    assert void_cancelled() == 0
    order.lines.filter(tiktok_id__in=rest).update(status="CANCELLED")
    assert void_cancelled() == 1
    assert label.part == 2


def test_what_is_not_known_of_a_parcel_gives_no_label_back(world: World) -> None:
    order = spread(world.order(sku="serum mirror"))
    label = bought(order, 2, account=world.account)
    order.lines.all().delete()
    assert (void_cancelled(), is_emptied(label)) == (0, False)
    Order.objects.filter(pk=order.pk).update(parts=[])
    label = Label.objects.select_related("order").get(pk=label.pk)
    assert (void_cancelled(), is_emptied(label)) == (0, False)
