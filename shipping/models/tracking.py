"""What carriers said about a parcel, word for word: every event once, none ever changed."""

from django.db import models
from django.utils import timezone

from shipping.models.labels import Label


class TrackingEvent(models.Model):
    """One thing a provider told of a parcel, in our vocabulary and in its own words."""

    label = models.ForeignKey(Label, models.CASCADE, related_name="tracking_events")
    at = models.DateTimeField()  # when it happened, by the carrier
    status = models.CharField(max_length=24)  # a key of shipping.tracking.normalize.WORDS
    text = models.CharField(max_length=300, blank=True)
    place = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=20)  # easypost, shippo, tiktok
    raw = models.JSONField(default=dict)
    # Equal for the same event, however often and over whichever way it is told
    dedupe = models.CharField(max_length=64)
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label", "dedupe"], name="told_once")]
        indexes = [models.Index(fields=["label", "-at"], name="tracking_newest")]

    def __str__(self) -> str:
        return f"{self.status} {self.at:%Y-%m-%d %H:%M}"
