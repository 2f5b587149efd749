"""Files for the printer: print files, single labels, merged selections, pick lists, packing
slips."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import files
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, toast
from orders.models import Order
from shipping.labels import prints
from shipping.labels.pages import DamagedLabel
from shipping.models import Label, PrintFile
from shipping.printing import jobs
from shipping.selection import NothingSelected, Selection, resolve
from shipping.views.batches import find
from shipping.views.print_jobs import machine_choice

TYPES = {"PDF": "application/pdf", "PNG": "image/png", "ZPL": "application/zpl"}
# More at once belongs into a batch, whose print files are made beforehand.
MOST_LABELS = 300
MOST_SLIPS = 1000
# Paid, and not to be put on a parcel.
_OUT_OF_USE = {
    "voiding": "this label is being given back.",
    "refunding": "this label was given back; its money is on its way.",
    "voided": "this label was given back, and so was its money.",
    "unused": "the wish to give this label back was accepted, although its money was kept then.",
}


def paper(content: bytes, name: str, kind: str = "PDF") -> HttpResponse:
    """A file to be looked at and printed; the browser's own viewer needs no policy of ours."""
    response = HttpResponse(content, content_type=TYPES[kind])
    how = "inline" if kind != "ZPL" else "attachment"
    response["Content-Disposition"] = f'{how}; filename="{name}.{kind.lower()}"'
    return response


@require_http_methods(["GET", "POST"])
@never_cache
@csp_override({})
@xframe_options_sameorigin
@member(Right.PACK)
def print_file(request: MemberRequest, file_id: int) -> HttpResponse:
    """A print file of a batch, on the paper of this machine. GET shows it; POST is printing: from
    then on it keeps its labels together."""
    rows = PrintFile.objects.filter(workspace=request.workspace, label_count__gt=0)
    found = get_object_or_404(rows.select_related("batch"), pk=file_id)
    kind = "ZPL" if found.kind == "zpl" else "PDF"
    choice = machine_choice(request)
    try:
        content = files.read(found.file_key)
        if request.method == "GET":
            content = jobs.laid_out(content, kind, choice.paper)
    except (files.DamagedFile, DamagedLabel):
        return _words(
            request,
            "This print file is no longer readable. Its labels can be printed one by one.",
            wreverse(request.workspace, "shipping:batch", batch_id=found.batch.public_id),
        )
    if request.method == "POST":
        if choice.way == "service":
            jobs.put_file(found, choice, user=request.user)
            return go(request, wreverse(request.workspace, "shipping:print-jobs"))
        prints.mark_printed(found)
        return go(request, request.path)
    return paper(content, f"labels-{found.batch.created_at:%Y-%m-%d}-{found.number}", kind)


@require_http_methods(["GET", "POST"])
@never_cache
@csp_override({})
@xframe_options_sameorigin
@member(Right.PACK)
def label_print(request: MemberRequest, label_id: int) -> HttpResponse:
    """One label in use, on the paper of this machine. GET shows it; POST is printing."""
    rows = Label.objects.of(request.workspace).filter(state__in=["bought", *_OUT_OF_USE])
    label = get_object_or_404(rows.select_related("order"), pk=label_id)
    back = wreverse(request.workspace, "orders:detail", order_id=label.order_id)
    if label.state in _OUT_OF_USE:
        return _words(request, f"It is not printed: {_OUT_OF_USE[label.state]}", back)
    if not label.file_key:
        why = label.document_error or "The provider is still making it."
        return _words(request, f"The label is paid, its file is not here yet. {why}", back)
    choice = machine_choice(request)
    try:
        content = files.read(label.file_key)
        if request.method == "GET":
            content = jobs.laid_out(content, label.label_format, choice.paper)
    except (files.DamagedFile, DamagedLabel):
        words = "The label's file is no longer readable. Fetch it again: that costs nothing."
        return _words(request, words, back)
    if request.method == "POST" and choice.way == "service":
        jobs.put_label(label, choice, user=request.user)
        return go(request, wreverse(request.workspace, "shipping:print-jobs"))
    if request.method == "POST":
        Label.objects.filter(pk=label.pk, printed_at=None).update(printed_at=timezone.now())
        return go(request, request.path)
    name = f"label-{label.order.tiktok_id}" + (f"-{label.part}" if label.part else "")
    return paper(content, name, label.label_format)


