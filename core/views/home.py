"""The way in: which workspace, and making one."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core import workspaces
from core.access import wreverse
from core.forms import WorkspaceForm
from core.models import Membership, User

REMEMBERED = "workspace"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the plan of the workspace used last, else of the first; to a new one when there is
    none."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    memberships = list(
        Membership.objects.filter(user=_person(request)).select_related("workspace").order_by("id")
    )
    if not memberships:
        return redirect("core:new-workspace")
    last = request.session.get(REMEMBERED)
    chosen = next((m for m in memberships if m.workspace.slug == last), memberships[0])
    return redirect(wreverse(chosen.workspace, "dashboard:plan"))


@require_safe
@login_required
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """Go to another workspace of this person, and come back to it next time."""
    membership = (
        Membership.objects.filter(user=_person(request), workspace__slug=slug)
        .select_related("workspace")
        .first()
    )
    if membership is None:
        raise Http404("no such workspace")
    request.session[REMEMBERED] = slug
    return redirect(wreverse(membership.workspace, "dashboard:plan"))


@login_required
def new_workspace(request: HttpRequest) -> HttpResponse:
    """Name and time zone are all a workspace needs."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workspace = workspaces.create(
            _person(request),
            form.cleaned_data["name"],
            form.cleaned_data["time_zone"],
        )
        request.session[REMEMBERED] = workspace.slug
        return redirect(wreverse(workspace, "dashboard:plan"))
    first = not Membership.objects.filter(user=_person(request)).exists()
    status = 422 if form.is_bound else 200
    return render(request, "core/new_workspace.html", {"form": form, "first": first}, status=status)


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
