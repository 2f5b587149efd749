"""From the queue's bulk bar: the parcel, or the service, of many orders, and taking it back."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from core.access import MemberRequest, Right, may, member, wreverse
from core.htmx import go, page_or_part, toast
from core.templatetags.ui import counted
from shipping import bulk_changes, bulk_parcels, bulk_presets, bulk_services
from shipping.batch_sheet import LeftOut
from shipping.bulk_forms import BulkParcelForm
from shipping.models import BulkChange, ParcelPreset
from shipping.selection import NothingSelected, resolve, sealed
from shipping.views.sheet import where

_SHOWN = 12  # services; the others were offered for few


@require_POST
@member(Right.PACK)
def parcel(request: MemberRequest) -> HttpResponse:
    """What setting the selection's parcel would touch, and the form for it."""
    return _parcel(request, BulkParcelForm(presets=_presets(request), initial=_first(request)))


@require_POST
@member(Right.PACK)
def set_parcel(request: MemberRequest) -> HttpResponse:
    """Set it."""
    form = BulkParcelForm(request.POST, presets=_presets(request))
    if not form.is_valid():
        return _parcel(request, form, status=422)
    try:
        ids = resolve(request).ids
    except NothingSelected as refusal:
        return refused(request, str(refusal))
    wanted = form.wanted()
    done = bulk_parcels.set_for(request.workspace, ids, wanted, user=request.user)
    tell(request, done, f"set to {wanted.words}", "Parcel")
    return go(request, back_to_queue(request))


def _parcel(request: MemberRequest, form: BulkParcelForm, *, status: int = 200) -> HttpResponse:
    try:
        selection = resolve(request)
    except NothingSelected as refusal:
        return refused(request, str(refusal))
    orders, left_out = bulk_parcels.open_orders(request.workspace, selection.ids)
    box = bulk_parcels.any_box()
    unweighed = bulk_parcels.planned(orders, bulk_parcels.Wanted(box))[1]
    context = {
        "form": form,
        "presets": form.presets.values(),
        "sides": [form[name] for name in ("length", "width", "height")],
        "weights": [form[name] for name in ("pounds", "ounces")],
        "count": len(orders),
        "unweighed": [(group, where(request, group)) for group in unweighed],
    }
    return _sheet(request, "parcel", selection.ids, left_out, context, selection.more, status)


def _presets(request: MemberRequest) -> list[ParcelPreset]:
    rows = ParcelPreset.objects.filter(workspace=request.workspace)
    return list(rows.order_by("-is_default", "most_units", "name"))


def _first(request: MemberRequest) -> dict[str, Any]:
    presets = _presets(request)
    return {"box": str(presets[0].pk) if presets else BulkParcelForm.OTHER}


@require_POST
@member(Right.BUY)
def service(request: MemberRequest) -> HttpResponse:
    """The services that were offered for the selection, with what each would come to."""
    return _service(request)


@require_POST
@member(Right.BUY)
def set_service(request: MemberRequest) -> HttpResponse:
    """Choose one of them; nothing is bought by it."""
    key = request.POST.get("service", "")
    if not key:
        return _service(request, notice="Choose a service first.", status=422)
    try:
        ids = resolve(request).ids
    except NothingSelected as refusal:
        return refused(request, str(refusal))
    now = timezone.now()
    done = bulk_services.choose_for(request.workspace, ids, key, user=request.user, now=now)
    tell(request, done, "chosen anew", "Service")
    return go(request, back_to_queue(request))


def _service(request: MemberRequest, *, notice: str = "", status: int = 200) -> HttpResponse:
    try:
        selection = resolve(request)
    except NothingSelected as refusal:
        return refused(request, str(refusal))
    found = bulk_services.offers_for(request.workspace, selection.ids, now=timezone.now())
    context = {"offers": found.offers[:_SHOWN], "count": found.priced, "notice": notice}
    return _sheet(
        request, "service", selection.ids, found.left_out, context, selection.more, status
    )


@require_POST
@member(Right.PACK)
def undo(request: MemberRequest, change_id: UUID) -> HttpResponse:
    """Take one change of many orders back, where nothing has happened to them since."""
    change = get_object_or_404(BulkChange, workspace=request.workspace, pk=change_id)
    priced = change.kind == "service" or (
        change.kind == "preset" and bulk_presets.touched_service(change)
    )
    if priced and not may(request, Right.BUY):
        return refused(request, "Your role does not choose services.")
    try:
        if change.kind == "preset":
            done = bulk_presets.undo(request.workspace, change.pk, user=request.user)
        elif change.kind == "parcel":
            done = bulk_parcels.undo(request.workspace, change.pk, user=request.user)
        else:
            now = timezone.now()
            done = bulk_services.undo(request.workspace, change.pk, user=request.user, now=now)
    except bulk_changes.TooLate as refusal:
        messages.warning(request, str(refusal))
    else:
        left = len(change.before) - done
        kept = f" {counted(left, 'order')} changed since, or bought, stay as they are."
        level = messages.WARNING if left else messages.SUCCESS
        text = f"{change.kind.capitalize()} of {counted(done, 'order')} set back."
        messages.add_message(request, level, text + (kept if left else ""))
    return go(request, back_to_queue(request))


def _sheet(
    request: MemberRequest,
    kind: str,
    ids: list[int],
    left_out: list[LeftOut],
    context: dict[str, Any],
    more: bool,
    status: int,
) -> HttpResponse:
    shared = {
        "sealed": sealed(request.workspace, ids),
        "selected": len(ids),
        "more": more,
        "page": request.POST.get("page", ""),
        "left_out": [(group, where(request, group)) for group in left_out],
        "left_out_count": sum(group.count for group in left_out),
    }
    name = f"shipping/bulk_{kind}.html"
    return page_or_part(request, name, "sheet", shared | context, status=status)


def tell(request: MemberRequest, done: bulk_changes.Changed, words: str, what: str) -> None:
    """How many, which not and why, and the button that takes it back."""
    parts = [f"{what} of {counted(done.count, 'order')} {words}."] if done.count else []
    parts += [
        f"{counted(group.count, 'order')} left out: {group.sentence}" for group in done.left_out
    ]
    text = " ".join(parts)
    if done.change:
        url = wreverse(request.workspace, "shipping:bulk-undo", change_id=done.change.pk)
        query = urlencode({"page": request.POST.get("page", "")})
        button = '{} <button type="button" class="btn btn-sm" hx-post="{}?{}">Undo</button>'
        text = format_html(button, text, url, query)
    messages.add_message(request, messages.WARNING if done.left_out else messages.SUCCESS, text)


def refused(request: MemberRequest, text: str) -> HttpResponse:
    """Why nothing was done, beside the list as it is."""
    if getattr(request, "htmx", False):
        return toast(HttpResponse(status=204), text, level="warn")
    messages.warning(request, text)
    return go(request, back_to_queue(request))


def back_to_queue(request: MemberRequest) -> str:
    """The list as it was: its tab, filters and place."""
    given = request.POST.get("page") or request.GET.get("page") or ""
    query = QueryDict(given).urlencode()
    page = wreverse(request.workspace, "orders:queue")
    return f"{page}?{query}" if query else page
