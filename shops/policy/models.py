"""A workspace's own values in place of a market's."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from core.models import User, Workspace


class PolicyOverride(models.Model):
    """One value that a workspace puts in place of its market's, for some days or for good."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    market = models.CharField(max_length=8)
    key = models.CharField(max_length=60)
    value = models.JSONField()
    since = models.DateField(null=True)  # both ends inclusive; null is open
    until = models.DateField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "market"], name="override_of")]

    def __str__(self) -> str:
        return f"{self.key} in {self.market}"
