"""Telling a workspace's people something, once per cause."""

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from core.jobs import job
from core.models import Membership, Notification, Role, Workspace


def notify(
    workspace: Workspace,
    cause: str,
    text: str,
    *,
    level: str = "info",
    link: str = "",
    mail: bool = False,
) -> bool:
    """Show `text` in the app, and mail it to the owners when asked; False when this cause was told and not yet seen."""
    with transaction.atomic():
        rows = Notification.objects.bulk_create(
            [
                Notification(
                    workspace=workspace, cause=cause[:120], text=text[:300], level=level, link=link
                )
            ],
            ignore_conflicts=True,
        )
        fresh = Notification.objects.filter(
            workspace=workspace, cause=cause[:120], seen_at=None, created_at=rows[0].created_at
        ).exists()
        if fresh and mail:
            mail_owners.later(workspace_id=workspace.pk, subject=text[:120], body=text)
    return fresh


def settle(workspace: Workspace, cause: str) -> None:
    """The cause is gone: take its notification away."""
    Notification.objects.filter(workspace=workspace, cause=cause[:120], seen_at=None).update(
        seen_at=timezone.now()
    )


@job
def mail_owners(*, workspace_id: int, subject: str, body: str) -> None:
    """Mail the workspace's owners."""
    to = list(
        Membership.objects.filter(workspace_id=workspace_id, role=Role.OWNER).values_list(
            "user__email", flat=True
        )
    )
    if to:
        # A provider's words may hold line breaks, and a mail's subject may not.
        send_mail(f"CreatorFlow: {' '.join(subject.split())}", body, None, to)
