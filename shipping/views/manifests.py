"""SCAN forms and manifests: what can be put on one, and those that were made."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import files
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping import manifests, newest
from shipping.manifest_groups import groups_of
from shipping.manifest_outcomes import title
from shipping.models import Manifest
from shipping.views.printing import paper

PAGE = 30
UNDER_WAY = ("ready", "asking", "queued")


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """Labels that can go on a form today, and the forms so far, newest first."""
    rows = Manifest.objects.of(request.workspace).select_related("account", "created_by")
    shown = newest.page_of(rows, "created_at", after=request.GET.get("after", ""), size=PAGE)
    is_first = not request.GET.get("after")
    made = [{"form": one, "title": title(one), "live": _is_live(one)} for one in shown.rows]
    context = {
        "tab": "manifests",
        "groups": groups_of(request.workspace, now=timezone.now()) if is_first else [],
        "made": made,
        "live": any(one["live"] for one in made),
        "after": shown.after,
        "is_first": is_first,
    }
    return page_or_part(request, "shipping/manifests.html", "manifests", context)


def _is_live(form: Manifest) -> bool:
    """Whether there is soon something new to see."""
    waits_for_paper = form.state == "made" and not form.file_key and form.due_at is not None
    return form.state in UNDER_WAY or (waits_for_paper and form.attempts < 3)


@require_POST
@member(Right.HANDLE)
def make(request: MemberRequest) -> HttpResponse:
    """Have a form made of a group's labels."""
    try:
        form = manifests.start(request.workspace, request.POST.get("group", ""), user=request.user)
    except manifests.NothingToPutOnIt as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"The {title(form)} is being made.")
    return _back(request)


@require_POST
@member(Right.HANDLE)
def ask(request: MemberRequest, manifest_id: int) -> HttpResponse:
    """Ask now what became of a form, or for its paper again; free."""
    form = _form(request, manifest_id)
    state = manifests.follow(manifest_id=form.pk)
    form.refresh_from_db()
    if state == "made" and form.file_key:
        messages.success(request, f"The {title(form)} is here.")
    elif state == "refused":
        messages.warning(request, f"It was not made. {form.reason}")
    else:
        messages.warning(request, f"Nothing new yet. {form.reason}")
    return _back(request)


@require_http_methods(["GET", "POST"])
@never_cache
@csp_override({})
@member(Right.PACK)
def form_pdf(request: MemberRequest, manifest_id: int) -> HttpResponse:
    """The form's paper, on letter size. GET shows it; POST is a person printing."""
    form = _form(request, manifest_id)
    if not form.file_key:
        messages.warning(request, f"The form's paper is not here yet. {form.reason}")
        return _back(request)
    try:
        content = files.read(form.file_key)
    except files.DamagedFile:
        manifests.forget_file(form)
        messages.warning(request, "The paper was no longer readable: it is fetched again.")
        return _back(request)
    if request.method == "POST":
        Manifest.objects.filter(pk=form.pk, printed_at=None).update(printed_at=timezone.now())
        return go(request, request.path)
    return paper(content, f"scan-form-{form.mailing_date:%Y-%m-%d}-{form.pk}")


def _form(request: MemberRequest, manifest_id: int) -> Manifest:
    rows = Manifest.objects.of(request.workspace).select_related("workspace", "account")
    return get_object_or_404(rows, pk=manifest_id)


def _back(request: MemberRequest) -> HttpResponse:
    return go(request, wreverse(request.workspace, "shipping:manifests"))
