"""The papers of a batch: its labels as print files in pick order, the pick list and the packing
slips.

A file that was printed is never rebuilt: labels that come later go into a file of their own, so
that nobody prints a label twice or misses one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from core import files
from core.jobs import job
from core.models import Batch, BatchItem
from core.queues import Queue
from orders import parts
from orders.models import Line, Order
from orders.units import group_lines
from shipping.labels import slips
from shipping.labels.merge import Piece, PrintBytes, merge
from shipping.models import Label, PrintFile

_KIND = {"PDF": "labels", "ZPL": "zpl"}
_SUFFIX = {"PDF": ".pdf", "ZPL": ".zpl"}
_REBUILDS = 5

# Tracking numbers by order and parcel, which is 0 for an order in one
type Numbers = dict[tuple[int, int], str]


class NothingToPrint(Exception):
    """There is no file to print; the message is for the person who asked."""


@dataclass(slots=True)
class _Made:
    file: PrintFile
    label_ids: list[int]


@job(queue=Queue.BUYING)
def build_print_files(*, batch_id: int) -> int:
    """Make the batch's print files from the labels that are there; answers how many there are. Safe
    to repeat."""
    batch = Batch.objects.get(pk=batch_id)
    for _ in range(_REBUILDS):
        frozen = _printed_label_ids(batch)
        labels = [label for label in _in_pick_order(batch) if label.pk not in frozen]
        if _replace(batch, _make(batch, labels), frozen, {label.pk for label in labels}):
            break
    return batch.print_files.filter(kind__in=_KIND.values()).count()


def _printed_label_ids(batch: Batch) -> frozenset[int]:
    """Labels in files that were printed."""
    return frozenset(
        Label.objects.filter(print_file__batch=batch, print_file__printed_at__isnull=False)
        .values_list("pk", flat=True)
    )  # fmt: skip


def _make(batch: Batch, labels: list[Label]) -> list[_Made]:
    """Merge and store; one file's labels are in memory at a time."""
    orders = {label.pk: label.order.tiktok_id for label in labels}
    result = []
    unread: list[dict[str, object]] = []
    for printed in merge(_pieces(labels, unread)):
        left_out = [
            {"label": refused.name, "order": orders[refused.name], "reason": refused.reason}
            for refused in printed.refused
        ]
        result.append(_Made(_file(batch, printed, left_out), printed.names))
    for one in unread:
        one["order"] = orders[one["label"]]  # type: ignore[index]
    if unread:
        if not result:
            result.append(_Made(_file(batch, PrintBytes("PDF", b""), []), []))
        result[-1].file.left_out += unread
    return result


def _pieces(labels: list[Label], unread: list[dict[str, object]]) -> Iterator[Piece[int]]:
    left = Counter(label.order_id for label in labels)  # labels of an order stay together
    for label in labels:
        left[label.order_id] -= 1
        try:
            content = files.read(label.file_key)
        except files.DamagedFile:
            unread.append({"label": label.pk, "reason": "is no longer in the file store"})
            continue
        yield Piece(label.pk, content, label.label_format, left[label.order_id])


def _in_pick_order(batch: Batch) -> list[Label]:
    """The batch's labels that can be printed, by their order's place in the batch, the parcels of
    an order in their order."""
    place = dict(BatchItem.objects.filter(batch=batch).values_list("subject_id", "position"))
    labels = (
        Label.objects.filter(batch=batch, state="bought")
        .exclude(file_key="")
        .select_related("order")
        .only("pk", "part", "file_key", "label_format", "state", "order_id", "order__tiktok_id")
    )
    return sorted(labels, key=lambda label: (place.get(label.order_id, 0), label.part))


def _file(batch: Batch, printed: PrintBytes[int], left_out: list[dict[str, object]]) -> PrintFile:
    content = printed.content
    return PrintFile(
        workspace_id=batch.workspace_id,
        batch=batch,
        kind=_KIND[printed.kind],
        file_key=files.save(content, suffix=_SUFFIX[printed.kind]) if content else "",
        label_count=len(printed.names),
        page_count=printed.pages,
        left_out=left_out,
    )


def _replace(batch: Batch, made: list[_Made], frozen: frozenset[int], seen: set[int]) -> bool:
    """Put the new files in the place of the unprinted ones; False when one was printed meanwhile,
    or when a build that began later was faster and holds labels that ours does not."""
    with transaction.atomic():
        Batch.objects.select_for_update().get(pk=batch.pk)
        if _printed_label_ids(batch) != frozen or _knows_more(batch, seen):
            return False
        ours = batch.print_files.filter(kind__in=_KIND.values())
        ours.filter(printed_at=None).delete()
        for kind in _KIND.values():
            number = ours.filter(kind=kind).aggregate(last=Max("number"))["last"] or 0
            for one in made:
                if one.file.kind == kind:
                    number += 1
                    one.file.number = number
                    one.file.save(force_insert=True)
                    Label.objects.filter(pk__in=one.label_ids).update(print_file=one.file)
    return True


def _knows_more(batch: Batch, seen: set[int]) -> bool:
    theirs = Label.objects.filter(
        print_file__batch=batch, print_file__printed_at=None, state="bought"
    ).exclude(file_key="")
    return not seen.issuperset(theirs.values_list("pk", flat=True))


