"""People, workspaces, and who may be in which."""

import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils import timezone


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
