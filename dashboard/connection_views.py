"""The page of connections: what answers, what does not, and a button to try it now."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import events
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from dashboard import connections

NAME = "dashboard:connections"


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """Every connection with its state, and the last hour's calls."""
    now = timezone.now()
    lines = connections.lines(request.workspace, now=now)
    traffic = connections.traffic(request.workspace, now=now)
    headline, tone = connections.headline(lines, traffic)
    context = {"lines": lines, "traffic": traffic, "headline": headline, "tone": tone}
    return page_or_part(request, "dashboard/connections.html", "connections", context)


@require_POST
@member(Right.SET_UP)
def try_now(request: MemberRequest) -> HttpResponse:
    """Try a connection that is left alone, without waiting for its pause to end."""
    key = request.POST.get("key", "")
    said = connections.try_now(request.workspace, key)
    if said is None:
        raise Http404("no such connection")
    if shop := connections.shop_of(request.workspace, key):
        events.publish("shop.sync_wanted", shop_id=shop.pk)
    messages.info(request, said)
    return go(request, wreverse(request.workspace, NAME))
