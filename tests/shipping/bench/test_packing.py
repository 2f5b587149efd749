"""Scans at a bench: taken once, in order, and written down."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import AuditEntry
from orders.models import OrderEvent
from shipping.bench.packing import scan, state_of
from shipping.models import PackScan, PackSession, Tote
from tests import factories
from tests.shipping.bench.desk import Table, label
from tests.shipping.bench.desk import table as table


def test_an_order_is_opened_by_its_number_and_packed_unit_by_unit(table: Table) -> None:
    order = table.order("A", "B")
    assert table.scan(order.tiktok_id).does == "opened"
    assert table.scan("A").does == "verified"
    assert table.scan("B").does == "complete"
    packed = PackSession.objects.get()
    assert packed.packed_at is not None
    assert packed.packer == table.packer
    assert OrderEvent.objects.get(kind="pack").text.startswith("Packed, 2 units")


@pytest.mark.parametrize("prefix", ["", "42078701"])
def test_a_label_opens_its_order(table: Table, prefix: str) -> None:
    order = table.order("A", labelled=False, stage="bought")
    label(order, tracking_number="9400111899223197428490")
    assert table.scan(prefix + "9400111899223197428490").does == "opened"
    assert table.bench.session is not None
    assert table.bench.session.order == order


def test_a_tote_opens_its_order_and_is_free_when_it_is_packed(table: Table) -> None:
    order = table.order("A")
    Tote.objects.create(workspace=table.workspace, number=7, order=order)
    assert table.scan("tote-7").does == "opened"
    assert Tote.objects.get().freed_at is None
    table.scan("A")
    assert Tote.objects.get().freed_at is not None


def test_an_empty_tote_says_so(table: Table) -> None:
    assert table.scan("TOTE-9").words == "Tote 9 is empty."


def test_a_unit_in_the_hand_finds_the_smallest_most_urgent_order_and_counts_for_it(
    table: Table,
) -> None:
    table.order("A", "B")
    soon = timezone.now() + timedelta(hours=1)
    late = table.order("A")
    urgent = table.order("A", due_at=soon)
    assert table.scan("A").does == "complete"
    assert PackSession.objects.get().order == urgent
    assert table.scan("A").does == "complete"
    assert PackSession.objects.filter(order=late, packed_at__isnull=False).exists()


def test_a_unit_that_no_order_needs_is_refused(table: Table) -> None:
    order = table.order("A")
    table.scan("A")
    row = table.scan("A")
    assert row.does == "refused"
    assert "No order" in row.words
    assert PackSession.objects.get().order == order


def test_a_wrong_item_is_refused_and_nothing_is_counted(table: Table) -> None:
    order = table.order("A", "B")
    table.order("C")
    table.scan(order.tiktok_id)
    row = table.scan("C")
    assert (row.does, row.quantity) == ("wrong", 0)
    assert state_of(table.bench.session).verified == 0


def test_a_scan_that_is_sent_again_counts_once_and_answers_the_same(table: Table) -> None:
    order = table.order("A", "A")
    table.scan(order.tiktok_id)
    key = uuid.uuid4()
    first = scan(table.bench, key, "A", user=table.packer)
    again = scan(table.bench, key, "A", user=table.packer)
    assert first[0] == again[0]
    assert first[1].verified == again[1].verified == 1
    assert state_of(table.bench.session).verified == 1


def test_the_last_scan_is_taken_back_even_when_it_packed_the_order(table: Table) -> None:
    order = table.order("A", "B")
    table.scan(order.tiktok_id, "A", "B")
    assert table.scan("/undo").does == "undone"
    assert PackSession.objects.get().packed_at is None
    assert state_of(table.bench.session).verified == 1
    assert table.scan("B").does == "complete"


def test_undoing_goes_back_scan_by_scan_and_ends_in_words(table: Table) -> None:
    order = table.order("A", "B")
    table.scan(order.tiktok_id, "A", "/undo")
    assert table.scan("/undo").words == "Nothing is verified yet."


def test_an_unknown_code_is_learned_and_known_from_then_on(table: Table) -> None:
    order, later = table.order("A", "B"), table.order("B")
    table.scan(order.tiktok_id)
    assert table.scan("012345678905").does == "asked"
    assert table.bench.asked == "012345678905"
    assert table.scan("2").does == "verified"
    assert table.bench.asked == ""
    assert order.shop.skus.get(tiktok_id="id-B").barcode == "12345678905"
    assert AuditEntry.objects.filter(action="sku.barcode_taught").count() == 1
    table.scan("A", later.tiktok_id)
    assert table.scan("0012345678905").does == "complete"


def test_what_was_taught_by_mistake_is_forgotten_with_the_scan(table: Table) -> None:
    order = table.order("A", "B")
    table.scan(order.tiktok_id, "99887766", "1", "/undo")
    assert not order.shop.skus.exclude(barcode="").exists()
    assert table.scan("99887766").does == "asked"


def test_a_number_that_is_not_on_the_screen_keeps_the_question(table: Table) -> None:
    order = table.order("A")
    table.scan(order.tiktok_id, "99887766", "9")
    assert table.bench.asked == "99887766"


def test_a_cancelled_order_is_stopped_even_between_two_units(table: Table) -> None:
    order = table.order("A", "B")
    table.scan(order.tiktok_id, "A")
    order.status = "CANCELLED"
    order.save()
    row = table.scan("B")
    assert row.does == "refused"
    assert "cancelled" in row.words
    assert PackSession.objects.get().packed_at is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_cancel_requested": True}, "asked to cancel"),
        ({"stage": "hold", "held_because": "fraud"}, "held: fraud"),
        ({"stage": "hold"}, "TikTok still holds"),
        ({"stage": "closed"}, "nothing to pack"),
    ],
)
def test_orders_that_may_not_leave_are_not_opened(
    table: Table, fields: dict[str, object], words: str
) -> None:
    order = table.order("A", **fields)
    row = table.scan(order.tiktok_id)
    assert row.does == "refused"
    assert words in row.words
    assert not PackSession.objects.exists()


def test_an_order_is_packed_once(table: Table) -> None:
    order = table.order("A")
    table.scan(order.tiktok_id, "A")
    row = table.scan(order.tiktok_id)
    assert row.does == "refused"
    assert row.words.startswith("Packed already")
    assert PackSession.objects.count() == 1


def test_a_skipped_order_keeps_its_reason_and_can_be_taken_up_again(table: Table) -> None:
    order = table.order("A")
    table.scan(order.tiktok_id, "/skip out of stock")
    assert PackSession.objects.get().skip_reason == "out of stock"
    table.scan(order.tiktok_id)
    assert table.scan("A").does == "complete"


def test_skipping_is_taken_back(table: Table) -> None:
    order = table.order("A")
    table.scan(order.tiktok_id, "/skip no box", "/undo")
    assert table.scan("A").does == "complete"


def test_another_bench_takes_an_order_over_with_what_was_verified(table: Table) -> None:
    order = table.order("A", "B")
    table.scan(order.tiktok_id, "A")
    other = Table(table.workspace, factories.member(table.workspace))
    assert other.scan(order.tiktok_id).does == "opened"
    assert other.scan("B").does == "complete"
    assert table.bench.session is None


def test_an_order_put_down_untouched_leaves_no_packing(table: Table) -> None:
    first, second = table.order("A"), table.order("B")
    table.scan(first.tiktok_id, second.tiktok_id)
    assert PackSession.objects.get().order == second


def test_cancelled_lines_are_not_asked_for(table: Table) -> None:
    order = table.order("A", "B")
    order.lines.filter(seller_sku="B").update(status="CANCELLED")
    assert table.scan(order.tiktok_id, "A").does == "complete"


def test_nothing_of_another_workspace_is_found(table: Table) -> None:
    other = Table(factories.workspace(), table.packer)
    order = other.order("A")
    for code in (order.tiktok_id, "A", order.labels.get().tracking_number):
        assert table.scan(code).does == "refused"
    assert not PackSession.objects.exists()


def test_odd_bytes_of_a_scanner_are_kept_as_words(table: Table) -> None:
    row = table.scan("A\x00\tB" + "x" * 500)
    assert row.does == "refused"
    assert len(PackScan.objects.get().code) == 120
