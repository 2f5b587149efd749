"""Telling a workspace's people something, once per cause."""

import logging
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from core.jobs import job
from core.models import Membership, Notification, Role, User, Workspace
from core.patience import patience
from core.queues import Queue

log = logging.getLogger(__name__)

CLAIM = patience(seconds=600)  # a worker that takes longer with one notification's mails is dead
GIVE_UP = timedelta(days=1)
_LEAST, _MOST = patience(seconds=60), timedelta(hours=2)  # between tries


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
    now = timezone.now()
    row = Notification(
        workspace=workspace,
        cause=cause[:120],
        text=text[:300],
        level=level,
        link=link,
        created_at=now,
        mail_due_at=now if mail else None,
    )
    with transaction.atomic():
        Notification.objects.bulk_create([row], ignore_conflicts=True)
        fresh = Notification.objects.filter(
            workspace=workspace, cause=row.cause, seen_at=None, created_at=now
        ).first()
        if fresh is not None and mail:
            mail_owners.later(notification_id=fresh.pk)
    return fresh is not None


def settle(workspace: Workspace, cause: str) -> None:
    """The cause is gone: take its notification away, and the mail that could not be sent yet."""
    Notification.objects.filter(workspace=workspace, cause=cause[:120], seen_at=None).update(
        seen_at=timezone.now(), mail_due_at=None
    )


@job
def mail_due() -> int:
    """Queue the mails that are due: those that failed, and those whose wake-up was lost; how many."""
    due = Notification.objects.filter(mail_due_at__lte=timezone.now())
    ids = list(due.values_list("pk", flat=True))
    for notification_id in ids:
        mail_owners.later(notification_id=notification_id)
    return len(ids)


@job(queue=Queue.READING)  # a mail server may keep its caller waiting
def mail_owners(*, notification_id: int) -> bool:
    """Mail a notification to the workspace's owners, each on their own; False when it is not due.

    Who has it is noted at once, so only a worker that is killed right then has a mail sent twice.
    """
    now = timezone.now()
    rows = Notification.objects.filter(pk=notification_id)
    if not rows.filter(mail_due_at__lte=now).update(mail_due_at=now + CLAIM):
        return False
    row = rows.get()
    missing = [owner for owner in _owners(row) if owner.pk not in row.mailed_to]
    failed = 0
    for owner in missing:
        if _mailed(row, owner):
            row.mailed_to.append(owner.pk)
            rows.update(mailed_to=row.mailed_to)
        else:
            failed += 1
    rows.exclude(mail_due_at=None).update(mail_due_at=_next_try(row, failed, now=timezone.now()))
    return True


def _owners(row: Notification) -> list[User]:
    owners = Membership.objects.filter(workspace_id=row.workspace_id, role=Role.OWNER)
    return [one.user for one in owners.select_related("user").order_by("pk")]


def _mailed(row: Notification, owner: User) -> bool:
    # A provider's words may hold line breaks, and a mail's subject may not.
    subject = f"CreatorFlow: {' '.join(row.text.split())[:120]}"
    try:
        send_mail(subject, row.text, None, [owner.email])
    except (
        Exception
    ) as error:  # whatever the mail backend raises: the others are mailed all the same
        log.warning("mail of notification %s: %s", row.pk, type(error).__name__)
        return False
    return True


def _next_try(row: Notification, failed: int, *, now: datetime) -> datetime | None:
    """Later each time: after as long again as it has been tried for; None when that is enough."""
    if not failed:
        return None
    age = now - row.created_at
    if age > GIVE_UP:
        log.error("notification %s could not be mailed to %d owners in a day", row.pk, failed)
        return None
    return now + min(max(age, _LEAST), _MOST)
