"""How long parcels wait for their first scan, and what TikTok says of a shop's punctuality."""

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from shops.models import Shop


class ScanLag(models.Model):
    """How long a shop's parcels waited for their first scan: a roll-up, replaced as a whole."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="scan_lags")
    carrier = models.CharField(max_length=40, blank=True)  # "": all of them
    weekday = models.SmallIntegerField(null=True)  # 0 is Monday; null: all of them
    handed_over = models.BooleanField()  # from the handover on, else from the purchase on
    parcels = models.PositiveIntegerField()
    median_minutes = models.PositiveIntegerField()
    likely_minutes = models.PositiveIntegerField()  # so many percent were scanned by then
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "carrier", "weekday", "handed_over"],
                nulls_distinct=False,
                name="scan_lag_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.likely_minutes} min ({self.parcels} parcels)"


class MetricReading(models.Model):
    """What TikTok itself shows for a metric of a shop's week, typed in by a person."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="metric_readings")
    metric = models.CharField(max_length=8)  # ldr, sfcr, vtr
    week = models.DateField()  # its Monday
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    noted_by = models.ForeignKey(User, models.SET_NULL, null=True)
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "metric", "week"], name="metric_reading_once")
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.week}: {self.percent} %"
