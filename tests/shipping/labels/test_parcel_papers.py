"""Papers of orders that travel in several parcels."""

from io import BytesIO

from django.test import Client
from pypdf import PdfReader

from core import batches, files
from core.access import wreverse
from core.models import Batch, Role, Workspace
from orders.models import Order
from shipping.labels import prints
from shipping.labels.merge import Piece, merge
from shipping.models import PrintFile
from tests import factories
from tests.shipping.labels.papers import pdf
from tests.shipping.spread import bought, spread


def order_of(workspace: Workspace, *skus: str) -> Order:
    order = factories.order(workspace, unit_count=len(skus))
    for sku in skus:
        factories.line(order, sku_id=f"id-{sku}", seller_sku=sku, product_name=f"Thing {sku}")
    return order


def batch_of(workspace: Workspace, *orders: Order) -> Batch:
    return batches.start(workspace, "labels", [o.pk for o in orders], user=None, options={})


def stored(words: str) -> str:
    return files.save(pdf(words), suffix=".pdf")


def pages(content: bytes) -> list[str]:
    return [page.extract_text().strip() for page in PdfReader(BytesIO(content)).pages]


def test_a_slip_for_each_parcel_names_it_and_holds_only_its_items(db: None) -> None:
    workspace = factories.workspace()
    order = spread(order_of(workspace, "A", "B"))
    batch = batch_of(workspace, order)
    labels = [bought(order, number, batch=batch) for number in (1, 2)]
    first, second = pages(prints.packing_slips(batch))
    assert "Parcel 1 of 2" in first
    assert labels[0].tracking_number in first
    assert ("Thing A" in first, "Thing B" in first) == (True, False)
    assert "Parcel 2 of 2" in second
    assert labels[1].tracking_number in second
    assert ("Thing A" in second, "Thing B" in second) == (False, True)


def test_papers_of_a_batch_leave_out_parcels_that_were_bought_in_another_one(db: None) -> None:
    workspace = factories.workspace()
    order = spread(order_of(workspace, "A", "B", "C"), p3="elsewhere")
    before, batch = batch_of(workspace, order), batch_of(workspace, order)
    bought(order, 1, batch=before)
    bought(order, 2, batch=batch)
    (slip,) = pages(prints.packing_slips(batch))
    assert "Parcel 2 of 3" in slip
    (picks,) = pages(prints.pick_list(batch))
    assert [sku in picks for sku in ("Thing A", "Thing B", "Thing C")] == [False, True, False]


def test_an_order_in_one_parcel_has_one_slip_that_names_no_parcel(db: None) -> None:
    workspace = factories.workspace()
    order = order_of(workspace, "A", "B")
    batch = batch_of(workspace, order)
    factories.label(order, batch=batch)
    (slip,) = pages(prints.packing_slips(batch))
    assert "Parcel" not in slip


def test_selected_orders_get_slips_and_picks_for_all_that_is_packed_here(db: None) -> None:
    workspace = factories.workspace()
    order = spread(order_of(workspace, "A", "B", "C"), p1="elsewhere")
    bought(order, 2)
    client = Client()
    client.force_login(factories.member(workspace, Role.PACKER))
    sent = {"order": [str(order.pk)]}
    slips = client.post(wreverse(workspace, "shipping:slips"), sent)
    assert [text.split("Parcel ")[1][:6] for text in pages(slips.content)] == ["2 of 3", "3 of 3"]
    (picks,) = pages(client.post(wreverse(workspace, "shipping:picklist"), sent).content)
    assert [sku in picks for sku in ("Thing A", "Thing B", "Thing C")] == [False, True, True]


def test_labels_of_an_order_stand_together_in_the_order_of_its_parcels(db: None) -> None:
    workspace = factories.workspace()
    orders = [spread(order_of(workspace, "A", "B")) for _ in range(2)]
    batch = batch_of(workspace, *orders)
    for number in (2, 1):
        for place, order in reversed(list(enumerate(orders, 1))):
            words = f"order {place} parcel {number}"
            bought(order, number, batch=batch, file_key=stored(words))
    prints.build_print_files(batch_id=batch.pk)
    file = PrintFile.objects.get(batch=batch)
    wanted = [f"order {place} parcel {number}" for place in (1, 2) for number in (1, 2)]
    assert pages(files.read(file.file_key)) == wanted
    client = Client()
    client.force_login(factories.member(workspace, Role.PACKER))
    url = wreverse(workspace, "shipping:print-selected")
    answer = client.post(url, {"order": [str(order.pk) for order in orders]})
    assert pages(answer.content) == wanted
    assert not list(answer.wsgi_request._messages)


def test_a_selected_order_without_a_label_is_counted_as_one(db: None) -> None:
    workspace = factories.workspace()
    order, bare = spread(order_of(workspace, "A", "B")), order_of(workspace, "C")
    for number in (1, 2):
        bought(order, number, file_key=stored("x"))
    client = Client()
    client.force_login(factories.member(workspace, Role.PACKER))
    url = wreverse(workspace, "shipping:print-selected")
    answer = client.post(url, {"order": [str(order.pk), str(bare.pk)]})
    (told,) = answer.wsgi_request._messages
    assert str(told).startswith("1 of the selected orders")


def test_a_print_file_ends_before_an_order_whose_labels_would_not_all_fit() -> None:
    pieces = [Piece("a", pdf("a")), Piece("b1", pdf("b1"), next=1), Piece("b2", pdf("b2"))]
    assert [made.names for made in merge(pieces, most=2)] == [["a"], ["b1", "b2"]]
    pieces += [Piece(f"c{n}", pdf("c"), next=2 - n) for n in range(3)]
    assert [len(made.names) for made in merge(pieces, most=3)] == [3, 3]
