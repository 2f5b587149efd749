"""Bulk work that people can watch, leave and come back to."""

import uuid

from django.db import models
from django.utils import timezone

from core.models.people import User, Workspace
from core.states import StateTable

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
