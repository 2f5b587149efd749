"""How far each shop's orders have been read."""

from django.db import models
from django.utils import timezone

from shops.models import Shop


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

    def __str__(self) -> str:
        return f"cursor of {self.shop}"
