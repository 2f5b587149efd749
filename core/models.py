"""People, workspaces, and the records that every part of the product keeps."""

import secrets
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils import timezone

from core.states import StateTable


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user with a lower-cased address; without a password only e-mailed codes sign in."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A support person who may use the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person; what they may do is said by their memberships."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc,assignment]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Workspace(models.Model):
    """One business: everything else belongs to exactly one workspace."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=40, unique=True)
    time_zone = models.CharField(max_length=40, default="America/Los_Angeles")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """From most to least; what each may do is the table in core.access."""

    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    PACKER = "packer", "Packer"
    VIEWER = "viewer", "Viewer"


class Membership(models.Model):
    """One person in one workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"


def _invitation_token() -> str:
    return secrets.token_urlsafe(32)


def _invitation_end() -> Any:
    return timezone.now() + timedelta(days=7)


class Invitation(models.Model):
    """An offer to join; the token in the e-mailed link is the proof, works once and for seven days."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    token = models.CharField(max_length=64, unique=True, default=_invitation_token)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=_invitation_end)
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace}"


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "cause"],
                condition=models.Q(seen_at=None),
                name="told_once_per_cause",
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


BATCH = StateTable(
    {"running": {"done", "cancelled"}, "done": {"running"}, "cancelled": {"running"}}
)
ITEM = StateTable(
    {
        "waiting": {"working", "left_out"},
        "working": {"done", "failed", "left_out", "unknown", "waiting"},
        "unknown": {"done", "failed"},
        "failed": {"waiting", "done"},
        "left_out": {"waiting"},
        "done": set(),
    }
)


class Batch(models.Model):
    """One piece of bulk work that people can watch, leave and come back to."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20)  # "labels"
    state = models.CharField(max_length=10, choices=BATCH.choices, default="running")
    options = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    runner_seen_at = models.DateTimeField(null=True)  # a runner's heartbeat: older means it died

    class Meta:
        indexes = [models.Index(fields=["workspace", "-created_at"], name="batch_newest")]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class BatchItem(models.Model):
    """One row of a batch: what is to be done with one subject (an order), and how it ended."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()  # pick order
    subject_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=ITEM.choices, default="waiting")
    reason = models.CharField(max_length=400, blank=True)  # a sentence for a person
    fix = models.CharField(max_length=40, blank=True)  # which button puts it right
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "subject_id"], name="subject_once_per_batch")
        ]
        indexes = [models.Index(fields=["batch", "state", "position"], name="item_next")]

    def __str__(self) -> str:
        return f"item {self.position} of {self.batch_id}"