@require_POST
@csp_override({})
@member(Right.PACK)
def print_selected(request: MemberRequest) -> HttpResponse:
    """The bought labels of the selected orders as one file, in pick order."""
    try:
        selection = resolve(request)
        labels = _labels(selection)
        made = prints.single(labels)
    except (NothingSelected, prints.NothingToPrint) as refusal:
        return _words(request, str(refusal), _queue(request))
    kind = "ZPL" if made.kind == "ZPL" else "PDF"
    content = jobs.laid_out(made.content, kind, machine_choice(request).paper)
    response = paper(content, f"labels-{timezone.localdate():%Y-%m-%d}", kind)
    names = set(made.names)
    printed = {label.order_id for label in labels if label.pk in names}
    if left := len(selection.ids) - len(printed):
        messages.warning(request, f"{left:,} of the selected orders have no label to print.")
    return response


def _labels(selection: Selection) -> list[Label]:
    rows = Label.objects.filter(order__in=selection.orders.values("pk"), state="bought")
    places = ("order__pick_key", "order__unit_count", "order_id", "part")
    ordered = rows.exclude(file_key="").order_by(*places)
    labels = list(
        ordered.only("pk", "file_key", "label_format", "state", "order_id")[: MOST_LABELS + 1]
    )
    if not labels:
        raise prints.NothingToPrint("None of the selected orders has a label to print yet.")
    if len(labels) > MOST_LABELS:
        raise prints.NothingToPrint(
            f"More than {MOST_LABELS} labels are selected. Print them from their batches, "
            "or select fewer."
        )
    return labels


@require_GET
@csp_override({})
@member(Right.PACK)
def batch_picklist(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """What to take from the shelves for a batch."""
    batch = find(request, batch_id)
    return paper(prints.pick_list(batch), f"pick-list-{batch.created_at:%Y-%m-%d}")


@require_GET
@csp_override({})
@member(Right.PACK)
def batch_slips(request: MemberRequest, batch_id: UUID) -> HttpResponse:
    """Packing slips for a batch."""
    batch = find(request, batch_id)
    return paper(prints.packing_slips(batch), f"packing-slips-{batch.created_at:%Y-%m-%d}")


@require_POST
@csp_override({})
@member(Right.PACK)
def picklist(request: MemberRequest) -> HttpResponse:
    """What to take from the shelves for the selected orders."""
    try:
        placed = _placed(resolve(request))
    except NothingSelected as refusal:
        return _words(request, str(refusal), _queue(request))
    today = timezone.localdate()
    content = prints.pick_list_of(
        placed, title=f"Pick list of {today:%d %B %Y}", printed=f"{len(placed)} selected orders"
    )
    return paper(content, f"pick-list-{today:%Y-%m-%d}")


@require_POST
@csp_override({})
@member(Right.PACK)
def slips(request: MemberRequest) -> HttpResponse:
    """Packing slips for the selected orders."""
    try:
        placed = _placed(resolve(request))
    except NothingSelected as refusal:
        return _words(request, str(refusal), _queue(request))
    bought = Label.objects.filter(order__in=[order.pk for _, order in placed], state="bought")
    content = prints.packing_slips_of(placed, prints.numbers_of(bought))
    return paper(content, f"packing-slips-{timezone.localdate():%Y-%m-%d}")


def _placed(selection: Selection) -> list[tuple[int, Order]]:
    if len(selection.ids) > MOST_SLIPS:
        raise NothingSelected(
            f"Papers are made for at most {MOST_SLIPS:,} orders at once. Select fewer."
        )
    orders = selection.orders.light().select_related("shop").prefetch_related("lines")
    ordered = orders.order_by("pick_key", "unit_count", "pk")
    return list(enumerate(ordered, start=1))


def _queue(request: MemberRequest) -> str:
    return wreverse(request.workspace, "orders:queue")


def _words(request: MemberRequest, text: str, url: str) -> Any:
    """Why there is no file: a toast where HTMX asked, else on the page where the button was."""
    if getattr(request, "htmx", False):
        return toast(HttpResponse(status=204), text, level="warn")
    messages.warning(request, text)
    return go(request, url)
