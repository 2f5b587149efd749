"""The door: scanning parcels as they are handed over, by one scanner after the other."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.handover import counts
from shipping.handover import scan as scanning
from shipping.models import HandoverScan
from shipping.naming import name_of
from shipping.providers.carriers import display_name

RECENT = 12


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """What is still here by shop and carrier, the field to scan into, the last scans."""
    return _page(request, request.GET.get("carrier", ""), None)


@require_POST
@member(Right.PACK)
def scan(request: MemberRequest) -> HttpResponse:
    """One scan: a parcel handed over, or refused with the reason."""
    code = request.POST.get("code", "").replace("\x00", "")[:200]
    carrier = _known(request.POST.get("carrier", ""))
    answer = None
    if code.strip():
        answer = scanning.scan(request.workspace, code, user=request.user, carrier=carrier)
    return _page(request, carrier, answer)


@require_POST
@member(Right.PACK)
def undo(request: MemberRequest, scan_id: int) -> HttpResponse:
    """A scan taken back: the parcel is still here."""
    rows = HandoverScan.objects.filter(close_out__workspace=request.workspace)
    made = get_object_or_404(rows.select_related("label"), pk=scan_id)
    if scanning.take_back(made, user=request.user):
        messages.success(request, f"Parcel {made.label.tracking_number} is not handed over.")
    else:
        messages.warning(request, "Its handover is closed: what was counted stays.")
    return go(request, wreverse(request.workspace, "shipping:handover"))


def _known(carrier: str) -> str:
    return carrier[:40] if carrier.replace("_", "").isalnum() else ""


def _page(request: MemberRequest, carrier: str, answer: scanning.Answer | None) -> HttpResponse:
    now = timezone.now()
    lines = counts.lines(request.workspace, now=now)
    carriers = {line.carrier: line.carrier_name for line in lines}
    chosen = _known(carrier)
    if chosen:
        carriers.setdefault(chosen, display_name(chosen))
    context: dict[str, Any] = {
        "tab": "handover",
        "answer": answer,
        "lines": [line for line in lines if not chosen or line.carrier == chosen],
        "left": sum(line.left for line in lines if not chosen or line.carrier == chosen),
        "carriers": sorted(carriers.items(), key=lambda one: one[1]),
        "carrier": chosen,
        "recent": _recent(request),
        "many_shops": len({line.shop_id for line in lines}) > 1,
    }
    return page_or_part(request, "shipping/handover.html", "live", context)


def _recent(request: MemberRequest) -> list[dict[str, Any]]:
    rows = HandoverScan.objects.filter(
        close_out__workspace=request.workspace, close_out__closed_at=None
    ).select_related("label__order__shop", "by")
    newest = rows.defer("label__spec", "label__order__raw").order_by("-at", "-pk")[:RECENT]
    return [{"scan": one, "name": name_of(one.label)} for one in newest]
