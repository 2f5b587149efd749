"""How far each shop's orders have been read, what was found amiss, and how it was put right."""

from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from django.db import models
from django.utils import timezone

from core.states import StateTable
from shops.models import Shop

RECONCILIATION = StateTable({"open": {"done"}, "done": set()})
# Why a shop is read more often than usual
HURRIED = {
    "missed": "changes came without a webhook",
    "silent": "no webhook has come for a while",
    "parked": "webhooks could not be processed",
    "late": "webhooks are processed late",
    "subscription": "TikTok's webhooks are not all subscribed",
}


class SyncCursor(models.Model):
    """How far a shop's orders are complete: everything updated before `complete_until` has been
    read."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="cursor")
    # The window being read: [window_from, window_to) of update_time; a restart repeats it from its
    # beginning
    window_from = models.DateTimeField(null=True)
    window_to = models.DateTimeField(null=True)
    complete_until = models.DateTimeField(null=True)
    backfill_from = models.DateTimeField()
    backfilled_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    # orders read in the running window, for the progress bar
    seen = models.PositiveIntegerField(default=0)
    expected = models.PositiveIntegerField(null=True)  # TikTok's total_count of the window
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    # Read more often until then, because webhooks fail; the reason is a key of HURRIED
    hurried_until = models.DateTimeField(null=True)
    hurried_because = models.CharField(max_length=20, blank=True)
    missed = models.PositiveIntegerField(default=0)  # changes that no webhook announced, so far
    counted_at = models.DateTimeField(null=True)  # when TikTok was last asked how many there are
    open_gaps = models.PositiveSmallIntegerField(default=0)  # as of the last read

    def __str__(self) -> str:
        return f"cursor of {self.shop}"

    def is_hurried(self, *, now: datetime) -> bool:
        """Whether the shop is read more often than usual."""
        return self.hurried_until is not None and self.hurried_until > now

    def hurry_words(self, *, now: datetime) -> str:
        """Why it is; "" when it is not."""
        if not self.is_hurried(now=now):
            return ""
        return f"Read every few seconds: {HURRIED.get(self.hurried_because, 'webhooks fail')}"


class Gap(models.Model):
    """A stretch of update_time of which not everything may have been read; it is read again."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="gaps")
    kind = models.CharField(max_length=20)  # a key of orders.gaps.KINDS
    words = models.CharField(max_length=200)
    since = models.DateTimeField()
    until = models.DateTimeField()
    found_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    recovered = models.PositiveIntegerField(default=0)  # orders that were missing or old
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "kind", "since", "until"],
                condition=models.Q(closed_at=None),
                name="gap_open_once",
            )
        ]
        indexes = [models.Index(fields=["shop", "-found_at"], name="gaps_newest")]

    def __str__(self) -> str:
        return f"{self.kind} gap of {self.shop}"


class Reconciliation(models.Model):
    """One comparison of a shop's orders of the last 30 days with TikTok's list of them."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="reconciliations")
    state = models.CharField(max_length=10, choices=RECONCILIATION.choices, default="open")
    because = models.CharField(max_length=20)  # a key of orders.reconciliation.WHY
    day = models.DateField()  # UTC
    # Orders created in [window_from, window_to); all before `place` are compared
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    place = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    # What was found so far
    counted_here = models.PositiveIntegerField(default=0)
    counted_there = models.PositiveIntegerField(default=0)  # at TikTok
    missing = models.PositiveIntegerField(default=0)
    different = models.PositiveIntegerField(default=0)  # older here, or another status
    repaired = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop"], condition=models.Q(state="open"), name="reconciled_one_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["shop", "-finished_at"], name="reconciled_newest")]

    def __str__(self) -> str:
        return f"reconciliation of {self.shop} on {self.day}"

    @property
    def accuracy(self) -> Decimal:
        """Percent of TikTok's orders that were right here before the repair; rounded down, so that
        100 means all."""
        if not self.counted_there:
            return Decimal(100)
        right = self.counted_there - self.missing - self.different
        share = Decimal(100) * right / self.counted_there
        return share.quantize(Decimal("0.001"), rounding=ROUND_DOWN)
