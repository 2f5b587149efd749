"""Workspaces and their people: create, invite, accept, change roles, remove. The last owner
stays."""

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import slugify

from core import audit
from core.jobs import job
from core.models import Invitation, Membership, Role, User, Workspace

# Words that would read like a page of ours
_TAKEN = {"admin", "accounts", "static", "new", "w"}


class Refused(Exception):
    """It cannot be done as asked; the message is a sentence for the person who asked."""


def create(user: User, name: str, time_zone: str) -> Workspace:
    """A workspace of its own slug, with `user` as its owner."""
    base = slugify(name)[:32].strip("-") or "workspace"
    number = 2 if base in _TAKEN else 1
    while True:
        slug = base if number == 1 else f"{base}-{number}"
        try:
            with transaction.atomic():
                workspace = Workspace.objects.create(name=name, slug=slug, time_zone=time_zone)
                Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
                audit.record(
                    workspace,
                    "workspace.created",
                    f"workspace:{workspace.pk}",
                    "Created the workspace",
                    actor=user,
                )
            return workspace
        except IntegrityError:  # the slug is somebody else's
            number += 1


def change(workspace: Workspace, *, name: str, time_zone: str, by: User) -> None:
    """Rename the workspace or move its clock; its address stays."""
    before = {"name": workspace.name, "time_zone": workspace.time_zone}
    workspace.name, workspace.time_zone = name, time_zone
    with transaction.atomic():
        workspace.save(update_fields=["name", "time_zone"])
        audit.record(
            workspace,
            "workspace.changed",
            f"workspace:{workspace.pk}",
            "Changed the workspace's name or time zone",
            actor=by,
            before=before,
        )


# -- Invitations -----------------------------------------------------------------------------------
def open_invitations(workspace: Workspace, *, now: datetime) -> QuerySet[Invitation]:
    """Sent, not accepted, not expired; newest first."""
    return (
        Invitation.objects.filter(workspace=workspace, accepted_at=None, expires_at__gt=now)
        .select_related("invited_by")
        .order_by("-created_at", "-id")
    )


def invite(workspace: Workspace, email: str, role: str, *, by: User) -> Invitation:
    """Offer `email` a place and mail the link; an earlier open offer to the same address is
    withdrawn.

    Refused when the address belongs to a member already.
    """
    email = email.strip().lower()
    if Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise Refused(f"{email} is already a member of {workspace}.")
    with transaction.atomic():
        Invitation.objects.filter(
            workspace=workspace, email__iexact=email, accepted_at=None
        ).delete()
        invitation = Invitation.objects.create(
            workspace=workspace, email=email, role=role, invited_by=by
        )
        audit.record(
            workspace,
            "member.invited",
            f"invitation:{invitation.pk}",
            f"Invited somebody as {Role(role).label.lower()}",
            actor=by,
            role=role,
        )
        mail_invitation.later(invitation_id=invitation.pk)
    return invitation


@job
def mail_invitation(*, invitation_id: int) -> None:
    """Mail the link, unless the invitation was withdrawn or accepted meanwhile."""
    invitation = (
        Invitation.objects.select_related("workspace", "invited_by")
        .filter(pk=invitation_id, accepted_at=None)
        .first()
    )
    if invitation is None:
        return
    path = reverse("core:invitation", kwargs={"token": invitation.token})
    text = render_to_string(
        "core/email/invitation.txt",
        {"invitation": invitation, "link": f"{settings.PUBLIC_URL}{path}"},
    )
    subject = f"Join {invitation.workspace} on CreatorFlow"
    send_mail(subject, text, None, [invitation.email])


def why_not(invitation: Invitation | None, user: User | None, *, now: datetime) -> str:
    """Why this invitation cannot be accepted by `user` (None: nobody signed in yet); "" when it
    can."""
    if invitation is None:
        return "This invitation does not exist, or it was withdrawn. Ask for a new one."
    if invitation.accepted_at is not None:
        return "This invitation was used already. Each link works once."
    if invitation.expires_at <= now:
        return "This invitation has expired: it was good for seven days. Ask for a new one."
    if user is not None and user.email.lower() != invitation.email.lower():
        return (
            f"This invitation was sent to {invitation.email}, and you are signed in as "
            f"{user.email}. Sign out, then open the link again with the invited address."
        )
    return ""


def accept(token: str, user: User, *, now: datetime) -> Membership:
    """Make `user` a member, once. Refused in words when the link is used, expired, withdrawn or
    somebody else's."""
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("workspace")
            .filter(token=token)
            .first()
        )
        reason = why_not(invitation, user, now=now)
        if reason or invitation is None:
            raise Refused(reason)
        membership, _ = Membership.objects.get_or_create(
            workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
        )
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        audit.record(
            invitation.workspace,
            "member.joined",
            f"user:{user.pk}",
            f"Joined as {Role(membership.role).label.lower()}",
            actor=user,
            role=membership.role,
        )
    return membership


def revoke(invitation: Invitation, *, by: User) -> None:
    """Withdraw an open invitation: its link stops working."""
    with transaction.atomic():
        audit.record(
            invitation.workspace_id,
            "member.invitation_revoked",
            f"invitation:{invitation.pk}",
            f"Withdrew an invitation as {Role(invitation.role).label.lower()}",
            actor=by,
        )
        invitation.delete()


# -- Members ---------------------------------------------------------------------------------------
def change_role(membership: Membership, role: str, *, by: User) -> None:
    """Give a member another role. Refused when it would leave the workspace without an owner."""
    with transaction.atomic():
        before = _locked(membership).role
        if before == role:
            return
        if before == Role.OWNER:
            _keep_an_owner(membership)
        membership.role = role
        membership.save(update_fields=["role"])
        audit.record(
            membership.workspace_id,
            "member.role_changed",
            f"user:{membership.user_id}",
            f"Changed a role from {Role(before).label.lower()} to {Role(role).label.lower()}",
            actor=by,
            before=before,
            after=role,
        )


def remove(membership: Membership, *, by: User) -> None:
    """Take a member out of the workspace (or leave it oneself). Refused for the last owner."""
    with transaction.atomic():
        if _locked(membership).role == Role.OWNER:
            _keep_an_owner(membership)
        audit.record(
            membership.workspace_id,
            "member.left" if by.pk == membership.user_id else "member.removed",
            f"user:{membership.user_id}",
            "Left the workspace" if by.pk == membership.user_id else "Removed a member",
            actor=by,
            role=membership.role,
        )
        membership.delete()


def _locked(membership: Membership) -> Membership:
    """The row as it is now. Changes of one workspace's people follow each other: its row is the
    lock."""
    Workspace.objects.select_for_update().get(pk=membership.workspace_id)
    try:
        return Membership.objects.get(pk=membership.pk)
    except Membership.DoesNotExist:
        raise Refused("This person is no longer a member.") from None


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(
        workspace_id=membership.workspace_id, role=Role.OWNER
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise Refused("A workspace needs an owner. Make somebody else an owner first.")
