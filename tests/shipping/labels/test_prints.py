"""A batch's papers: labels in pick order, printed ones never change, damaged ones are named."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from core import batches, files
from core.models import Batch
from shipping.labels import documents, prints
from shipping.labels.purchase import buy_label, prepare
from shipping.models import Label, PrintFile
from shipping.providers.base import Document
from tests.shipping.labels.papers import pdf, stored, zpl
from tests.shipping.labels.world import World


def batch_with(world: World, *skus: str) -> tuple[Batch, list[Label]]:
    """A batch whose labels are bought, each with a file that says its place."""
    orders = [world.order(sku=sku, units=n % 2 + 1) for n, sku in enumerate(skus)]
    batch = batches.start(world.workspace, "labels", [o.pk for o in orders], user=None, options={})
    return batch, [buy(world, order, batch, place) for place, order in enumerate(orders, 1)]


def buy(world: World, order, batch: Batch, place: int) -> Label:
    label = prepare(order, world.quotes(order), batch)
    world.provider.file = pdf(f"place {place}")
    buy_label(label_id=label.pk)
    label = Label.objects.select_related("account").get(pk=label.pk)
    documents.fetch(label)
    return label


def words(key: str) -> list[str]:
    return [page.extract_text().strip() for page in PdfReader(BytesIO(files.read(key))).pages]


def test_labels_are_printed_in_pick_order_whatever_order_they_were_bought_in(world: World) -> None:
    orders = [world.order() for _ in range(3)]
    batch = batches.start(world.workspace, "labels", [o.pk for o in orders], user=None, options={})
    for place in (3, 1, 2):
        buy(world, orders[place - 1], batch, place)
    assert prints.build_print_files(batch_id=batch.pk) == 1
    assert words(PrintFile.objects.get(batch=batch).file_key) == ["place 1", "place 2", "place 3"]


def test_building_again_gives_the_same_files(world: World) -> None:
    batch, _ = batch_with(world, "serum", "serum")
    for _ in range(2):
        prints.build_print_files(batch_id=batch.pk)
    file = PrintFile.objects.get(batch=batch)
    assert (file.number, file.label_count) == (1, 2)


def test_a_file_so_far_grows_until_it_is_printed_then_new_labels_get_their_own(
    world: World,
) -> None:
    orders = [world.order() for _ in range(3)]
    batch = batches.start(world.workspace, "labels", [o.pk for o in orders], user=None, options={})
    buy(world, orders[1], batch, 2)
    prints.build_print_files(batch_id=batch.pk)
    prints.mark_printed(PrintFile.objects.get(batch=batch))
    buy(world, orders[0], batch, 1)
    buy(world, orders[2], batch, 3)
    prints.build_print_files(batch_id=batch.pk)
    first, second = PrintFile.objects.filter(batch=batch).order_by("number")
    assert (words(first.file_key), words(second.file_key)) == (["place 2"], ["place 1", "place 3"])
    assert Label.objects.filter(batch=batch, printed_at__isnull=False).count() == 1


def test_a_file_that_is_damaged_in_the_store_is_named_and_the_others_are_printed(
    world: World,
) -> None:
    batch, labels = batch_with(world, "serum", "serum", "serum")
    stored(labels[1].file_key).write_bytes(b"not what was stored")
    prints.build_print_files(batch_id=batch.pk)
    file = PrintFile.objects.get(batch=batch)
    assert words(file.file_key) == ["place 1", "place 3"]
    assert file.left_out == [
        {
            "label": labels[1].pk,
            "order": labels[1].order.tiktok_id,
            "reason": "is no longer in the file store",
        }
    ]


def test_zpl_labels_are_a_file_for_the_label_printer(world: World) -> None:
    batch, labels = batch_with(world, "serum", "serum")

    class Zpl:
        def document(self, label: object) -> Document:
            return Document(zpl("x"), "application/zpl")

    documents.fetch(labels[0], Zpl())
    assert prints.build_print_files(batch_id=batch.pk) == 2
    kinds = dict(PrintFile.objects.filter(batch=batch).values_list("kind", "label_count"))
    assert kinds == {"labels": 1, "zpl": 1}


def test_a_single_label_can_be_printed_again(world: World) -> None:
    batch, labels = batch_with(world, "serum", "serum")
    again = prints.single([Label.objects.get(pk=labels[1].pk)])
    assert PdfReader(BytesIO(again.content)).pages[0].extract_text().strip() == "place 2"
    assert Label.objects.get(pk=labels[1].pk).printed_at is not None


def test_a_label_without_a_file_cannot_be_printed_and_a_sentence_says_so(world: World) -> None:
    label = world.label()
    buy_label(label_id=label.pk)
    with pytest.raises(prints.NothingToPrint, match="not there yet. Fetch it again"):
        prints.single([Label.objects.get(pk=label.pk)])


def test_pick_list_and_packing_slips_tell_what_goes_where(world: World) -> None:
    batch, labels = batch_with(world, "serum", "mirror")
    picked = PdfReader(BytesIO(prints.pick_list(batch))).pages[0].extract_text()
    assert "MIRROR" in picked
    assert "2 ×2" in picked
    slips = [page.extract_text() for page in PdfReader(BytesIO(prints.packing_slips(batch))).pages]
    assert len(slips) == 2
    assert "Zoë Miller" in slips[0]
    assert labels[1].order.tiktok_id in slips[1]


def test_a_slow_build_does_not_replace_what_a_later_one_made(world: World) -> None:
    orders = [world.order() for _ in range(2)]
    batch = batches.start(world.workspace, "labels", [o.pk for o in orders], user=None, options={})
    slow = [buy(world, orders[0], batch, 1)]
    made = prints._make(batch, slow)
    buy(world, orders[1], batch, 2)
    prints.build_print_files(batch_id=batch.pk)
    assert not prints._replace(batch, made, frozenset(), {label.pk for label in slow})
    assert PrintFile.objects.get(batch=batch).label_count == 2
