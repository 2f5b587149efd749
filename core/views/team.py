"""The team page: members, roles, invitations, and the workspace's own name and clock."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import workspaces
from core.access import RIGHTS, MemberRequest, Right, member, wreverse
from core.forms import InviteForm, RoleForm, WorkspaceForm
from core.htmx import page_or_part, toast
from core.models import Invitation, Membership, Role

# What a right means to a person, in the order of the table on the page
_MEANS = (
    (Right.VIEW, "See every page"),
    (Right.PACK, "Print, pick, weigh, write notes"),
    (Right.HANDLE, "Hold, release, tag and correct orders"),
    (Right.BUY, "Buy and void labels"),
    (Right.SET_UP, "Shops, label accounts, addresses, audit trail"),
    (Right.TEAM, "Members and roles"),
    (Right.RULES, "Own values in place of TikTok's rules"),
)


@require_safe
@member(Right.VIEW)
def team(request: MemberRequest) -> HttpResponse:
    """Everybody sees who is here; owners change it."""
    return _page(request)


@require_POST
@member(Right.TEAM)
def invite(request: MemberRequest) -> HttpResponse:
    """Send an invitation."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            workspaces.invite(
                request.workspace,
                form.cleaned_data["email"],
                form.cleaned_data["role"],
                by=request.user,
            )
        except workspaces.Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"Invitation sent to {form.cleaned_data['email']}.")
            return redirect(wreverse(request.workspace, "core:team"))
    return _page(request, invite_form=form, status=422)


@require_POST
@member(Right.TEAM)
def change_role(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Another role for a member."""
    form = RoleForm(request.POST)
    target = _membership(request, membership_id)
    if not form.is_valid():
        return _page(request, said="There is no such role.", level="bad", status=422)
    role = form.cleaned_data["role"]
    return _change(
        request,
        lambda: workspaces.change_role(target, role, by=request.user),
        f"{target.user} is now {Role(role).label.lower()}.",
    )


@require_POST
@member(Right.TEAM)
def remove(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Take a member out."""
    target = _membership(request, membership_id)
    return _change(
        request,
        lambda: workspaces.remove(target, by=request.user),
        f"{target.user} is no longer a member.",
    )


@require_POST
@member(Right.TEAM)
def revoke(request: MemberRequest, invitation_id: int) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = get_object_or_404(
        Invitation, workspace=request.workspace, pk=invitation_id, accepted_at=None
    )
    return _change(
        request,
        lambda: workspaces.revoke(invitation, by=request.user),
        f"The invitation to {invitation.email} no longer works.",
    )


@require_POST
@member(Right.VIEW)
def leave(request: MemberRequest) -> HttpResponse:
    """Leave the workspace oneself."""
    try:
        workspaces.remove(request.membership, by=request.user)
    except workspaces.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(wreverse(request.workspace, "core:team"))
    messages.success(request, f"You left {request.workspace}.")
    return redirect("core:home")


@require_POST
@member(Right.TEAM)
def change_workspace(request: MemberRequest) -> HttpResponse:
    """Rename the workspace or move its clock."""
    name = request.workspace.name
    form = WorkspaceForm(request.POST, instance=request.workspace)
    if not form.is_valid():
        request.workspace.name = name  # a refused name is not shown as if it were kept
        return _page(request, workspace_form=form, status=422)
    workspace = type(request.workspace).objects.get(pk=request.workspace.pk)
    workspaces.change(workspace, **form.cleaned_data, by=request.user)
    messages.success(request, "Saved.")
    return redirect(wreverse(workspace, "core:team"))


def _membership(request: MemberRequest, membership_id: int) -> Membership:
    return get_object_or_404(
        Membership.objects.select_related("user"), workspace=request.workspace, pk=membership_id
    )


def _change(request: MemberRequest, act: Callable[[], None], done: str) -> HttpResponse:
    try:
        act()
    except workspaces.Refused as refusal:
        return _page(request, said=str(refusal), level="bad", status=422)
    if request.htmx:  # type: ignore[attr-defined]
        return _page(request, said=done)
    messages.success(request, done)
    return redirect(wreverse(request.workspace, "core:team"))


def _page(
    request: MemberRequest,
    *,
    invite_form: InviteForm | None = None,
    workspace_form: WorkspaceForm | None = None,
    said: str = "",
    level: str = "ok",
    status: int = 200,
) -> HttpResponse:
    members = Membership.objects.filter(workspace=request.workspace).select_related("user")
    context = {
        "members": members.order_by("user__email"),
        "invitations": workspaces.open_invitations(request.workspace, now=timezone.now()),
        "roles": Role.choices,
        "rights_table": [
            (words, [right in RIGHTS[role] for role in Role.values]) for right, words in _MEANS
        ],
        "invite_form": invite_form or InviteForm(),
        "workspace_form": workspace_form or WorkspaceForm(instance=request.workspace),
    }
    if said and not request.htmx:  # type: ignore[attr-defined]
        messages.add_message(request, messages.ERROR if level == "bad" else messages.SUCCESS, said)
    response = page_or_part(request, "core/team.html", "people", context, status)
    return toast(response, said, level=level) if said and request.htmx else response  # type: ignore[attr-defined]
