"""Settings → Privacy, for owners: what is held about one buyer, handed out or erased."""

import json

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import SeeOther, page_or_part
from shipping import privacy

MOST_SHOWN = 100
CONFIRMATION = "ERASE"


@require_safe
@member(Right.TEAM)
def page(request: MemberRequest) -> HttpResponse:
    """Find a buyer by `?q=`: an order's number, or TikTok's number of the buyer."""
    return _page(request, request.GET.get("q", ""))


@require_POST
@member(Right.TEAM)
def export(request: MemberRequest) -> HttpResponse:
    """The buyer's data as a file. A POST, so that a link of somebody else does not make one."""
    words = request.POST.get("q", "")
    document = privacy.export_buyer(request.workspace, words, user=request.user)
    if not document["orders"]:
        return _page(request, words, status=404)
    content = json.dumps(document, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False)
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="buyer.json"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@member(Right.TEAM)
def erase(request: MemberRequest) -> HttpResponse:
    """Erase the buyer for good; `confirm` has to be the word that the page asks for."""
    words = request.POST.get("q", "")
    if request.POST.get("confirm", "").strip() != CONFIRMATION:
        wrong = f"Nothing was erased: type {CONFIRMATION} to confirm."
        return _page(request, words, wrong=wrong, status=422)
    erased, left = privacy.erase_buyer(request.workspace, words, user=request.user)
    if erased:
        messages.success(request, f"The buyer was erased from {erased} orders.")
    if left:
        told = f"{left} orders are still to be shipped and keep their address until then."
        messages.warning(request, told)
    return SeeOther(wreverse(request.workspace, "shipping:privacy"))


def _page(
    request: MemberRequest, words: str, *, wrong: str = "", status: int = 200
) -> HttpResponse:
    words = words.strip()[:60]
    orders = privacy.find(request.workspace, words)
    context = {
        "q": words,
        "found": list(orders.light()[:MOST_SHOWN]) if words else [],
        "total": orders.count() if words else 0,
        "wrong": wrong,
        "word": CONFIRMATION,
        "retention": privacy.retention(),
    }
    return page_or_part(request, "shipping/privacy.html", "privacy", context, status=status)
