"""The print service's jobs, and what pages need to show a machine's choice."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.models import PrintJob
from shipping.printing import jobs
from shipping.printing.choice import LAYOUTS, WAYS, Choice, choice_of

ROWS = 100


def machine_choice(request: MemberRequest) -> Choice:
    """What this machine prints on; the service only where it is offered."""
    return jobs.allowed(choice_of(request.COOKIES), request.workspace, request.user)


def bought_as(request: MemberRequest) -> str:
    """The kind of label file to buy: as the sheet said, else as this machine prints."""
    layout = request.POST.get("layout") or machine_choice(request).layout
    return "ZPL" if layout == "zpl" else "PDF"


def printing_context(request: MemberRequest) -> dict[str, Any]:
    """What components/printing.html shows."""
    return {
        "printing": machine_choice(request),
        "layouts": LAYOUTS.items(),
        "ways": WAYS.items() if jobs.is_offered(request.workspace, request.user) else (),
    }


@require_safe
@member(Right.PACK)
def print_jobs(request: MemberRequest) -> HttpResponse:
    """What was given to the print service, newest first, asked for again while some wait."""
    rows = list(jobs.of(request.workspace)[:ROWS])
    context = {
        "jobs": rows,
        "live": any(row.state == "waiting" for row in rows),
        "offered": jobs.is_offered(request.workspace, request.user),
    }
    return page_or_part(request, "shipping/print_jobs.html", "jobs", context)


@require_POST
@member(Right.PACK)
def retry(request: MemberRequest, job_id: int) -> HttpResponse:
    """Try a failed job again."""
    row = get_object_or_404(PrintJob, workspace=request.workspace, pk=job_id)
    if not jobs.again(row):
        messages.warning(request, "This job is not failed any more.")
    return go(request, wreverse(request.workspace, "shipping:print-jobs"))
