"""Packing an order that travels in several parcels: one session, a label for each parcel."""

import pytest

from core import files
from core.models import Role
from orders.models import OrderEvent
from shipping.bench import lookup, totes
from shipping.bench.packing import state_of
from shipping.models import Label, PackSession, PackSettings, PrintJob
from tests import factories
from tests.shipping.bench.desk import Table
from tests.shipping.bench.desk import table as table
from tests.shipping.bench.test_pages import machine, prints, text
from tests.shipping.labels.papers import pdf
from tests.shipping.spread import bought, spread

pytestmark = pytest.mark.django_db


def file() -> str:
    return files.save(pdf("label"), suffix=".pdf")


def test_each_item_says_which_parcel_it_goes_into(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A", "B", labelled=False)
    spread(order)
    page = text(desk.scan(order.tiktok_id))
    assert "Parcel 1" in page
    assert "Parcel 2" in page
    assert table.scan(order.tiktok_id, "B").words == "Thing B: 1 of 1. Into parcel 2."


def test_units_of_one_item_may_go_into_two_parcels(table: Table) -> None:
    order = table.order("A", "A", "A", labelled=False)
    first, *rest = order.lines.order_by("pk").values_list("tiktok_id", flat=True)
    spread(order, [[first], rest])
    table.scan(order.tiktok_id)
    (item,) = state_of(table.bench.session).items
    assert item.into == "1 in parcel 1, 2 in parcel 2"
    assert table.scan("A").words.endswith("1 of 3. Into parcel 1.")
    assert table.scan("A").words.endswith("2 of 3. Into parcel 2.")
    assert table.scan("*3").words.endswith("3 of 3. Into: 1 in parcel 1, 2 in parcel 2.")


def test_a_label_of_any_parcel_opens_the_order_and_says_which_it_is(table: Table) -> None:
    order = spread(table.order("A", "B", labelled=False))
    bought(order, 1)
    label = bought(order, 2)
    row = table.scan(label.tracking_number)
    assert (row.does, row.words) == ("opened", "Label of parcel 2 of 2. Scan each unit.")
    again = table.scan(label.tracking_number)
    assert again.words == "Label of parcel 2 of 2. This order is on the bench already."
    table.scan("A", "B")
    row = table.scan(label.tracking_number)
    assert row.words.startswith("Label of parcel 2 of 2. Packed already")
    assert PackSession.objects.count() == 1


def test_all_labels_print_when_it_is_packed_and_once_more_on_demand(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A", "B", labelled=False)
    spread(order)
    second = bought(order, 2, file_key=file())
    first = bought(order, 1, file_key=file())
    assert prints(desk.scan(order.tiktok_id, "A", "B")) == [first.pk, second.pk]
    for label in (first, second):
        desk.client.post(desk.url("label-print", label_id=label.pk))
    assert prints(desk.client.get(desk.url("bench"))) == []
    assert prints(desk.scan("/print")) == [first.pk, second.pk]


def test_the_print_service_gets_every_parcels_label_by_name(table: Table, settings) -> None:
    settings.PRINT_SERVICE_URL = "https://print.example.com/jobs"
    desk = machine(table.workspace, printing="4x6.service.0.")
    order = spread(table.order("A", "B", labelled=False))
    for number in (1, 2):
        bought(order, number, file_key=file())
    desk.scan(order.tiktok_id, "A", "B")
    titles = PrintJob.objects.order_by("pk").values_list("title", flat=True)
    assert [title.partition(", ")[2] for title in titles] == ["parcel 1 of 2", "parcel 2 of 2"]
    desk.scan("/print")
    assert PrintJob.objects.count() == 4


def test_the_parcel_without_a_label_is_named_while_the_others_print(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A", "B", labelled=False)
    spread(order)
    first = bought(order, 1, file_key=file())
    answer = desk.scan(order.tiktok_id, "A", "B")
    assert prints(answer) == [first.pk]
    assert "Parcel 2 of 2 has no label yet. Buy it in the queue" in text(answer)
    second = bought(order, 2, file_key="")
    assert "Parcel 2 of 2: Its file is on its way." in text(desk.client.get(desk.url("bench")))
    Label.objects.filter(pk=second.pk).update(file_key=file())
    answer = desk.client.post(desk.url("bench-waiting"))
    assert prints(answer) == [first.pk, second.pk]
    assert "file is on its way" not in text(answer)


def test_a_parcel_whose_label_was_given_back_waits_for_a_new_one(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A", "B", labelled=False)
    spread(order)
    bought(order, 1, file_key=file())
    bought(order, 2, file_key=file(), state="voiding")
    assert "Its label was given back." in text(desk.scan(order.tiktok_id, "A", "B"))


def test_the_bench_says_what_keeps_it_from_buying_the_rest(table: Table) -> None:
    PackSettings.objects.create(workspace=table.workspace, buys=True)
    desk = machine(table.workspace, Role.OWNER)
    order = spread(table.order("A", "B", labelled=False))
    bought(order, 1, file_key=file())
    words = "Parcel 2 of 2 has no label yet. Its price is not known yet"
    assert words in text(desk.scan(order.tiktok_id, "A", "B"))


def test_items_that_travel_without_us_are_not_packed_here(table: Table) -> None:
    order = table.order("A", "B", labelled=False)
    spread(order, p1="elsewhere")
    bought(order, 2, file_key=file())
    table.scan(order.tiktok_id)
    assert [item.seller_sku for item in state_of(table.bench.session).items] == ["B"]
    assert table.scan("B").does == "complete"
    assert OrderEvent.objects.get(kind="pack").text.startswith("Packed, 1 unit ")


def test_an_order_in_several_parcels_is_one_order_to_pack(table: Table) -> None:
    order = spread(table.order("A", "B", labelled=False))
    batch = factories.batch(table.workspace, [order])
    for number in (1, 2):
        bought(order, number, batch=batch)
    assert lookup.left_to_pack(table.workspace, most=10) == 1
    assert [one.count for one in totes.waiting(table.workspace)] == [1]
    assert totes.fill(table.workspace, batch, totes=5, user=table.packer) == 1
    Label.objects.filter(order=order, part=1).update(handled_at=order.created_at)
    assert lookup.left_to_pack(table.workspace, most=10) == 1
