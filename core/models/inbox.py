"""Webhooks as they were received, and what became of each."""

from typing import Any

import orjson
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from core.models.people import Workspace
from core.states import StateTable

# A person may have a parked event tried again or settle it; a done one is tried again by support.
WEBHOOK = StateTable(
    {"waiting": {"done", "parked"}, "parked": {"waiting", "done"}, "done": {"waiting"}}
)


class WebhookEvent(models.Model):
    """One event that a third party told us. Its document is a hint: handlers read the object anew."""

    # Facts, written by the receiver (core/receiver.py names these columns) and never changed
    provider = models.CharField(max_length=20)  # "tiktok", "easypost", "shippo"
    event = models.CharField(max_length=100)  # "1", "tracker.updated"; "?" where none can be read
    dedupe = models.CharField(max_length=100)  # the provider's own id, else a hash of the body
    owner = models.CharField(max_length=100, blank=True)  # TikTok's shop_id
    subject = models.CharField(max_length=100, blank=True)  # an order's, product's, label's id
    body = models.BinaryField()  # as received; emptied when it is no longer needed
    sent_at = models.DateTimeField(null=True)  # by the provider's clock
    received_at = models.DateTimeField(default=timezone.now)
    # What became of it, written by workers and people
    # Known once it is routed; its index is webhook_newest, which costs a stored event nothing
    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, db_index=False)
    state = models.CharField(max_length=10, choices=WEBHOOK.choices, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)  # also the proof of who holds it
    reason = models.CharField(max_length=400, blank=True)  # why it waits again or was parked
    code = models.CharField(max_length=60, blank=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "dedupe"], name="webhook_stored_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="webhook_due"
            ),
            models.Index(
                fields=["provider", "owner", "due_at"],
                condition=models.Q(state="waiting"),
                name="webhook_due_of_owner",
            ),
            models.Index(
                fields=["provider", "owner"],
                condition=models.Q(state="waiting", claimed_until__isnull=False),
                name="webhook_held",
            ),
            models.Index(
                fields=["workspace", "-id"],
                condition=models.Q(state="parked"),
                name="webhook_dead_letters",
            ),
            models.Index(
                fields=["workspace", "-id"],
                condition=models.Q(workspace__isnull=False),
                name="webhook_newest",
            ),
            models.Index(
                fields=["provider", "subject", "received_at"],
                condition=~models.Q(subject=""),
                name="webhook_timeline",
            ),
            models.Index(
                fields=["provider", "owner", "event", "-received_at"], name="webhook_latest"
            ),
            BrinIndex(fields=["received_at"], name="webhook_age"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} event {self.event}"

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON; empty when it is no JSON object, or no longer kept."""
        try:
            found = orjson.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def delay(self) -> float | None:
        """Seconds from its arrival until it was done; None while it is not."""
        return None if self.done_at is None else (self.done_at - self.received_at).total_seconds()
