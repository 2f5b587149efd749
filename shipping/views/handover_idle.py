"""Labels that were bought and never handed over: give them back while their money comes back."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.handover import idle
from shipping.manifest_outcomes import on_form
from shipping.naming import name_of


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The labels, whose money is lost soonest first, and the sum."""
    found = idle.idle_labels(request.workspace, now=timezone.now())
    rows = [
        {"idle": one, "name": name_of(one.label),
         "on_form": on_form(one.label)}
        for one in found
    ]  # fmt: skip
    open_ones = [one for one in found if not one.is_over]
    context = {
        "tab": "idle",
        "rows": rows,
        "total": idle.total(found),
        "sentence": _sentence(found),
        "open_count": len(open_ones),
        "most": idle.MOST,
    }
    return page_or_part(request, "shipping/handover_idle.html", "idle", context)


def _sentence(found: list[idle.Idle]) -> str:
    """What can still be asked back."""
    money = " and ".join(str(one) for one in idle.total(found))
    return f"{money} can still be asked back for labels that were never used."


@require_POST
@member(Right.BUY)
def void(request: MemberRequest) -> HttpResponse:
    """Give the ticked labels back."""
    chosen = [int(pk) for pk in request.POST.getlist("label") if pk.isdigit() and len(pk) < 19]
    count = idle.give_back(request.workspace, chosen[: idle.MOST], user=request.user)
    if count:
        words = "label is" if count == 1 else "labels are"
        messages.success(
            request,
            f"{count} {words} being given back. What a provider refuses stays on this list.",
        )
    else:
        messages.warning(request, "None of these labels waits to be given back any more.")
    return go(request, wreverse(request.workspace, "shipping:handover-idle"))