def mark_printed(print_file: PrintFile) -> None:
    """The file went to a printer: it and its labels stay together from here on."""
    now = timezone.now()
    with transaction.atomic():
        Batch.objects.select_for_update().get(pk=print_file.batch_id)
        PrintFile.objects.filter(pk=print_file.pk, printed_at=None).update(printed_at=now)
        Label.objects.filter(print_file=print_file, printed_at=None).update(printed_at=now)
    print_file.printed_at = print_file.printed_at or now


def single(labels: list[Label]) -> PrintBytes[int]:
    """A few labels in the order given as one file, e.g. a reprint. NothingToPrint names what is
    wrong."""
    unread: list[dict[str, object]] = []
    made = list(
        merge(_pieces([one for one in labels if one.file_key], unread), most=len(labels) or 1)
    )
    printable = next((one for one in made if one.content), None)
    if printable is None:
        reasons = [refused.reason for one in made for refused in one.refused]
        reasons += [str(one["reason"]) for one in unread] or ["is not there yet"]
        raise NothingToPrint(f"The label file {reasons[0]}. Fetch it again.")
    Label.objects.filter(pk__in=printable.names).update(printed_at=timezone.now())
    return printable


def pick_list(batch: Batch) -> bytes:
    """The batch's pick list as PDF: by SKU, with the places in the batch each unit goes to."""
    orders = _orders(batch)
    return pick_list_of(
        orders,
        title=f"Pick list of {batch.created_at:%d %B %Y}",
        printed=f"Batch of {len(orders)} orders",
        only=_numbers(batch),
    )


def pick_list_of(
    orders: list[tuple[int, Order]], *, title: str, printed: str, only: Numbers | None = None
) -> bytes:
    """A pick list as PDF for orders with their places; their shop and lines are best fetched
    before. Of orders in several parcels it may hold `only` those that have a number."""
    counted: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for position, order in orders:
        for item in _items([line for _, lines in _parcels(order, only) for line in lines]):
            counted.setdefault((item.sku, item.name), []).append((position, item.quantity))
    picks = [
        slips.Pick(slips.Item(sku, name, sum(n for _, n in places)), tuple(places))
        for (sku, name), places in sorted(counted.items())
    ]
    return slips.pick_list(picks, title=title, printed=printed)


def packing_slips(batch: Batch) -> bytes:
    """One 4x6 packing slip per bought parcel of the batch, in pick order, as PDF."""
    numbers = _numbers(batch)
    return packing_slips_of(_orders(batch), numbers, only=numbers)


def packing_slips_of(
    orders: list[tuple[int, Order]], numbers: Numbers, *, only: Numbers | None = None
) -> bytes:
    """A packing slip for each parcel of orders with their places; of orders in several parcels
    `only` those that have a number, where that is said."""
    return slips.packing_slips(
        [
            slips.Slip(
                position=position,
                shop=order.shop.name,
                order=order.tiktok_id,
                recipient=_recipient(order),
                items=_items(lines),
                tracking=numbers.get((order.pk, part), ""),
                parcel=parts.name(part, order.parts).capitalize(),
            )
            for position, order in orders
            for part, lines in _parcels(order, only)
        ]
    )


def numbers_of(labels: QuerySet[Label]) -> Numbers:
    """The tracking numbers of these labels; one query."""
    found = labels.values_list("order_id", "part", "tracking_number")
    return {(order_id, part): number for order_id, part, number in found}


def _numbers(batch: Batch) -> Numbers:
    return numbers_of(Label.objects.filter(batch=batch, state="bought"))


def _parcels(order: Order, only: Numbers | None) -> list[tuple[int, list[Line]]]:
    """The order's parcels that are packed here, by number, with what is in them."""
    lines = list(order.lines.all())
    if not order.parts:
        return [(0, lines)]
    return [
        (part, [line for line in lines if line.tiktok_id in one["lines"]])
        for part, one in enumerate(order.parts, start=1)
        if one["label"] not in (parts.ELSEWHERE, parts.GONE)
        and (only is None or (order.pk, part) in only)
    ]


def _orders(batch: Batch) -> list[tuple[int, Order]]:
    """The batch's orders that have a label, with their place in it."""
    place = dict(BatchItem.objects.filter(batch=batch).values_list("subject_id", "position"))
    bought = Label.objects.filter(batch=batch, state="bought").values("order")
    orders = Order.objects.filter(pk__in=bought).light().select_related("shop")
    return sorted(
        ((place.get(order.pk, 0), order) for order in orders.prefetch_related("lines")),
        key=lambda pair: pair[0],
    )


def _items(lines: list[Line]) -> list[slips.Item]:
    return [
        slips.Item(
            group.first.seller_sku,
            " · ".join(part for part in (group.first.product_name, group.first.sku_name) if part),
            group.live,
        )
        for group in group_lines(lines)
        if group.live
    ]


def _recipient(order: Order) -> tuple[str, ...]:
    address = order.address
    town = " ".join(address.get(part, "") for part in ("city", "state", "postal_code"))
    lines = (address.get("name", ""), address.get("street1", ""), address.get("street2", ""), town)
    return tuple(line for line in lines if line.strip())
