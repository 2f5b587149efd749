"""Accepting an invitation: outside any workspace, because the person is not in it yet."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import workspaces
from core.access import wreverse
from core.models import Invitation, User
from core.views.home import REMEMBERED


@require_safe
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the mailed link opens: who invites, as what, and the one button; or why it does not
    work."""
    found = Invitation.objects.select_related("workspace", "invited_by").filter(token=token).first()
    user = request.user if isinstance(request.user, User) else None
    reason = workspaces.why_not(found, user, now=timezone.now())
    context = {
        "invitation": found,
        "reason": reason,
        "has_account": found is not None
        and User.objects.filter(email__iexact=found.email).exists(),
    }
    return render(request, "core/invitation.html", context, status=410 if reason else 200)


@require_POST
@login_required
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Join, then the plan."""
    try:
        membership = workspaces.accept(
            token,
            request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    except workspaces.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("core:invitation", token=token)
    request.session[REMEMBERED] = membership.workspace.slug
    messages.success(request, f"You joined {membership.workspace}.")
    return redirect(wreverse(membership.workspace, "dashboard:plan"))
