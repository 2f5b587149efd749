"""The records that every part of the product keeps: audit, notifications, shared limits."""

from django.db import models
from django.utils import timezone

from core.models.people import User, Workspace


class AuditEntry(models.Model):
    """Who did what to money, shops, members, labels or orders. Never changed, never deleted."""

    workspace = models.ForeignKey(Workspace, models.PROTECT)
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(User, models.SET_NULL, null=True)  # null: the system
    action = models.CharField(max_length=60)  # "label.bought"
    subject = models.CharField(max_length=80)  # "order:123"
    summary = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-at"], name="audit_newest"),
            models.Index(fields=["workspace", "subject", "at"], name="audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Notification(models.Model):
    """Something a workspace's people should know, told once per cause."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    cause = models.CharField(max_length=120)  # "shop:5:authorization_lost"
    level = models.CharField(max_length=10, default="info")  # info, warn, bad
    text = models.CharField(max_length=300)
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True)
    # When the owners are mailed, or tried again; null: they were, need not be, or could not be
    mail_due_at = models.DateTimeField(null=True)
    mailed_to = models.JSONField(default=list, db_default=[])  # owners who have it, by number

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "cause"],
                condition=models.Q(seen_at=None),
                name="told_once_per_cause",
            )
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                condition=models.Q(mail_due_at__isnull=False),
                name="notification_mail_due",
            )
        ]

    def __str__(self) -> str:
        return self.text


class RateLimit(models.Model):
    """The next free moment of one shared rate limit; see core.limits."""

    key = models.CharField(max_length=120, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
