"""The file of a paid label is fetched at once, checked, kept; a bad one is tried again, then
shown."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from core import batches, files
from core.errors import Rejected, Unavailable
from core.models import Notification
from orders.models import Dispatch
from shipping.labels import documents, telling
from shipping.labels.documents import MOST_TRIES, fetch, fetch_again, fetch_due
from shipping.labels.purchase import buy_label
from shipping.models import Label
from shipping.providers.base import BoughtLabel, Document
from tests.shipping.labels.papers import pdf, png, stored, zpl
from tests.shipping.labels.world import World


def bought(world: World) -> Label:
    label = world.label()
    buy_label(label_id=label.pk)
    return Label.objects.select_related("account", "order").get(pk=label.pk)


class Sends:
    """A provider whose label files are these bytes."""

    def __init__(self, content: bytes, kind: str = "application/pdf", tracking: str = "") -> None:
        self.answer = Document(content, kind, tracking)

    def document(self, label: BoughtLabel) -> Document:
        return self.answer


def test_the_file_is_kept_with_its_checksum_and_page_count(world: World) -> None:
    label = bought(world)
    world.provider.file = pdf("one", "two")
    assert fetch(label)
    label.refresh_from_db()
    assert files.read(label.file_key) == world.provider.file
    assert (label.file_pages, label.label_format, label.document_due_at) == (2, "PDF", None)


@pytest.mark.parametrize(
    ("content", "kind", "suffix"),
    [(png(), "image/png", ".png"), (zpl("a"), "application/zpl", ".zpl")],
)
def test_png_and_zpl_labels_are_kept_as_they_are(
    world: World, content: bytes, kind: str, suffix: str
) -> None:
    label = bought(world)
    assert fetch(label, Sends(content, kind))
    assert label.file_key.endswith(suffix)
    assert label.file_pages == 1


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (pdf("x")[:-200], "application/pdf", "The label file is cut short."),
        (b"<html>Sign in</html>", "application/pdf", "The label file is not a PDF."),
        (b"<html>Sign in</html>", "text/html", "The label file is text/html."),
        (b"", "application/pdf", "The label file is not a PDF."),
    ],
)
def test_what_is_no_label_is_refused_in_a_sentence_and_tried_again(
    world: World, content: bytes, kind: str, sentence: str
) -> None:
    label = bought(world)
    assert not fetch(label, Sends(content, kind))
    label.refresh_from_db()
    assert label.file_key == ""
    assert label.document_error == sentence
    assert label.document_due_at is not None
    assert label.state == "bought"


def test_a_label_still_being_made_is_fetched_when_the_provider_said(world: World) -> None:
    label = bought(world)
    world.provider.fail("document", Unavailable("Being made.", provider="x", retry_after=600))
    assert not fetch(label)
    label.refresh_from_db()
    assert label.document_due_at > timezone.now() + timedelta(seconds=590)


def test_after_many_tries_it_is_left_to_a_person_whose_button_starts_over(world: World) -> None:
    label = bought(world)
    world.provider.fail("document", Rejected("The link is dead.", provider="x"), times=MOST_TRIES)
    for _ in range(MOST_TRIES):
        fetch(label)
    label.refresh_from_db()
    assert label.document_due_at is None
    assert label.document_error == "The link is dead."
    assert fetch_again(label_id=label.pk)
    label.refresh_from_db()
    assert (label.document_error, bool(label.file_key)) == ("", True)


def test_an_error_nobody_foresaw_leaves_the_label_paid_and_the_document_due(world: World) -> None:
    label = bought(world)
    world.provider.fail("document", ValueError("nonsense"))
    assert not fetch(label)
    label.refresh_from_db()
    assert (label.state, label.document_due_at is None) == ("bought", False)


def test_the_sweep_fetches_what_a_killed_buyer_could_not(world: World) -> None:
    label = bought(world)
    assert fetch_due() == 0  # the buyer's own thread has a minute
    Label.objects.filter(pk=label.pk).update(document_due_at=timezone.now())
    assert fetch_due() == 1
    assert Label.objects.get(pk=label.pk).file_key


def test_a_number_that_comes_with_the_document_reaches_the_order_and_tiktok(world: World) -> None:
    label = bought(world)
    Label.objects.filter(pk=label.pk).update(tracking_number="", tell_due_at=None)
    label.refresh_from_db()
    assert fetch(label, Sends(pdf("x"), tracking="1Z999"))
    assert telling.tell(label)
    label.order.refresh_from_db()
    assert label.order.label_tracking == "1Z999"
    assert Dispatch.objects.get(order=label.order).tracking_number == "1Z999"


def test_tiktok_is_told_once_by_whoever_comes_first(world: World) -> None:
    label = bought(world)
    twin = Label.objects.select_related("order").get(pk=label.pk)
    assert telling.tell(label)
    assert not telling.tell(twin)
    assert Dispatch.objects.filter(order=label.order).count() == 1


def test_the_sweep_tells_what_a_killed_buyer_could_not(world: World) -> None:
    label = bought(world)
    assert telling.tell_due() == 0
    Label.objects.filter(pk=label.pk).update(tell_due_at=timezone.now())
    assert telling.tell_due() == 1
    assert Dispatch.objects.filter(order=label.order).count() == 1


def test_a_number_tiktok_cannot_be_given_is_told_to_the_workspace_and_not_tried_for_ever(
    world: World,
) -> None:
    label = bought(world)
    Dispatch.objects.create(order=label.order, tracking_number="OTHER", carrier="ups", state="done")
    assert not telling.tell(label)
    label.refresh_from_db()
    assert label.tell_due_at is None
    assert (
        "was told tracking number OTHER" in Notification.objects.get(workspace=world.workspace).text
    )


def test_a_stored_file_is_checked_before_its_key_is_kept() -> None:
    found = documents.keep(Document(pdf("x"), "application/pdf"))
    assert stored(found["file_key"]).exists()
    assert found["file_pages"] == 1


def test_documents_that_are_still_being_made_are_waited_for_at_the_end_of_a_batch(
    world: World,
) -> None:
    order = world.order()
    batch = batches.start(world.workspace, "labels", [order.pk], user=None, options={})
    label = bought(world)
    Label.objects.filter(pk=label.pk).update(batch=batch, document_due_at=timezone.now())
    world.provider.fail("document", Unavailable("Being made.", provider="x", retry_after=1))
    documents.fetch_late(batch, seconds=20)
    assert Label.objects.get(pk=label.pk).file_key


def test_a_document_that_comes_later_renews_the_print_files_of_its_batch(world: World) -> None:
    label = bought(world)
    batch = batches.start(world.workspace, "labels", [label.order_id], user=None, options={})
    Label.objects.filter(pk=label.pk).update(batch=batch, document_due_at=timezone.now())
    fetch_due()
    queued = [task.task["args"] for task in OrmQ.objects.all()]
    assert ("shipping.labels.prints.build_print_files", {"batch_id": batch.pk}) in queued
