"""Files for the printer: the right bytes, a fitting name, and words where there is no file."""

from io import BytesIO

import pytest
from django.http import HttpResponse
from pypdf import PdfReader

from core import files
from core.models import Batch, Role
from orders.models import Order
from shipping import batches
from shipping.models import Label, PrintFile
from tests import factories
from tests.shipping.desks import Desk, desk_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.papers import pdf, stored, zpl
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world


def bought(world: World, *, sku: str = "serum", content: bytes | None = None) -> Label:
    order = world.order(sku=sku)
    key = files.save(content or pdf(order.tiktok_id), suffix=".pdf")
    return factories.label(order, account=world.account, file_key=key, file_pages=1)


def pages(response: HttpResponse) -> list[str]:
    assert response.status_code == 200, response
    assert response["Content-Type"] == "application/pdf"
    return [page.extract_text().strip() for page in PdfReader(BytesIO(response.content)).pages]


def print_file(world: World, content: bytes, kind: str = "labels") -> PrintFile:
    batch = factories.batch(world.workspace)
    key = files.save(content, suffix=".pdf")
    return factories.print_file(batch, file_key=key, kind=kind)


def test_opening_a_print_file_shows_it_as_it_was_merged_and_changes_nothing(
    desk: Desk, world: World
) -> None:
    file = print_file(world, pdf("one", "two"))
    response = desk.get("print-file", file_id=file.pk)
    assert pages(response) == ["one", "two"]
    assert response["Content-Disposition"].startswith('inline; filename="labels-')
    assert "Content-Security-Policy" not in response
    file.refresh_from_db()
    assert file.printed_at is None


def test_printing_a_print_file_marks_it_and_its_labels_and_leads_to_it(
    desk: Desk, world: World
) -> None:
    file, label = print_file(world, pdf("one")), bought(world)
    Label.objects.update(print_file=file)
    response = desk.post("print-file", file_id=file.pk)
    assert response.status_code == 303
    assert pages(desk.client.get(response["Location"])) == ["one"]
    for row in (file, label):
        row.refresh_from_db()
        assert row.printed_at is not None


def test_a_print_file_answers_only_looking_and_printing(desk: Desk, world: World) -> None:
    file = print_file(world, pdf("one"))
    url = f"/w/{world.workspace.slug}/print-files/{file.pk}/"
    assert [getattr(desk.client, how)(url).status_code for how in ("head", "put")] == [405, 405]
    file.refresh_from_db()
    assert file.printed_at is None


def test_a_zpl_file_is_downloaded(desk: Desk, world: World) -> None:
    response = desk.get("print-file", file_id=print_file(world, zpl("A"), "zpl").pk)
    assert response.content == zpl("A")
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Disposition"].endswith('.zpl"')


def test_a_print_file_that_is_damaged_is_words_and_not_printed(desk: Desk, world: World) -> None:
    file = print_file(world, pdf("one"))
    stored(file.file_key).write_bytes(b"%PDF-1.4 something else")
    response = desk.post("print-file", file_id=file.pk)
    assert response.status_code == 303
    assert "no longer readable" in desk.told(response)[-1]
    file.refresh_from_db()
    assert file.printed_at is None


def test_one_label_is_marked_when_it_is_printed_not_when_it_is_looked_at(
    desk: Desk, world: World
) -> None:
    label = bought(world)
    desk.get("label-print", label_id=label.pk)
    label.refresh_from_db()
    assert label.printed_at is None
    response = desk.client.get(desk.post("label-print", label_id=label.pk)["Location"])
    assert pages(response) == [label.order.tiktok_id]
    assert f'label-{label.order.tiktok_id}.pdf"' in response["Content-Disposition"]
    label.refresh_from_db()
    assert label.printed_at is not None


def test_a_paid_label_whose_file_is_not_here_yet_is_words(desk: Desk, world: World) -> None:
    label = bought(world)
    Label.objects.update(file_key="", document_error="EasyPost is still making it.")
    response = desk.get("label-print", label_id=label.pk)
    assert response["Location"].endswith(f"/orders/{label.order_id}/")
    assert "EasyPost is still making it." in desk.told(response)[-1]


@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("state", ["voiding", "refunding", "voided", "unused"])
def test_a_label_that_was_given_back_is_words_and_never_its_file(
    desk: Desk, world: World, state: str, part: bool
) -> None:
    label = bought(world)
    Label.objects.update(state=state)
    for ask in (desk.get, desk.post):
        response = ask("label-print", part=part, label_id=label.pk)
        told = response.get("HX-Trigger") or desk.told(response)[-1]
        assert "It is not printed: th" in told
        assert response.status_code == (204 if part else 303)
    label.refresh_from_db()
    assert label.printed_at is None


