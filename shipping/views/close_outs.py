"""Handovers one by one: what went, what stayed, when it was picked up, what it looked like."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import files
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping import newest
from shipping.handover import close as closing
from shipping.handover import counts, photos
from shipping.handover.forms import PickupForm
from shipping.models import CloseOut, HandoverPhoto, HandoverScan
from shipping.providers.carriers import display_name

PAGE = 50
TEMPLATE = "shipping/handover_close_out.html"


@dataclass(frozen=True, slots=True)
class Row:
    """One handover of the list."""

    close_out: CloseOut
    carrier: str
    parcels: int
    photos: int


@require_safe
@member(Right.VIEW)
def past(request: MemberRequest) -> HttpResponse:
    """All handovers, newest first."""
    rows = CloseOut.objects.of(request.workspace).select_related("shop", "closed_by")
    page = newest.page_of(rows, "opened_at", after=request.GET.get("after", ""), size=PAGE)
    context = {
        "tab": "past",
        "rows": _rows(page.rows),
        "after": page.after,
        "is_first": not request.GET.get("after"),
    }
    return page_or_part(request, "shipping/handover_past.html", "past", context)


def _rows(page: list[CloseOut]) -> list[Row]:
    parcels = counts.scanned(page)
    kept = CloseOut.objects.filter(pk__in=[one.pk for one in page]).values_list("pk")
    pictures = dict(kept.annotate(n=Count("photos", filter=~Q(photos__file_key=""))).order_by())
    return [
        Row(one, display_name(one.carrier), parcels.get(one.pk, 0), pictures.get(one.pk, 0))
        for one in page
    ]


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest, close_out_id: int) -> HttpResponse:
    """One handover; the form to close it, or to put its pickup time right."""
    found = _close_out(request, close_out_id)
    at = found.pickup_at or timezone.now()
    return _page(request, found, PickupForm(initial={"pickup_at": timezone.localtime(at)}))


def _page(request: MemberRequest, found: CloseOut, form: PickupForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, TEMPLATE, _context(request, found, form), status=status)


@require_POST
@member(Right.PACK)
def close(request: MemberRequest, close_out_id: int) -> HttpResponse:
    """Close it with the time of the pickup; closed already: another pickup time."""
    found = _close_out(request, close_out_id)
    form = PickupForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    data = form.cleaned_data
    if found.closed_at is not None:
        closing.correct_pickup(found, pickup_at=data["pickup_at"], user=request.user)
        messages.success(request, "The pickup time is kept.")
        return _back(request, found)
    try:
        done = closing.close(
            found, pickup_at=data["pickup_at"], note=data["note"], user=request.user
        )
    except closing.AlreadyClosed as refusal:
        messages.warning(request, str(refusal))
    else:
        words = f"Closed: {done.parcels:,} parcels handed over to {display_name(done.carrier)}."
        messages.success(request, words)
    return _back(request, found)


def _context(request: MemberRequest, found: CloseOut, form: PickupForm) -> dict[str, object]:
    scans = HandoverScan.objects.filter(close_out=found).select_related("label__order", "by")
    scans = scans.defer("label__spec", "label__order__raw").order_by("-pk")
    after = request.GET.get("after", "")
    if after.isdigit() and len(after) < 19:
        scans = scans.filter(pk__lt=int(after))
    page = list(scans[: PAGE + 1])
    left = counts.waiting(request.workspace, now=timezone.now()).filter(
        order__shop=found.shop_id, carrier=found.carrier
    )
    is_open = found.closed_at is None
    rows = left.select_related("order").defer("spec", "order__raw").order_by("settled_at")
    return {
        "tab": "past",
        "close_out": found,
        "carrier": display_name(found.carrier),
        "parcels": found.scans.count(),
        "left_count": left.count() if is_open else found.left_behind,
        "left": list(rows[:20]) if is_open else [],
        "scans": page[:PAGE],
        "after": page[PAGE - 1].pk if len(page) > PAGE else "",
        "is_first": not after,
        "photos": list(found.photos.order_by("pk")),
        "most_photos": photos.MOST_PHOTOS,
        "form": form,
    }


@require_POST
@member(Right.PACK)
def add_photo(request: MemberRequest, close_out_id: int) -> HttpResponse:
    """Keep a picture with a handover."""
    found = _close_out(request, close_out_id)
    uploaded = request.FILES.get("photo")
    if uploaded is None:
        messages.warning(request, "Choose a picture first.")
        return _back(request, found)
    try:
        if uploaded.size and uploaded.size > photos.MOST_BYTES:
            raise photos.BadPhoto("The picture is larger than 5 MB.")
        photos.add(found, uploaded.read(), user=request.user)
    except photos.BadPhoto as refusal:
        messages.error(request, f"The photo was not kept. {refusal}")
    else:
        messages.success(request, "The photo is kept, without the place and device it named.")
    return _back(request, found)


@require_safe
@member(Right.VIEW)
def photo(request: MemberRequest, photo_id: int) -> HttpResponse:
    """A picture, as it is kept."""
    rows = HandoverPhoto.objects.filter(close_out__workspace=request.workspace)
    found = get_object_or_404(rows.exclude(file_key=""), pk=photo_id)
    try:
        content = files.read(found.file_key)
    except files.DamagedFile:
        return HttpResponse(status=404)
    return HttpResponse(content, content_type="image/jpeg")


def _close_out(request: MemberRequest, close_out_id: int) -> CloseOut:
    rows = CloseOut.objects.of(request.workspace).select_related("shop", "closed_by", "workspace")
    return get_object_or_404(rows, pk=close_out_id)


def _back(request: MemberRequest, found: CloseOut) -> HttpResponse:
    url = wreverse(request.workspace, "shipping:handover-close-out", close_out_id=found.pk)
    return go(request, url)
