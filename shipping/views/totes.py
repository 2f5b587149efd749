"""Totes: a batch is put into them a wave at a time, then packed at the bench."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go
from shipping import batches
from shipping.bench import totes
from shipping.bench.after import settings_of
from shipping.labels import prints
from shipping.views.printing import paper


@require_safe
@member(Right.PACK)
def page(request: MemberRequest) -> HttpResponse:
    """Which tote holds which order, and which batches wait for totes."""
    held = totes.held(request.workspace)
    settings = settings_of(request.workspace.pk)
    context = {
        "held": held,
        "free": max(settings.totes - len(held), 0),
        "waiting": totes.waiting(request.workspace),
        "pack_settings": settings,
    }
    return render(request, "shipping/totes.html", context)


@require_POST
@member(Right.PACK)
def fill(request: MemberRequest) -> HttpResponse:
    """Put the next orders of `batch` into the free totes."""
    try:
        public_id = UUID(request.POST.get("batch", ""))
    except ValueError:
        raise Http404("no such batch") from None
    batch = get_object_or_404(batches.of(request.workspace), public_id=public_id)
    count = settings_of(request.workspace.pk).totes
    put = totes.fill(request.workspace, batch, totes=count, user=request.user)
    if put:
        orders = "1 order was" if put == 1 else f"{put:,} orders were"
        messages.success(request, f"{orders} put into totes. The pick list says where units go.")
    else:
        messages.warning(request, "No tote is free, or nothing of this batch is left to pack.")
    return go(request, wreverse(request.workspace, "shipping:totes"))


@require_POST
@member(Right.PACK)
def empty(request: MemberRequest, tote_number: int) -> HttpResponse:
    """Take the order out of a tote without packing it."""
    if not totes.empty(request.workspace, tote_number):
        raise Http404("nothing in this tote")
    messages.success(request, f"Tote {tote_number} is empty.")
    return go(request, wreverse(request.workspace, "shipping:totes"))


@require_GET
@csp_override({})
@member(Right.PACK)
def pick_list(request: MemberRequest) -> HttpResponse:
    """What to take from the shelves, with the tote each unit goes to."""
    placed = totes.placed(request.workspace)
    today = timezone.localdate()
    content = prints.pick_list_of(
        placed,
        title=f"Totes of {today:%d %B %Y}",
        printed=f"{len(placed)} totes; the numbers are theirs",
    )
    return paper(content, f"totes-{today:%Y-%m-%d}")