@pytest.mark.parametrize("state", ["ready", "refused", "dropped", "unknown"])
def test_a_label_that_is_not_ours_to_use_has_no_file(desk: Desk, world: World, state: str) -> None:
    label = factories.label(world.order(), account=world.account, state=state)
    assert desk.get("label-print", label_id=label.pk).status_code == 404


def test_selected_labels_are_one_file_in_pick_order(desk: Desk, world: World) -> None:
    late, early = bought(world, sku="serum"), bought(world, sku="brush")
    without = world.order()
    ids = [late.order_id, early.order_id, without.pk]
    response = desk.post("print-selected", {"order": ids})
    assert pages(response) == [early.order.tiktok_id, late.order.tiktok_id]
    assert desk.told(response) == ["1 of the selected orders have no label to print."]
    assert Label.objects.filter(printed_at=None).count() == 0


@pytest.mark.parametrize("part", [False, True])
def test_a_selection_without_labels_is_words(desk: Desk, world: World, part: bool) -> None:
    response = desk.post("print-selected", {"order": [world.order().pk]}, part=part)
    told = response.get("HX-Trigger") or desk.told(response)[-1]
    assert "None of the selected orders has a label to print yet." in told
    assert response.status_code == (204 if part else 303)


def test_a_damaged_label_is_left_out_of_a_selection_and_the_others_print(
    desk: Desk, world: World
) -> None:
    fine = bought(world)
    cut = bought(world, content=pdf("cut")[:-40])
    response = desk.post("print-selected", {"order": [fine.order_id, cut.order_id]})
    assert pages(response) == [fine.order.tiktok_id]


def test_more_labels_than_one_file_takes_are_refused_with_words(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipping.views.printing.MOST_LABELS", 1)
    ids = [bought(world).order_id for _ in range(2)]
    response = desk.post("print-selected", {"order": ids})
    assert "Print them from their batches" in desk.told(response)[-1]


def test_pick_list_and_slips_of_a_selection(desk: Desk, world: World) -> None:
    orders = [world.order(sku="mirror", units=2), bought(world).order]
    ids = {"order": [order.pk for order in orders]}
    (pick,) = pages(desk.post("picklist", ids))
    assert "MIRROR" in pick
    slips = pages(desk.post("slips", ids))
    assert len(slips) == 2
    assert "Zoë Miller" in slips[0]


def test_papers_of_nothing_are_words(desk: Desk) -> None:
    for name in ("picklist", "slips"):
        response = desk.post(name, {})
        assert desk.told(response)[-1] == "No order is selected."


@pytest.mark.django_db(transaction=True)
def test_pick_list_and_slips_of_a_batch(desk: Desk, world: World) -> None:
    order = world.order()
    world.quotes(order)
    batch: Batch = batches.start(world.workspace, Order.objects.filter(pk=order.pk), world.user)
    batches.run_batch(batch_id=batch.pk)
    assert "SERUM" in pages(desk.get("batch-picklist", batch_id=batch.public_id))[0]
    assert order.tiktok_id in pages(desk.get("batch-slips", batch_id=batch.public_id))[0]


def test_a_packer_prints_and_a_viewer_does_not(desk: Desk, world: World) -> None:
    label = bought(world)
    packer, viewer = (desk_of(world.workspace, role) for role in (Role.PACKER, Role.VIEWER))
    assert packer.get("label-print", label_id=label.pk).status_code == 200
    assert packer.post("label-print", label_id=label.pk).status_code == 303
    for ask in (viewer.get, viewer.post):
        assert ask("label-print", label_id=label.pk).status_code == 403


def test_nothing_of_another_workspace_is_printed(desk: Desk, world: World) -> None:
    stranger = desk_of(factories.workspace())
    label, file = bought(world), print_file(world, pdf("one"))
    assert stranger.get("label-print", label_id=label.pk).status_code == 404
    for ask in (stranger.get, stranger.post):
        assert ask("print-file", file_id=file.pk).status_code == 404
    response = stranger.post("print-selected", {"order": [label.order_id]})
    assert stranger.told(response)[-1] == "No order is selected."


def test_no_log_line_holds_an_address_or_a_label(
    desk: Desk, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    label = bought(world)
    desk.get("label-print", label_id=label.pk)
    desk.post("slips", {"order": [label.order_id]})
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("django.db"))
    assert "Zoë Miller" not in ours
    assert "%PDF" not in ours
