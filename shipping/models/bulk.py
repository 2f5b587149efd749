"""What one press changed on many orders."""

import uuid

from django.db import models
from django.utils import timezone

from core.models import User, Workspace


class BulkChange(models.Model):
    """A change of many orders with what was there before, so that it can be taken back while
    nothing was spent on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE)
    actor = models.ForeignKey(User, models.SET_NULL, null=True)
    kind = models.CharField(max_length=10)  # parcel, service
    at = models.DateTimeField(default=timezone.now)
    # Order id as text → its own parcel, {} for a computed one; or the id of its quote set
    before = models.JSONField()
    after = models.JSONField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "at"], name="bulk_newest")]

    def __str__(self) -> str:
        return f"{self.kind} of {len(self.before)} orders"
